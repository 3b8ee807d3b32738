/* SPDX-License-Identifier: Apache-2.0 */
/* Sends inputs: log_send returns only when every record has a report of its own. */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdlib.h>

enum {
	CHUNK_RECORDS = 4096,
	/* What may be under way at once: far below the client library's queue, so that it is never
	   full. */
	WINDOW_RECORDS = 100000,
	WINDOW_BYTES = 67108864,
	SERVE_MS = 100,
	SETTLE_MS = 5000, /* more than a record's own time */
};

struct kafka_sender {
	struct log_sender base;
	struct kafka_log *log;
	struct fault *fault;
	rd_kafka_t *rk; /* NULL before the first send, as many a sender never has one, and after a
			   failed one */
	rd_kafka_topic_t *topics[LOG_INPUTS];
	struct kafka_notes notes;
	rd_kafka_message_t messages[CHUNK_RECORDS];
};

static void handle_destroy(struct kafka_sender *sender)
{
	for (int i = 0; i < LOG_INPUTS; i++) {
		if (sender->topics[i])
			rd_kafka_topic_destroy(sender->topics[i]);
		sender->topics[i] = NULL;
	}
	if (sender->rk)
		rd_kafka_destroy(sender->rk);
	sender->rk = NULL;
}

static int handle_make(struct kafka_sender *sender)
{
	const struct kafka_config *config = sender->log->config;
	int code = kafka_handle_open(
		&sender->rk, config, KAFKA_SENDER, NULL, &sender->notes, sender->fault);

	for (int i = 0; i < LOG_INPUTS && code == 0; i++)
		code = kafka_topic_open(
			&sender->topics[i], sender->rk, config->topics[i], sender->fault);
	if (code != 0)
		handle_destroy(sender);
	return code;
}

int kafka_sender_open(struct log *base, struct log_sender **ret, struct fault *fault)
{
	struct kafka_sender *sender = calloc(1, sizeof(*sender));
	assert(sender);
	sender->base.ops = &log_kafka;
	sender->log = (struct kafka_log *)base;
	sender->fault = fault;

	*ret = &sender->base;
	return 0;
}

/* Takes as many as fit a chunk and the window. */
static size_t chunk_size(const struct log_entry *entries, size_t count, size_t room_bytes)
{
	size_t taken = 0;
	size_t bytes = 0;

	while (taken < count && taken < CHUNK_RECORDS && bytes < room_bytes)
		bytes += entries[taken++].value.size;
	return taken;
}

/* Queues all, in order, or as many as are accepted. *ret_queued counts those that will be reported.
 */
static rd_kafka_resp_err_t queue_all(struct kafka_sender *sender, uint32_t shard,
	enum log_stream stream, const struct log_entry *entries, size_t count, size_t *ret_queued)
{
	size_t queued = 0;
	size_t queued_bytes = 0;
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

	while (queued < count && error == RD_KAFKA_RESP_ERR_NO_ERROR) {
		size_t open = queued - sender->notes.delivered - sender->notes.failed;
		size_t open_bytes = queued_bytes - sender->notes.payload_size;
		if (open + CHUNK_RECORDS > WINDOW_RECORDS || open_bytes >= WINDOW_BYTES) {
			if (kafka_clock_ms() > log_deadline(&sender->log->base, INT64_MAX))
				error = RD_KAFKA_RESP_ERR__TIMED_OUT;
			(void)rd_kafka_poll(sender->rk, SERVE_MS);
			continue;
		}

		size_t taken =
			chunk_size(entries + queued, count - queued, WINDOW_BYTES - open_bytes);
		kafka_messages_fill(sender->messages, entries + queued, taken);
		(void)rd_kafka_produce_batch(
			sender->topics[stream], (int32_t)shard, 0, sender->messages, (int)taken);
		for (size_t i = 0; i < taken; i++) {
			if (sender->messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
				error = sender->messages[i].err;
				continue;
			}
			queued++;
			queued_bytes += sender->messages[i].len;
		}
		(void)rd_kafka_poll(sender->rk, 0);
	}
	*ret_queued = queued;
	return error;
}

int kafka_send(struct log_sender *base, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count)
{
	struct kafka_sender *sender = (struct kafka_sender *)base;
	size_t queued;

	assert((int)stream < LOG_INPUTS && shard < sender->log->base.shards);
	int may = kafka_write_check(sender->log, stream, sender->fault);
	if (may == 0 && !sender->rk)
		may = handle_make(sender);
	if (may != 0)
		return may;
	kafka_notes_clear(&sender->notes);

	rd_kafka_resp_err_t error = queue_all(sender, shard, stream, entries, count, &queued);
	/* Each record is delivered or failed at the latest when its time (message.timeout.ms) is
	 * over; a client library that forgets one is not waited for. */
	int64_t deadline = kafka_clock_ms() + sender->log->config->message_timeout_ms + SETTLE_MS;
	while (sender->notes.delivered + sender->notes.failed < queued &&
		kafka_clock_ms() < log_deadline(&sender->log->base, deadline))
		(void)rd_kafka_flush(sender->rk, SERVE_MS);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR &&
		sender->notes.delivered + sender->notes.failed < queued)
		error = RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR && sender->notes.failed > 0)
		error = sender->notes.failure;
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;

	int code = kafka_is_denied(error)
			   ? KAFKA_DENIED(sender->fault, sender->log->config, "Write", "topic",
				     sender->log->config->topics[stream])
			   : KAFKA_FAULT(sender->fault, FAULT_IO, &sender->notes,
				     "can't send to %s:%u on Kafka at %s: %s",
				     sender->log->config->topics[stream], shard,
				     sender->log->config->servers, rd_kafka_err2str(error));
	/* After a failed record the order of the next ones is not sure on this handle. */
	handle_destroy(sender);
	return code;
}

void kafka_sender_close(struct log_sender *base)
{
	struct kafka_sender *sender = (struct kafka_sender *)base;

	if (!sender)
		return;
	handle_destroy(sender);
	free(sender);
}
