/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/read_ahead.h"

#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECORDS_PER_READ = 1024,
	READ_TIMEOUT_MS = 5,
	STALLED_READS_MAX = 4000,
	/* For fewer a thread is not worth its start. */
	THREAD_RECORDS_MIN = 4 * RECORDS_PER_READ,
};

void read_ahead_init(struct read_ahead *ahead, uint32_t shard)
{
	*ahead = (struct read_ahead){ .shard = shard, .monitor = monitor_new() };
	ahead->records = calloc(RECORDS_PER_READ, sizeof *ahead->records);
	ahead->chunks = calloc(CHUNKS, sizeof *ahead->chunks);
	assert(ahead->records && ahead->chunks);
	for (size_t i = 0; i < CHUNKS; i++) {
		ahead->chunks[i].bytes = malloc(CHUNK_BYTES);
		assert(ahead->chunks[i].bytes);
	}
}

void read_ahead_deinit(struct read_ahead *ahead)
{
	for (size_t i = 0; i < CHUNKS && ahead->chunks; i++)
		free(ahead->chunks[i].bytes);
	free(ahead->chunks);
	free(ahead->records);
	monitor_free(ahead->monitor);
	*ahead = (struct read_ahead){ 0 };
}

/* --- Reading --- */

static bool chunk_put(struct record_chunk *chunk, const struct log_record *record)
{
	if (chunk->count == CHUNK_RECORDS || record->value.size > CHUNK_BYTES - chunk->used)
		return false;
	uint8_t *value = chunk->bytes + chunk->used;
	if (record->value.size != 0)
		memcpy(value, record->value.at, record->value.size);
	chunk->used += record->value.size;
	struct log_record *copy = &chunk->records[chunk->count];
	*copy = *record;
	copy->value.at = value;
	chunk->hashes[chunk->count++] = hash_of(copy->value);
	return true;
}

static int records_read(struct read_ahead *ahead)
{
	int64_t before = log_reader_position(ahead->reader);
	ahead->given = ahead->count = 0;
	int error = log_read(
		ahead->reader, ahead->records, RECORDS_PER_READ, ahead->wait_ms, &ahead->count);
	if (error)
		return error;
	bool has_moved = ahead->count > 0 || log_reader_position(ahead->reader) != before;
	ahead->is_at_rest = !ahead->is_exact && !has_moved;
	if (!ahead->is_exact)
		return 0;
	ahead->stalled = has_moved ? 0 : ahead->stalled + 1;
	if (ahead->stalled <= STALLED_READS_MAX)
		return 0;
	return FAULT(&ahead->fault, FAULT_IO,
		"shard %" PRIu32 ": the log did not deliver its events up to offset %" PRId64
		" in %d s",
		ahead->shard, ahead->end, STALLED_READS_MAX * READ_TIMEOUT_MS / 1000);
}

static bool is_passed(const struct read_ahead *ahead)
{
	return ahead->is_at_rest || log_reader_position(ahead->reader) >= ahead->end;
}

/* With as many records as one read brings, or as fit. */
static void chunk_fill(struct read_ahead *ahead, struct record_chunk *chunk)
{
	chunk->count = chunk->used = 0;
	chunk->error = 0;
	if (ahead->given == ahead->count && !is_passed(ahead))
		chunk->error = records_read(ahead);
	while (!chunk->error && ahead->given < ahead->count &&
		chunk_put(chunk, &ahead->records[ahead->given]))
		ahead->given++;
	chunk->is_last = ahead->given == ahead->count && is_passed(ahead);
}

static void read_ahead_main(void *context)
{
	struct read_ahead *ahead = context;
	bool is_last = false;
	monitor_enter(ahead->monitor);
	while (!is_last && !ahead->is_stopping) {
		if (ahead->filled - ahead->released == CHUNKS) {
			monitor_wait(ahead->monitor);
			continue;
		}
		struct record_chunk *chunk = &ahead->chunks[ahead->filled % CHUNKS];
		monitor_leave(ahead->monitor);
		chunk_fill(ahead, chunk);
		is_last = chunk->is_last || chunk->error;
		monitor_enter(ahead->monitor);
		ahead->filled++;
		monitor_wake(ahead->monitor);
	}
	monitor_leave(ahead->monitor);
}

/* --- For whoever folds --- */

static void begin(struct read_ahead *ahead, struct log_reader *reader, int64_t end, int wait_ms,
	bool is_exact)
{
	assert(!ahead->thread);
	ahead->reader = reader;
	ahead->end = end;
	ahead->wait_ms = wait_ms;
	ahead->is_exact = is_exact;
	ahead->is_at_rest = false;
	ahead->count = ahead->given = 0;
	ahead->stalled = 0;
	ahead->fault = (struct fault){ 0 };
	ahead->filled = ahead->released = 0;
	ahead->is_stopping = ahead->is_held = false;
	/* Where no thread is to be had, it goes on without. */
	if (end - log_reader_position(reader) >= THREAD_RECORDS_MIN)
		ahead->thread = thread_start("read", ahead->shard, read_ahead_main, ahead);
}

void read_ahead_begin(struct read_ahead *ahead, struct log_reader *reader, int64_t end)
{
	begin(ahead, reader, end, READ_TIMEOUT_MS, true);
}

void read_ahead_begin_some(
	struct read_ahead *ahead, struct log_reader *reader, int64_t end, int wait_ms)
{
	begin(ahead, reader, end, wait_ms, false);
}

static const struct record_chunk *chunk_await(struct read_ahead *ahead)
{
	const struct record_chunk *chunk = &ahead->chunks[ahead->released % CHUNKS];
	if (!ahead->thread) {
		chunk_fill(ahead, &ahead->chunks[ahead->filled++ % CHUNKS]);
		return chunk;
	}
	monitor_enter(ahead->monitor);
	while (ahead->filled == ahead->released)
		monitor_wait(ahead->monitor);
	monitor_leave(ahead->monitor);
	return chunk;
}

/* True: it was the last one. */
static bool chunk_release(struct read_ahead *ahead)
{
	if (!ahead->is_held)
		return false;
	bool is_last = ahead->chunks[ahead->released % CHUNKS].is_last;
	ahead->is_held = false;
	if (!ahead->thread) {
		ahead->released++;
		return is_last;
	}
	monitor_enter(ahead->monitor);
	ahead->released++;
	monitor_wake(ahead->monitor);
	monitor_leave(ahead->monitor);
	return is_last;
}

int read_ahead_next(struct read_ahead *ahead, const struct record_chunk **ret, struct fault *fault)
{
	*ret = NULL;
	if (chunk_release(ahead))
		return 0;
	const struct record_chunk *chunk = chunk_await(ahead);
	ahead->is_held = true;
	if (chunk->error && ahead->fault.code != 0)
		*fault = ahead->fault;
	*ret = chunk;
	return chunk->error;
}

void read_ahead_end(struct read_ahead *ahead)
{
	if (!ahead->thread)
		return;
	thread_stop(&ahead->thread, ahead->monitor, &ahead->is_stopping);
}
