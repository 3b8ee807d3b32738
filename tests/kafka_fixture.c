/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the log on Kafka share: every ledger has a name that no other run has used. */
#include "kafka_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77 };

int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_ms(int64_t time_ms)
{
	struct timespec pause = { .tv_sec = time_ms / 1000, .tv_nsec = time_ms % 1000 * 1000000 };

	(void)nanosleep(&pause, NULL);
}

void must(int code, const struct fault *fault)
{
	if (code != 0)
		fail_msg("fault %d at %s:%d: %s", code, fault->file, fault->line, fault->text);
}

void ledger_name(struct ledger *ledger)
{
	static int number;
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*ledger = (struct ledger){ 0 };
	(void)snprintf(ledger->prefix, sizeof(ledger->prefix), "kafka-log-%lld-%ld-%d",
		(long long)now.tv_sec, (long)getpid(), ++number);
	(void)snprintf(ledger->url, sizeof(ledger->url), "kafka://%s/%s", getenv("PINION_KAFKA"),
		ledger->prefix);
	ledger->config = (struct log_config){ .url = ledger->url, .mode = LOG_OWN };
}

void ledger_create(struct ledger *ledger)
{
	ledger_name(ledger);
	must(log_create(&ledger->config, SHARDS, &ledger->fault), &ledger->fault);
}

void ledger_open(struct ledger *ledger)
{
	must(log_open(&ledger->log, &ledger->config, &ledger->fault), &ledger->fault);
}

/* The code and every word of the text that an operator needs. */
void refused(struct ledger *ledger, int code, int expected, const char *const *words)
{
	assert_int_equal(code, expected);
	assert_int_equal(ledger->fault.code, expected);
	for (; *words; words++) {
		if (!strstr(ledger->fault.text, *words))
			fail_msg("no '%s' in: %s", *words, ledger->fault.text);
	}
	fault_clear(&ledger->fault);
}

/* Opens until it is refused: a topic just altered is for a moment described as it was. */
int open_until_refused(struct ledger *ledger)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;
	int code;

	while ((code = log_open(&ledger->log, &ledger->config, &ledger->fault)) == 0) {
		log_close(ledger->log);
		assert_true(clock_ms() < deadline);
	}
	return code;
}

/* --- A client of the broker beside our own code --- */

rd_kafka_t *client_open(const char *transactional_id)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char reason[256];

	(void)rd_kafka_conf_set(
		conf, "bootstrap.servers", getenv("PINION_KAFKA"), reason, sizeof(reason));
	if (transactional_id)
		(void)rd_kafka_conf_set(
			conf, "transactional.id", transactional_id, reason, sizeof(reason));
	(void)rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof(reason));
	rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	assert_non_null(client);
	return client;
}

struct admin {
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
};

static struct admin admin_open(void)
{
	rd_kafka_t *client = client_open(NULL);

	return (struct admin){ client, rd_kafka_queue_new(client) };
}

static void admin_finish(struct admin admin)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin.queue, ADMIN_MS);

	assert_non_null(event);
	assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(admin.queue);
	rd_kafka_destroy(admin.client);
}

const char *const right[RIGHT][2] = {
	{ "cleanup.policy", "delete" },
	{ "retention.ms", "-1" },
	{ "retention.bytes", "-1" },
	{ "message.timestamp.type", "LogAppendTime" },
	{ "max.message.bytes", "4194304" },
};

/* Sets all that is right, but for one. */
void settings_alter(const char *topic, const char *name, const char *value)
{
	struct admin admin = admin_open();
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	bool is_right = false;

	for (int i = 0; i < RIGHT; i++) {
		bool wrong = strcmp(right[i][0], name) == 0;
		(void)rd_kafka_ConfigResource_set_config(
			resource, right[i][0], wrong ? value : right[i][1]);
		is_right = is_right || wrong;
	}
	if (!is_right) /* one that no topic needs by itself */
		(void)rd_kafka_ConfigResource_set_config(resource, name, value);
	rd_kafka_AlterConfigs(admin.client, &resource, 1, NULL, admin.queue);
	rd_kafka_ConfigResource_destroy(resource);
	admin_finish(admin);
}

static bool setting_is(const char *topic, const char *name, const char *value)
{
	struct admin admin = admin_open();
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	bool is = false;
	size_t count;

	rd_kafka_DescribeConfigs(admin.client, &resource, 1, NULL, admin.queue);
	rd_kafka_ConfigResource_destroy(resource);
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin.queue, ADMIN_MS);
	assert_non_null(event);
	const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &count);
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(found[0], &count);
	for (size_t i = 0; i < count; i++)
		is = is || (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0 &&
				   strcmp(rd_kafka_ConfigEntry_value(entries[i]), value) == 0);
	rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(admin.queue);
	rd_kafka_destroy(admin.client);
	return is;
}

void setting_await(const char *topic, const char *name, const char *value)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;

	while (!setting_is(topic, name, value)) {
		assert_true(clock_ms() < deadline);
		pause_ms(50);
	}
}

void topic_make(const char *topic, int partitions)
{
	struct admin admin = admin_open();
	rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(topic, partitions, 1, NULL, 0);

	for (int i = 0; i < RIGHT; i++)
		(void)rd_kafka_NewTopic_set_config(made, right[i][0], right[i][1]);
	rd_kafka_CreateTopics(admin.client, &made, 1, NULL, admin.queue);
	rd_kafka_NewTopic_destroy(made);
	admin_finish(admin);
}

void partitions_add(const char *topic, size_t count)
{
	struct admin admin = admin_open();
	rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(topic, count, NULL, 0);

	rd_kafka_CreatePartitions(admin.client, &more, 1, NULL, admin.queue);
	rd_kafka_NewPartitions_destroy(more);
	admin_finish(admin);
}

void records_delete(const char *topic, int partition, int64_t before)
{
	struct admin admin = admin_open();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = before;
	rd_kafka_DeleteRecords_t *deletion = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(admin.client, &deletion, 1, NULL, admin.queue);
	rd_kafka_DeleteRecords_destroy(deletion);
	rd_kafka_topic_partition_list_destroy(list);
	admin_finish(admin);
}

/* --- Writing and reading --- */

struct log_entry entry(const char *text)
{
	return (struct log_entry){ .value = { (const uint8_t *)text, strlen(text) } };
}

int append(struct log_writer *writer, const char *a, const char *b)
{
	struct log_entry entries[2] = { entry(a), entry(b) };

	return log_append(writer, entries, 2);
}

struct log_writer *fence(struct ledger *ledger, struct fault *fault)
{
	struct log_writer *writer;

	must(log_fence(ledger->log, 0, &writer, fault), fault);
	return writer;
}

struct log_reader *reader_open(struct ledger *ledger, enum log_stream stream, int64_t offset)
{
	struct log_reader *reader;

	must(log_reader_open(ledger->log, 0, stream, offset, &reader, &ledger->fault),
		&ledger->fault);
	return reader;
}

/* Reads the values one after the other into one text, each followed by a blank, until one is
 * `last`. */
void read_until(
	struct ledger *ledger, struct log_reader *reader, const char *last, char *text, size_t size)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;
	size_t used = 0;

	for (;;) {
		struct log_record record;
		size_t count;
		must(log_read(reader, &record, 1, 100, &count), &ledger->fault);
		if (clock_ms() > deadline)
			fail_msg("'%s' did not come; read: %s", last, text);
		if (count == 0)
			continue;
		assert_true(used + record.value.size + 2 <= size);
		memcpy(text + used, record.value.at, record.value.size);
		used += record.value.size;
		text[used++] = ' ';
		text[used] = '\0';
		if (record.value.size == strlen(last) &&
			memcmp(record.value.at, last, record.value.size) == 0)
			return;
	}
}

int broker_missing(void)
{
	if (getenv("PINION_KAFKA"))
		return 0;
	(void)fprintf(stderr, "skipped: PINION_KAFKA names no broker (host:port)\n");
	return getenv("PINION_REQUIRE_KAFKA") ? 1 : EXIT_SKIPPED;
}
