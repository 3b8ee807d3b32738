/* SPDX-License-Identifier: Apache-2.0 */
/* The only writer of a shard's events: it asks for commit and for nothing else, and after trouble
 * it is gone.
 *
 * The client library speaks the older Kafka transaction protocol, in which a late request of one
 * Kafka transaction can land in a later one. So a handle that met a timeout or a broken connection
 * is destroyed with its Kafka transaction open; kafka_fence of its successor settles what became of
 * it. Requests that a broker turned away and that were sent again need no such care, nor does a
 * broker that is slow or far away: each request got its answer, and nothing is under way.
 */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	/* A broker that hangs leaves a request without an answer, and ends the wait by that. This
	 * is for one that answers, but never with a commit: well below the time-out of the Kafka
	 * transaction. */
	COMMIT_MS = 20000,
	COMMIT_STEP_MS = 500,
	FENCE_MS = 60000,
	FENCE_FIRST_MS = 40,
	FENCE_STEP_MS = 2000,
	FENCE_PAUSE_MS = 200,
	/* While the broker ends the older writer's Kafka transaction it turns us away, and the
	 * handle then waits half a second. A new handle asks at once: a tenth of the time, where
	 * the broker is so near that it answers the first short question. */
	FENCE_SHORTCUTS = 5,
};

struct kafka_writer {
	struct log_writer base;
	struct log *log;
	const struct kafka_config *config;
	struct fault *fault;
	uint32_t shard;
	rd_kafka_t *rk; /* NULL after a failed append */
	rd_kafka_topic_t *topic;
	struct kafka_notes notes;
	rd_kafka_message_t *messages;
	size_t message_capacity;
};

/* Also ends every use of the caller's bytes. */
static void handle_destroy(struct kafka_writer *writer)
{
	if (writer->topic)
		rd_kafka_topic_destroy(writer->topic);
	if (writer->rk)
		rd_kafka_destroy(writer->rk);
	writer->topic = NULL;
	writer->rk = NULL;
}

static void transactional_id(const struct kafka_writer *writer, char id[256])
{
	(void)snprintf(id, 256, "%s-shard-%u", writer->config->prefix, writer->shard);
}

static int handle_make(struct kafka_writer *writer)
{
	const struct kafka_config *config = writer->config;
	char id[256];

	transactional_id(writer, id);
	kafka_notes_clear(&writer->notes);
	int code = kafka_handle_open(
		&writer->rk, config, KAFKA_WRITER, id, &writer->notes, writer->fault);
	if (code == 0)
		code = kafka_topic_open(
			&writer->topic, writer->rk, config->topics[LOG_EVENTS], writer->fault);
	if (code != 0)
		handle_destroy(writer);
	return code;
}

static bool fenced(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
	       error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* What no waiting mends. */
static bool hopeless(rd_kafka_resp_err_t error)
{
	return kafka_is_denied(error) || error == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT ||
	       error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
}

/* One try. 0 with *ret_done false: try again. */
static int fence_try(
	struct kafka_writer *writer, int timeout_ms, int *shortcuts, bool last, bool *ret_done)
{
	int code = writer->rk ? 0 : handle_make(writer);
	if (code != 0)
		return code;

	rd_kafka_error_t *error = rd_kafka_init_transactions(writer->rk, timeout_ms);
	(void)rd_kafka_poll(writer->rk, 0);
	*ret_done = error == NULL;
	if (!error)
		return 0;

	rd_kafka_resp_err_t number = rd_kafka_error_code(error);
	bool is_time_out = number == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
	if (number == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
		char id[256];
		transactional_id(writer, id);
		code = KAFKA_DENIED(writer->fault, writer->config, "Write", "transactional id", id);
	} else if (hopeless(number) || last || kafka_is_hopeless(&writer->notes, 0)) {
		code = KAFKA_FAULT(writer->fault, hopeless(number) ? FAULT_SETTINGS : FAULT_IO,
			&writer->notes, "can't take shard %u on Kafka at %s: %s%s", writer->shard,
			writer->config->servers, rd_kafka_error_string(error),
			is_time_out ? "; set the brokers' transaction.max.timeout.ms to 45000 or "
				      "more"
				    : "");
	} else if (number == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS &&
		   timeout_ms == FENCE_FIRST_MS && *shortcuts > 0) {
		--*shortcuts;
		handle_destroy(writer);
	} else if (!rd_kafka_error_is_retriable(error)) {
		const struct timespec pause = { .tv_nsec = FENCE_PAUSE_MS * 1000000L };
		handle_destroy(writer);
		(void)nanosleep(&pause, NULL);
	}
	rd_kafka_error_destroy(error);
	return code;
}

int kafka_fence(struct log *base, uint32_t shard, struct log_writer **ret, struct fault *fault)
{
	struct kafka_log *log = (struct kafka_log *)base;
	struct kafka_writer *writer = calloc(1, sizeof(*writer));
	int64_t deadline = kafka_clock_ms() + FENCE_MS;
	int shortcuts = FENCE_SHORTCUTS;
	bool done = false;
	int code = 0;

	assert(writer && shard < base->shards);
	writer->base.ops = &log_kafka;
	writer->log = base;
	writer->config = log->config;
	writer->fault = fault;
	writer->shard = shard;

	while (code == 0 && !done) {
		/* A new handle is asked briefly, one that has been turned away no more is waited
		 * for. */
		int timeout_ms = writer->rk ? FENCE_STEP_MS : FENCE_FIRST_MS;
		bool last = kafka_clock_ms() + timeout_ms >= log_deadline(base, deadline);
		code = fence_try(writer, timeout_ms, &shortcuts, last, &done);
	}
	if (code != 0) {
		kafka_writer_close(&writer->base);
		return code;
	}
	*ret = &writer->base;
	return 0;
}

/* After this the batch can't change any more: the Kafka transaction stays open until the next
 * fence. */
static int append_fail(struct kafka_writer *writer, int code, const char *what, const char *reason)
{
	char text[256];

	if (writer->rk && fenced(rd_kafka_fatal_error(writer->rk, text, sizeof(text))))
		code = FAULT_FENCED;
	/* Trying again would be refused again. What of it was taken is never committed. */
	if (code == FAULT_DENIED ||
		(code != FAULT_FENCED &&
			writer->notes.failure == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)) {
		code = KAFKA_DENIED(writer->fault, writer->config, "Write", "topic",
			writer->config->topics[LOG_EVENTS]);
		handle_destroy(writer);
		return code;
	}
	/* A fenced handle repeats itself as its trouble. */
	if (code == FAULT_FENCED)
		kafka_notes_clear(&writer->notes);
	(void)KAFKA_FAULT(writer->fault, code, &writer->notes,
		"events of shard %u on Kafka at %s: %s: %s", writer->shard, writer->config->servers,
		what, reason);
	handle_destroy(writer);
	return code;
}

static int append_fail_error(
	struct kafka_writer *writer, int code, const char *what, rd_kafka_error_t *error)
{
	if (fenced(rd_kafka_error_code(error)))
		code = FAULT_FENCED;
	/* Of the transactional id the next fence says it. */
	if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		code = FAULT_DENIED;
	code = append_fail(writer, code, what, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return code;
}

static int batch_produce(struct kafka_writer *writer, const struct log_entry *entries, size_t count)
{
	if (count > writer->message_capacity) {
		free(writer->messages);
		writer->messages = calloc(count, sizeof(*writer->messages));
		assert(writer->messages);
		writer->message_capacity = count;
	}
	kafka_messages_fill(writer->messages, entries, count);

	int accepted = rd_kafka_produce_batch(
		writer->topic, (int32_t)writer->shard, 0, writer->messages, (int)count);
	if (accepted == (int)count)
		return 0;

	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__FAIL;
	for (size_t i = count; i-- > 0;) {
		if (writer->messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			error = writer->messages[i].err;
	}
	return append_fail(writer, FAULT_IO, "a record was not accepted", rd_kafka_err2str(error));
}

/* Waits as long as nothing but time is missing. */
static rd_kafka_error_t *commit_await(struct kafka_writer *writer)
{
	int64_t deadline = kafka_clock_ms() + COMMIT_MS;

	for (;;) {
		int64_t left_ms = log_deadline(writer->log, deadline) - kafka_clock_ms();
		int step_ms = left_ms < 1                ? 1
			      : left_ms < COMMIT_STEP_MS ? (int)left_ms
							 : COMMIT_STEP_MS;
		rd_kafka_error_t *error = rd_kafka_commit_transaction(writer->rk, step_ms);
		(void)rd_kafka_poll(writer->rk, 0);
		if (!error || rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__TIMED_OUT ||
			writer->notes.transport || left_ms < COMMIT_STEP_MS)
			return error;
		rd_kafka_error_destroy(error);
	}
}

/* Commit says nothing about records that never got on their way: every record's own report must be
 * there. */
static int batch_settle(struct kafka_writer *writer, size_t count)
{
	if (writer->notes.failed > 0)
		return append_fail(writer, FAULT_TAINTED, "committed, but a record failed",
			rd_kafka_err2str(writer->notes.failure));
	if (writer->notes.delivered != count)
		return append_fail(writer, FAULT_TAINTED, "committed",
			"not every record was reported delivered");
	if (writer->notes.transport)
		return append_fail(
			writer, FAULT_TAINTED, "committed", "but a connection broke meanwhile");
	return 0;
}

int kafka_append(struct log_writer *base, const struct log_entry *entries, size_t count)
{
	struct kafka_writer *writer = (struct kafka_writer *)base;

	assert(writer->rk); /* a writer whose append failed can only be closed */
	assert(count <= LOG_BATCH_RECORDS_MAX);
	if (count == 0)
		return 0;

	/* What was told while nothing was under way concerns no append. */
	(void)rd_kafka_poll(writer->rk, 0);
	kafka_notes_clear(&writer->notes);

	rd_kafka_error_t *error = rd_kafka_begin_transaction(writer->rk);
	if (error)
		return append_fail_error(writer, FAULT_IO, "begin", error);

	int code = batch_produce(writer, entries, count);
	if (code != 0)
		return code;

	error = commit_await(writer);
	if (error)
		return append_fail_error(writer, FAULT_TAINTED, "commit", error);
	return batch_settle(writer, count);
}

void kafka_writer_close(struct log_writer *base)
{
	struct kafka_writer *writer = (struct kafka_writer *)base;

	if (!writer)
		return;
	handle_destroy(writer);
	free(writer->messages);
	free(writer);
}
