/* SPDX-License-Identifier: Apache-2.0 */
/* The log on Kafka opens only on topics, settings and addresses that can keep its promises, and
 * says what is wrong.
 *
 * PINION_KAFKA=HOST:PORT names the broker. Without it the tests are skipped, or, with
 * PINION_REQUIRE_KAFKA=1, fail.
 */
#include "kafka_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TOPIC_SIZE = 200 };

static void topic_of(const struct ledger *ledger, const char *stream, char ret[TOPIC_SIZE])
{
	(void)snprintf(ret, TOPIC_SIZE, "%s.%s", ledger->prefix, stream);
}

static int created(void **state)
{
	static struct ledger ledger;

	ledger_create(&ledger);
	*state = &ledger;
	return 0;
}

/* --- Topics --- */

static void a_wrong_setting_is_named(void **state)
{
	static const char *const wrong[RIGHT] = { "compact", "604800000", "1000000000",
		"CreateTime", "1048588" };
	static const char *const streams[RIGHT] = { "events", "commands", "rails", "control",
		"internal" };

	(void)state;
	for (int i = 0; i < RIGHT; i++) {
		struct ledger ledger;
		char topic[TOPIC_SIZE];
		char found[200];
		ledger_create(&ledger);
		topic_of(&ledger, streams[i], topic);
		(void)snprintf(found, sizeof(found), "%s=%s", right[i][0], wrong[i]);
		settings_alter(topic, right[i][0], wrong[i]);

		const char *const words[] = { topic, found, right[i][1], NULL };
		refused(&ledger, open_until_refused(&ledger), FAULT_SETTINGS, words);
		refused(&ledger, log_create(&ledger.config, SHARDS, &ledger.fault), FAULT_SETTINGS,
			words);
	}
}

static int check_until(struct ledger *ledger, int expected)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;
	int code = log_check(ledger->log, &ledger->fault);

	while (code != expected && clock_ms() < deadline) { /* a broker takes it up when it likes */
		pause_ms(100);
		fault_clear(&ledger->fault);
		code = log_check(ledger->log, &ledger->fault);
	}
	return code;
}

static void what_is_changed_later_is_found(void **state)
{
	struct ledger *ledger = *state;
	char topic[TOPIC_SIZE];

	topic_of(ledger, "control", topic);
	settings_alter(topic, "min.insync.replicas", "2");
	setting_await(topic, "min.insync.replicas", "2");
	ledger_open(ledger);
	must(log_check(ledger->log, &ledger->fault), &ledger->fault);

	settings_alter(topic, "min.insync.replicas", "1");
	const char *const fewer[] = { topic, "min.insync.replicas=1", "had 2", NULL };
	refused(ledger, check_until(ledger, FAULT_SETTINGS), FAULT_SETTINGS, fewer);
	settings_alter(topic, "min.insync.replicas", "2");
	must(check_until(ledger, 0), &ledger->fault);

	settings_alter(topic, "retention.ms", "1000000000"); /* the other one falls back to 1 */
	const char *const wrong[] = { topic, "retention.ms=1000000000", NULL };
	refused(ledger, check_until(ledger, FAULT_SETTINGS), FAULT_SETTINGS, wrong);
	log_close(ledger->log);
}

static void an_unclean_leader_is_refused(void **state)
{
	struct ledger *ledger = *state;
	char topic[TOPIC_SIZE];

	topic_of(ledger, "events", topic);
	ledger_open(ledger);
	settings_alter(topic, "unclean.leader.election.enable", "true");
	const char *const words[] = { topic, "unclean.leader.election.enable=true", "false", NULL };
	refused(ledger, check_until(ledger, FAULT_SETTINGS), FAULT_SETTINGS, words);
	log_close(ledger->log);
	refused(ledger, open_until_refused(ledger), FAULT_SETTINGS, words);
}

/* A broker alone has one of each; an unknown number, as of an early version, asks for nothing. */
static void less_than_it_was_made_with_is_refused(void **state)
{
	static const struct log_replication enough[] = { { 0 },
		{ .replicas = 1, .min_insync = 1 } };
	struct ledger *ledger = *state;

	ledger_open(ledger);
	for (int i = 0; i < 2; i++)
		must(log_require(ledger->log, &enough[i], &ledger->fault), &ledger->fault);
	must(log_check(ledger->log, &ledger->fault), &ledger->fault);
	refused(ledger,
		log_require(
			ledger->log, &(struct log_replication){ .replicas = 3 }, &ledger->fault),
		FAULT_SETTINGS,
		(const char *const[]){ ledger->prefix, "has 1 replica, and", "made with 3",
			"--accept-fewer-replicas", NULL });
	refused(ledger,
		log_require(ledger->log,
			&(struct log_replication){ .replicas = 1, .min_insync = 2 },
			&ledger->fault),
		FAULT_SETTINGS,
		(const char *const[]){
			ledger->prefix, "min.insync.replicas=1, and", "made with 2", NULL });
	log_close(ledger->log);
}

static void larger_records_are_no_harm(void **state)
{
	struct ledger *ledger = *state;
	char topic[TOPIC_SIZE];

	topic_of(ledger, "events", topic);
	settings_alter(topic, "max.message.bytes", "8388608");
	ledger_open(ledger);
	log_close(ledger->log);
}

static void partitions_must_agree(void **state)
{
	struct ledger *ledger = *state;
	char topic[TOPIC_SIZE];

	topic_of(ledger, "rails", topic);
	partitions_add(topic, SHARDS + 1);

	const char *const words[] = { topic, "3 partitions", "not 2", NULL };
	refused(ledger, open_until_refused(ledger), FAULT_SETTINGS, words);
	refused(ledger, log_create(&ledger->config, SHARDS, &ledger->fault), FAULT_SETTINGS, words);
}

static void a_half_made_ledger_is_completed(void **state)
{
	struct ledger ledger;
	char made[TOPIC_SIZE];
	char missing[TOPIC_SIZE];

	(void)state;
	ledger_name(&ledger);
	topic_of(&ledger, "control", made);
	topic_of(&ledger, "commands", missing);
	topic_make(made, SHARDS);

	const char *const open_words[] = { missing, "missing", "pinion init", NULL };
	refused(&ledger, log_open(&ledger.log, &ledger.config, &ledger.fault), FAULT_SETTINGS,
		open_words);
	const char *const create_words[] = { made, "2 partitions", "not 3", NULL };
	refused(&ledger, log_create(&ledger.config, SHARDS + 1, &ledger.fault), FAULT_SETTINGS,
		create_words);

	must(log_create(&ledger.config, SHARDS, &ledger.fault), &ledger.fault);
	ledger_open(&ledger);
	assert_int_equal(log_shards(ledger.log), SHARDS);
	assert_true(log_fence_is_ambiguous(ledger.log));
	log_close(ledger.log);
}

static void deleted_records_are_a_lost_log(void **state)
{
	struct ledger *ledger = *state;
	struct log_reader *reader = NULL;
	char topic[TOPIC_SIZE];

	ledger_open(ledger);
	struct log_writer *writer = fence(ledger, &ledger->fault);
	must(append(writer, "a", "b"), &ledger->fault);
	must(append(writer, "c", "d"), &ledger->fault);
	log_writer_close(writer);
	topic_of(ledger, "events", topic);
	records_delete(topic, 0, 2);

	const char *const words[] = { topic, "deleted", NULL };
	refused(ledger, log_reader_open(ledger->log, 0, LOG_EVENTS, 1, &reader, &ledger->fault),
		FAULT_LOG, words);
	char text[64] = "";
	reader = reader_open(ledger, LOG_EVENTS, 2);
	read_until(ledger, reader, "d", text, sizeof(text));
	assert_string_equal(text, "c d ");
	log_reader_close(reader);
	log_close(ledger->log);
}

/* --- URL, properties, address --- */

static void properties_try(const char *line, const char *const *words)
{
	struct ledger ledger;
	char path[] = "/tmp/kafka_log-XXXXXX";
	int file = mkstemp(path);

	assert_true(file >= 0);
	assert_true(dprintf(file, "# a remark\n\n %s \n", line) > 0);
	(void)close(file);
	ledger_create(&ledger);
	ledger.config.kafka_config = path;
	int code = log_open(&ledger.log, &ledger.config, &ledger.fault);
	(void)unlink(path);
	if (words) {
		refused(&ledger, code, FAULT_SETTINGS, words);
		return;
	}
	must(code, &ledger.fault);
	struct log_writer *writer = fence(&ledger, &ledger.fault);
	must(append(writer, "a", "b"), &ledger.fault);
	log_writer_close(writer);
	log_close(ledger.log);
}

static void properties_cannot_break_promises(void **state)
{
	(void)state;
	properties_try("client.id = someone", NULL);
	properties_try("compression.type=none", NULL);
	properties_try("compression.type=snappy",
		(const char *const[]){ ":3: compression.type=snappy", "lz4, zstd, gzip", NULL });
	properties_try("enable.idempotence=false",
		(const char *const[]){ ":3: enable.idempotence", "by Pinion itself", NULL });
	properties_try("isolation.level=read_uncommitted",
		(const char *const[]){ ":3: isolation.level", "by Pinion itself", NULL });
	properties_try("no.such.thing=1", (const char *const[]){ ":3:", "no.such.thing", NULL });
	properties_try("linger.ms=soon", (const char *const[]){ ":3:", "linger.ms", NULL });
	properties_try("linger.ms=4294967301", (const char *const[]){ ":3:", "smaller", NULL });
	properties_try("linger.ms=999999999999", (const char *const[]){ ":3:", "smaller", NULL });
	properties_try("linger.ms=900001",
		(const char *const[]){ ":3:", "900001 is outside allowed range", NULL });
	properties_try("linger.ms=0x10", NULL);
	properties_try("socket.keepalive.enable=1", NULL);
	properties_try("sasl.password=99999999999", NULL);
	properties_try("sasl.password=0123", NULL);
	properties_try("\xef\xbb\xbflinger.ms=5",
		(const char *const[]){ ":3:", "byte order mark: save the file", NULL });
	properties_try("linger.ms", (const char *const[]){ ":3:", "name=value", NULL });

	struct ledger ledger;
	ledger_name(&ledger);
	ledger.config.kafka_config = "/nonexistent/kafka.properties";
	refused(&ledger, log_open(&ledger.log, &ledger.config, &ledger.fault), FAULT_SETTINGS,
		(const char *const[]){ ledger.config.kafka_config, NULL });
}

static void a_url_must_name_broker_and_prefix(void **state)
{
	static const char *const urls[] = { "kafka:///prefix", "kafka://h:1/a/b",
		"kafka://h:1/a b" };
	struct ledger ledger = { .config.mode = LOG_OWN };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ledger.config.url = urls[i];
		refused(&ledger, log_open(&ledger.log, &ledger.config, &ledger.fault),
			FAULT_SETTINGS, (const char *const[]){ urls[i], NULL });
	}
}

static void nobody_at_the_address_is_said_in_time(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(name);
	struct ledger ledger;
	char address[40];
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, but does not listen */

	(void)state;
	assert_int_equal(bind(taken, (const struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&name, &size), 0);
	ledger_name(&ledger);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(name.sin_port));
	(void)snprintf(ledger.url, sizeof(ledger.url), "kafka://%s/nobody", address);

	int64_t begun = clock_ms();
	refused(&ledger, log_open(&ledger.log, &ledger.config, &ledger.fault), FAULT_IO,
		(const char *const[]){ address, NULL });
	assert_true(clock_ms() - begun < 15000);
	(void)close(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_setting_is_named),
		cmocka_unit_test_setup(what_is_changed_later_is_found, created),
		cmocka_unit_test_setup(an_unclean_leader_is_refused, created),
		cmocka_unit_test_setup(less_than_it_was_made_with_is_refused, created),
		cmocka_unit_test_setup(larger_records_are_no_harm, created),
		cmocka_unit_test_setup(partitions_must_agree, created),
		cmocka_unit_test(a_half_made_ledger_is_completed),
		cmocka_unit_test_setup(deleted_records_are_a_lost_log, created),
		cmocka_unit_test(properties_cannot_break_promises),
		cmocka_unit_test(a_url_must_name_broker_and_prefix),
		cmocka_unit_test(nobody_at_the_address_is_said_in_time),
	};
	int missing = broker_missing();

	return missing ? missing : cmocka_run_group_tests_name("kafka_topics", tests, NULL, NULL);
}
