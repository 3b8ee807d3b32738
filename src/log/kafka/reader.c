/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one partition from an offset on: committed records only, never moved elsewhere behind our
 * back.
 *
 * Readers share a few handles, each for all streams of every eighth shard: so the threads,
 * connections and waiting fetches of a process do not grow with its shards, and busy shards still
 * have several threads that unpack for them. Each reader has a queue of its own, which alone is no
 * longer fetched for when it is full. A handle can read a partition only once: a second reader of
 * the same stream gets another handle, found or made. One that met trouble is given to no new
 * reader. Consumer groups play no part: partition and offset are given, as the client library's
 * plain consumer takes them, and the broker keeps nothing about us.
 */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum {
	READ_RECORDS_MAX = 4096,
	/* A new leader may for a moment know an older end than we have read. */
	END_CATCH_UP_MS = 5000,
	LOOK_AGAIN_MS = 50,
	/* The known end counts records of open Kafka transactions. If nothing readable followed for
	 * this long, it is such a one, and nobody is to wait for it. */
	UNREADABLE_MS = 200,
	LANES = 8, /* that shards are dealt out to; each has a handle, or a second one */
};

struct kafka_consumer {
	struct kafka_consumer *next;
	rd_kafka_t *rk;
	struct kafka_notes notes;
	uint32_t lane;
	_Atomic bool is_in_trouble; /* a reader met some; a break stands in the notes */
	/* Under the log's lock; bits by stream, for each shard. */
	uint8_t *used;
	size_t reader_count;
	rd_kafka_topic_t *topics[LOG_STREAMS];
};

struct kafka_reader {
	struct log_reader base;
	struct kafka_log *log;
	struct fault *fault;
	struct kafka_consumer *consumer;
	rd_kafka_queue_t *queue;
	uint32_t shard;
	enum log_stream stream;
	int64_t position;
	int64_t end_first; /* the end when the reader was opened */
	int64_t ended_at;  /* the position at which the broker last said: nothing readable beyond */
	unsigned breaks;   /* of the handle, when the reader was opened */
	int64_t ended_ms;  /* when an end beyond ended_at was first noticed; 0: not yet */
	void (*ring)(void *context); /* NULL: it does not listen */
	void *ring_context;
	size_t held; /* messages whose values the caller may still use */
	rd_kafka_message_t *messages[READ_RECORDS_MAX];
};

static void consumer_destroy(struct kafka_consumer *consumer)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (consumer->topics[i])
			rd_kafka_topic_destroy(consumer->topics[i]);
	}
	if (consumer->rk)
		rd_kafka_destroy(consumer->rk);
	free(consumer->used);
	free(consumer);
}

static int consumer_make(
	struct kafka_consumer **ret, struct kafka_log *log, uint32_t lane, struct fault *fault)
{
	struct kafka_consumer *consumer = calloc(1, sizeof(*consumer));
	assert(consumer);
	consumer->lane = lane;
	consumer->used = calloc(log->base.shards, sizeof(*consumer->used));
	assert(consumer->used);

	int code = kafka_handle_open(
		&consumer->rk, log->config, KAFKA_READER, NULL, &consumer->notes, fault);
	for (int i = 0; i < LOG_STREAMS && code == 0; i++)
		code = kafka_topic_open(
			&consumer->topics[i], consumer->rk, log->config->topics[i], fault);
	if (code != 0) {
		consumer_destroy(consumer);
		return code;
	}
	*ret = consumer;
	return 0;
}

static bool may_take(const struct kafka_consumer *consumer, uint32_t shard, enum log_stream stream)
{
	return consumer->lane == shard % LANES && (consumer->used[shard] & 1U << stream) == 0 &&
	       !atomic_load(&consumer->is_in_trouble) && atomic_load(&consumer->notes.breaks) == 0;
}

/* A handle of this shard's lane on which the stream is not read yet. */
static int consumer_take(struct kafka_consumer **ret, struct kafka_log *log, uint32_t shard,
	enum log_stream stream, struct fault *fault)
{
	int code = 0;

	(void)pthread_mutex_lock(&log->lock);
	struct kafka_consumer *consumer = log->consumers;
	while (consumer && !may_take(consumer, shard, stream))
		consumer = consumer->next;
	if (!consumer) {
		code = consumer_make(&consumer, log, shard % LANES, fault);
		if (code == 0) {
			consumer->next = log->consumers;
			log->consumers = consumer;
		}
	}
	if (code == 0) {
		consumer->used[shard] |= (uint8_t)(1U << stream);
		consumer->reader_count++;
	}
	(void)pthread_mutex_unlock(&log->lock);
	*ret = consumer;
	return code;
}

static void consumer_release(struct kafka_log *log, struct kafka_consumer *consumer, uint32_t shard,
	enum log_stream stream)
{
	(void)pthread_mutex_lock(&log->lock);
	consumer->used[shard] &= (uint8_t) ~(1U << stream);
	bool is_unused = --consumer->reader_count == 0;
	if (is_unused) {
		struct kafka_consumer **link = &log->consumers;
		while (*link != consumer)
			link = &(*link)->next;
		*link = consumer->next;
	}
	(void)pthread_mutex_unlock(&log->lock);
	if (is_unused)
		consumer_destroy(consumer);
}

/* The log must reach from at or below the offset to at or above it. */
static int offset_check(struct kafka_log *log, uint32_t shard, enum log_stream stream,
	int64_t offset, int64_t *ret_end, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	int64_t deadline = kafka_clock_ms() + END_CATCH_UP_MS;
	const char *topic = log->config->topics[stream];

	for (;;) {
		int64_t low;
		int code = kafka_begin(&log->base, shard, stream, &low, fault);
		if (code == 0)
			code = kafka_end(&log->base, shard, stream, ret_end, fault);
		if (code != 0)
			return code;
		if (offset < low)
			return FAULT(fault, FAULT_LOG,
				"%s:%u begins at offset %lld, but %lld is needed: records were "
				"deleted",
				topic, shard, (long long)low, (long long)offset);
		if (offset <= *ret_end)
			return 0;
		if (kafka_clock_ms() > deadline)
			return FAULT(fault, FAULT_LOG,
				"%s:%u ends at offset %lld, before %lld: records were lost, or "
				"this is "
				"another log",
				topic, shard, (long long)*ret_end, (long long)offset);
		(void)nanosleep(&pause, NULL);
	}
}

int kafka_reader_open(struct log *base, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault)
{
	struct kafka_log *log = (struct kafka_log *)base;
	struct kafka_consumer *consumer;
	int64_t end;

	assert(shard < base->shards && offset >= 0);
	int code = offset_check(log, shard, stream, offset, &end, fault);
	if (code == 0)
		code = consumer_take(&consumer, log, shard, stream, fault);
	if (code != 0)
		return code;

	struct kafka_reader *reader = calloc(1, sizeof(*reader));
	assert(reader);
	*reader = (struct kafka_reader){
		.base.ops = &log_kafka,
		.log = log,
		.fault = fault,
		.consumer = consumer,
		.queue = rd_kafka_queue_new(consumer->rk),
		.shard = shard,
		.stream = stream,
		.position = offset,
		.end_first = end,
		.ended_at = -1,
		.breaks = atomic_load(&consumer->notes.breaks),
	};
	if (rd_kafka_consume_start_queue(
		    consumer->topics[stream], (int32_t)shard, offset, reader->queue) != 0) {
		code = FAULT(fault, FAULT_IO, "can't read %s:%u: %s", log->config->topics[stream],
			shard, rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_queue_destroy(reader->queue);
		consumer_release(log, consumer, shard, stream);
		free(reader);
		return code;
	}
	*ret = &reader->base;
	return 0;
}

static void held_release(struct kafka_reader *reader)
{
	for (size_t i = 0; i < reader->held; i++)
		rd_kafka_message_destroy(reader->messages[i]);
	reader->held = 0;
}

static int trouble(struct kafka_reader *reader, const rd_kafka_message_t *message)
{
	const char *topic = reader->log->config->topics[reader->stream];

	if (kafka_is_denied(message->err))
		return KAFKA_DENIED(reader->fault, reader->log->config, "Read", "topic", topic);
	switch ((int)message->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		if (message->offset > reader->position)
			reader->position = message->offset;
		reader->ended_at = message->offset;
		reader->ended_ms = 0;
		return 0;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		/* Not proof yet that records are gone: where another broker leads by now and the
		 * client has not heard, a replica that is still empty answers so. Opening again
		 * asks the leader, and says which it is. */
		return FAULT(reader->fault, FAULT_IO,
			"%s:%u: a broker does not hold offset %lld, which is looked into: %s",
			topic, reader->shard, (long long)reader->position,
			rd_kafka_message_errstr(message));
	default:
		return FAULT(reader->fault, FAULT_IO, "can't read %s:%u at offset %lld: %s", topic,
			reader->shard, (long long)reader->position,
			rd_kafka_message_errstr(message));
	}
}

/* Takes what is there, adds the records to those counted already. Keeps the messages in
 * reader->messages. */
static int batch_take(struct kafka_reader *reader, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *count)
{
	rd_kafka_message_t **messages = reader->messages + reader->held;
	ssize_t got = rd_kafka_consume_batch_queue(reader->queue, timeout_ms, messages, capacity);
	int code = 0;

	for (ssize_t i = 0; i < got; i++) {
		rd_kafka_message_t *message = messages[i];
		rd_kafka_timestamp_type_t type;

		reader->held++;
		if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			int found = trouble(reader, message);
			if (code == 0)
				code = found;
			continue;
		}
		records[*count] = (struct log_record){
			.offset = message->offset,
			.time_ms = rd_kafka_message_timestamp(message, &type),
			.value = { .at = message->payload, .size = message->len },
		};
		++*count;
		reader->position = message->offset + 1;
	}
	return code;
}

/* The library goes on by offset alone when it finds a broker again, which may have lost what stood
 * there before. Events have their chain; of an input nothing is taken then, and whoever reads
 * compares it anew. */
static int break_check(struct kafka_reader *reader, size_t count)
{
	(void)rd_kafka_poll(
		reader->consumer->rk, 0); /* a break is told before what is read after it */
	if (count == 0 || reader->stream == LOG_EVENTS ||
		atomic_load(&reader->consumer->notes.breaks) == reader->breaks)
		return 0;
	return FAULT(reader->fault, FAULT_IO,
		"a connection to Kafka broke while %s:%u was read: what comes next is compared "
		"with what was decided",
		reader->log->config->topics[reader->stream], reader->shard);
}

int kafka_read(struct log_reader *base, struct log_record *records, size_t capacity, int timeout_ms,
	size_t *ret_count)
{
	struct kafka_reader *reader = (struct kafka_reader *)base;
	int64_t asked_ms = kafka_clock_ms() + timeout_ms;
	int64_t deadline = log_deadline(&reader->log->base, asked_ms);
	int wait_ms = 0;
	size_t count = 0;
	int code;

	assert(capacity > 0);
	if (capacity > READ_RECORDS_MAX)
		capacity = READ_RECORDS_MAX;
	*ret_count = 0;

	/* The client library waits until the array is full or the time is over. So: what is there,
	 * else wait for one, then again what is there. */
	for (;;) {
		held_release(reader);
		code = batch_take(reader, records, wait_ms > 0 ? 1 : capacity, wait_ms, &count);
		if (code == 0 && wait_ms > 0 && count > 0 && capacity > 1)
			code = batch_take(reader, records, capacity - 1, 0, &count);
		if (code != 0 || count > 0)
			break;
		int64_t left_ms = deadline - kafka_clock_ms();
		if (left_ms <= 0)
			break;
		wait_ms = (int)left_ms;
	}
	if (code == 0) /* nobody else serves the handle's own events */
		code = break_check(reader, count);
	if (code == 0 && count == 0 && timeout_ms > 0 && deadline < asked_ms)
		code = FAULT(reader->fault, FAULT_IO,
			"%s:%u at offset %lld: nothing came, and this process is to end",
			reader->log->config->topics[reader->stream], reader->shard,
			(long long)reader->position);
	/* After a fault a reader is only closed; the records before it will be read again. */
	if (code != 0)
		atomic_store(&reader->consumer->is_in_trouble, true);
	*ret_count = code == 0 ? count : 0;
	return code;
}

/* The client library's threads tell when the queue is no longer empty. */
static void queue_filled(rd_kafka_t *rk, void *opaque)
{
	const struct kafka_reader *reader = opaque;

	(void)rk;
	reader->ring(reader->ring_context);
}

void kafka_reader_listen(struct log_reader *base, void (*ring)(void *context), void *context)
{
	struct kafka_reader *reader = (struct kafka_reader *)base;

	reader->ring = ring;
	reader->ring_context = context;
	rd_kafka_queue_cb_event_enable(reader->queue, queue_filled, reader);
}

/* The high watermark that came with the last records, or with the news that there are none. */
static int64_t end_known(const struct kafka_reader *reader)
{
	const char *topic = reader->log->config->topics[reader->stream];
	int64_t low;
	int64_t end;

	if (rd_kafka_get_watermark_offsets(reader->consumer->rk, topic, (int32_t)reader->shard,
		    &low, &end) != RD_KAFKA_RESP_ERR_NO_ERROR ||
		end < reader->end_first)
		end = reader->end_first;
	return end > reader->position ? end : reader->position;
}

/* What follows the position up to that end can't be read. */
static bool is_held(struct kafka_reader *reader, int64_t end)
{
	if (end == reader->position || reader->ended_at != reader->position)
		return false;
	int64_t now_ms = kafka_clock_ms();
	if (reader->ended_ms == 0)
		reader->ended_ms = now_ms;
	return now_ms - reader->ended_ms >= UNREADABLE_MS;
}

int64_t kafka_reader_end_hint(struct log_reader *base)
{
	struct kafka_reader *reader = (struct kafka_reader *)base;
	int64_t end = end_known(reader);

	return is_held(reader, end) ? reader->position : end;
}

int64_t kafka_reader_held(struct log_reader *base)
{
	struct kafka_reader *reader = (struct kafka_reader *)base;
	int64_t end = end_known(reader);

	return is_held(reader, end) ? end - reader->position : 0;
}

int64_t kafka_reader_position(struct log_reader *base)
{
	return ((struct kafka_reader *)base)->position;
}

void kafka_reader_close(struct log_reader *base)
{
	struct kafka_reader *reader = (struct kafka_reader *)base;

	if (!reader)
		return;
	held_release(reader);
	if (reader->ring)
		rd_kafka_queue_cb_event_enable(reader->queue, NULL, NULL);
	(void)rd_kafka_consume_stop(
		reader->consumer->topics[reader->stream], (int32_t)reader->shard);
	rd_kafka_queue_destroy(reader->queue);
	consumer_release(reader->log, reader->consumer, reader->shard, reader->stream);
	free(reader);
}
