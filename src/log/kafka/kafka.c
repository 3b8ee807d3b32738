/* SPDX-License-Identifier: Apache-2.0 */
/* The log on Kafka: opened only on topics that keep its promises. */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum {
	LOOK_AGAIN_MS = 50,
	/* One question; the answer to a later one may come from another broker. */
	ANSWER_STEP_MS = 2000,
};

static void log_free(struct kafka_log *log)
{
	if (log->client)
		rd_kafka_destroy(log->client);
	kafka_config_free(log->config);
	(void)pthread_mutex_destroy(&log->lock);
	free(log);
}

/* Reads the settings and makes the client handle; asks the cluster nothing yet. */
static int log_make(struct kafka_log **ret, const struct log_config *config, struct fault *fault)
{
	struct kafka_log *log = calloc(1, sizeof(*log));
	assert(log);
	(void)pthread_mutex_init(&log->lock, NULL);
	log->base.ops = &log_kafka;
	log->base.fence_is_ambiguous = true;

	int code = kafka_config_read(&log->config, config, fault);
	if (code == 0)
		code = kafka_handle_open(
			&log->client, log->config, KAFKA_CLIENT, NULL, &log->notes, fault);
	if (code != 0) {
		log_free(log);
		return code;
	}
	if (kafka_scram_is_doubtful(log->config))
		log->base.notice = KAFKA_SCRAM_NOTICE;
	*ret = log;
	return 0;
}

static int kafka_open(struct log **ret, const struct log_config *config, struct fault *fault)
{
	struct kafka_log *log;
	int code = log_make(&log, config, fault);
	if (code != 0)
		return code;

	code = kafka_topics_check(
		log, log->client, &log->notes, config->mode, &log->base.shards, fault);
	log->config->shards = log->base.shards;
	if (code == 0)
		code = kafka_rights_check(log, config->mode, fault);
	if (code != 0) {
		log_free(log);
		return code;
	}
	*ret = &log->base;
	return 0;
}

static int kafka_create(const struct log_config *config, uint32_t shards, struct fault *fault)
{
	struct kafka_log *log;
	int code = log_make(&log, config, fault);
	if (code != 0)
		return code;

	code = kafka_topics_create(log, shards, fault);
	log_free(log);
	return code;
}

/* Over a handle of its own: the shards' threads use the log's and its notes meanwhile. */
static int kafka_check(struct log *base, struct fault *fault)
{
	struct kafka_log *log = (struct kafka_log *)base;
	struct kafka_notes notes = { 0 };
	rd_kafka_t *client;
	uint32_t shards;
	int code = kafka_handle_open(&client, log->config, KAFKA_CLIENT, NULL, &notes, fault);
	if (code != 0)
		return code;

	code = kafka_topics_check(log, client, &notes, LOG_OWN, &shards, fault);
	rd_kafka_destroy(client);
	if (code == 0 && shards != base->shards)
		code = FAULT(fault, FAULT_SETTINGS,
			"the topics of prefix %s have %u partitions now, not %u, one for each "
			"shard: "
			"none can be added to a ledger",
			log->config->prefix, shards, base->shards);
	for (uint32_t shard = 0; code == 0 && shard < base->shards; shard++) {
		int64_t begin;
		code = log_begin(base, shard, LOG_EVENTS, &begin, fault);
		if (code == 0 && begin > 0)
			code = FAULT(fault, FAULT_LOG,
				"events of shard %u on Kafka at %s begin at offset %lld: those "
				"before "
				"were deleted, and the ledger can't be rebuilt. Restore them",
				shard, log->config->servers, (long long)begin);
	}
	return code;
}

static void kafka_close(struct log *base)
{
	struct kafka_log *log = (struct kafka_log *)base;

	if (!log)
		return;
	assert(!log->consumers); /* readers are closed before */
	log_free(log);
}

/* Nobody else serves the client handle; what piled up there is of no more use. */
static void client_serve(struct kafka_log *log)
{
	(void)pthread_mutex_lock(&log->lock);
	(void)rd_kafka_poll(log->client, 0);
	(void)pthread_mutex_unlock(&log->lock);
}

/* Makes the client handle learn who leads the partition now: it does not by itself, since no topic
 * is in use on it, and would ask a leader that is dead. */
static rd_kafka_resp_err_t leader_learn(
	struct kafka_log *log, enum log_stream stream, uint32_t shard, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic =
		rd_kafka_topic_new(log->client, log->config->topics[stream], NULL);
	if (!topic)
		return rd_kafka_last_error();

	rd_kafka_resp_err_t error = rd_kafka_metadata(log->client, 0, topic, &metadata, timeout_ms);
	rd_kafka_topic_destroy(topic);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error;

	error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
	for (int i = 0; i < metadata->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *found = &metadata->topics[i];
		if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			error = found->err;
		for (int p = 0; p < found->partition_cnt; p++)
			if (found->partitions[p].id == (int32_t)shard &&
				found->partitions[p].leader >= 0)
				error = RD_KAFKA_RESP_ERR_NO_ERROR;
	}
	rd_kafka_metadata_destroy(metadata);
	return error;
}

/* One look, of a first or last offset. rd_kafka_query_watermark_offsets of client library 2.0
 * ignores its time-out while the leader is away; the look-up by time keeps to it, and takes these
 * two names for a time. */
static rd_kafka_resp_err_t end_ask(struct kafka_log *log, enum log_stream stream, uint32_t shard,
	int64_t which, int timeout_ms, int64_t *ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *asked = rd_kafka_topic_partition_list_add(
		list, log->config->topics[stream], (int32_t)shard);
	asked->offset = which;

	rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(log->client, list, timeout_ms);
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
		error = asked->err;
	if (error == RD_KAFKA_RESP_ERR_NO_ERROR && asked->offset < 0)
		error = RD_KAFKA_RESP_ERR__TIMED_OUT;
	*ret = asked->offset;
	rd_kafka_topic_partition_list_destroy(list);
	return error;
}

/* A partition just made or just moved is turned away for a moment, and a dead leader is named until
 * the cluster has chosen another: asked again, each time of who leads it then. */
static int end_look(struct kafka_log *log, uint32_t shard, enum log_stream stream, int64_t which,
	int64_t *ret, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	int64_t deadline = kafka_clock_ms() + KAFKA_ANSWER_MS;

	assert(shard < log->base.shards);
	for (;;) {
		int64_t left_ms = log_deadline(&log->base, deadline) - kafka_clock_ms();
		int step_ms = left_ms < 1                ? 1
			      : left_ms < ANSWER_STEP_MS ? (int)left_ms
							 : ANSWER_STEP_MS;
		/* The client handle reads committed records only, so the end it is told is that of
		 * what is readable. */
		rd_kafka_resp_err_t error = leader_learn(log, stream, shard, step_ms);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			error = end_ask(log, stream, shard, which, step_ms, ret);

		client_serve(log);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		/* To read it, which whoever asks needs too, would show it. */
		if (kafka_is_denied(error))
			return KAFKA_DENIED(
				fault, log->config, "Read", "topic", log->config->topics[stream]);
		if (left_ms <= 0)
			return FAULT(fault, FAULT_IO,
				"can't ask Kafka at %s for the end of %s:%u: %s",
				log->config->servers, log->config->topics[stream], shard,
				rd_kafka_err2str(error));
		(void)nanosleep(&pause, NULL);
	}
}

int kafka_begin(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
	struct fault *fault)
{
	return end_look((struct kafka_log *)base, shard, stream, RD_KAFKA_OFFSET_BEGINNING,
		ret_begin, fault);
}

int kafka_end(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault)
{
	return end_look(
		(struct kafka_log *)base, shard, stream, RD_KAFKA_OFFSET_END, ret_end, fault);
}

const struct log_ops log_kafka = {
	.open = kafka_open,
	.create = kafka_create,
	.check = kafka_check,
	.close = kafka_close,
	.fence = kafka_fence,
	.append = kafka_append,
	.writer_close = kafka_writer_close,
	.reader_open = kafka_reader_open,
	.read = kafka_read,
	.reader_listen = kafka_reader_listen,
	.reader_end_hint = kafka_reader_end_hint,
	.reader_held = kafka_reader_held,
	.reader_position = kafka_reader_position,
	.reader_close = kafka_reader_close,
	.end = kafka_end,
	.begin = kafka_begin,
	.sender_open = kafka_sender_open,
	.send = kafka_send,
	.sender_close = kafka_sender_close,
	.group_open = kafka_group_open,
	.group_step = kafka_group_step,
	.group_leave = kafka_group_leave,
	.group_close = kafka_group_close,
};
