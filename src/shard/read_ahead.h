/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream up to an end, in chunks, each record with its hash. Where there is much to read
 * a thread of its own reads and hashes, while who asked folds the chunk before: both take about as
 * long. Only shard/ includes this header.
 */
#ifndef SHARD_READ_AHEAD_H
#define SHARD_READ_AHEAD_H

#include "base/fault.h"
#include "log/log.h"
#include "wire/chain.h"

struct thread;
struct monitor;

enum { CHUNK_RECORDS = 512, CHUNK_BYTES = LOG_RECORD_SIZE_MAX, CHUNKS = 16 };

struct record_chunk {
	struct log_record records[CHUNK_RECORDS]; /* their values stand in `bytes` */
	struct hash hashes[CHUNK_RECORDS];
	size_t count;
	uint8_t *bytes;
	size_t used;
	int error;    /* instead of records */
	bool is_last; /* the reader has passed the end */
};

struct read_ahead {
	struct monitor *monitor;
	struct thread *thread; /* NULL: whoever asks reads */
	struct record_chunk *chunks;
	/* Chunks are used in turn; guarded by the monitor while there is a thread. */
	uint64_t filled, released;
	bool is_stopping;
	bool is_held; /* who asked has a chunk */

	/* Of whoever reads. */
	uint32_t shard;
	struct log_reader *reader;
	int64_t end;
	int wait_ms;     /* for the next records */
	bool is_exact;   /* the end must be come to */
	bool is_at_rest; /* where it need not be: nothing came in time */
	struct log_record
		*records; /* of the last read: those from `given` on are in no chunk yet */
	size_t count, given;
	int stalled;
	struct fault fault;
};

/* Its memory is kept from one stream to the next. */
void read_ahead_init(struct read_ahead *ahead, uint32_t shard);
void read_ahead_deinit(struct read_ahead *ahead);

/* From where the reader stands, until it has passed `end`: what stands before that may be no record
 * (Kafka's markers). The reader is nobody else's until read_ahead_end. */
void read_ahead_begin(struct read_ahead *ahead, struct log_reader *reader, int64_t end);
/* The same, but it ends also where nothing more came in wait_ms. */
void read_ahead_begin_some(
	struct read_ahead *ahead, struct log_reader *reader, int64_t end, int wait_ms);
/* *ret: records, which live until the next call; NULL: the end was passed. A fault of reading is
 * told by the reader's sink; FAULT_IO also where the log delivers nothing more, told to `fault`. */
int read_ahead_next(struct read_ahead *ahead, const struct record_chunk **ret, struct fault *fault);
/* Also before the end. */
void read_ahead_end(struct read_ahead *ahead);

#endif
