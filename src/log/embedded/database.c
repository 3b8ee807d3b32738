/* SPDX-License-Identifier: Apache-2.0 */
/* RocksDB as a ledger's log: every write synced, every read checked, no write after one whose fate
 * is unknown. */
#include "log/embedded/database.h"
#include "log/embedded/archive.h"
#include "log/embedded/batch.h"

#include "base/lack.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	KEY_SIZE = 13,
	FILES_MIN = 24,
	FILES_MAX = 1 << 20,
	META_FORMAT = 1,
	META_SIZE = 5,
	/* The holder deletes files while a secondary opens: such an opening is tried again. */
	SECONDARY_ATTEMPTS = 10,
	SECONDARY_PAUSE_MS = 20,
	CATCH_UP_FAILURES_MAX = 5,
	ROOM_SIZE = 1 << 20,
	FLUSH_SYNC_BYTES = 1 << 20,
	FLUSH_BYTES_PER_S = 160 << 20,
	FLUSH_REFILL_US = 5000,
	/* Old files shrink twice as fast as new ones grow. */
	ARCHIVE_EVERY_BYTES = 1 << 20,
	ARCHIVE_STEP_BYTES = 2 << 20,
};
#define ARCHIVE_TTL_S (UINT64_C(1) << 32) /* for RocksDB: never */
static const char META_KEY[1] = { (char)0xff };

struct database {
	char *path;
	char *secondary_path; /* LOG_USE: RocksDB wants a folder for its own diagnostics */
	enum log_mode mode;
	uint32_t shards;
	rocksdb_options_t *options;
	rocksdb_writeoptions_t *synced;
	rocksdb_readoptions_t *checked;
	/* Read-locked by those inside; write-locked to open or drop. Guards the next two. */
	pthread_rwlock_t lock;
	rocksdb_t *rocks;
	uint64_t opening;
	/* LOG_USE */
	pthread_mutex_t catch_up_lock;
	int catch_up_failures;
	_Atomic uint64_t settled_sequence;
	/* LOG_OWN */
	_Atomic uint64_t bytes_put;
};

static bool is_table_missing(const char *error)
{
	return strstr(error, strerror(ENOENT)) != NULL && strstr(error, ".sst") != NULL;
}

/* Takes over RocksDB's error text. */
static int fault_from(struct fault *fault, char *error, const char *doing, const char *path)
{
	/* RocksDB also calls a file that it may not look at corrupt. */
	const char *advice = lack_advice(error);
	bool is_damaged = strncmp(error, "Corruption", 10) == 0 || is_table_missing(error);
	int r;
	if (advice != NULL)
		r = FAULT(fault, FAULT_IO, "%s '%s': %s (%s)", doing, path, advice, error);
	else
		r = FAULT(fault, is_damaged ? FAULT_LOG : FAULT_IO, "%s '%s': %s", doing, path,
			error);
	rocksdb_free(error);
	return r;
}

static void key_put(char key[KEY_SIZE], enum log_stream stream, uint32_t shard, int64_t base)
{
	key[0] = (char)stream;
	for (int i = 0; i < 4; i++)
		key[1 + i] = (char)(shard >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		key[5 + i] = (char)((uint64_t)base >> (56 - 8 * i));
}

static int64_t key_base(const char *key)
{
	uint64_t base = 0;
	for (int i = 0; i < 8; i++)
		base = base << 8 | (uint8_t)key[5 + i];
	return (int64_t)base;
}

/* A file per 32 MB adds up over the years. A quarter of what the process may open is the log's, the
 * stores have the rest. */
static int files_max(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 > FILES_MAX)
		return FILES_MAX;
	return limit.rlim_cur / 4 > FILES_MIN ? (int)(limit.rlim_cur / 4) : (int)FILES_MIN;
}

/* Batches are large, already compressed, written in order and never deleted: there is nothing that
 * a compaction could gain, so files stay as they were flushed, one per 32 MB, and a filter in each
 * tells which holds a key. (Blob files would do the same, but a RocksDB 7.8 secondary crashes on
 * them.) A torn tail of the write-ahead log is what a crash leaves behind; damage before the tail
 * means acknowledged batches are gone, and RocksDB must refuse rather than leave them out.
 */
static rocksdb_options_t *options_new(enum log_mode mode, bool create)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(options, create);
	rocksdb_options_set_paranoid_checks(options, 1);
	rocksdb_options_set_compression(options, rocksdb_no_compression);
	rocksdb_options_set_write_buffer_size(options, (size_t)32 << 20);
	rocksdb_options_set_max_write_buffer_number(options, 3);
	/* A flushed file goes to the disk as it grows, and no faster than leaves the disk room:
	 * all at once it would hold up the synced writes of whoever appends meanwhile, 15 ms for
	 * 32 MB. Still that is more than is ever appended (at most some 100 MB/s): memory tables
	 * never wait for it. */
	rocksdb_options_set_bytes_per_sync(options, FLUSH_SYNC_BYTES);
	rocksdb_ratelimiter_t *pace =
		rocksdb_ratelimiter_create(FLUSH_BYTES_PER_S, FLUSH_REFILL_US, /* fairness= */ 10);
	rocksdb_options_set_ratelimiter(options, pace);
	rocksdb_ratelimiter_destroy(pace);
	rocksdb_options_set_WAL_ttl_seconds(options, ARCHIVE_TTL_S); /* archive.h */
	rocksdb_options_set_disable_auto_compactions(options, 1);
	rocksdb_options_set_level0_slowdown_writes_trigger(options, INT32_MAX);
	rocksdb_options_set_level0_stop_writes_trigger(options, INT32_MAX);
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_block_based_options_set_filter_policy(
		table, rocksdb_filterpolicy_create_bloom_full(10));
	rocksdb_block_based_options_set_format_version(table, 5);
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_set_max_open_files(options, -1); /* a secondary needs deleted files open */
	if (mode == LOG_OWN)
		rocksdb_options_set_max_open_files(options, files_max());
	rocksdb_options_set_wal_recovery_mode(
		options, rocksdb_tolerate_corrupted_tail_records_recovery);
	/* See room_probe. What goes wrong comes back as an error anyway. */
	rocksdb_options_set_info_log_level(options, /* fatal= */ 4);
	rocksdb_options_set_keep_log_file_num(options, 4);
	rocksdb_options_set_max_log_file_size(options, (size_t)4 << 20);
	return options;
}

static int meta_read(rocksdb_t *rocks, const rocksdb_readoptions_t *checked, const char *path,
	uint32_t *ret_shards, struct fault *fault)
{
	char *error = NULL;
	size_t size;
	char *value = rocksdb_get(rocks, checked, META_KEY, sizeof META_KEY, &size, &error);
	if (error != NULL)
		return fault_from(fault, error, "can't read the log", path);
	if (value == NULL)
		return FAULT(fault, FAULT_MISSING,
			"the ledger in '%s' is only half made: run `pinion init` again", path);

	uint32_t shards = 0;
	bool known = size == META_SIZE && value[0] == META_FORMAT;
	for (int i = 0; known && i < 4; i++)
		shards |= (uint32_t)(uint8_t)value[1 + i] << (8 * i);
	rocksdb_free(value);
	if (!known || shards < 1 || shards > 1024)
		return FAULT(fault, FAULT_SETTINGS,
			"the log in '%s' has a format this version does not know: use a newer one",
			path);
	*ret_shards = shards;
	return 0;
}

static int meta_write(rocksdb_t *rocks, const rocksdb_writeoptions_t *synced, const char *path,
	uint32_t shards, struct fault *fault)
{
	char value[META_SIZE] = { META_FORMAT };
	for (int i = 0; i < 4; i++)
		value[1 + i] = (char)(shards >> (8 * i));

	char *error = NULL;
	rocksdb_put(rocks, synced, META_KEY, sizeof META_KEY, value, sizeof value, &error);
	if (error != NULL)
		return fault_from(fault, error, "can't write the log", path);
	return 0;
}

/* RocksDB 7 as Debian builds it aborts the process at the second line that it can't write to its
 * diagnostics file. It writes some lines whenever it is opened, and with the level above none
 * later; so it must not be opened on a full disk. */
static int room_probe(const char *folder, struct fault *fault)
{
	char *path;
	if (asprintf(&path, "%s/room", folder) < 0)
		return FAULT(fault, FAULT_IO, "no memory for a path");
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int e = fd < 0 ? errno : posix_fallocate(fd, 0, ROOM_SIZE);
	if (fd >= 0)
		(void)close(fd);
	(void)unlink(path);
	free(path);
	if (e != 0)
		return FAULT(fault, FAULT_IO, "can't write into '%s': %s", folder, strerror(e));
	return 0;
}

int database_create(const char *path, uint32_t shards, struct fault *fault)
{
	int r = room_probe(path, fault);
	if (r < 0)
		return r;

	rocksdb_options_t *options = options_new(LOG_OWN, /* create= */ true);
	rocksdb_writeoptions_t *synced = rocksdb_writeoptions_create();
	rocksdb_readoptions_t *checked = rocksdb_readoptions_create();
	rocksdb_writeoptions_set_sync(synced, 1);

	char *error = NULL;
	rocksdb_t *rocks = rocksdb_open(options, path, &error);
	if (error != NULL) {
		r = fault_from(fault, error, "can't make the log", path);
	} else {
		uint32_t present;
		struct fault missing = { 0 };
		r = meta_read(rocks, checked, path, &present, &missing);
		if (r == FAULT_MISSING)
			r = meta_write(rocks, synced, path, shards, fault);
		else if (r < 0)
			*fault = missing;
		else if (present != shards)
			r = FAULT(fault, FAULT_SETTINGS,
				"the ledger in '%s' was created with %u shards, and that can't "
				"change: ask for %u, or make another ledger",
				path, present, present);
		rocksdb_close(rocks);
	}
	rocksdb_readoptions_destroy(checked);
	rocksdb_writeoptions_destroy(synced);
	rocksdb_options_destroy(options);
	return r;
}

static const char *temporary_default(void)
{
	const char *folder = getenv("TMPDIR");
	return folder != NULL && *folder != '\0' ? folder : "/tmp";
}

static int secondary_path_make(const struct log_config *config, char **ret, struct fault *fault)
{
	const char *folder =
		config->temporary_root != NULL ? config->temporary_root() : temporary_default();
	char *path;
	if (folder == NULL)
		return FAULT(fault, FAULT_IO, "no temporary folder under '%s': %s. Set TMPDIR",
			temporary_default(), strerror(errno));
	if (asprintf(&path, "%s/pinion-reader-XXXXXX", folder) < 0)
		return FAULT(fault, FAULT_IO, "no memory for a path");
	if (mkdtemp(path) == NULL) {
		int r = FAULT(fault, FAULT_IO, "can't make the temporary folder '%s': %s", path,
			strerror(errno));
		free(path);
		return r;
	}
	*ret = path;
	return 0;
}

/* What a secondary leaves there is no more than RocksDB's diagnostics, in one folder without
 * subfolders. */
static void secondary_path_remove(char *path)
{
	DIR *folder = opendir(path);
	if (folder != NULL) {
		for (struct dirent *file; (file = readdir(folder)) != NULL;)
			(void)unlinkat(dirfd(folder), file->d_name, 0);
		(void)closedir(folder);
	}
	(void)rmdir(path);
	free(path);
}

static rocksdb_t *secondary_open(struct database *database, char **error)
{
	for (int attempt = 1;; attempt++) {
		rocksdb_t *rocks = rocksdb_open_as_secondary(
			database->options, database->path, database->secondary_path, error);
		if (*error == NULL || attempt == SECONDARY_ATTEMPTS)
			return rocks;
		rocksdb_free(*error);
		*error = NULL;
		(void)nanosleep(
			&(struct timespec){ .tv_nsec = SECONDARY_PAUSE_MS * INT64_C(1000000) },
			NULL);
	}
}

/* The caller has the write lock. */
static int database_attach(struct database *database, struct fault *fault)
{
	bool owns = database->mode == LOG_OWN;
	int r = room_probe(owns ? database->path : database->secondary_path, fault);
	if (r < 0)
		return r;

	char *error = NULL;
	rocksdb_t *rocks = owns ? rocksdb_open(database->options, database->path, &error)
				: secondary_open(database, &error);
	if (error != NULL)
		return fault_from(fault, error, "can't open the log", database->path);

	uint32_t shards;
	r = meta_read(rocks, database->checked, database->path, &shards, fault);
	if (r == 0 && database->opening > 0 && shards != database->shards)
		r = FAULT(fault, FAULT_LOG, "the log in '%s' was replaced by another one",
			database->path);
	if (r < 0) {
		rocksdb_close(rocks);
		return r;
	}
	database->shards = shards;
	database->rocks = rocks;
	database->opening++;
	database->catch_up_failures = 0;
	atomic_store(&database->settled_sequence, 0);
	return 0;
}

int database_exists(const char *path, struct fault *fault)
{
	char *current;
	if (asprintf(&current, "%s/CURRENT", path) < 0)
		return FAULT(fault, FAULT_IO, "no memory for a path");
	int r = access(current, F_OK) == 0 ? 0 : -errno;
	free(current);
	if (r == 0)
		return 0;
	if (r == -ENOENT || r == -ENOTDIR)
		return FAULT(
			fault, FAULT_MISSING, "no ledger in '%s': `pinion init` makes one", path);
	return FAULT(fault, FAULT_IO, "can't look into '%s': %s", path, strerror(-r));
}

int database_open(struct database **ret, const char *path, const struct log_config *config,
	struct fault *fault)
{
	int r = database_exists(path, fault);
	if (r < 0)
		return r;

	struct database *database = calloc(1, sizeof *database);
	if (database == NULL)
		return FAULT(fault, FAULT_IO, "no memory for a log");
	database->mode = config->mode;
	database->options = options_new(config->mode, /* create= */ false);
	database->synced = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(database->synced, 1);
	database->checked = rocksdb_readoptions_create();
	rocksdb_readoptions_set_verify_checksums(database->checked, 1);

	/* Readers come and go all the time; whoever opens or drops must not wait for a gap between
	 * them. */
	pthread_rwlockattr_t writers_first;
	(void)pthread_rwlockattr_init(&writers_first);
	(void)pthread_rwlockattr_setkind_np(
		&writers_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&database->lock, &writers_first);
	(void)pthread_rwlockattr_destroy(&writers_first);
	(void)pthread_mutex_init(&database->catch_up_lock, NULL);

	database->path = strdup(path);
	if (database->path == NULL)
		r = FAULT(fault, FAULT_IO, "no memory for a path");
	if (r == 0 && config->mode == LOG_USE)
		r = secondary_path_make(config, &database->secondary_path, fault);
	if (r == 0)
		r = database_attach(database, fault);
	if (r < 0) {
		database_close(database);
		return r;
	}
	*ret = database;
	return 0;
}

void database_close(struct database *database)
{
	if (database == NULL)
		return;
	if (database->rocks != NULL)
		rocksdb_close(database->rocks);
	if (database->secondary_path != NULL)
		secondary_path_remove(database->secondary_path);
	(void)pthread_mutex_destroy(&database->catch_up_lock);
	(void)pthread_rwlock_destroy(&database->lock);
	rocksdb_readoptions_destroy(database->checked);
	rocksdb_writeoptions_destroy(database->synced);
	rocksdb_options_destroy(database->options);
	free(database->path);
	free(database);
}

uint32_t database_shards(const struct database *database)
{
	return database->shards;
}

int database_enter(struct database *database, struct fault *fault)
{
	for (;;) {
		(void)pthread_rwlock_rdlock(&database->lock);
		if (database->rocks != NULL)
			return 0;
		(void)pthread_rwlock_unlock(&database->lock);

		(void)pthread_rwlock_wrlock(&database->lock);
		int r = database->rocks != NULL ? 0 : database_attach(database, fault);
		(void)pthread_rwlock_unlock(&database->lock);
		if (r < 0)
			return r;
	}
}

void database_leave(struct database *database)
{
	(void)pthread_rwlock_unlock(&database->lock);
}

void database_drop(struct database *database)
{
	(void)pthread_rwlock_wrlock(&database->lock);
	if (database->rocks != NULL)
		rocksdb_close(database->rocks);
	database->rocks = NULL;
	(void)pthread_rwlock_unlock(&database->lock);
}

uint64_t database_opening(const struct database *database)
{
	return database->opening;
}

int database_put(struct database *database, enum log_stream stream, uint32_t shard, int64_t base,
	struct bytes batch, struct fault *fault)
{
	char key[KEY_SIZE];
	key_put(key, stream, shard, base);

	char *error = NULL;
	rocksdb_put(database->rocks, database->synced, key, sizeof key, (const char *)batch.at,
		batch.size, &error);
	if (error != NULL)
		return fault_from(fault, error, "can't write the log", database->path);
	uint64_t before = atomic_fetch_add(&database->bytes_put, batch.size);
	if (before / ARCHIVE_EVERY_BYTES != (before + batch.size) / ARCHIVE_EVERY_BYTES)
		archive_shorten(database->path, ARCHIVE_STEP_BYTES);
	return 0;
}

int database_get(struct database *database, enum log_stream stream, uint32_t shard, int64_t base,
	struct database_batch *ret, struct fault *fault)
{
	char key[KEY_SIZE];
	key_put(key, stream, shard, base);

	char *error = NULL;
	rocksdb_pinnableslice_t *pin =
		rocksdb_get_pinned(database->rocks, database->checked, key, sizeof key, &error);
	if (error != NULL)
		return fault_from(fault, error, "can't read the log", database->path);
	*ret = (struct database_batch){ 0 };
	if (pin != NULL) {
		ret->pin = pin;
		ret->bytes.at = (const uint8_t *)rocksdb_pinnableslice_value(pin, &ret->bytes.size);
	}
	return 0;
}

void database_batch_release(struct database_batch *batch)
{
	rocksdb_pinnableslice_destroy(batch->pin);
	*batch = (struct database_batch){ 0 };
}

int database_find(struct database *database, enum log_stream stream, uint32_t shard, int64_t offset,
	int64_t *ret_base, int64_t *ret_end, struct fault *fault)
{
	char key[KEY_SIZE];
	key_put(key, stream, shard, offset);
	rocksdb_iterator_t *iterator = rocksdb_create_iterator(database->rocks, database->checked);
	rocksdb_iter_seek_for_prev(iterator, key, sizeof key);

	int r = 0;
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	*ret_base = *ret_end = 0;
	if (error != NULL) {
		r = fault_from(fault, error, "can't read the log", database->path);
	} else if (rocksdb_iter_valid(iterator)) {
		size_t size;
		const char *found = rocksdb_iter_key(iterator, &size);
		if (size == KEY_SIZE && memcmp(found, key, 5) == 0) {
			struct bytes batch;
			uint32_t count = 0;
			*ret_base = key_base(found);
			batch.at = (const uint8_t *)rocksdb_iter_value(iterator, &batch.size);
			if (!batch_count(batch, &count))
				r = FAULT(fault, FAULT_LOG,
					"the batch at %s:%u:%lld in '%s' is corrupt",
					log_stream_name(stream), shard, (long long)*ret_base,
					database->path);
			*ret_end = *ret_base + count;
		}
	}
	rocksdb_iter_destroy(iterator);
	return r;
}

/* A file that the holder deletes at the wrong moment makes one catch-up fail: what was read before
 * stays good. One that fails again and again needs a fresh secondary. */
static bool catch_up(struct database *database)
{
	char *error = NULL;
	(void)pthread_mutex_lock(&database->catch_up_lock);
	rocksdb_try_catch_up_with_primary(database->rocks, &error);
	database->catch_up_failures = error == NULL ? 0 : database->catch_up_failures + 1;
	bool hopeful = database->catch_up_failures < CATCH_UP_FAILURES_MAX;
	(void)pthread_mutex_unlock(&database->catch_up_lock);
	rocksdb_free(error);
	return hopeful;
}

int database_enter_newest(struct database *database, struct fault *fault)
{
	int r = database_enter(database, fault);
	if (r < 0 || database->mode == LOG_OWN || catch_up(database))
		return r;
	database_leave(database);
	database_drop(database);
	return database_enter(database, fault);
}

static int file_settle(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* deleted: it stands in a synced table file */
	int r = fdatasync(fd) == 0 ? 0 : -errno;
	(void)close(fd);
	return r;
}

static int wal_settle(const char *path)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return -errno;

	int r = 0;
	for (struct dirent *file; r == 0 && (file = readdir(folder)) != NULL;) {
		size_t size = strlen(file->d_name);
		if (size > 4 && strcmp(file->d_name + size - 4, ".log") == 0)
			r = file_settle(dirfd(folder), file->d_name);
	}
	if (r == 0 && fsync(dirfd(folder)) != 0)
		r = -errno;
	(void)closedir(folder);
	return r;
}

int database_settle(struct database *database, struct fault *fault)
{
	assert(database->mode == LOG_USE);

	uint64_t seen = rocksdb_get_latest_sequence_number(database->rocks);
	if (seen <= atomic_load(&database->settled_sequence))
		return 0;
	int r = wal_settle(database->path);
	if (r < 0)
		return FAULT(fault, FAULT_IO, "can't sync the log '%s': %s", database->path,
			strerror(-r));
	atomic_store(&database->settled_sequence, seen);
	return 0;
}
