/* SPDX-License-Identifier: Apache-2.0 */
/* What only the log on Kafka meets: Kafka transactions left open, a dead server, a broker that
 * pauses.
 *
 * PINION_KAFKA=HOST:PORT names the broker, PINION_KAFKA_DIR the folder that `deploy/kafka/start`
 * made for it (it is paused by the pid there). Without them the tests are skipped, or, with
 * PINION_REQUIRE_KAFKA=1, fail.
 */
#include "kafka_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 15000, BACK_MS = 120000, SEND_MS = 45000 };

/* --- Kafka transactions left open --- */

/* Writes into a stream of shard 0 in a Kafka transaction that it leaves open. */
static rd_kafka_t *transaction_open(const struct ledger *ledger, const char *stream)
{
	char value[] = "open";
	char id[200];
	char topic[200];

	(void)snprintf(id, sizeof(id), "%s-shard-0", ledger->prefix);
	(void)snprintf(topic, sizeof(topic), "%s.%s", ledger->prefix, stream);
	rd_kafka_t *client = client_open(id);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
	assert_null(rd_kafka_init_transactions(client, ADMIN_MS));
	assert_null(rd_kafka_begin_transaction(client));
	for (int i = 0; i < 3; i++) {
		int code = rd_kafka_produce(
			handle, 0, RD_KAFKA_MSG_F_COPY, value, strlen(value), NULL, 0, NULL);
		assert_int_equal(code, 0);
	}
	rd_kafka_topic_destroy(handle);
	assert_int_equal(rd_kafka_flush(client, ADMIN_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
	return client;
}

static void only_what_the_fence_let_stand_is_read(struct ledger *ledger)
{
	struct log_writer *writer = fence(ledger, &ledger->fault);
	struct log_reader *reader = reader_open(ledger, LOG_EVENTS, 0);
	char text[64] = "";

	must(append(writer, "new", "last"), &ledger->fault);
	read_until(ledger, reader, "last", text, sizeof(text));
	assert_string_equal(text, "new last ");
	log_reader_close(reader);
	log_writer_close(writer);
}

static void a_killed_owner_holds_nobody_up(void **state)
{
	struct ledger ledger;
	int ready[2];
	char byte;

	(void)state;
	ledger_create(&ledger);
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)transaction_open(&ledger, "events");
		(void)write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	ssize_t got = read(ready[0], &byte, 1);
	(void)close(ready[0]);
	(void)kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(got, 1);

	ledger_open(&ledger);
	int64_t begun = clock_ms();
	only_what_the_fence_let_stand_is_read(&ledger);
	/* Far less than the 60 s after which the broker itself would have ended it. */
	assert_true(clock_ms() - begun < 10000);
	log_close(ledger.log);
}

static void a_fence_takes_an_open_batch_from_a_living_owner(void **state)
{
	struct ledger ledger;

	(void)state;
	ledger_create(&ledger);
	ledger_open(&ledger);
	rd_kafka_t *older = transaction_open(&ledger, "events");
	only_what_the_fence_let_stand_is_read(&ledger);

	rd_kafka_error_t *error = rd_kafka_commit_transaction(older, ADMIN_MS);
	assert_non_null(error);
	assert_int_equal(rd_kafka_error_code(error), RD_KAFKA_RESP_ERR__FENCED);
	rd_kafka_error_destroy(error);
	rd_kafka_destroy(older);
	log_close(ledger.log);
}

/* An upstream's open Kafka transaction must not make a shard wait for records that it can't read.
 */
static void unreadable_inputs_are_not_waited_for(void **state)
{
	struct ledger ledger;
	struct log_record record;
	size_t count;
	char text[64] = "";

	(void)state;
	ledger_create(&ledger);
	ledger_open(&ledger);
	struct log_reader *reader = reader_open(&ledger, LOG_COMMANDS, 0);
	rd_kafka_t *upstream = transaction_open(&ledger, "commands");

	/* Both sides of the wait must be seen: the end that is known, then that it is of no use. */
	int64_t deadline = clock_ms() + DEADLINE_MS;
	while (log_reader_end_hint(reader) == 0 && clock_ms() < deadline) {
		must(log_read(reader, &record, 1, 1, &count), &ledger.fault);
		assert_int_equal(count, 0);
	}
	assert_int_equal(log_reader_end_hint(reader), 3);
	while (log_reader_end_hint(reader) > log_reader_position(reader) && clock_ms() < deadline) {
		must(log_read(reader, &record, 1, 1, &count), &ledger.fault);
		assert_int_equal(count, 0);
	}
	assert_int_equal(log_reader_position(reader), log_reader_end_hint(reader));
	assert_int_equal(log_reader_held(reader), 3);

	assert_null(rd_kafka_commit_transaction(upstream, ADMIN_MS));
	for (int i = 0; i < 3; i++)
		read_until(&ledger, reader, "open", text, sizeof(text));
	assert_int_equal(log_reader_held(reader), 0);
	rd_kafka_destroy(upstream);
	log_reader_close(reader);
	log_close(ledger.log);
}

/* A server of the list that is down must not make every append look doubtful. */
static void a_dead_server_beside_a_living_one_is_no_harm(void **state)
{
	struct ledger ledger;
	char text[64] = "";

	(void)state;
	ledger_create(&ledger);
	(void)snprintf(ledger.url, sizeof(ledger.url), "kafka://127.0.0.1:1,%s/%s",
		getenv("PINION_KAFKA"), ledger.prefix);
	ledger_open(&ledger);
	for (int i = 0; i < 5; i++) {
		struct log_writer *writer = fence(&ledger, &ledger.fault);
		for (int j = 0; j < 20; j++)
			must(append(writer, "a", "b"), &ledger.fault);
		log_writer_close(writer);
	}
	struct log_reader *reader = reader_open(&ledger, LOG_EVENTS, 0);
	read_until(&ledger, reader, "b", text, sizeof(text));
	log_reader_close(reader);
	log_close(ledger.log);
}

static void a_stream_has_many_readers(void **state)
{
	static const char *const expected[] = { "a b c d ", "b c d ", "c d " };
	static const int64_t offsets[] = { 0, 1, 2 }; /* a and b are 0 and 1, their marker is 2 */
	struct log_reader *readers[3];
	struct ledger ledger;

	(void)state;
	ledger_create(&ledger);
	ledger_open(&ledger);
	struct log_writer *writer = fence(&ledger, &ledger.fault);
	must(append(writer, "a", "b"), &ledger.fault);
	for (int i = 0; i < 3; i++)
		readers[i] = reader_open(&ledger, LOG_EVENTS, offsets[i]);
	must(append(writer, "c", "d"), &ledger.fault);
	for (int i = 0; i < 3; i++) {
		char text[64] = "";
		read_until(&ledger, readers[i], "d", text, sizeof(text));
		assert_string_equal(text, expected[i]);
		log_reader_close(readers[i]);
	}
	log_writer_close(writer);
	log_close(ledger.log);
}

/* --- Many shards --- */

enum { MANY_SHARDS = 32, MANY_RECORDS = 4000, MANY_RECORD_BYTES = 1000 };

static size_t threads_count(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/task");

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	(void)closedir(folder);
	return count;
}

/* Little is fetched ahead, so that what is not read stands still soon. */
static void many_open(struct ledger *ledger)
{
	static char properties[] = "/tmp/pinion-XXXXXX";
	int file = mkstemp(properties);

	assert_true(file >= 0);
	(void)dprintf(file, "queued.max.messages.kbytes=64\n");
	(void)close(file);
	ledger_name(ledger);
	must(log_create(&ledger->config, MANY_SHARDS, &ledger->fault), &ledger->fault);
	ledger->config.kafka_config = properties;
	ledger_open(ledger);
	(void)unlink(properties);
}

static struct log_reader *commands_open(struct ledger *ledger, uint32_t shard)
{
	struct log_reader *reader;

	must(log_reader_open(ledger->log, shard, LOG_COMMANDS, 0, &reader, &ledger->fault),
		&ledger->fault);
	return reader;
}

static void commands_send(struct ledger *ledger, uint32_t shard, size_t count, size_t size)
{
	static uint8_t value[MANY_RECORD_BYTES];
	struct log_entry *entries = calloc(count, sizeof(*entries));
	struct log_sender *sender;

	assert_non_null(entries);
	for (size_t i = 0; i < count; i++)
		entries[i].value = (struct bytes){ value, size };
	must(log_sender_open(ledger->log, &sender, &ledger->fault), &ledger->fault);
	must(log_send(sender, shard, LOG_COMMANDS, entries, count), &ledger->fault);
	log_sender_close(sender);
	free(entries);
}

static void commands_read(struct ledger *ledger, struct log_reader *reader, size_t count)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;

	for (size_t got = 0; got < count;) {
		struct log_record records[100];
		size_t some;
		must(log_read(reader, records, 100, 100, &some), &ledger->fault);
		got += some;
		assert_true(got <= count);
		if (clock_ms() > deadline)
			fail_msg("%zu of %zu records came", got, count);
	}
}

/* Their readers share handles, so that these do not grow with the shards. One shard that does not
 * read what it has holds up none of those that it shares with, and gets all of it at last; one that
 * is closed and opened again begins where it is told to. */
static void many_shards_share_and_hold_up_nobody(void **state)
{
	struct ledger ledger;
	struct log_reader *readers[MANY_SHARDS];
	size_t threads_of_quarter = 0;

	(void)state;
	many_open(&ledger);
	size_t threads_before = threads_count();
	for (uint32_t shard = 0; shard < MANY_SHARDS; shard++) {
		readers[shard] = commands_open(&ledger, shard);
		if (shard == MANY_SHARDS / 4 - 1)
			threads_of_quarter = threads_count();
	}
	/* One that is new may find a broker late, and have a thread more then. */
	assert_true(threads_of_quarter > threads_before);
	assert_true(threads_count() - threads_before < 2 * (threads_of_quarter - threads_before));

	commands_send(&ledger, 0, MANY_RECORDS, MANY_RECORD_BYTES);
	for (int round = 0; round < 2; round++) {
		for (uint32_t shard = 1; shard < MANY_SHARDS; shard++)
			commands_send(&ledger, shard, 1, 1);
		for (uint32_t shard = 1; shard < MANY_SHARDS; shard++) {
			commands_read(&ledger, readers[shard], 1);
			log_reader_close(readers[shard]);
			readers[shard] = commands_open(&ledger, shard);
			commands_read(&ledger, readers[shard], (size_t)round + 1);
		}
	}
	commands_read(&ledger, readers[0], MANY_RECORDS);
	for (uint32_t shard = 0; shard < MANY_SHARDS; shard++)
		log_reader_close(readers[shard]);
	log_close(ledger.log);
}

/* --- A broker that pauses --- */

static pid_t broker_pid(void)
{
	const char *folder = getenv("PINION_KAFKA_DIR");
	char path[500];
	long pid = 0;

	(void)snprintf(path, sizeof(path), "%s/pid", folder ? folder : "");
	FILE *file = folder ? fopen(path, "re") : NULL;
	if (file && fscanf(file, "%ld", &pid) != 1)
		pid = 0;
	if (file)
		(void)fclose(file);
	return (pid_t)pid;
}

struct pausing {
	pid_t broker;
	int64_t begun_ms;
};

static void *pausing_run(void *context)
{
	struct pausing *pausing = context;

	pause_ms(pausing->begun_ms + PAUSE_MS - clock_ms());
	(void)kill(pausing->broker, SIGCONT);
	return NULL;
}

struct sending {
	struct log_sender *sender;
	struct fault fault;
	int code;
};

static void *sending_run(void *context)
{
	struct sending *sending = context;
	struct log_entry one = entry("patient");

	sending->code = log_send(sending->sender, 0, LOG_COMMANDS, &one, 1);
	return NULL;
}

/* Appends until one fails: the pause strikes wherever it strikes. Returns how many went well. */
static int append_until_fault(struct log_writer *writer, struct pausing *pausing, int *ret_code)
{
	char a[16];
	char b[16];

	for (int i = 0;; i++) {
		(void)snprintf(a, sizeof(a), "%da", i);
		(void)snprintf(b, sizeof(b), "%db", i);
		if (i == 10) {
			pausing->begun_ms = clock_ms();
			assert_int_equal(kill(pausing->broker, SIGSTOP), 0);
		}
		*ret_code = append(writer, a, b);
		if (*ret_code != 0)
			return i;
	}
}

/* After a pause a busy broker takes its time to lead all partitions again. Nobody who comes next is
 * to meet that. */
static int broker_await(void **state)
{
	int64_t deadline = clock_ms() + BACK_MS;
	struct ledger ledger;
	int code;

	(void)state;
	if (broker_pid() <= 0)
		return 0;
	ledger_name(&ledger);
	do {
		fault_clear(&ledger.fault);
		code = log_create(&ledger.config, SHARDS, &ledger.fault);
		if (code == 0)
			code = log_open(&ledger.log, &ledger.config, &ledger.fault);
	} while (code != 0 && clock_ms() < deadline);
	if (code == 0)
		log_close(ledger.log);
	return code;
}

static void a_pause_taints_and_is_ridden_out(void **state)
{
	struct ledger ledger;
	struct sending sending = { 0 };
	struct pausing pausing = { .broker = broker_pid() };
	struct fault older_fault = { 0 };
	pthread_t pauser;
	pthread_t sender;
	int code;

	(void)state;
	if (pausing.broker <= 0) {
		(void)fprintf(
			stderr, "skipped: PINION_KAFKA_DIR has no pid of a broker to pause\n");
		if (getenv("PINION_REQUIRE_KAFKA"))
			fail();
		skip();
	}
	ledger_create(&ledger);
	ledger.config.message_timeout_ms = SEND_MS;
	ledger_open(&ledger);
	must(log_sender_open(ledger.log, &sending.sender, &sending.fault), &sending.fault);
	struct log_writer *older = fence(&ledger, &older_fault);
	struct log_reader *reader = reader_open(&ledger, LOG_EVENTS, 0);

	int good = append_until_fault(older, &pausing, &code);
	int64_t tainted_ms = clock_ms();
	(void)pthread_create(&pauser, NULL, pausing_run, &pausing);
	(void)pthread_create(&sender, NULL, sending_run, &sending);
	log_writer_close(older);
	int64_t closed_ms = clock_ms();

	/* All of this while the broker is silent for 15 s; the fence waits for it. */
	struct log_writer *writer = NULL;
	int fence_code = log_fence(ledger.log, 0, &writer, &ledger.fault);
	(void)pthread_join(pauser, NULL);
	(void)pthread_join(sender, NULL);
	must(fence_code, &ledger.fault);
	must(sending.code, &sending.fault);
	assert_int_equal(code, FAULT_TAINTED);
	assert_int_equal(older_fault.code, FAULT_TAINTED);
	/* A request got no answer in time: long before the broker is back. */
	assert_true(tainted_ms - pausing.begun_ms < PAUSE_MS - 4000);
	assert_true(closed_ms - tainted_ms < 5000);
	assert_int_equal(good, 10);

	char text[400] = "";
	char last[40];
	assert_int_equal(broker_await(NULL), 0);
	must(append(writer, "new", "last"), &ledger.fault);
	read_until(&ledger, reader, "last", text, sizeof(text));
	(void)snprintf(last, sizeof(last), "%da %db ", good - 1, good - 1);
	const char *after = strstr(text, last);
	assert_non_null(after);
	after += strlen(last);
	if (strncmp(after, "new ", 4) != 0)
		assert_string_equal(after, "10a 10b new last ");

	log_sender_close(sending.sender);
	log_reader_close(reader);
	log_writer_close(writer);
	log_close(ledger.log);
}

/* The look at the settings is no reason for a process that is to end to stay. */
static void a_look_at_the_settings_ends_when_it_is_given_up(void **state)
{
	struct ledger ledger;
	pid_t broker = broker_pid();

	(void)state;
	if (broker <= 0)
		skip(); /* said above */
	ledger_create(&ledger);
	ledger_open(&ledger);
	must(log_check(ledger.log, &ledger.fault), &ledger.fault);
	assert_int_equal(kill(broker, SIGSTOP), 0);
	int64_t begun_ms = clock_ms();
	log_give_up_at(ledger.log, begun_ms + 1000);
	int code = log_check(ledger.log, &ledger.fault);
	int64_t took_ms = clock_ms() - begun_ms;
	(void)kill(broker, SIGCONT);
	assert_int_equal(code, FAULT_IO);
	assert_true(took_ms < 5000);
	log_close(ledger.log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* It forks: first, while this process has one thread. */
		cmocka_unit_test(a_killed_owner_holds_nobody_up),
		cmocka_unit_test(a_fence_takes_an_open_batch_from_a_living_owner),
		cmocka_unit_test(unreadable_inputs_are_not_waited_for),
		cmocka_unit_test(a_dead_server_beside_a_living_one_is_no_harm),
		cmocka_unit_test(a_stream_has_many_readers),
		cmocka_unit_test(many_shards_share_and_hold_up_nobody),
		cmocka_unit_test_teardown(a_pause_taints_and_is_ridden_out, broker_await),
		cmocka_unit_test_teardown(
			a_look_at_the_settings_ends_when_it_is_given_up, broker_await),
	};
	int missing = broker_missing();

	return missing ? missing : cmocka_run_group_tests_name("kafka_log", tests, NULL, NULL);
}
