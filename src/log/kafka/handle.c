/* SPDX-License-Identifier: Apache-2.0 */
/* Handles of the client library: every handle is opened here, with the settings its promises need.
 */
#include "log/kafka/internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REQUEST_TIMEOUT_MS = 6000 };

struct setting {
	const char *name;
	const char *value;
};

/* What the properties file may change. */
static const struct setting common_defaults[] = {
	{ "client.id", "pinion" },
	{ "socket.nagle.disable", "true" },
	{ "socket.keepalive.enable", "true" },
	{ "socket.timeout.ms", "6000" }, /* REQUEST_TIMEOUT_MS */
	{ "reconnect.backoff.ms", "50" },
	/* A broker that comes back must be found at once, not after the usual ten seconds. */
	{ "reconnect.backoff.max.ms", "200" },
	{ NULL, NULL },
};
static const struct setting producer_defaults[] = {
	{ "compression.type", "lz4" },
	{ "retry.backoff.ms", "20" },
	/* Both commit and flush pass it by; it only keeps a batch from being torn while it is
	   queued. */
	{ "linger.ms", "5" },
	{ NULL, NULL },
};
static const struct setting reader_defaults[] = {
	{ "fetch.wait.max.ms", "100" },
	{ "fetch.error.backoff.ms", "50" },
	/* Client library 2.0 looks again only every second once a queue is full: what it may hold
	 * for one partition must last about that long, and must not drown a process of many shards.
	 */
	{ "queued.min.messages", "1000000" },
	{ "queued.max.messages.kbytes", "131072" },
	{ NULL, NULL },
};

/* What it may not: every name here also stands in the list of config.c. */
static const struct setting producer_fixed[] = {
	{ "allow.auto.create.topics", "false" },
	{ "enable.idempotence", "true" },
	{ "acks", "all" },
	/* Room for the largest batch in one request, and for many in the queue. */
	{ "message.max.bytes", "4000000" },
	{ "batch.size", "4000000" },
	{ "batch.num.messages", "20000" },
	{ "queue.buffering.max.messages", "1000000" },
	{ "queue.buffering.max.kbytes", "262144" },
	{ NULL, NULL },
};
/* Refused by every broker once it has looked whether we may write: see rights.c. */
static const struct setting write_probe_fixed[] = {
	{ "allow.auto.create.topics", "false" },
	{ "enable.idempotence", "false" },
	{ "acks", "2" },
	{ "compression.type", "none" },
	{ "linger.ms", "0" },
	{ NULL, NULL },
};
static const struct setting reader_fixed[] = {
	{ "allow.auto.create.topics", "false" },
	{ "isolation.level", "read_committed" },
	/* An offset that the log does not hold must stop us, never move us. */
	{ "auto.offset.reset", "error" },
	{ "enable.auto.commit", "false" },
	{ "auto.commit.enable", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "check.crcs", "true" },
	{ "enable.partition.eof", "true" },
	{ NULL, NULL },
};

/* A member reads nothing, so how partitions would be shared out is no matter. */
static const struct setting member_fixed[] = {
	{ "partition.assignment.strategy", "range" },
	{ "max.poll.interval.ms", "300000" },
	/* Client library 2.0 looks only every second whether a heartbeat is due, unless something
	 * else is: this is. */
	{ "statistics.interval.ms", "100" },
	{ NULL, NULL },
};

/* A connection that worked broke, or a request on it was not answered in time. What never worked
 * breaks nothing: a server that is away for long is tried again and again. */
static bool is_break(int error, const char *reason)
{
	return (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__TIMED_OUT) &&
	       strstr(reason, "in state UP");
}

/* Serves every handle; the owner polls, so it runs in the owner's thread. */
static void error_note(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
	struct kafka_notes *notes = opaque;

	(void)rk;
	if (!notes)
		return;
	if (is_break(error, reason))
		notes->transport = true;
	kafka_cause_note(notes, error, reason);
}

static void break_note(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
	struct kafka_notes *notes = opaque;

	(void)rk;
	if (is_break(error, reason))
		atomic_fetch_add(&notes->breaks, 1);
}

static void delivery_note(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct kafka_notes *notes = opaque;

	(void)rk;
	notes->payload_size += message->len;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		notes->delivered++;
		return;
	}
	if (notes->failed++ == 0)
		notes->failure = message->err;
}

/* Whatever is assigned, nothing is read: who came or went is all that matters. */
static void regroup_note(rd_kafka_t *rk, rd_kafka_resp_err_t what,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct kafka_notes *notes = opaque;
	rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);

	(void)partitions;
	notes->has_regrouped = true;
	(void)rd_kafka_assign(rk, what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? none : NULL);
	rd_kafka_topic_partition_list_destroy(none);
}

/* Library rooms never print, unless `debug` asks for it; what matters reaches error_note too. */
static void line_drop(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

static void settings_apply(rd_kafka_conf_t *conf, const struct setting *settings)
{
	char reason[256];

	for (; settings->name; settings++) {
		rd_kafka_conf_res_t result = rd_kafka_conf_set(
			conf, settings->name, settings->value, reason, sizeof(reason));
		assert(result == RD_KAFKA_CONF_OK);
	}
}

static void number_apply(rd_kafka_conf_t *conf, const char *name, int value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", value);
	settings_apply(conf, (const struct setting[]){ { name, text }, { NULL, NULL } });
}

static void text_apply(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	settings_apply(conf, (const struct setting[]){ { name, value }, { NULL, NULL } });
}

static int between(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

/* How much a reader fetches ahead. Client library 2.0 looks only every second whether a full queue
 * has room again, so a queue should last that long; but a process of many shards must not drown in
 * a backlog. */
static void reader_queue_apply(rd_kafka_conf_t *conf, uint32_t shards)
{
	int share = (int)shards;

	number_apply(conf, "queued.min.messages", between(2000000 / share, 20000, 1000000));
	number_apply(conf, "queued.max.messages.kbytes", between(262144 / share, 8192, 131072));
}

static bool is_producer(enum kafka_role role)
{
	return role == KAFKA_WRITER || role == KAFKA_SENDER || role == KAFKA_WRITE_PROBE;
}

static rd_kafka_conf_t *conf_make(
	const struct kafka_config *config, enum kafka_role role, const char *transactional_id)
{
	bool producer = is_producer(role);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char reason[256];

	settings_apply(conf, common_defaults);
	settings_apply(conf, producer ? producer_defaults : reader_defaults);
	if (config->shards > 0 && !producer)
		reader_queue_apply(conf, config->shards);
	for (size_t i = 0; i < config->property_count; i++) {
		const struct kafka_property *property = &config->properties[i];
		rd_kafka_conf_res_t result = rd_kafka_conf_set(
			conf, property->name, property->value, reason, sizeof(reason));
		assert(result == RD_KAFKA_CONF_OK); /* tried when the file was read */
	}
	settings_apply(conf, role == KAFKA_WRITE_PROBE ? write_probe_fixed
			     : producer                ? producer_fixed
						       : reader_fixed);
	text_apply(conf, "bootstrap.servers", config->servers);
	if (producer)
		number_apply(conf, "message.timeout.ms",
			role == KAFKA_WRITE_PROBE ? KAFKA_ANSWER_MS : config->message_timeout_ms);
	if (transactional_id) {
		number_apply(conf, "transaction.timeout.ms", config->transaction_timeout_ms);
		text_apply(conf, "transactional.id", transactional_id);
		/* The client library wants a request to end well before the Kafka transaction it is
		 * about. */
		if (config->transaction_timeout_ms < 2 * REQUEST_TIMEOUT_MS)
			number_apply(conf, "socket.timeout.ms", config->transaction_timeout_ms / 2);
	}
	return conf;
}

static int handle_make(rd_kafka_t **ret, const struct kafka_config *config, enum kafka_role role,
	rd_kafka_conf_t *conf, struct kafka_notes *notes, struct fault *fault)
{
	bool producer = is_producer(role);
	char reason[256];

	assert(notes || !producer);
	rd_kafka_conf_set_opaque(conf, notes);
	rd_kafka_conf_set_error_cb(conf, role == KAFKA_READER ? break_note : error_note);
	rd_kafka_conf_set_ssl_cert_verify_cb(conf, kafka_certificate_note);
	if (!config->is_debugging)
		rd_kafka_conf_set_log_cb(conf, line_drop);
	if (notes)
		notes->scram_is_doubtful = kafka_scram_is_doubtful(config);
	if (producer)
		rd_kafka_conf_set_dr_msg_cb(conf, delivery_note);

	rd_kafka_t *rk = rd_kafka_new(
		producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return FAULT(fault, FAULT_SETTINGS,
			"the Kafka client refuses its settings: %s (see the Kafka properties file)",
			reason);
	}
	*ret = rk;
	return 0;
}

int kafka_handle_open(rd_kafka_t **ret, const struct kafka_config *config, enum kafka_role role,
	const char *transactional_id, struct kafka_notes *notes, struct fault *fault)
{
	assert((role == KAFKA_WRITER) == (transactional_id != NULL));
	return handle_make(
		ret, config, role, conf_make(config, role, transactional_id), notes, fault);
}

int kafka_member_open(rd_kafka_t **ret, const struct kafka_config *config,
	const struct kafka_membership *membership, struct kafka_notes *notes, struct fault *fault)
{
	rd_kafka_conf_t *conf = conf_make(config, KAFKA_MEMBER, NULL);

	settings_apply(conf, member_fixed);
	text_apply(conf, "group.id", membership->group);
	text_apply(conf, "client.id", membership->name);
	number_apply(conf, "session.timeout.ms", membership->session_ms);
	number_apply(conf, "heartbeat.interval.ms", membership->session_ms / 8);
	rd_kafka_conf_set_rebalance_cb(conf, regroup_note);
	return handle_make(ret, config, KAFKA_MEMBER, conf, notes, fault);
}

int kafka_topic_open(rd_kafka_topic_t **ret, rd_kafka_t *rk, const char *name, struct fault *fault)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);

	if (!topic)
		return FAULT(fault, FAULT_IO, "can't open topic %s: %s", name,
			rd_kafka_err2str(rd_kafka_last_error()));
	*ret = topic;
	return 0;
}

/* The client library takes pointers to what it does not change without const. */
static void *bytes_lend(struct bytes bytes)
{
	return (void *)(uintptr_t)bytes.at;
}

void kafka_messages_fill(
	rd_kafka_message_t *messages, const struct log_entry *entries, size_t count)
{
	memset(messages, 0, count * sizeof(*messages));
	for (size_t i = 0; i < count; i++) {
		messages[i].payload = bytes_lend(entries[i].value);
		messages[i].len = entries[i].value.size;
		messages[i].key = bytes_lend(entries[i].key);
		messages[i].key_len = entries[i].key.size;
	}
}

int64_t kafka_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
