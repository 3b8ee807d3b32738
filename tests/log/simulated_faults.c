/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated log does the harm that is planned, and no other: the tests above it rest on that.
 */
#include "simulated_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char url[] = "simulated:faults";

struct ledger {
	struct log *log;
	struct fault fault;
};

static int setup(void **state)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	struct log_config config = { .url = url };
	assert_non_null(ledger);
	assert_int_equal(log_simulated.create(&config, 1, &ledger->fault), 0);
	simulated_options_set(url, (struct simulated_options){ .never_waits = true });
	assert_int_equal(log_simulated.open(&ledger->log, &config, &ledger->fault), 0);
	*state = ledger;
	return 0;
}

static int teardown(void **state)
{
	struct ledger *ledger = *state;
	log_close(ledger->log);
	simulated_forget(url);
	free(ledger);
	return 0;
}

static void plan(enum simulated_call call, enum simulated_fault fault, size_t records)
{
	simulated_plan(url, (struct simulated_plan){ .call = call,
				    .fault = fault,
				    .nth = 1,
				    .times = 1,
				    .records = records,
				    .reads = 2 });
}

static struct log_writer *fence(struct ledger *ledger)
{
	struct log_writer *writer = NULL;
	assert_int_equal(log_fence(ledger->log, 0, &writer, &ledger->fault), 0);
	return writer;
}

/* Appends one record for each letter as one batch, through a writer of its own. */
static int append(struct ledger *ledger, const char *letters)
{
	struct log_entry entries[8];
	size_t count = strlen(letters);
	for (size_t i = 0; i < count; i++)
		entries[i] = (struct log_entry){ .value = { (const uint8_t *)letters + i, 1 } };
	struct log_writer *writer = fence(ledger);
	int r = log_append(writer, entries, count);
	log_writer_close(writer);
	fault_clear(&ledger->fault);
	return r;
}

/* What one read from the beginning gives. */
static void reads(struct ledger *ledger, enum log_stream stream, const char *letters)
{
	struct log_reader *reader = NULL;
	struct log_record records[16];
	size_t count = 0;
	char text[17] = "";
	assert_int_equal(log_reader_open(ledger->log, 0, stream, 0, &reader, &ledger->fault), 0);
	assert_int_equal(log_read(reader, records, 16, 1000, &count), 0);
	for (size_t i = 0; i < count; i++)
		text[i] = (char)records[i].value.at[0];
	log_reader_close(reader);
	assert_string_equal(text, letters);
}

static void a_batch_tears(void **state)
{
	struct ledger *ledger = *state;
	plan(SIMULATED_APPEND, SIMULATED_TEAR, 2);
	assert_int_equal(append(ledger, "abc"), FAULT_TAINTED);
	reads(ledger, LOG_EVENTS, "ab");
	plan(SIMULATED_APPEND, SIMULATED_TEAR, 99);
	assert_int_equal(append(ledger, "de"), FAULT_TAINTED);
	plan(SIMULATED_APPEND, SIMULATED_TEAR, 0);
	assert_int_equal(append(ledger, "f"), FAULT_TAINTED);
	assert_int_equal(append(ledger, "g"), 0);
	reads(ledger, LOG_EVENTS, "abdeg");
}

static void a_torn_batch_comes_late(void **state)
{
	struct ledger *ledger = *state;
	int64_t end;
	plan(SIMULATED_APPEND, SIMULATED_TEAR_LATE, 1);
	assert_int_equal(append(ledger, "ab"), FAULT_TAINTED);
	reads(ledger, LOG_EVENTS, "");
	assert_int_equal(log_end(ledger->log, 0, LOG_EVENTS, &end, &ledger->fault), 0);
	assert_int_equal(end, 0);
	log_writer_close(fence(ledger));
	reads(ledger, LOG_EVENTS, "a");
}

static void an_acknowledged_batch_is_readable_later(void **state)
{
	struct ledger *ledger = *state;
	struct log_entry one = { .value = { (const uint8_t *)"a", 1 } };
	struct log_writer *writer = fence(ledger);
	plan(SIMULATED_APPEND, SIMULATED_DELAY, 0);
	assert_int_equal(log_append(writer, &one, 1), 0);
	assert_int_equal(log_append(writer, &one, 1), 0); /* stays behind the hidden one */
	reads(ledger, LOG_EVENTS, "");
	reads(ledger, LOG_EVENTS, "aa");
	log_writer_close(writer);
}

static void a_send_is_doubled_or_fails(void **state)
{
	struct ledger *ledger = *state;
	struct log_sender *sender = NULL;
	struct log_entry one = { .value = { (const uint8_t *)"s", 1 } };
	assert_int_equal(log_sender_open(ledger->log, &sender, &ledger->fault), 0);
	plan(SIMULATED_SEND, SIMULATED_DUPLICATE, 0);
	plan(SIMULATED_SEND, SIMULATED_FAIL, 0);
	assert_int_equal(log_send(sender, 0, LOG_RAILS, &one, 1), 0);
	assert_int_equal(log_send(sender, 0, LOG_RAILS, &one, 1), FAULT_IO);
	assert_int_equal(log_send(sender, 0, LOG_RAILS, &one, 1), 0);
	assert_int_equal(simulated_calls(url, SIMULATED_SEND), 3);
	log_sender_close(sender);
	reads(ledger, LOG_RAILS, "sss");
}

static void the_nth_calls_fail(void **state)
{
	struct ledger *ledger = *state;
	simulated_plan(url,
		(struct simulated_plan){
			.call = SIMULATED_APPEND, .fault = SIMULATED_FAIL, .nth = 2, .times = 2 });
	assert_int_equal(append(ledger, "a"), 0);
	assert_int_equal(append(ledger, "b"), FAULT_IO);
	assert_int_equal(append(ledger, "c"), FAULT_IO);
	assert_int_equal(append(ledger, "d"), 0);
	reads(ledger, LOG_EVENTS, "ad");
}

static void another_owner_comes(void **state)
{
	struct ledger *ledger = *state;
	struct log_entry one = { .value = { (const uint8_t *)"x", 1 } };
	struct log_writer *writer = fence(ledger);
	simulated_usurp(url, 0);
	simulated_put(url, 0, LOG_EVENTS, (struct bytes){ (const uint8_t *)"o", 1 });
	assert_int_equal(log_append(writer, &one, 1), FAULT_FENCED);
	log_writer_close(writer);
	fault_clear(&ledger->fault);
	plan(SIMULATED_APPEND, SIMULATED_USURP, 0);
	assert_int_equal(append(ledger, "y"), FAULT_FENCED);
	reads(ledger, LOG_EVENTS, "o");
}

static void a_log_loses_and_changes_records(void **state)
{
	struct ledger *ledger = *state;
	struct log_reader *reader = NULL;
	simulated_time_set(url, 5000);
	assert_int_equal(append(ledger, "abc"), 0);
	simulated_change(url, 0, LOG_EVENTS, 1, (struct bytes){ (const uint8_t *)"X", 1 });
	reads(ledger, LOG_EVENTS, "aXc");
	simulated_truncate(url, 0, LOG_EVENTS, 2);
	reads(ledger, LOG_EVENTS, "aX");
	assert_int_equal(
		log_reader_open(ledger->log, 0, LOG_EVENTS, 3, &reader, &ledger->fault), FAULT_LOG);
}

int main(void)
{
#define FAULTS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FAULTS(a_batch_tears),
		FAULTS(a_torn_batch_comes_late),
		FAULTS(an_acknowledged_batch_is_readable_later),
		FAULTS(a_send_is_doubled_or_fails),
		FAULTS(the_nth_calls_fail),
		FAULTS(another_owner_comes),
		FAULTS(a_log_loses_and_changes_records),
	};
#undef FAULTS
	return cmocka_run_group_tests_name("simulated_faults", tests, NULL, NULL);
}
