/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the embedded log share.
 *
 * Offsets are dense. Within a stream batches are written one after the other, so a reader that
 * finds nothing at its offset has nothing to find behind it either; different streams are written
 * at once and share a sync.
 *
 * Locks, in this order: a stream's `append` (held while a batch is written), the database's (inside
 * database_enter), a stream's `lock` (held for an instant).
 */
#ifndef LOG_EMBEDDED_H
#define LOG_EMBEDDED_H

#include "log/embedded/batch.h"
#include "log/embedded/clock.h"
#include "log/embedded/database.h"
#include "log/embedded/socket.h"
#include "log/log.h"

#include <pthread.h>
#include <time.h>

/* Of a reader that is told when its stream has grown; kept in it. */
struct listener {
	struct listener *next;
	void (*ring)(void *context); /* NULL: it does not listen */
	void *context;
};

struct stream {
	pthread_mutex_t append;
	pthread_mutex_t lock;
	pthread_cond_t grown;
	int64_t end;
	struct listener *listeners;
	uint64_t opening; /* of the database, when `end` was learnt; 0: not yet */
	uint64_t fences;  /* guarded by `append`: which writer is the last */
};

struct embedded_log {
	struct log log;
	enum log_mode mode;
	char *folder;
	int message_timeout_ms;
	int holder; /* a locked file; -1 in LOG_USE */
	struct database *database;
	struct embedded_clock clock; /* LOG_OWN */
	struct stream *streams;      /* LOG_OWN */
	struct batch_packer *socket_packer;
	struct socket_server *server;
};

/* Inside database_enter. The end of a stream as this process knows it, learnt once per opening of
 * the database: an opening may bring back a batch whose write had failed, but never lose one. */
int embedded_stream_end(struct embedded_log *log, enum log_stream which, uint32_t shard,
	int64_t *ret_end, struct fault *fault);

/* In reader.c: the readers' part of log_embedded. */
int embedded_reader_open(struct log *base, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault);
int embedded_read(struct log_reader *base, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *ret_count);
int64_t embedded_reader_end_hint(struct log_reader *base);
int64_t embedded_reader_position(struct log_reader *base);
void embedded_reader_listen(struct log_reader *base, void (*ring)(void *context), void *context);
void embedded_reader_close(struct log_reader *base);

static inline struct stream *embedded_stream(
	struct embedded_log *log, enum log_stream stream, uint32_t shard)
{
	return &log->streams[shard * LOG_STREAMS + stream];
}

static inline int64_t embedded_clock_ms(clockid_t clock)
{
	struct timespec now;
	(void)clock_gettime(clock, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int embedded_no_memory(struct fault *fault)
{
	return FAULT(fault, FAULT_IO, "no memory for the log");
}

#endif
