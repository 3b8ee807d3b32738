/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint: sorted files, built aside and taken over by RocksDB in one write to its manifest.
 *
 * Each table (first key byte) has a file of its own, so rows whose keys grow with time overlap
 * nothing and go straight to the lowest level. The rows that a range deletes are looked up and
 * deleted one by one, in a file ahead of their table's rows: in the same file they would stretch it
 * over the whole table, and every compaction with it. RocksDB's own range deletions are not used,
 * see readoptions_create.
 *
 * RocksDB syncs the files, the folder and the manifest before the call returns. A crash before that
 * leaves files nobody refers to; opening the store deletes them.
 */
#include "store/handle.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	TABLES = 256,
	FILES_MAX = 2 * TABLES,
	INGESTS_PER_MERGE = 32,
	PACE_ROWS = 2048, /* written in less than a millisecond */
	PACE_NS = 1000000,
	ROWS_AHEAD = 8, /* fetched into the processor's cache: sorted rows stand all over memory */
};

struct build {
	struct store *store;
	rocksdb_envoptions_t *env_options;
	size_t count;
	char *names[FILES_MAX];
};

int folder_clear(const char *path, struct fault *fault)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (folder == NULL)
		return STORE_ERRNO_FAULT(fault, path, "reading the folder");
	for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			break;
	}
	if (errno != 0)
		r = STORE_ERRNO_FAULT(fault, path, "clearing the folder");
	(void)closedir(folder);
	return r;
}

int ingest_prepare(struct store *store, struct fault *fault)
{
	store->ingest_path = store_path_new(store->path, "ingest");
	if (mkdir(store->ingest_path, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return STORE_ERRNO_FAULT(fault, store->ingest_path, "making the folder");
	return folder_clear(store->ingest_path, fault);
}

int ingest_destroy(const char *path, struct fault *fault)
{
	char *name = store_path_new(path, "ingest");
	int r = 0;

	if (access(name, F_OK) == 0) {
		r = folder_clear(name, fault);
		if (r == 0 && rmdir(name) != 0)
			r = STORE_ERRNO_FAULT(fault, name, "deleting the folder");
	}
	free(name);
	return r;
}

static int file_fault(struct build *build, char *error, struct fault *fault)
{
	return STORE_FAULT(fault, build->store->path, "writing a checkpoint into the store", error);
}

static int file_open(struct build *build, rocksdb_sstfilewriter_t **ret, struct fault *fault)
{
	rocksdb_sstfilewriter_t *file;
	char *error = NULL;
	int size;

	assert(build->count < FILES_MAX);
	size = asprintf(
		&build->names[build->count], "%s/%zu.sst", build->store->ingest_path, build->count);
	assert(size >= 0);
	file = rocksdb_sstfilewriter_create(build->env_options, build->store->options);
	rocksdb_sstfilewriter_open(file, build->names[build->count++], &error);
	if (error != NULL) {
		rocksdb_sstfilewriter_destroy(file);
		return file_fault(build, error, fault);
	}
	*ret = file;
	return 0;
}

/* Finishes the file, and syncs it, unless something failed before: `r`. */
static int file_close(
	struct build *build, rocksdb_sstfilewriter_t *file, int r, struct fault *fault)
{
	char *error = NULL;

	if (r == 0)
		rocksdb_sstfilewriter_finish(file, &error);
	rocksdb_sstfilewriter_destroy(file);
	return error == NULL ? r : file_fault(build, error, fault);
}

/* The deletions of one table. RocksDB refuses an empty file, so it waits for the first row. */
struct deletion {
	struct build *build;
	rocksdb_sstfilewriter_t *file;
	struct fault *fault;
	int r;
};

static bool row_delete(void *context, struct bytes key, struct bytes value)
{
	struct deletion *deletion = context;
	char *error = NULL;

	(void)value;
	if (deletion->file == NULL)
		deletion->r = file_open(deletion->build, &deletion->file, deletion->fault);
	if (deletion->r < 0)
		return false;
	rocksdb_sstfilewriter_delete(deletion->file, (const char *)key.at, key.size, &error);
	if (error != NULL)
		deletion->r = file_fault(deletion->build, error, deletion->fault);
	return deletion->r == 0;
}

/* The ranges of the table of ranges[0]. Returns how many in *ret_count. */
static int ranges_write(struct build *build, const struct store_range *ranges, size_t count,
	size_t *ret_count, struct fault *fault)
{
	struct deletion deletion = { .build = build, .fault = fault };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < count; i++) {
		if (ranges[i].from.at[0] != ranges[0].from.at[0])
			break;
		r = store_scan(
			build->store, ranges[i].from, ranges[i].to, row_delete, &deletion, fault);
		if (r == 0)
			r = deletion.r;
	}
	*ret_count = i;
	return deletion.file == NULL ? r : file_close(build, deletion.file, r, fault);
}

void store_set_paced(struct store *store, bool is_paced)
{
	atomic_store(&store->is_paced, is_paced);
}

static void pace(const struct store *store, size_t row)
{
	if (row % PACE_ROWS == PACE_ROWS - 1 && atomic_load(&store->is_paced))
		(void)nanosleep(&(struct timespec){ .tv_nsec = PACE_NS }, NULL);
}

/* Rows out of order would be stored, and read wrongly later. */
static void row_check(const struct store_row *row, const struct store_row *before)
{
	assert(row->key.size > 0 && row->key.size <= STORE_KEY_SIZE_MAX);
	assert(row->value.size <= STORE_VALUE_SIZE_MAX);
	assert(before == NULL || bytes_compare(before->key, row->key) < 0);
}

/* The rows of the table of rows[0]. Returns how many in *ret_count. */
static int rows_write(struct build *build, const struct store_row *rows, size_t count,
	size_t *ret_count, struct fault *fault)
{
	rocksdb_sstfilewriter_t *file = NULL;
	char *error = NULL;
	size_t i;
	int r = file_open(build, &file, fault);

	if (r < 0)
		return r;
	for (i = 0; error == NULL && i < count; i++) {
		const struct store_row *row = &rows[i];
		if (i + ROWS_AHEAD < count) {
			__builtin_prefetch(rows[i + ROWS_AHEAD].key.at);
			__builtin_prefetch(rows[i + ROWS_AHEAD].key.at + 64);
		}
		row_check(row, i > 0 ? row - 1 : NULL);
		pace(build->store, i);
		if (row->key.at[0] != rows[0].key.at[0])
			break;
		if (row->value.at == NULL)
			rocksdb_sstfilewriter_delete(
				file, (const char *)row->key.at, row->key.size, &error);
		else
			rocksdb_sstfilewriter_put(file, (const char *)row->key.at, row->key.size,
				(const char *)row->value.at, row->value.size, &error);
	}
	*ret_count = i;
	if (error != NULL)
		r = file_fault(build, error, fault);
	return file_close(build, file, r, fault);
}

static void ranges_check(const struct store_range *ranges, size_t range_count)
{
	for (size_t i = 0; i < range_count; i++) {
		assert(ranges[i].from.size > 0 && ranges[i].to.size > 0);
		assert(bytes_compare(ranges[i].from, ranges[i].to) < 0);
		assert(i == 0 || bytes_compare(ranges[i - 1].to, ranges[i].from) <= 0);
	}
}

static int range_compare(const void *a, const void *b)
{
	return bytes_compare(
		((const struct store_range *)a)->from, ((const struct store_range *)b)->from);
}

/* Deletions first: where a row stands in a range, too, the later file has the say. */
static int files_build(struct build *build, const struct store_row *rows, size_t row_count,
	const struct store_range *ranges, size_t range_count, struct fault *fault)
{
	struct store_range *sorted = NULL;
	size_t written = 0;
	int r = 0;

	if (range_count > 0) {
		sorted = malloc(range_count * sizeof *sorted);
		assert(sorted != NULL);
		memcpy(sorted, ranges, range_count * sizeof *sorted);
		qsort(sorted, range_count, sizeof *sorted, range_compare);
		ranges_check(sorted, range_count);
	}
	for (size_t i = 0; r == 0 && i < range_count; i += written)
		r = ranges_write(build, sorted + i, range_count - i, &written, fault);
	for (size_t i = 0; r == 0 && i < row_count; i += written)
		r = rows_write(build, rows + i, row_count - i, &written, fault);
	free(sorted);
	return r;
}

static int files_ingest(struct build *build, struct fault *fault)
{
	rocksdb_ingestexternalfileoptions_t *options = rocksdb_ingestexternalfileoptions_create();
	char *error = NULL;

	rocksdb_ingestexternalfileoptions_set_move_files(options, 1);
	rocksdb_ingest_external_file_cf(build->store->db, build->store->rows,
		(const char *const *)build->names, build->count, options, &error);
	rocksdb_ingestexternalfileoptions_destroy(options);
	return error == NULL ? 0 : file_fault(build, error, fault);
}

int store_ingest(struct store *store, const struct store_row *rows, size_t row_count,
	const struct store_range *ranges, size_t range_count, struct fault *fault)
{
	struct build build = { .store = store };
	uint64_t errors = 0;
	int r;

	assert(store->mode == STORE_OWN);
	/* A compaction that failed, on a damaged file or a full disk, has nobody to tell but us. */
	if (rocksdb_property_int(store->db, "rocksdb.background-errors", &errors) != 0 ||
		errors != 0)
		return FAULT(fault, FAULT_IO,
			"compacting the store '%s' failed: the disk is full or damaged",
			store->path);

	build.env_options = rocksdb_envoptions_create();
	r = files_build(&build, rows, row_count, ranges, range_count, fault);
	if (r == 0 && build.count > 0)
		r = files_ingest(&build, fault);
	rocksdb_envoptions_destroy(build.env_options);
	for (size_t i = 0; i < build.count; i++) {
		if (r < 0)
			(void)unlink(build.names[i]);
		free(build.names[i]);
	}
	if (r < 0)
		return r;
	if (++store->ingests_since_merge >= INGESTS_PER_MERGE) {
		store->ingests_since_merge = 0;
		merge_small_files(store);
	}
	return 0;
}
