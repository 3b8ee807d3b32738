/* SPDX-License-Identifier: Apache-2.0 */
/* The store on RocksDB: opening, closing, scanning. A folder is opened whole or not at all.
 *
 * A reader does not use RocksDB's secondary mode: in 7.8 a secondary that finds a file damaged, or
 * deleted a moment ago by the owner, takes an older version, down to the empty one, and reports
 * success. A plain read-only opening is strict: it reads the manifest to its end and fails when one
 * file is not as it says. It takes no lock and writes nothing, and all files stay open, so what the
 * owner deletes later does not matter.
 */
#include "store/handle.h"
#include "store/options.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An owner that compacts without a pause could outrun a reader this many times only if it were much
 * faster at compacting than the reader is at opening. */
enum { READ_ATTEMPTS_MAX = 50 };

static const char *const ROWS[] = { "default" };

char *store_path_new(const char *path, const char *name)
{
	char *whole;
	int size = asprintf(&whole, "%s/%s", path, name);

	assert(size >= 0);
	return whole;
}

int folder_sync_above(const char *path, struct fault *fault)
{
	char copy[PATH_MAX];
	int folder, r = 0;

	(void)snprintf(copy, sizeof copy, "%s", path);
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0)
		r = STORE_ERRNO_FAULT(fault, path, "syncing the folder above");
	if (folder >= 0)
		(void)close(folder);
	return r;
}

static int folder_make(const char *path, struct fault *fault)
{
	if (mkdir(path, 0777) == 0)
		return folder_sync_above(path, fault);
	if (errno != EEXIST)
		return STORE_ERRNO_FAULT(fault, path, "making the store's folder");
	return 0;
}

bool manifest_look(const char *path, struct manifest_mark *ret)
{
	char file[PATH_MAX];
	struct stat status;
	FILE *current;

	*ret = (struct manifest_mark){ .size = -1 };
	(void)snprintf(file, sizeof file, "%s/CURRENT", path);
	current = fopen(file, "re");
	if (current == NULL)
		return errno != ENOENT && errno != ENOTDIR;
	if (fgets(ret->name, (int)sizeof ret->name, current) != NULL) {
		ret->name[strcspn(ret->name, "\n")] = '\0';
		(void)snprintf(file, sizeof file, "%s/%s", path, ret->name);
		if (stat(file, &status) == 0)
			ret->size = status.st_size;
	}
	(void)fclose(current);
	return true;
}

bool manifest_mark_equal(const struct manifest_mark *a, const struct manifest_mark *b)
{
	return strcmp(a->name, b->name) == 0 && a->size == b->size;
}

/* RocksDB keeps diagnostics of its own, and as Debian builds it (with assertions) it aborts when it
 * can't write them, on a full disk above all. So they go to memory, and are deleted as soon as the
 * store is open. One name per store: what a kill leaves there, the next opening deletes. False: no
 * such place, or it is not ours alone. */
static bool diagnostics_folder(const char *path, char *ret, size_t size)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	(void)snprintf(ret, size, "/dev/shm/pinion-%u-%llx-%llx", (unsigned)geteuid(),
		(unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	if (mkdir(ret, 0700) != 0 && errno != EEXIST)
		return false;
	return lstat(ret, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       (status.st_mode & 0077) == 0;
}

static int open_own(struct store *store, struct fault *fault)
{
	const rocksdb_options_t *options[] = { store->options };
	char folder[100];
	bool in_memory = diagnostics_folder(store->path, folder, sizeof folder);
	struct fault ignored = { 0 };
	char *error = NULL;
	int r = opening_begin(store->path, fault);

	if (r < 0)
		return r;
	if (in_memory)
		rocksdb_options_set_db_log_dir(store->options, folder);
	store->db = rocksdb_open_column_families(
		store->options, store->path, 1, ROWS, options, &store->rows, &error);
	opening_end(store->path);
	if (in_memory)
		(void)folder_clear(folder, &ignored);
	if (error != NULL) {
		store->db = NULL;
		r = STORE_FAULT(fault, store->path, "opening the store", error);
		/* Where another process owns the store, the folder is that one's. */
		if (in_memory && r != FAULT_BUSY)
			(void)rmdir(folder);
		return r;
	}
	return ingest_prepare(store, fault);
}

/* The owner may delete a file between our reading the manifest and our opening that file. It wrote
 * the deletion to the manifest first, so a failure under a manifest that stood still is no such
 * race. */
static int open_read(struct store *store, struct fault *fault)
{
	const rocksdb_options_t *options[] = { store->options };
	struct manifest_mark before, after;
	char *error = NULL;

	for (int attempt = 1;; attempt++) {
		if (!manifest_look(store->path, &before))
			return FAULT(fault, FAULT_MISSING, "no store in '%s'", store->path);
		store->db = rocksdb_open_for_read_only_column_families(store->options, store->path,
			1, ROWS, options, &store->rows, /* error_if_wal_file_exists= */ 0, &error);
		if (error == NULL) {
			store->opened_at = before;
			return 0;
		}
		store->db = NULL;
		(void)manifest_look(store->path, &after);
		if (attempt == READ_ATTEMPTS_MAX || manifest_mark_equal(&before, &after))
			return STORE_FAULT(fault, store->path, "reading the store", error);
		rocksdb_free(error);
		error = NULL;
	}
}

int store_open(struct store **ret, const char *path, enum store_mode mode, size_t cache_bytes,
	struct fault *fault)
{
	struct store *store;
	char *absolute;
	int r;

	if (mode == STORE_OWN) {
		r = folder_make(path, fault);
		if (r < 0)
			return r;
	}
	absolute = realpath(path, NULL);
	if (absolute == NULL)
		return errno == ENOENT || errno == ENOTDIR
			       ? FAULT(fault, FAULT_MISSING, "no store in '%s'", path)
			       : STORE_ERRNO_FAULT(fault, path, "looking for the store's folder");

	store = calloc(1, sizeof *store);
	assert(store != NULL);
	store->mode = mode;
	store->path = absolute;
	store->options = options_create(cache_bytes, mode == STORE_OWN);
	store->read = readoptions_create();
	r = mode == STORE_OWN ? open_own(store, fault) : open_read(store, fault);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	char folder[100];

	if (store == NULL)
		return;
	if (store->db != NULL) {
		rocksdb_column_family_handle_destroy(store->rows);
		rocksdb_close(store->db);
		if (store->mode == STORE_OWN &&
			diagnostics_folder(store->path, folder, sizeof folder))
			(void)rmdir(folder);
	}
	rocksdb_readoptions_destroy(store->read);
	rocksdb_options_destroy(store->options);
	lookup_free(store);
	free(store->ingest_path);
	free(store->path);
	free(store);
}

int store_destroy(const char *path, struct fault *fault)
{
	char *absolute = realpath(path, NULL);
	char *error = NULL, folder[100];
	bool in_memory;
	int r = 0;

	if (absolute == NULL) {
		if (errno == ENOENT)
			return 0;
		return STORE_ERRNO_FAULT(fault, path, "looking for the store's folder");
	}
	in_memory = diagnostics_folder(absolute, folder, sizeof folder);
	/* RocksDB first: it finds out whether another process holds the folder. */
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_destroy_db(options, absolute, &error);
	rocksdb_options_destroy(options);
	if (error != NULL)
		r = STORE_FAULT(fault, path, "deleting the store", error);
	opening_end(absolute);
	if (r == 0)
		r = ingest_destroy(absolute, fault);
	if (r == 0 && !testament_is_kept(absolute) && rmdir(absolute) != 0 && errno != ENOENT)
		r = STORE_ERRNO_FAULT(fault, path, "deleting the store's folder");
	if (r == 0 && in_memory)
		(void)rmdir(folder);
	free(absolute);
	return r;
}

static int scan_end(struct store *store, rocksdb_iterator_t *iterator, rocksdb_readoptions_t *read,
	const char *doing, struct fault *fault)
{
	char *error = NULL;
	int r = 0;

	/* An iterator that met a damaged block looks like one at its end. */
	rocksdb_iter_get_error(iterator, &error);
	if (error != NULL)
		r = STORE_FAULT(fault, store->path, doing, error);
	rocksdb_iter_destroy(iterator);
	rocksdb_readoptions_destroy(read);
	return r;
}

int store_scan(struct store *store, struct bytes from, struct bytes to,
	bool (*row)(void *context, struct bytes key, struct bytes value), void *context,
	struct fault *fault)
{
	rocksdb_readoptions_t *read = readoptions_create();
	rocksdb_iterator_t *iterator;
	struct bytes key, value;

	if (to.at != NULL)
		rocksdb_readoptions_set_iterate_upper_bound(read, (const char *)to.at, to.size);
	iterator = rocksdb_create_iterator_cf(store->db, read, store->rows);
	for (rocksdb_iter_seek(iterator, (const char *)from.at, from.size);
		rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
		key.at = (const uint8_t *)rocksdb_iter_key(iterator, &key.size);
		value.at = (const uint8_t *)rocksdb_iter_value(iterator, &value.size);
		if (!row(context, key, value))
			break;
	}
	return scan_end(store, iterator, read, "scanning the store", fault);
}

int store_last_key(struct store *store, struct bytes from, struct bytes to,
	uint8_t key[STORE_KEY_SIZE_MAX], size_t *ret_size, struct fault *fault)
{
	rocksdb_readoptions_t *read = readoptions_create();
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(store->db, read, store->rows);
	int r = 0;

	*ret_size = 0;
	rocksdb_iter_seek_for_prev(iterator, (const char *)to.at, to.size);
	if (rocksdb_iter_valid(iterator)) {
		struct bytes found;
		found.at = (const uint8_t *)rocksdb_iter_key(iterator, &found.size);
		if (bytes_compare(found, to) == 0) {
			rocksdb_iter_prev(iterator);
			found = (struct bytes){ NULL, 0 };
			if (rocksdb_iter_valid(iterator))
				found.at = (const uint8_t *)rocksdb_iter_key(iterator, &found.size);
		}
		if (found.at != NULL && bytes_compare(found, from) >= 0) {
			if (found.size > STORE_KEY_SIZE_MAX)
				r = FAULT(fault, FAULT_DAMAGED,
					"looking for the last key of '%s': it has %zu bytes; a "
					"damaged store is rebuilt from the log",
					store->path, found.size);
			*ret_size = r == 0 ? found.size : 0;
			memcpy(key, found.at, *ret_size);
		}
	}
	int failed = scan_end(store, iterator, read, "looking for the last key", fault);
	return failed ? failed : r;
}

int store_level0_files(struct store *store)
{
	char *text = rocksdb_property_value(store->db, "rocksdb.num-files-at-level0");
	int files;

	assert(text != NULL);
	files = (int)strtol(text, NULL, 10);
	rocksdb_free(text);
	return files;
}
