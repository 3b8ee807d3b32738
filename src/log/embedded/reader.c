/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the embedded log: every record comes back from the database, in order and without a
 * gap. */
#include "log/embedded/embedded.h"

#include <assert.h>
#include <stdlib.h>

enum {
	/* Where nobody holds the log, it is looked at again and again. */
	POLL_MS_MIN = 5,
	POLL_MS_MAX = 20,
	/* Several small batches fill one read. */
	READER_ROOM = 2 * BATCH_ROOM,
};

struct embedded_reader {
	struct log_reader reader;
	struct embedded_log *log;
	uint32_t shard;
	enum log_stream stream;
	int64_t next; /* the offset of the next record to hand out */
	int64_t base; /* where the next batch to get begins; below `next` only when opened inside a
			 batch */
	struct batch_cursor cursor;
	size_t used; /* of `plain` */
	uint8_t *plain;
	struct batch_unpacker *unpacker;
	struct socket_client *client; /* LOG_USE: tells when the stream grows; or NULL */
	int64_t durable;              /* the end that it told last */
	int64_t pause_ms;             /* of the next look, where there is none */
	struct listener listener;
	struct fault *fault;
};

static bool stream_wait(struct stream *stream, int64_t offset, int64_t deadline_ms)
{
	struct timespec deadline = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};
	int timed_out = 0;
	(void)pthread_mutex_lock(&stream->lock);
	while (stream->end <= offset && timed_out == 0)
		timed_out = pthread_cond_timedwait(&stream->grown, &stream->lock, &deadline);
	bool grown = stream->end > offset;
	(void)pthread_mutex_unlock(&stream->lock);
	return grown;
}

void embedded_reader_listen(struct log_reader *base, void (*ring)(void *context), void *context)
{
	struct embedded_reader *reader = (struct embedded_reader *)base;
	struct stream *stream = embedded_stream(reader->log, reader->stream, reader->shard);
	assert(reader->log->mode == LOG_OWN && !reader->listener.ring);
	(void)pthread_mutex_lock(&stream->lock);
	reader->listener = (struct listener){ stream->listeners, ring, context };
	stream->listeners = &reader->listener;
	(void)pthread_mutex_unlock(&stream->lock);
}

static void listener_remove(struct embedded_reader *reader)
{
	struct stream *stream = embedded_stream(reader->log, reader->stream, reader->shard);
	(void)pthread_mutex_lock(&stream->lock);
	struct listener **link = &stream->listeners;
	while (*link != &reader->listener)
		link = &(*link)->next;
	*link = reader->listener.next;
	(void)pthread_mutex_unlock(&stream->lock);
}

void embedded_reader_close(struct log_reader *base)
{
	struct embedded_reader *reader = (struct embedded_reader *)base;
	if (reader->listener.ring)
		listener_remove(reader);
	socket_client_close(reader->client);
	batch_unpacker_free(reader->unpacker);
	free(reader->plain);
	free(reader);
}

/* Inside database_enter. Finds the batch in which `next` stands. */
static int reader_place(struct embedded_reader *reader)
{
	struct embedded_log *log = reader->log;
	int64_t end, batch_end;
	int r = embedded_stream_end(log, reader->stream, reader->shard, &end, reader->fault);
	if (r < 0)
		return r;
	reader->base = end;
	if (reader->next > end)
		return FAULT(reader->fault, FAULT_LOG,
			"%s:%u in '%s' ends at %lld, before offset %lld: this is not the log, or "
			"not all of it",
			log_stream_name(reader->stream), reader->shard, log->folder, (long long)end,
			(long long)reader->next);
	if (reader->next == end)
		return 0;
	r = database_find(log->database, reader->stream, reader->shard, reader->next, &reader->base,
		&batch_end, reader->fault);
	if (r == 0 && reader->next >= batch_end)
		r = FAULT(reader->fault, FAULT_LOG, "%s:%u in '%s' no longer holds offset %lld",
			log_stream_name(reader->stream), reader->shard, log->folder,
			(long long)reader->next);
	return r;
}

int embedded_reader_open(struct log *base, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault)
{
	struct embedded_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return embedded_no_memory(fault);
	reader->reader.ops = &log_embedded;
	reader->log = (struct embedded_log *)base;
	reader->shard = shard;
	reader->stream = stream;
	reader->next = offset;
	reader->fault = fault;
	reader->plain = malloc(READER_ROOM);

	int r = reader->plain != NULL ? 0 : embedded_no_memory(fault);
	if (r == 0)
		r = batch_unpacker_new(&reader->unpacker, fault);
	if (r == 0)
		r = database_enter_newest(reader->log->database, fault);
	if (r == 0) {
		r = reader_place(reader);
		database_leave(reader->log->database);
	}
	if (r < 0) {
		embedded_reader_close(&reader->reader);
		return r;
	}
	*ret = &reader->reader;
	return 0;
}

static int reader_corrupt(struct embedded_reader *reader)
{
	return FAULT(reader->fault, FAULT_LOG, "the batch at %s:%u:%lld in '%s' is corrupt",
		log_stream_name(reader->stream), reader->shard, (long long)reader->base,
		reader->log->folder);
}

static int reader_unpack(struct embedded_reader *reader, struct bytes batch)
{
	size_t used;
	if (!batch_unpack(
		    reader->unpacker, batch, reader->plain + reader->used, &reader->cursor, &used))
		return reader_corrupt(reader);
	int64_t offset = reader->base;
	int64_t end = offset + reader->cursor.remaining;
	for (struct bytes skipped; offset < reader->next; offset++)
		if (reader->cursor.remaining == 0 || !batch_next(&reader->cursor, &skipped))
			return reader_corrupt(reader);
	reader->base = end;
	reader->used += used;
	return 0;
}

/* Inside database_enter. Gets the next batch if it can be read by now: then the cursor is not
 * empty. */
static int reader_load(struct embedded_reader *reader)
{
	struct embedded_log *log = reader->log;
	int r = 0;
	int64_t end = 0;
	if (log->mode == LOG_OWN)
		r = embedded_stream_end(log, reader->stream, reader->shard, &end, reader->fault);
	if (r < 0 || (log->mode == LOG_OWN && reader->base >= end))
		return r;

	struct database_batch batch;
	r = database_get(
		log->database, reader->stream, reader->shard, reader->base, &batch, reader->fault);
	if (r < 0)
		return r;
	if (batch.bytes.at == NULL)
		return log->mode == LOG_USE
			       ? 0
			       : FAULT(reader->fault, FAULT_LOG,
					 "%s:%u in '%s' lacks a batch at %lld",
					 log_stream_name(reader->stream), reader->shard,
					 log->folder, (long long)reader->base);
	if (log->mode == LOG_USE && reader->base >= reader->durable)
		r = database_settle(log->database, reader->fault);
	if (r == 0)
		r = reader_unpack(reader, batch.bytes);
	database_batch_release(&batch);
	return r;
}

/* What can be had without waiting. */
static int reader_fill(struct embedded_reader *reader, struct log_record *records, size_t capacity,
	bool catches_up, size_t *ret_count)
{
	struct database *database = reader->log->database;
	int r = catches_up ? database_enter_newest(database, reader->fault)
			   : database_enter(database, reader->fault);
	if (r < 0)
		return r;

	size_t count = 0;
	if (reader->cursor.remaining == 0)
		reader->used = 0;
	while (r == 0 && count < capacity) {
		if (reader->cursor.remaining == 0 && reader->used + BATCH_ROOM <= READER_ROOM)
			r = reader_load(reader);
		if (r < 0 || reader->cursor.remaining == 0)
			break;
		struct log_record *record = &records[count++];
		record->offset = reader->next++;
		record->time_ms = reader->cursor.time_ms;
		if (!batch_next(&reader->cursor, &record->value))
			r = reader_corrupt(reader);
	}
	database_leave(database);
	if (r == 0)
		*ret_count = count;
	return r;
}

/* LOG_USE: until the holder says that the stream has grown, or for a moment where nobody holds it.
 * False: there is a holder, and in that time it has not. */
static bool growth_wait(struct embedded_reader *reader, int64_t left_ms)
{
	struct embedded_log *log = reader->log;
	struct fault unnoticed = { 0 };
	struct socket_wait wait = { reader->shard, reader->stream, reader->next };
	if (reader->client != NULL && socket_client_is_lost(reader->client)) {
		socket_client_close(reader->client);
		reader->client = NULL;
	}
	if (reader->client == NULL && socket_client_open(&reader->client, log->folder,
					      log->message_timeout_ms, &unnoticed) < 0)
		reader->client = NULL;
	int64_t end;
	if (reader->client != NULL &&
		socket_client_wait(reader->client, &wait, (int)left_ms, &end, &unnoticed) == 0) {
		if (end > reader->durable)
			reader->durable = end;
		reader->pause_ms = POLL_MS_MIN;
		return end > 0;
	}
	int64_t wait_ms = reader->pause_ms < left_ms ? reader->pause_ms : left_ms;
	(void)nanosleep(&(struct timespec){ .tv_nsec = wait_ms * 1000000 }, NULL);
	reader->pause_ms = reader->pause_ms + POLL_MS_MIN < POLL_MS_MAX
				   ? reader->pause_ms + POLL_MS_MIN
				   : POLL_MS_MAX;
	return true;
}

int embedded_read(struct log_reader *base, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *ret_count)
{
	struct embedded_reader *reader = (struct embedded_reader *)base;
	struct embedded_log *log = reader->log;
	int64_t deadline_ms = embedded_clock_ms(CLOCK_MONOTONIC) + timeout_ms;
	bool catches_up = false;
	/* Who is told need not look, which costs far more than to wait. */
	bool is_told = timeout_ms > 0 && reader->client != NULL;
	reader->pause_ms = POLL_MS_MIN;

	for (;;) {
		int r = reader_fill(reader, records, capacity, catches_up, ret_count);
		if (r < 0 || *ret_count > 0)
			return r;
		if (log->mode == LOG_OWN) {
			if (timeout_ms == 0 ||
				!stream_wait(embedded_stream(log, reader->stream, reader->shard),
					reader->next, deadline_ms))
				return 0;
			continue;
		}

		/* A secondary has to look: at first at once. */
		int64_t left_ms = deadline_ms - embedded_clock_ms(CLOCK_MONOTONIC);
		if (catches_up && left_ms <= 0)
			return 0;
		if ((catches_up || is_told) && !growth_wait(reader, left_ms) && is_told)
			return 0;
		is_told = false;
		catches_up = true;
	}
}

int64_t embedded_reader_position(struct log_reader *base)
{
	const struct embedded_reader *reader = (struct embedded_reader *)base;
	return reader->next;
}

int64_t embedded_reader_end_hint(struct log_reader *base)
{
	struct embedded_reader *reader = (struct embedded_reader *)base;
	struct database *database = reader->log->database;
	struct fault unnoticed = { 0 };
	int64_t end = reader->next;
	if (database_enter(database, &unnoticed) == 0) {
		if (embedded_stream_end(
			    reader->log, reader->stream, reader->shard, &end, &unnoticed) < 0)
			end = reader->next;
		database_leave(database);
	}
	return end;
}
