/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the cluster about its topics, and how long an answer is waited for. */
#include "log/kafka/admin.h"

#include <assert.h>

enum {
	FIRST_STEP_MS = 100,
	STEP_MS_MAX = 2000, /* one question; a stop is looked at between two */
	SERVE_MS = 50
};

/* No answer: why is told first. */
static int unreachable(struct admin *admin, const char *what, const char *reason)
{
	(void)rd_kafka_poll(admin->client, 0);
	return KAFKA_FAULT(admin->fault, admin->notes->is_final ? FAULT_DENIED : FAULT_IO,
		admin->notes, "Kafka at %s did not answer when asked to %s: %s",
		admin->config->servers, what, reason);
}

/* It is asked in steps, each longer than the one before: only between them the causes of failures
 * come to us, and a stop is looked at. */
int admin_metadata_ask(struct admin *admin, rd_kafka_topic_t *topic, const char *what,
	const struct rd_kafka_metadata **ret)
{
	int64_t begun_ms = kafka_clock_ms();
	int64_t deadline = begun_ms + KAFKA_ANSWER_MS;

	for (int step_ms = FIRST_STEP_MS;; step_ms *= 2) {
		int64_t left_ms = log_deadline(admin->log, deadline) - kafka_clock_ms();
		if (step_ms > STEP_MS_MAX)
			step_ms = STEP_MS_MAX;
		if (step_ms > left_ms)
			step_ms = left_ms < 1 ? 1 : (int)left_ms;
		rd_kafka_resp_err_t error =
			rd_kafka_metadata(admin->client, 0, topic, ret, step_ms);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		(void)rd_kafka_poll(admin->client, 0);
		if (left_ms <= step_ms ||
			kafka_is_hopeless(admin->notes, kafka_clock_ms() - begun_ms))
			return unreachable(admin, what, rd_kafka_err2str(error));
	}
}

int admin_reach(struct admin *admin)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = NULL;
	int code = kafka_topic_open(
		&topic, admin->client, admin->topics[LOG_EVENTS].name, admin->fault);
	if (code != 0)
		return code;

	code = admin_metadata_ask(admin, topic, "list its topics", &metadata);
	if (code == 0) {
		rd_kafka_metadata_destroy(metadata);
		kafka_notes_clear(admin->notes);
	}
	rd_kafka_topic_destroy(topic);
	return code;
}

rd_kafka_event_t *admin_answer_wait(
	struct admin *admin, rd_kafka_queue_t *queue, const char *what, int *ret_code)
{
	int64_t begun_ms = kafka_clock_ms();
	int64_t deadline = begun_ms + KAFKA_ANSWER_MS + 1000;
	rd_kafka_event_t *event = NULL;

	while (!event && kafka_clock_ms() < log_deadline(admin->log, deadline) &&
		!kafka_is_hopeless(admin->notes, kafka_clock_ms() - begun_ms)) {
		event = rd_kafka_queue_poll(queue, SERVE_MS);
		(void)rd_kafka_poll(admin->client, 0);
	}
	if (!event) {
		*ret_code = unreachable(admin, what, "timed out");
		return NULL;
	}
	rd_kafka_resp_err_t error = rd_kafka_event_error(event);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		return event;

	const char *reason = rd_kafka_event_error_string(event);
	if (error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT)
		*ret_code = unreachable(admin, what, reason);
	else
		*ret_code = FAULT(admin->fault, FAULT_SETTINGS, "Kafka at %s refused to %s: %s",
			admin->config->servers, what, reason);
	rd_kafka_event_destroy(event);
	return NULL;
}

rd_kafka_AdminOptions_t *admin_options_make(struct admin *admin, rd_kafka_admin_op_t operation)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, operation);
	char reason[128];

	assert(options);
	rd_kafka_resp_err_t error = rd_kafka_AdminOptions_set_request_timeout(
		options, KAFKA_ANSWER_MS, reason, sizeof(reason));
	assert(error == RD_KAFKA_RESP_ERR_NO_ERROR);
	return options;
}
