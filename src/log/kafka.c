/* SPDX-License-Identifier: Apache-2.0 */
/* The log on Kafka: opened only on topics that keep its promises. */
#include "log/kafka_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_AGAIN_MS = 50 };

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
		log->client, config->mode, log->config, &log->notes, &log->base.shards, fault);
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

	code = kafka_topics_create(log->client, log->config, &log->notes, shards, fault);
	log_free(log);
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

int kafka_ends(struct kafka_log *log, uint32_t shard, enum log_stream stream, int64_t *ret_low,
	int64_t *ret_high, struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	const char *topic = log->config->topics[stream];
	int64_t deadline = kafka_clock_ms() + KAFKA_ANSWER_MS;

	assert(shard < log->base.shards);
	/* A partition just made or just moved is turned away for a moment: asked again. */
	for (;;) {
		int64_t left_ms = deadline - kafka_clock_ms();
		/* The client handle reads committed records only, so the end it is told is that of
		 * what is readable. */
		rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(log->client, topic,
			(int32_t)shard, ret_low, ret_high, left_ms > 1 ? (int)left_ms : 1);

		client_serve(log);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		if (left_ms <= 0)
			return FAULT(fault, FAULT_IO,
				"can't ask Kafka at %s for the end of %s:%u: %s",
				log->config->servers, topic, shard, rd_kafka_err2str(error));
		(void)nanosleep(&pause, NULL);
	}
}

static int kafka_end(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault)
{
	int64_t low;

	return kafka_ends((struct kafka_log *)base, shard, stream, &low, ret_end, fault);
}

static int kafka_begin(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
	struct fault *fault)
{
	int64_t end;

	return kafka_ends((struct kafka_log *)base, shard, stream, ret_begin, &end, fault);
}

const struct log_ops log_kafka = {
	.open = kafka_open,
	.create = kafka_create,
	.close = kafka_close,
	.fence = kafka_fence,
	.append = kafka_append,
	.writer_close = kafka_writer_close,
	.reader_open = kafka_reader_open,
	.read = kafka_read,
	.reader_end_hint = kafka_reader_end_hint,
	.reader_position = kafka_reader_position,
	.reader_close = kafka_reader_close,
	.end = kafka_end,
	.begin = kafka_begin,
	.sender_open = kafka_sender_open,
	.send = kafka_send,
	.sender_close = kafka_sender_close,
};
