/* SPDX-License-Identifier: Apache-2.0 */
/* The log's contract, sentence by sentence, against any implementation. */
#include "log_contract.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { SHARDS = 3, SENDERS = 2, SENDS = 20, SEND_RECORDS = 5 };

static const struct log_fixture *fixture;

struct ledger {
	char url[LOG_FIXTURE_URL_SIZE];
	struct log *log;
	struct fault fault;
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;
	(void)clock_gettime(clock, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct log_config config_of(const struct ledger *ledger, enum log_mode mode)
{
	return (struct log_config){
		.url = ledger->url,
		.mode = mode,
		.message_timeout_ms = fixture->message_timeout_ms,
		.transaction_timeout_ms = fixture->transaction_timeout_ms,
	};
}

/* Fails the test with the fault's own words. */
static void must(int r, const struct fault *fault)
{
	if (r < 0)
		fail_msg("fault %d at %s:%d: %s", r, fault->file, fault->line, fault->text);
}

static void ledger_open(struct ledger *ledger)
{
	struct log_config config = config_of(ledger, LOG_OWN);
	must(fixture->open(&ledger->log, &config, &ledger->fault), &ledger->fault);
}

static int setup(void **state)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	assert_non_null(ledger);
	fixture->url_make(ledger->url);
	struct log_config config = config_of(ledger, LOG_OWN);
	must(fixture->create(&config, SHARDS, &ledger->fault), &ledger->fault);
	ledger_open(ledger);
	*state = ledger;
	return 0;
}

static int teardown(void **state)
{
	struct ledger *ledger = *state;
	log_close(ledger->log);
	fixture->url_drop(ledger->url);
	free(ledger);
	return 0;
}

static struct log_writer *fence(struct ledger *ledger, uint32_t shard, struct fault *fault)
{
	struct log_writer *writer = NULL;
	must(log_fence(ledger->log, shard, &writer, fault), fault);
	return writer;
}

static struct log_reader *reader_at(
	struct ledger *ledger, uint32_t shard, enum log_stream stream, int64_t offset)
{
	struct log_reader *reader = NULL;
	must(log_reader_open(ledger->log, shard, stream, offset, &reader, &ledger->fault),
		&ledger->fault);
	return reader;
}

static struct log_sender *sender(struct ledger *ledger, struct fault *fault)
{
	struct log_sender *opened = NULL;
	must(log_sender_open(ledger->log, &opened, fault), fault);
	return opened;
}

static struct log_entry entry(const char *text)
{
	struct bytes bytes = { (const uint8_t *)text, strlen(text) };
	return (struct log_entry){ .key = { (const uint8_t *)"party", 5 }, .value = bytes };
}

static void append(struct log_writer *writer, const char *text, struct fault *fault)
{
	struct log_entry one = entry(text);
	must(log_append(writer, &one, 1), fault);
}

/* Reads exactly `count` records, waiting for them as long as the fixture allows. */
static void read_exactly(
	struct ledger *ledger, struct log_reader *reader, struct log_record *records, size_t count)
{
	int64_t deadline_ms = clock_ms(CLOCK_MONOTONIC) + fixture->readable_within_ms;
	for (size_t i = 0; i < count;) {
		size_t got = 0;
		must(log_read(reader, records + i, count - i, 100, &got), &ledger->fault);
		assert_true(got <= count - i);
		i += got;
		if (got == 0 && clock_ms(CLOCK_MONOTONIC) > deadline_ms)
			fail_msg("%zu of %zu records are not readable in time", count - i, count);
	}
}

/* Reads one record at a time and checks the texts. Returns the offset of the last one. */
static int64_t read_texts(
	struct ledger *ledger, struct log_reader *reader, const char *const *texts, size_t count)
{
	int64_t offset = -1;
	for (size_t i = 0; i < count; i++) {
		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		assert_int_equal(record.value.size, strlen(texts[i]));
		assert_memory_equal(record.value.at, texts[i], record.value.size);
		assert_true(record.offset > offset);
		offset = record.offset;
	}
	return offset;
}

static void read_nothing(struct ledger *ledger, struct log_reader *reader)
{
	struct log_record record;
	size_t got = 1;
	must(log_read(reader, &record, 1, 50, &got), &ledger->fault);
	assert_int_equal(got, 0);
}

static void a_missing_ledger_is_said_to_be_missing(void **state)
{
	(void)state;
	struct ledger ledger = { 0 };
	fixture->url_make(ledger.url);
	for (enum log_mode mode = LOG_OWN; mode <= LOG_USE; mode++) {
		struct log_config config = config_of(&ledger, mode);
		fault_clear(&ledger.fault);
		assert_int_equal(fixture->open(&ledger.log, &config, &ledger.fault), FAULT_MISSING);
		assert_int_equal(ledger.fault.code, FAULT_MISSING);
		assert_true(ledger.fault.text[0] != '\0');
	}
	fixture->url_drop(ledger.url);
}

static void made_twice_is_made_once_and_shards_cannot_change(void **state)
{
	struct ledger *ledger = *state;
	assert_int_equal(log_shards(ledger->log), SHARDS);
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	append(writer, "kept", &ledger->fault);
	log_writer_close(writer);
	log_close(ledger->log);
	ledger->log = NULL;

	struct log_config config = config_of(ledger, LOG_OWN);
	must(fixture->create(&config, SHARDS, &ledger->fault), &ledger->fault);
	assert_int_equal(fixture->create(&config, SHARDS + 1, &ledger->fault), FAULT_SETTINGS);
	fault_clear(&ledger->fault);

	ledger_open(ledger);
	assert_int_equal(log_shards(ledger->log), SHARDS);
	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	read_texts(ledger, reader, (const char *const[]){ "kept" }, 1);
	log_reader_close(reader);
}

static void records_come_in_the_order_written(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 1, &ledger->fault);
	struct log_entry batch[3] = { entry("a"), entry(""), entry("c") };
	must(log_append(writer, batch, 3), &ledger->fault);
	append(writer, "d", &ledger->fault);
	must(log_append(writer, batch, 2), &ledger->fault);
	log_writer_close(writer);

	struct log_reader *reader = reader_at(ledger, 1, LOG_EVENTS, 0);
	read_texts(ledger, reader, (const char *const[]){ "a", "", "c", "d", "a", "" }, 6);
	read_nothing(ledger, reader);
	log_reader_close(reader);
}

static void a_read_fills_what_it_can_and_no_more(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	struct log_entry batch[5] = { entry("0"), entry("1"), entry("2"), entry("3"), entry("4") };
	must(log_append(writer, batch, 5), &ledger->fault);
	must(log_append(writer, batch, 5), &ledger->fault);
	log_writer_close(writer);

	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	int64_t deadline_ms = clock_ms(CLOCK_MONOTONIC) + fixture->readable_within_ms;
	for (size_t seen = 0; seen < 10;) {
		struct log_record records[4];
		size_t got;
		must(log_read(reader, records, 3, 100, &got), &ledger->fault);
		assert_true(got <= 3);
		/* All values of one read live together. */
		for (size_t i = 0; i < got; i++, seen++) {
			assert_int_equal(records[i].value.size, 1);
			assert_int_equal(records[i].value.at[0], '0' + (int)(seen % 5));
		}
		assert_true(clock_ms(CLOCK_MONOTONIC) < deadline_ms);
	}
	log_reader_close(reader);
}

static void a_reader_starts_at_any_offset(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 2, &ledger->fault);
	struct log_entry batch[4] = { entry("a"), entry("b"), entry("c"), entry("d") };
	must(log_append(writer, batch, 4), &ledger->fault);
	append(writer, "e", &ledger->fault);
	log_writer_close(writer);

	int64_t offsets[5];
	struct log_reader *reader = reader_at(ledger, 2, LOG_EVENTS, 0);
	for (size_t i = 0; i < 5; i++) {
		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		offsets[i] = record.offset;
	}
	log_reader_close(reader);

	static const char *const texts[5] = { "a", "b", "c", "d", "e" };
	for (size_t i = 0; i < 5; i++) {
		reader = reader_at(ledger, 2, LOG_EVENTS, offsets[i]);
		read_texts(ledger, reader, texts + i, 5 - i);
		log_reader_close(reader);
		/* One above a record there is the next one, or a gap that ends at the next one. */
		reader = reader_at(ledger, 2, LOG_EVENTS, offsets[i] + 1);
		read_texts(ledger, reader, texts + i + 1, 4 - i);
		read_nothing(ledger, reader);
		log_reader_close(reader);
	}
}

static void a_reader_past_the_end_is_a_lost_log(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	append(writer, "a", &ledger->fault);
	log_writer_close(writer);

	struct log_reader *reader = NULL;
	int r = log_reader_open(ledger->log, 0, LOG_EVENTS, 1000000, &reader, &ledger->fault);
	assert_int_equal(r, FAULT_LOG);
	assert_int_equal(ledger->fault.code, FAULT_LOG);
	fault_clear(&ledger->fault);
}

static void shards_and_streams_are_apart(void **state)
{
	struct ledger *ledger = *state;
	char texts[SHARDS][LOG_STREAMS][16];
	struct log_sender *inputs = sender(ledger, &ledger->fault);
	for (uint32_t shard = 0; shard < SHARDS; shard++) {
		for (unsigned stream = 0; stream < LOG_STREAMS; stream++)
			(void)snprintf(texts[shard][stream], sizeof texts[shard][stream], "%u-%u",
				shard, stream);
		for (unsigned stream = 0; stream < LOG_INPUTS; stream++) {
			struct log_entry one = entry(texts[shard][stream]);
			must(log_send(inputs, shard, stream, &one, 1), &ledger->fault);
		}
		struct log_writer *writer = fence(ledger, shard, &ledger->fault);
		append(writer, texts[shard][LOG_EVENTS], &ledger->fault);
		log_writer_close(writer);
	}
	log_sender_close(inputs);

	for (uint32_t shard = 0; shard < SHARDS; shard++) {
		for (unsigned stream = 0; stream < LOG_STREAMS; stream++) {
			struct log_reader *reader = reader_at(ledger, shard, stream, 0);
			read_texts(
				ledger, reader, (const char *const[]){ texts[shard][stream] }, 1);
			read_nothing(ledger, reader);
			log_reader_close(reader);
		}
	}
}

static void an_empty_read_waits_its_time_and_no_longer(void **state)
{
	struct ledger *ledger = *state;
	struct log_reader *reader = reader_at(ledger, 0, LOG_COMMANDS, 0);
	struct log_record record;
	for (int timeout_ms = 0; timeout_ms <= 200; timeout_ms += 200) {
		size_t got = 1;
		int64_t start_ms = clock_ms(CLOCK_MONOTONIC);
		must(log_read(reader, &record, 1, timeout_ms, &got), &ledger->fault);
		int64_t waited_ms = clock_ms(CLOCK_MONOTONIC) - start_ms;
		assert_int_equal(got, 0);
		assert_in_range(waited_ms, timeout_ms - timeout_ms / 10, timeout_ms + 5000);
	}
	log_reader_close(reader);
}

struct waiter {
	struct ledger *ledger;
	struct log_reader *reader;
	struct fault fault;
	int code;
	size_t got;
	int64_t waited_ms;
};

static void *waiter_run(void *context)
{
	struct waiter *waiter = context;
	struct log_record record;
	int64_t start_ms = clock_ms(CLOCK_MONOTONIC);
	waiter->code =
		log_read(waiter->reader, &record, 1, fixture->readable_within_ms, &waiter->got);
	waiter->waited_ms = clock_ms(CLOCK_MONOTONIC) - start_ms;
	return NULL;
}

static void an_append_wakes_a_waiting_reader(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	for (int round = 0; round < 3; round++) {
		struct waiter waiter = { .ledger = ledger };
		int64_t end;
		pthread_t thread;
		must(log_end(ledger->log, 0, LOG_EVENTS, &end, &ledger->fault), &ledger->fault);
		must(log_reader_open(
			     ledger->log, 0, LOG_EVENTS, end, &waiter.reader, &waiter.fault),
			&waiter.fault);
		assert_int_equal(pthread_create(&thread, NULL, waiter_run, &waiter), 0);
		append(writer, "wake", &ledger->fault);
		assert_int_equal(pthread_join(thread, NULL), 0);
		must(waiter.code, &waiter.fault);
		assert_int_equal(waiter.got, 1);
		assert_true(waiter.waited_ms < fixture->readable_within_ms);
		log_reader_close(waiter.reader);
	}
	log_writer_close(writer);
}

static void ring(void *context)
{
	atomic_store((_Atomic bool *)context, true);
}

/* Who looked and found nothing is told of what comes then, of each stream, and looks only then. */
static void who_listens_is_told_of_what_comes(void **state)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	struct ledger *ledger = *state;
	struct log_sender *sends = sender(ledger, &ledger->fault);
	for (enum log_stream stream = 0; stream < LOG_EVENTS; stream++) {
		_Atomic bool has_rung = false;
		struct log_reader *reader = reader_at(ledger, 2, stream, 0);
		struct log_reader *other = reader_at(ledger, 1, stream, 0);
		log_reader_listen(reader, ring, &has_rung);
		for (int i = 0; i < 3; i++) {
			struct log_entry one = entry("told");
			struct log_record record;
			size_t got;
			do { /* what rings for nothing, or for what was read, is used up */
				atomic_store(&has_rung, false);
				read_nothing(ledger, reader);
			} while (atomic_load(&has_rung));
			must(log_send(sends, 2, stream, &one, 1), &ledger->fault);
			int64_t deadline_ms =
				clock_ms(CLOCK_MONOTONIC) + fixture->readable_within_ms;
			do {
				while (!atomic_exchange(&has_rung, false)) {
					assert_true(clock_ms(CLOCK_MONOTONIC) < deadline_ms);
					(void)nanosleep(&nap, NULL);
				}
				must(log_read(reader, &record, 1, 0, &got), &ledger->fault);
			} while (got == 0);
			assert_memory_equal(record.value.at, "told", 4);
		}
		log_reader_close(other);
		log_reader_close(reader);
	}
	log_sender_close(sends);
}

static void record_times_are_the_logs_and_shared_by_a_batch(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	struct log_entry batch[3] = { entry("a"), entry("b"), entry("c") };
	int64_t before_ms = clock_ms(CLOCK_REALTIME);
	must(log_append(writer, batch, 3), &ledger->fault);
	int64_t after_ms = clock_ms(CLOCK_REALTIME);
	log_writer_close(writer);

	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	int64_t times_ms[3];
	for (size_t i = 0; i < 3; i++) {
		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		times_ms[i] = record.time_ms;
		assert_true(record.time_ms > 0);
		if (fixture->host_clock)
			assert_in_range(record.time_ms, before_ms - 2000, after_ms + 2000);
	}
	/* Three small records of one append are one produce batch on Kafka, too. */
	assert_int_equal(times_ms[0], times_ms[1]);
	assert_int_equal(times_ms[0], times_ms[2]);
	log_reader_close(reader);
}

static void what_was_acknowledged_is_there_after_a_restart(void **state)
{
	struct ledger *ledger = *state;
	for (int round = 0; round < 3; round++) {
		struct log_writer *writer = fence(ledger, 1, &ledger->fault);
		struct log_sender *inputs = sender(ledger, &ledger->fault);
		struct log_entry batch[2] = { entry("x"), entry("y") };
		must(log_append(writer, batch, 2), &ledger->fault);
		must(log_send(inputs, 1, LOG_RAILS, batch, 2), &ledger->fault);
		log_sender_close(inputs);
		log_writer_close(writer);
		log_close(ledger->log);
		ledger_open(ledger);

		static const char *const texts[6] = { "x", "y", "x", "y", "x", "y" };
		size_t count = 2 * (size_t)(round + 1);
		struct log_reader *events = reader_at(ledger, 1, LOG_EVENTS, 0);
		read_texts(ledger, events, texts, count);
		log_reader_close(events);
		struct log_reader *rails = reader_at(ledger, 1, LOG_RAILS, 0);
		read_texts(ledger, rails, texts, count);
		read_nothing(ledger, rails);
		log_reader_close(rails);
	}
}

static void a_fence_ends_the_older_writer(void **state)
{
	struct ledger *ledger = *state;
	struct fault older_fault = { 0 };
	struct log_writer *older = fence(ledger, 0, &older_fault);
	struct log_writer *neighbour = fence(ledger, 1, &ledger->fault);
	append(older, "before", &older_fault);

	struct log_writer *newer = fence(ledger, 0, &ledger->fault);
	struct log_entry late = entry("too late");
	int r = log_append(older, &late, 1);
	assert_int_equal(r, FAULT_FENCED);
	assert_int_equal(older_fault.code, r);
	log_writer_close(older);

	append(newer, "after", &ledger->fault);
	append(neighbour, "beside", &ledger->fault);
	log_writer_close(newer);
	log_writer_close(neighbour);

	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	read_texts(ledger, reader, (const char *const[]){ "before", "after" }, 2);
	read_nothing(ledger, reader);
	log_reader_close(reader);
}

/* The failed batch is there wholly, in part, or not at all, and that is settled once log_fence
 * returned. */
static void a_fence_settles_a_failed_append(void **state)
{
	struct ledger *ledger = *state;
	if (fixture->appends_fail == NULL)
		skip();

	struct fault failed_fault = { 0 };
	struct log_writer *failed = fence(ledger, 0, &failed_fault);
	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	append(failed, "a", &failed_fault);
	read_texts(ledger, reader, (const char *const[]){ "a" }, 1);
	fixture->appends_fail(ledger->url, true);
	struct log_entry batch[2] = { entry("b"), entry("c") };
	assert_true(log_append(failed, batch, 2) < 0);
	fixture->appends_fail(ledger->url, false);
	log_writer_close(failed);

	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	append(writer, "d", &ledger->fault);
	log_writer_close(writer);
	static const char order[] = "bcd";
	for (const char *expected = order;;) {
		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		char text = (char)record.value.at[0];
		if (text == 'd')
			break;
		assert_int_equal(text, *expected++);
	}
	read_nothing(ledger, reader);
	log_reader_close(reader);
}

static void the_largest_batch_and_record_go_through(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	struct log_entry *entries = calloc(LOG_BATCH_RECORDS_MAX, sizeof *entries);
	uint8_t *bytes = malloc(LOG_RECORD_SIZE_MAX);
	assert_non_null(entries);
	assert_non_null(bytes);
	uint32_t random = 1;
	for (size_t i = 0; i < LOG_RECORD_SIZE_MAX; i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(random >> 24);
	}
	size_t each = LOG_RECORD_SIZE_MAX / LOG_BATCH_RECORDS_MAX;
	for (size_t i = 0; i < LOG_BATCH_RECORDS_MAX; i++)
		entries[i].value = (struct bytes){ bytes + i * each, each };
	must(log_append(writer, entries, LOG_BATCH_RECORDS_MAX), &ledger->fault);
	entries[0].value = (struct bytes){ bytes, LOG_RECORD_SIZE_MAX };
	must(log_append(writer, entries, 1), &ledger->fault);
	struct log_sender *inputs = sender(ledger, &ledger->fault);
	must(log_send(inputs, 0, LOG_COMMANDS, entries, 1), &ledger->fault);
	log_sender_close(inputs);
	log_writer_close(writer);
	free(entries);

	struct log_record record;
	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	for (size_t i = 0; i < LOG_BATCH_RECORDS_MAX; i++) {
		read_exactly(ledger, reader, &record, 1);
		assert_int_equal(record.value.size, each);
		assert_memory_equal(record.value.at, bytes + i * each, each);
	}
	read_exactly(ledger, reader, &record, 1);
	assert_int_equal(record.value.size, LOG_RECORD_SIZE_MAX);
	assert_memory_equal(record.value.at, bytes, LOG_RECORD_SIZE_MAX);
	log_reader_close(reader);
	reader = reader_at(ledger, 0, LOG_COMMANDS, 0);
	read_exactly(ledger, reader, &record, 1);
	assert_int_equal(record.value.size, LOG_RECORD_SIZE_MAX);
	log_reader_close(reader);
	free(bytes);
}

struct sending {
	struct log_sender *sender;
	struct fault fault;
	uint8_t number;
	int code;
};

static void *sending_run(void *context)
{
	struct sending *sending = context;
	for (int i = 0; i < SENDS && sending->code == 0; i++) {
		uint8_t values[SEND_RECORDS][2];
		struct log_entry entries[SEND_RECORDS];
		for (int j = 0; j < SEND_RECORDS; j++) {
			values[j][0] = sending->number;
			values[j][1] = (uint8_t)(i * SEND_RECORDS + j);
			entries[j] = (struct log_entry){ .value = { values[j], 2 } };
		}
		sending->code = log_send(sending->sender, 2, LOG_INTERNAL, entries, SEND_RECORDS);
	}
	return NULL;
}

static void two_senders_at_once_lose_and_mix_nothing(void **state)
{
	struct ledger *ledger = *state;
	struct log_reader *reader = reader_at(ledger, 2, LOG_INTERNAL, 0);
	struct sending sending[SENDERS] = { 0 };
	pthread_t threads[SENDERS];
	for (int i = 0; i < SENDERS; i++) {
		sending[i].number = (uint8_t)i;
		sending[i].sender = sender(ledger, &sending[i].fault);
		assert_int_equal(pthread_create(&threads[i], NULL, sending_run, &sending[i]), 0);
	}

	/* Read while they send: a record that becomes readable behind the reader would be missed.
	 */
	uint8_t seen[SENDERS] = { 0 };
	int64_t offset = -1;
	for (size_t i = 0; i < (size_t)SENDERS * SENDS * SEND_RECORDS; i++) {
		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		assert_true(record.offset > offset);
		offset = record.offset;
		assert_int_equal(record.value.size, 2);
		assert_in_range(record.value.at[0], 0, SENDERS - 1);
		assert_int_equal(record.value.at[1], seen[record.value.at[0]]++);
	}
	for (size_t i = 0; i < SENDERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		must(sending[i].code, &sending[i].fault);
		log_sender_close(sending[i].sender);
	}
	read_nothing(ledger, reader);
	log_reader_close(reader);
}

static void position_and_end_tell_a_reader_that_has_seen_all(void **state)
{
	struct ledger *ledger = *state;
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	struct log_reader *reader = reader_at(ledger, 0, LOG_EVENTS, 0);
	for (int round = 0; round < 3; round++) {
		struct log_entry batch[2] = { entry("a"), entry("b") };
		must(log_append(writer, batch, 2), &ledger->fault);

		struct log_record record;
		read_exactly(ledger, reader, &record, 1);
		assert_true(log_reader_position(reader) > record.offset);
		assert_true(log_reader_position(reader) < log_reader_end_hint(reader));
		read_exactly(ledger, reader, &record, 1);
		assert_true(log_reader_position(reader) > record.offset);

		int64_t begin, end;
		must(log_begin(ledger->log, 0, LOG_EVENTS, &begin, &ledger->fault), &ledger->fault);
		must(log_check(ledger->log, &ledger->fault), &ledger->fault);
		must(log_end(ledger->log, 0, LOG_EVENTS, &end, &ledger->fault), &ledger->fault);
		assert_true(begin == 0 && end > record.offset);
		/* Markers behind the last record may take a moment to be passed. */
		int64_t deadline_ms = clock_ms(CLOCK_MONOTONIC) + fixture->readable_within_ms;
		while (log_reader_position(reader) < end) {
			read_nothing(ledger, reader);
			assert_true(clock_ms(CLOCK_MONOTONIC) < deadline_ms);
		}
		/* A position is an offset to open at. */
		struct log_reader *other =
			reader_at(ledger, 0, LOG_EVENTS, log_reader_position(reader));
		read_nothing(ledger, other);
		log_reader_close(other);
	}
	log_reader_close(reader);
	log_writer_close(writer);
}

static void another_log_reads_and_sends_beside_the_owner(void **state)
{
	struct ledger *ledger = *state;
	struct ledger beside = { 0 };
	(void)snprintf(beside.url, sizeof beside.url, "%s", ledger->url);
	struct log_config config = config_of(&beside, LOG_USE);
	must(fixture->open(&beside.log, &config, &beside.fault), &beside.fault);
	assert_int_equal(log_shards(beside.log), SHARDS);

	struct log_reader *events = reader_at(&beside, 0, LOG_EVENTS, 0);
	read_nothing(&beside, events);
	struct log_writer *writer = fence(ledger, 0, &ledger->fault);
	append(writer, "first", &ledger->fault);
	append(writer, "second", &ledger->fault);
	read_texts(&beside, events, (const char *const[]){ "first", "second" }, 2);
	log_writer_close(writer);
	log_reader_close(events);

	struct log_reader *commands = reader_at(ledger, 0, LOG_COMMANDS, 0);
	struct log_sender *outside = sender(&beside, &beside.fault);
	struct log_entry batch[2] = { entry("one"), entry("two") };
	must(log_send(outside, 0, LOG_COMMANDS, batch, 2), &beside.fault);
	must(log_send(outside, 0, LOG_COMMANDS, batch, 2), &beside.fault);
	log_sender_close(outside);
	read_texts(ledger, commands, (const char *const[]){ "one", "two", "one", "two" }, 4);
	log_reader_close(commands);
	log_close(beside.log);
}

int log_contract_run(const struct log_fixture *chosen)
{
#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_ledger_is_said_to_be_missing),
		CONTRACT(made_twice_is_made_once_and_shards_cannot_change),
		CONTRACT(records_come_in_the_order_written),
		CONTRACT(a_read_fills_what_it_can_and_no_more),
		CONTRACT(a_reader_starts_at_any_offset),
		CONTRACT(a_reader_past_the_end_is_a_lost_log),
		CONTRACT(shards_and_streams_are_apart),
		CONTRACT(an_empty_read_waits_its_time_and_no_longer),
		CONTRACT(an_append_wakes_a_waiting_reader),
		CONTRACT(who_listens_is_told_of_what_comes),
		CONTRACT(record_times_are_the_logs_and_shared_by_a_batch),
		CONTRACT(what_was_acknowledged_is_there_after_a_restart),
		CONTRACT(a_fence_ends_the_older_writer),
		CONTRACT(a_fence_settles_a_failed_append),
		CONTRACT(the_largest_batch_and_record_go_through),
		CONTRACT(two_senders_at_once_lose_and_mix_nothing),
		CONTRACT(position_and_end_tell_a_reader_that_has_seen_all),
		CONTRACT(another_log_reads_and_sends_beside_the_owner),
	};
#undef CONTRACT

	fixture = chosen;
	return cmocka_run_group_tests_name(chosen->name, tests, NULL, NULL);
}
