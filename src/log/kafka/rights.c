/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the broker lets us do what we will need: asked once at the start, since a lack that shows
 * only later shows as trouble that comes again and again.
 *
 * Client library 2.0 can't ask for rights, so each is tried. To read: a record is asked for
 * that no topic has; the broker says so, or refuses. To write: a record is sent that asks for two
 * acknowledgements, a number that Kafka refuses since its version 0.9. It refuses after it has
 * looked at the right, and before it writes anything. The transactional id is tried by the fence.
 */
#include "log/kafka/internal.h"

#include <stdatomic.h>

enum { SERVE_MS = 50 };

#define OFFSET_OF_NOTHING (INT64_MAX / 2)

/* The topics that are being read, and of which one has been heard. */
struct reading {
	struct kafka_log *log;
	struct fault *fault;
	struct kafka_notes notes;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	rd_kafka_topic_t *topics[LOG_STREAMS];
	bool is_asked[LOG_STREAMS];
	bool is_heard[LOG_STREAMS];
};

bool kafka_is_denied(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
	       error == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

static int reading_begin(struct reading *reading, bool all)
{
	struct kafka_log *log = reading->log;
	int code = kafka_handle_open(
		&reading->rk, log->config, KAFKA_READ_PROBE, NULL, &reading->notes, reading->fault);

	if (code == 0)
		reading->queue = rd_kafka_queue_new(reading->rk);
	for (int i = all ? 0 : LOG_EVENTS; i < LOG_STREAMS && code == 0; i++) {
		code = kafka_topic_open(
			&reading->topics[i], reading->rk, log->config->topics[i], reading->fault);
		if (code == 0 && rd_kafka_consume_start_queue(reading->topics[i], 0,
					 OFFSET_OF_NOTHING, reading->queue) != 0)
			code = FAULT(reading->fault, FAULT_IO, "can't read %s: %s",
				log->config->topics[i], rd_kafka_err2str(rd_kafka_last_error()));
		reading->is_asked[i] = code == 0;
	}
	return code;
}

/* The word that there is no such record, or a refusal. What else is told passes. */
static int reading_hear(struct reading *reading, const rd_kafka_message_t *message)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (message->rkt != reading->topics[i] || !reading->is_asked[i])
			continue;
		if (kafka_is_denied(message->err))
			return KAFKA_DENIED(reading->fault, reading->log->config, "Read", "topic",
				reading->log->config->topics[i]);
		if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
			message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
			reading->is_heard[i] = true;
	}
	return 0;
}

static int reading_finish(struct reading *reading)
{
	int64_t begun_ms = kafka_clock_ms();

	for (int i = 0; i < LOG_STREAMS;) {
		if (reading->is_heard[i] == reading->is_asked[i]) {
			i++;
			continue;
		}
		rd_kafka_message_t *message = rd_kafka_consume_queue(reading->queue, SERVE_MS);
		int code = message ? reading_hear(reading, message) : 0;
		if (message)
			rd_kafka_message_destroy(message);
		(void)rd_kafka_poll(reading->rk, 0);
		int64_t waited_ms = kafka_clock_ms() - begun_ms;
		if (code == 0 && (waited_ms > KAFKA_ANSWER_MS ||
					 kafka_is_hopeless(&reading->notes, waited_ms)))
			code = KAFKA_FAULT(reading->fault, FAULT_IO, &reading->notes,
				"topic %s on Kafka at %s could not be read: timed out",
				reading->log->config->topics[i], reading->log->config->servers);
		if (code != 0)
			return code;
	}
	return 0;
}

static void reading_end(struct reading *reading)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (reading->is_asked[i])
			(void)rd_kafka_consume_stop(reading->topics[i], 0);
		if (reading->topics[i])
			rd_kafka_topic_destroy(reading->topics[i]);
	}
	if (reading->queue)
		rd_kafka_queue_destroy(reading->queue);
	if (reading->rk)
		rd_kafka_destroy(reading->rk);
}

static int write_try(struct kafka_log *log, enum log_stream stream, rd_kafka_t *rk,
	struct kafka_notes *notes, bool *ret_is_tried, struct fault *fault)
{
	const char *name = log->config->topics[stream];
	int64_t begun_ms = kafka_clock_ms();
	rd_kafka_topic_t *topic;
	int code = kafka_topic_open(&topic, rk, name, fault);
	if (code != 0)
		return code;

	*ret_is_tried = true;
	kafka_notes_clear(notes);
	if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, NULL, 0, NULL, 0, NULL) == 0) {
		int64_t deadline_ms = log_deadline(&log->base, begun_ms + KAFKA_ANSWER_MS);
		while (notes->delivered + notes->failed == 0 && kafka_clock_ms() < deadline_ms &&
			!kafka_is_hopeless(notes, kafka_clock_ms() - begun_ms))
			(void)rd_kafka_flush(rk, SERVE_MS);
	} else {
		notes->failure = rd_kafka_last_error();
	}
	rd_kafka_topic_destroy(topic);

	if (notes->failure == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS)
		return 0;
	if (kafka_is_denied(notes->failure))
		return KAFKA_DENIED(fault, log->config, "Write", "topic", name);
	if (notes->delivered > 0)
		return FAULT(fault, FAULT_SETTINGS,
			"what answers at %s took a record that asks for two acknowledgements: it "
			"is no Kafka that Pinion knows",
			log->config->servers);
	/* No answer says nothing of the right: whoever writes meets it, and rides it out or tells.
	 */
	*ret_is_tried = false;
	return 0;
}

static int writes_try(
	struct kafka_log *log, const enum log_stream *streams, size_t count, struct fault *fault)
{
	struct kafka_notes notes = { 0 };
	rd_kafka_t *rk;
	int code = kafka_handle_open(&rk, log->config, KAFKA_WRITE_PROBE, NULL, &notes, fault);
	if (code != 0)
		return code;

	for (size_t i = 0; i < count && code == 0; i++) {
		bool is_tried;
		code = write_try(log, streams[i], rk, &notes, &is_tried, fault);
		if (code == 0 && is_tried)
			atomic_store(&log->may_write[streams[i]], true);
	}
	rd_kafka_destroy(rk);
	return code;
}

int kafka_rights_check(struct kafka_log *log, enum log_mode mode, struct fault *fault)
{
	static const enum log_stream written[] = { LOG_EVENTS, LOG_INTERNAL };
	struct reading reading = { .log = log, .fault = fault };
	int code = reading_begin(&reading, mode == LOG_OWN);

	if (code == 0 && mode == LOG_OWN)
		code = writes_try(log, written, sizeof(written) / sizeof(written[0]), fault);
	if (code == 0)
		code = reading_finish(&reading);
	reading_end(&reading);
	return code;
}

int kafka_write_check(struct kafka_log *log, enum log_stream stream, struct fault *fault)
{
	if (atomic_load(&log->may_write[stream]))
		return 0;
	return writes_try(log, &stream, 1, fault);
}
