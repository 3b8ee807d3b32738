/* SPDX-License-Identifier: Apache-2.0 */
/* The store: one shard's checkpointed rows in a RocksDB of its own.
 *
 * Keys start with a table byte; all tables share one column family. A checkpoint is written as one
 * sorted SST file per table and ingested in one atomic call, so the store is always exactly at one
 * checkpoint. RocksDB's own WAL stays off: the log is the write-ahead log, and a store that is lost
 * or unreadable is rebuilt from it.
 *
 * Threads: store_get_many, store_scan and store_level0_files may run in one thread while
 * store_ingest runs in another; a store does not need more.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/bytes.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_mode {
	STORE_OWN,  /* makes the folder when absent */
	STORE_READ, /* beside the owner, or without: read-only, at the newest checkpoint when opened
		     */
};

/* A row as sealed for a checkpoint. value.at == NULL: the row is deleted. */
struct store_row {
	struct bytes key;
	struct bytes value;
};

/* All rows from `from` (inclusive) to `to` (exclusive) are deleted, before the puts of the same
 * ingest. */
struct store_range {
	struct bytes from;
	struct bytes to;
};

enum { STORE_KEY_SIZE_MAX = 160, STORE_VALUE_SIZE_MAX = 8192, STORE_LEVEL0_FILES_MAX = 12 };

/* `cache_bytes`: RocksDB's block cache. FAULT_MISSING: STORE_READ finds nothing. FAULT_BUSY: held
 * by another process. FAULT_DAMAGED, here and wherever the store is read or written: there is
 * evidence that its files are not as they were written (the caller may store_destroy and rebuild).
 * FAULT_IO: something is lacking, such as descriptors, rights, room, memory, or it can't be told:
 * the store may be sound and stays as it is.
 */
int store_open(struct store **ret, const char *path, enum store_mode mode, size_t cache_bytes,
	struct fault *fault);
void store_close(struct store *store); /* NULL is fine */

/* A copy of a store opened with STORE_READ, as it stood then, at `path`, where nothing stands yet;
 * linked where the file system can. The owner is not disturbed. FAULT_BUSY: it deleted a file
 * before that was linked; open the store again, and try again. On failure nothing is left. */
int store_copy(struct store *store, const char *path, struct fault *fault);

/* Deletes what RocksDB keeps in the folder, and the folder unless it holds a testament. */
int store_destroy(const char *path, struct fault *fault);

/* The testament: a few bytes beside the rows, in the store's folder, that outlive store_destroy.
 * Whether the store is open does not matter. Durable when put returns, and the one before stays
 * whole until then. *ret_size 0: there is none. */
enum { STORE_TESTAMENT_SIZE_MAX = 256 };
int store_testament_put(const char *path, struct bytes testament, struct fault *fault);
int store_testament_get(const char *path, uint8_t ret[STORE_TESTAMENT_SIZE_MAX], size_t *ret_size,
	struct fault *fault);

/* How many files each store that an owner opens from now on may hold open, in this process; at
 * first as many as it has. */
enum { STORE_FILES_MIN = 40 };
void store_set_files_max(int files);

/* RocksDB as Debian builds it aborts on damage that it meets before it has looked at a checksum. To
 * be called by the thread that aborts: notes that it died while it opened a store, unless the
 * machine gives it no process or memory, which it aborts of, too. Safe in a signal's handler. */
void store_note_abort(void);

/* Looks up `count` distinct keys. For each: values[i].at == NULL when absent, else a copy that
 * lives until the next store_get_many on this store. */
int store_get_many(struct store *store, const struct bytes *keys, size_t count,
	struct bytes *values, struct fault *fault);

/* Calls `row` for each row from `from` on, in key order, while key < `to` (to.at == NULL: to the
 * end), until it returns false. Sees one moment. */
int store_scan(struct store *store, struct bytes from, struct bytes to,
	bool (*row)(void *context, struct bytes key, struct bytes value), void *context,
	struct fault *fault);

/* The greatest key in [from, to), copied to `key`; *ret_size = 0 when there is none. */
int store_last_key(struct store *store, struct bytes from, struct bytes to,
	uint8_t key[STORE_KEY_SIZE_MAX], size_t *ret_size, struct fault *fault);

/* One atomic checkpoint. Rows are sorted by key (bytewise) and distinct; ranges don't overlap.
 * Either all of it is there after a crash or nothing. */
int store_ingest(struct store *store, const struct store_row *rows, size_t row_count,
	const struct store_range *ranges, size_t range_count, struct fault *fault);

/* Paced: store_ingest pauses again and again, so that those who decide and commit meanwhile keep
 * the processor; it takes two to three times as long. At first not. Any thread, also during an
 * ingest. */
void store_set_paced(struct store *store, bool is_paced);

/* How many files stand in level 0: an owner waits while it is above STORE_LEVEL0_FILES_MAX. */
int store_level0_files(struct store *store);

#endif
