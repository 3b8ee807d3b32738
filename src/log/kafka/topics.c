/* SPDX-License-Identifier: Apache-2.0 */
/* The five topics: used only with the settings that the log's promises need, made with them where
 * they miss. */
#include "log/kafka/admin.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SETTLE_MS = 60000,
	LOOK_AGAIN_MS = 50,
	REPLICAS_WANTED = 3,
};

static const struct topic_setting {
	const char *name;
	const char *value;
	bool at_least; /* a number: more is fine */
} settings[TOPIC_SETTINGS] = {
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
		for (int k = 0; k < TOPIC_SETTINGS; k++)
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
	rd_kafka_AdminOptions_t *options =
		admin_options_make(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
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
		admin_answer_wait(admin, queue, "show the settings of its topics", &code);
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

	code = admin_metadata_ask(admin, handle, "list the partitions of a topic", &metadata);
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
	for (int i = 0; i < TOPIC_SETTINGS; i++) {
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

/* More replicas than are wanted, or than the ledger was made with, may go; a broker that does not
 * say how many must be in sync keeps what it said. */
static int topic_replication_check(
	struct admin *admin, const struct topic *topic, struct kafka_replication *known)
{
	int required = admin->log->replicas_required;
	int most = required > REPLICAS_WANTED ? required : REPLICAS_WANTED;
	struct kafka_replication now = { topic->replicas,
		(int)strtol(topic->min_insync, NULL, 10) };

	if (now.replicas > most)
		now.replicas = most;
	if (strcmp(topic->unclean, "true") == 0)
		return FAULT(admin->fault, FAULT_SETTINGS,
			"topic %s has %s=true, but needs false: a broker that lacks records could "
			"lead it, and they would be gone. Alter the topic",
			topic->name, unclean_name);
	if (now.replicas >= REPLICAS_WANTED && now.min_insync == 1)
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

/* What the ledger rests on is what its weakest topic has. */
static struct log_replication replication_least(const struct admin *admin)
{
	struct log_replication least = { .replicas = INT_MAX, .min_insync = INT_MAX };

	for (int i = 0; i < LOG_STREAMS; i++) {
		const struct topic *topic = &admin->topics[i];
		int min_insync = (int)strtol(topic->min_insync, NULL, 10);

		if (topic->replicas < least.replicas) {
			least.replicas = topic->replicas;
			least.fewest = topic->name;
		}
		if (min_insync < least.min_insync) {
			least.min_insync = min_insync;
			least.least = topic->name;
		}
	}
	return least;
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
	int code = admin_reach(&admin);
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
	if (client == log->client) /* the log is being opened */
		log->base.replication = replication_least(&admin);
	*ret_shards = (uint32_t)admin.topics[LOG_EVENTS].partitions;
	return 0;
}

/* As many replicas as can be used well; with three, an answered write stands on two. */
static int replicas_choose(struct admin *admin, int *ret_replicas)
{
	const struct rd_kafka_metadata *metadata;
	int code = admin_metadata_ask(admin, NULL, "list its brokers", &metadata);

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
	for (int i = 0; i < TOPIC_SETTINGS; i++)
		(void)rd_kafka_NewTopic_set_config(topic, settings[i].name, settings[i].value);
	if (replicas >= REPLICAS_WANTED)
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
	int replicas = admin->config->replication;
	int code = replicas > 0 ? 0 : replicas_choose(admin, &replicas);

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
			admin_options_make(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);

		rd_kafka_CreateTopics(admin->client, topics, count, options, queue);
		rd_kafka_event_t *event = admin_answer_wait(admin, queue, "make topics", &code);
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

/* Where so many replicas are asked for, those that exist have them: replicas are not added here. */
static int replication_compare(struct admin *admin)
{
	for (int i = 0; i < LOG_STREAMS; i++) {
		const struct topic *topic = &admin->topics[i];

		if (topic->exists && topic->replicas < admin->config->replication)
			return FAULT(admin->fault, FAULT_SETTINGS,
				"topic %s has %d replica%s, not %d: give it more "
				"(kafka-reassign-partitions.sh), or choose another prefix",
				topic->name, topic->replicas, topic->replicas == 1 ? "" : "s",
				admin->config->replication);
	}
	return 0;
}

int kafka_topics_create(struct kafka_log *log, uint32_t shards, struct fault *fault)
{
	struct admin admin;
	int missing = 0;

	assert(shards >= 1 && shards <= 1024);
	admin_init(&admin, log, log->client, &log->notes, fault);
	int code = admin_reach(&admin);
	if (code == 0)
		code = topics_look(&admin, &missing);
	if (code == 0)
		code = topics_compare(&admin, (int)shards);
	if (code == 0)
		code = replication_compare(&admin);
	if (code == 0 && missing > 0)
		code = missing_create(&admin, (int)shards);
	if (code == 0 && missing > 0)
		code = topics_await(&admin, (int)shards);
	return code;
}
