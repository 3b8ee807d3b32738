/* SPDX-License-Identifier: Apache-2.0 */
/* The five topics: used only with the settings that the log's promises need, made with them where
 * they miss. */
#include "log/kafka/internal.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SETTINGS = 5,
	SETTLE_MS = 60000,
	LOOK_AGAIN_MS = 50,
	REPLICAS_WANTED = 3,
	FIRST_STEP_MS = 100,
	STEP_MS_MAX = 2000, /* one question; a stop is looked at between two */
	SERVE_MS = 50
};

static const struct topic_setting {
	const char *name;
	const char *value;
	bool at_least; /* a number: more is fine */
} settings[SETTINGS] = {
	{ "cleanup.policy", "delete", false },
	{ "retention.ms", "-1", false },
	{ "retention.bytes", "-1", false },
	{ "message.timestamp.type", "LogAppendTime", false },
	{ "max.message.bytes", "4194304", true },
};

/* What a power loss can take. How many replicas there are is the operator's choice, so these are
 * not compared with a value of ours alone. */
static const char min_insync_name[] = "min.insync.replicas";
static const char unclean_name[] = "unclean.leader.election.enable";

struct topic {
	const char *name;
	bool exists;
	int partitions; /* 0 where the broker did not tell */
	int replicas;   /* the fewest of a partition */
	char values[SETTINGS][64];
	char min_insync[64], unclean[64];
};

struct admin {
	struct log *log;
	rd_kafka_t *client;
	const struct kafka_config *config;
	struct kafka_notes *notes;
	struct fault *fault;
	struct topic topics[LOG_STREAMS];
};

static void admin_init(struct admin *admin, struct kafka_log *log, rd_kafka_t *client,
	struct kafka_notes *notes, struct fault *fault)
{
	const struct kafka_config *config = log->config;
	*admin = (struct admin){ .log = &log->base,
		.client = client,
		.config = config,
		.notes = notes,
		.fault = fault };
	for (int i = 0; i < LOG_STREAMS; i++)
		admin->topics[i].name = config->topics[i];
}

/* No answer: why is told first. */
static int unreachable(struct admin *admin, const char *what, const char *reason)
{
	(void)rd_kafka_poll(admin->client, 0);
	return KAFKA_FAULT(admin->fault, admin->notes->is_final ? FAULT_DENIED : FAULT_IO,
		admin->notes, "Kafka at %s did not answer when asked to %s: %s",
		admin->config->servers, what, reason);
}

/* What one topic is like (NULL: which brokers there are). It is asked in steps, each longer than
 * the one before: only between them the causes of failures come to us, and a stop is looked at. */
static int metadata_ask(struct admin *admin, rd_kafka_topic_t *topic, const char *what,
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

/* The first question of all. */
static int cluster_reach(struct admin *admin)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = NULL;
	int code = kafka_topic_open(
		&topic, admin->client, admin->topics[LOG_EVENTS].name, admin->fault);
	if (code != 0)
		return code;

	code = metadata_ask(admin, topic, "list its topics", &metadata);
	if (code == 0) {
		rd_kafka_metadata_destroy(metadata);
		kafka_notes_clear(admin->notes);
	}
	rd_kafka_topic_destroy(topic);
	return code;
}

/* Waits for the one event of an admin request. NULL: a fault was noted. The caller destroys the
 * event. */
static rd_kafka_event_t *answer_wait(
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

static rd_kafka_AdminOptions_t *options_make(struct admin *admin, rd_kafka_admin_op_t operation)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, operation);
	char reason[128];

	assert(options);
	rd_kafka_resp_err_t error = rd_kafka_AdminOptions_set_request_timeout(
		options, KAFKA_ANSWER_MS, reason, sizeof(reason));
	assert(error == RD_KAFKA_RESP_ERR_NO_ERROR);
	return options;
}

static struct topic *topic_find(struct admin *admin, const char *name)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		if (strcmp(admin->topics[i].name, name) == 0)
			return &admin->topics[i];
	}
	return NULL;
}

static void value_take(const rd_kafka_ConfigEntry_t *entry, const char *name, char ret[64])
{
	const char *value = rd_kafka_ConfigEntry_value(entry);
	if (strcmp(rd_kafka_ConfigEntry_name(entry), name) == 0)
		(void)snprintf(ret, 64, "%s", value ? value : "");
}

static void values_take(struct topic *topic, const rd_kafka_ConfigResource_t *resource)
{
	size_t count;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);

	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < SETTINGS; k++)
			value_take(entries[i], settings[k].name, topic->values[k]);
		value_take(entries[i], min_insync_name, topic->min_insync);
		value_take(entries[i], unclean_name, topic->unclean);
	}
}

static int settings_take(struct admin *admin, const rd_kafka_event_t *event)
{
	size_t count;
	const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)(uintptr_t)event),
		&count);

	for (size_t i = 0; i < count; i++) {
		struct topic *topic = topic_find(admin, rd_kafka_ConfigResource_name(resources[i]));
		rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(resources[i]);

		if (!topic || error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			continue;
		if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
			return kafka_is_denied(error)
				       ? KAFKA_DENIED(admin->fault, admin->config,
						 "DescribeConfigs", "topic", topic->name)
				       : FAULT(admin->fault, FAULT_SETTINGS,
						 "Kafka does not show the settings of topic %s: %s",
						 topic->name,
						 rd_kafka_ConfigResource_error_string(
							 resources[i]));
		topic->exists = true;
		values_take(topic, resources[i]);
	}
	return 0;
}

/* Which of the topics exist, and their settings. Asking for settings makes no topic, whatever the
 * brokers' auto.create.topics.enable says. */
static int topics_describe(struct admin *admin)
{
	rd_kafka_ConfigResource_t *resources[LOG_STREAMS];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client);
	rd_kafka_AdminOptions_t *options = options_make(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	int code = 0;

	for (int i = 0; i < LOG_STREAMS; i++) {
		resources[i] =
			rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, admin->topics[i].name);
		admin->topics[i].exists = false;
		admin->topics[i].partitions = 0;
		*admin->topics[i].min_insync = *admin->topics[i].unclean = '\0';
	}
	rd_kafka_DescribeConfigs(admin->client, resources, LOG_STREAMS, options, queue);
	rd_kafka_event_t *event =
		answer_wait(admin, queue, "show the settings of its topics", &code);
	if (event) {
		code = settings_take(admin, event);
		rd_kafka_event_destroy(event);
	}

	rd_kafka_ConfigResource_destroy_array(resources, LOG_STREAMS);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return code;
}

static int topic_partitions_count(struct admin *admin, struct topic *topic)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle;
	int code = kafka_topic_open(&handle, admin->client, topic->name, admin->fault);
	if (code != 0)
		return code;

	code = metadata_ask(admin, handle, "list the partitions of a topic", &metadata);
	rd_kafka_topic_destroy(handle);
	if (code != 0)
		return code;

	topic->partitions = 0;
	for (int i = 0; i < metadata->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *found = &metadata->topics[i];
		if (strcmp(found->topic, topic->name) != 0)
			continue;
		/* To read it, which we need, would show it too. */
		if (kafka_is_denied(found->err))
			code = KAFKA_DENIED(
				admin->fault, admin->config, "Read", "topic", topic->name);
		topic->exists = found->err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
		if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			continue;
		topic->partitions = found->partition_cnt;
		topic->replicas = INT_MAX;
		for (int p = 0; p < found->partition_cnt; p++)
			if (found->partitions[p].replica_cnt < topic->replicas)
				topic->replicas = found->partitions[p].replica_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
	return code;
}

static int topics_look(struct admin *admin, int *ret_missing)
{
	int code = topics_describe(admin);
	*ret_missing = 0;

	for (int i = 0; i < LOG_STREAMS && code == 0; i++) {
		if (admin->topics[i].exists)
			code = topic_partitions_count(admin, &admin->topics[i]);
		else
			++*ret_missing;
	}
	return code;
}

static int topic_settings_check(struct admin *admin, const struct topic *topic)
{
	for (int i = 0; i < SETTINGS; i++) {
		const char *found = topic->values[i];
		const char *needed = settings[i].value;

		if (strcmp(found, needed) == 0)
			continue;
		if (settings[i].at_least && strtoll(found, NULL, 10) > strtoll(needed, NULL, 10))
			continue;
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %s=%s, but needs %s%s: alter the topic, or choose another "
			"prefix",
			topic->name, settings[i].name, found,
			settings[i].at_least ? "at least " : "", needed);
	}
	return 0;
}

/* Checks those that exist. */
static int topics_compare(struct admin *admin, int partitions)
{
	int code = 0;

	for (int i = 0; i < LOG_STREAMS && code == 0; i++) {
		const struct topic *topic = &admin->topics[i];

		if (!topic->exists)
			continue;
		if (topic->partitions != partitions)
			return FAULT(admin->fault, FAULT_SETTINGS,
				"topic %s has %d partitions, not %d, one for each shard: the "
				"number of "
				"shards can't change",
				topic->name, topic->partitions, partitions);
		code = topic_settings_check(admin, topic);
	}
	return code;
}

/* More replicas than are wanted may go; a broker that does not say how many must be in sync keeps
 * what it said. */
static int topic_replication_check(
	struct admin *admin, const struct topic *topic, struct kafka_replication *known)
{
	struct kafka_replication now = { topic->replicas,
		(int)strtol(topic->min_insync, NULL, 10) };

	if (now.replicas > REPLICAS_WANTED)
		now.replicas = REPLICAS_WANTED;
	if (strcmp(topic->unclean, "true") == 0)
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %s=true, but needs false: a broker that lacks records could "
			"lead it, and they would be gone. Alter the topic",
			topic->name, unclean_name);
	if (now.replicas == REPLICAS_WANTED && now.min_insync == 1)
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %s=1 with %d replicas, but needs at least 2: else an "
			"answered write may stand on one disk. Alter the topic",
			topic->name, min_insync_name, topic->replicas);
	if (now.replicas < known->replicas)
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %d replicas, and had %d while this process ran: give "
			"them back, or start again to go on with fewer",
			topic->name, now.replicas, known->replicas);
	if (now.min_insync > 0 && now.min_insync < known->min_insync)
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %s=%d, and had %d while this process ran: alter the "
			"topic, or start again to go on with that",
			topic->name, min_insync_name, now.min_insync, known->min_insync);
	known->replicas = now.replicas;
	if (now.min_insync > 0)
		known->min_insync = now.min_insync;
	return 0;
}

static int ledger_missing(struct admin *admin)
{
	return FAULT(admin->fault, FAULT_MISSING,
		"no ledger with prefix %s on Kafka at %s: `pinion init` makes one",
		admin->config->prefix, admin->config->servers);
}

/* Who only reads needs no right but that to read the events. A partition just made has no leader
 * for a moment. */
static int events_find(struct admin *admin)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	int64_t deadline = kafka_clock_ms() + KAFKA_ANSWER_MS;
	struct topic *events = &admin->topics[LOG_EVENTS];

	for (;;) {
		int code = topic_partitions_count(admin, events);
		if (code != 0)
			return code;
		if (!events->exists)
			return ledger_missing(admin);
		if (events->partitions > 0)
			return 0;
		if (kafka_clock_ms() > deadline)
			return FAULT(admin->fault, FAULT_IO,
				"Kafka at %s does not say which partitions topic %s has",
				admin->config->servers, events->name);
		(void)nanosleep(&pause, NULL);
	}
}

int kafka_topics_check(struct kafka_log *log, rd_kafka_t *client, struct kafka_notes *notes,
	enum log_mode mode, uint32_t *ret_shards, struct fault *fault)
{
	struct admin admin;
	int missing;

	admin_init(&admin, log, client, notes, fault);
	int code = cluster_reach(&admin);
	if (code == 0 && mode == LOG_USE) {
		code = events_find(&admin);
		*ret_shards = (uint32_t)admin.topics[LOG_EVENTS].partitions;
		return code;
	}
	if (code == 0)
		code = topics_look(&admin, &missing);
	if (code != 0)
		return code;
	if (missing == LOG_STREAMS)
		return ledger_missing(&admin);

	for (int i = 0; i < LOG_STREAMS; i++) {
		if (!admin.topics[i].exists)
			return FAULT(fault, FAULT_SETTINGS,
				"topic %s is missing beside others of prefix %s: `pinion init` "
				"completes "
				"a half-made ledger; if the topic was deleted, its records are "
				"lost",
				admin.topics[i].name, log->config->prefix);
	}
	/* The events carry the chain: what they say is right. */
	code = topics_compare(&admin, admin.topics[LOG_EVENTS].partitions);
	for (int i = 0; i < LOG_STREAMS && code == 0; i++)
		code = topic_replication_check(&admin, &admin.topics[i], &log->replication[i]);
	if (code != 0)
		return code;
	*ret_shards = (uint32_t)admin.topics[LOG_EVENTS].partitions;
	return 0;
}

/* As many replicas as can be used well; with three, an answered write stands on two. */
static int replicas_choose(struct admin *admin, int *ret_replicas)
{
	const struct rd_kafka_metadata *metadata;
	int code = metadata_ask(admin, NULL, "list its brokers", &metadata);

	if (code != 0)
		return code;
	*ret_replicas =
		metadata->broker_cnt < REPLICAS_WANTED ? metadata->broker_cnt : REPLICAS_WANTED;
	rd_kafka_metadata_destroy(metadata);
	return 0;
}

static int topic_describe_new(struct admin *admin, const char *name, int partitions, int replicas,
	rd_kafka_NewTopic_t **ret)
{
	char reason[256];
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(name, partitions, replicas, reason, sizeof(reason));

	if (!topic)
		return FAULT(admin->fault, FAULT_SETTINGS, "can't make topic %s: %s", name, reason);
	for (int i = 0; i < SETTINGS; i++)
		(void)rd_kafka_NewTopic_set_config(topic, settings[i].name, settings[i].value);
	if (replicas == REPLICAS_WANTED)
		(void)rd_kafka_NewTopic_set_config(topic, "min.insync.replicas", "2");
	*ret = topic;
	return 0;
}

/* *ret_is_early: brokers that were away for a moment answer before the cluster counts on them
 * again, and until then it has too few for the replicas. */
static int creation_take(struct admin *admin, rd_kafka_event_t *event, bool *ret_is_early)
{
	size_t count;
	const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
		rd_kafka_event_CreateTopics_result(event), &count);

	for (size_t i = 0; i < count; i++) {
		rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
		const char *reason = rd_kafka_topic_result_error_string(results[i]);

		if (kafka_is_denied(error))
			return KAFKA_DENIED(admin->fault, admin->config, "Create", "topic",
				rd_kafka_topic_result_name(results[i]));
		/* Someone makes the same ledger now; what came out is checked below. */
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR ||
			error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			continue;
		*ret_is_early = error == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR;
		return FAULT(admin->fault,
			error == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ? FAULT_IO : FAULT_SETTINGS,
			"Kafka at %s does not make topic %s: %s", admin->config->servers,
			rd_kafka_topic_result_name(results[i]),
			reason ? reason : rd_kafka_err2str(error));
	}
	return 0;
}

static int missing_ask_for(struct admin *admin, int partitions, bool *ret_is_early)
{
	rd_kafka_NewTopic_t *topics[LOG_STREAMS];
	size_t count = 0;
	int replicas = 0;
	int code = replicas_choose(admin, &replicas);

	for (int i = 0; i < LOG_STREAMS && code == 0; i++) {
		if (admin->topics[i].exists)
			continue;
		code = topic_describe_new(
			admin, admin->topics[i].name, partitions, replicas, &topics[count]);
		if (code == 0)
			count++;
	}
	if (code == 0) {
		rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->client);
		rd_kafka_AdminOptions_t *options =
			options_make(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);

		rd_kafka_CreateTopics(admin->client, topics, count, options, queue);
		rd_kafka_event_t *event = answer_wait(admin, queue, "make topics", &code);
		if (event) {
			code = creation_take(admin, event, ret_is_early);
			rd_kafka_event_destroy(event);
		}
		rd_kafka_AdminOptions_destroy(options);
		rd_kafka_queue_destroy(queue);
	}
	rd_kafka_NewTopic_destroy_array(topics, count);
	return code;
}

static int missing_create(struct admin *admin, int partitions)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	int64_t deadline = kafka_clock_ms() + SETTLE_MS;

	for (;;) {
		bool is_early = false;
		int code = missing_ask_for(admin, partitions, &is_early);
		if (!is_early || kafka_clock_ms() > deadline)
			return code;
		fault_clear(admin->fault);
		(void)nanosleep(&pause, NULL);
	}
}

/* A topic just made is not at once known to every broker. */
static int topics_await(struct admin *admin, int partitions)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	int64_t deadline = kafka_clock_ms() + SETTLE_MS;

	for (;;) {
		int missing;
		int code = topics_look(admin, &missing);
		if (code != 0)
			return code;

		bool known = missing == 0;
		for (int i = 0; i < LOG_STREAMS; i++)
			known = known && admin->topics[i].partitions > 0;
		if (known)
			return topics_compare(admin, partitions);
		if (kafka_clock_ms() > deadline)
			return FAULT(admin->fault, FAULT_IO,
				"Kafka at %s made topics with prefix %s but does not show all of "
				"them",
				admin->config->servers, admin->config->prefix);
		(void)nanosleep(&pause, NULL);
	}
}

int kafka_topics_create(struct kafka_log *log, uint32_t shards, struct fault *fault)
{
	struct admin admin;
	int missing = 0;

	assert(shards >= 1 && shards <= 1024);
	admin_init(&admin, log, log->client, &log->notes, fault);
	int code = cluster_reach(&admin);
	if (code == 0)
		code = topics_look(&admin, &missing);
	if (code == 0)
		code = topics_compare(&admin, (int)shards);
	if (code == 0 && missing > 0)
		code = missing_create(&admin, (int)shards);
	if (code == 0 && missing > 0)
		code = topics_await(&admin, (int)shards);
	return code;
}
