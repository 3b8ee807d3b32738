/* SPDX-License-Identifier: Apache-2.0 */
/* The RocksDB under the embedded log: opened by its holder, or beside it as a RocksDB secondary.
 *
 *	key   = stream (1) | shard, big-endian (4) | base offset, big-endian (8)
 *	value = one batch (batch.h)
 *	key   = 0xff                      value = format (1) | number of shards (4)
 *
 * After a failed write nobody knows what stands on the disk. So the database is dropped at once and
 *opened anew before its next use: replaying RocksDB's write-ahead log decides what of the failed
 *write has happened.
 *
 * Threads: everything between database_enter and database_leave may run in several threads.
 */
#ifndef LOG_EMBEDDED_DATABASE_H
#define LOG_EMBEDDED_DATABASE_H

#include "log/log.h"

struct database;

/* Makes the database in the folder `path` unless it is there; refuses one with another number of
 * shards. */
int database_create(const char *path, uint32_t shards, struct fault *fault);

/* FAULT_MISSING: none there. */
int database_exists(const char *path, struct fault *fault);

/* `config`'s mode and temporary folder. LOG_OWN: the caller holds the ledger's lock. */
int database_open(struct database **ret, const char *path, const struct log_config *config,
	struct fault *fault);
void database_close(struct database *database); /* NULL is fine; nobody is inside */
uint32_t database_shards(const struct database *database);

/* Keeps the database open until database_leave, opening it where it was dropped. Not nested. */
int database_enter(struct database *database, struct fault *fault);
/* The same, and in LOG_USE takes over first what the holder has written since. */
int database_enter_newest(struct database *database, struct fault *fault);
void database_leave(struct database *database);
void database_drop(struct database *database); /* after database_leave */

/* --- Between database_enter and database_leave --- */

/* Grows with every opening: what was learnt under another number may be outdated. */
uint64_t database_opening(const struct database *database);

/* Durable when it returns 0. Otherwise leave, and drop the database. */
int database_put(struct database *database, enum log_stream stream, uint32_t shard, int64_t base,
	struct bytes batch, struct fault *fault);

struct database_batch {
	struct bytes bytes; /* .at == NULL: there is none */
	void *pin;
};
int database_get(struct database *database, enum log_stream stream, uint32_t shard, int64_t base,
	struct database_batch *ret, struct fault *fault);
void database_batch_release(struct database_batch *batch);

/* Where the last batch with a base of at most `offset` begins and ends; both 0 when there is none.
 */
int database_find(struct database *database, enum log_stream stream, uint32_t shard, int64_t offset,
	int64_t *ret_base, int64_t *ret_end, struct fault *fault);

/* LOG_USE: a secondary sees what the holder has written, perhaps before the holder's own sync.
 * Returns once all that was got so far is on the disk. */
int database_settle(struct database *database, struct fault *fault);

#endif
