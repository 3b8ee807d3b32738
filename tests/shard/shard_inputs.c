/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that are not what was decided: a tail was lost, a topic was made anew, and other records
 * came to stand at the same offsets. The owner stops and says from where on, goes on from there at
 * an operator's word, once, and notes it as an event. */
#include "shard_fixture.h"

#include "ledger/restart.h"

#include <stdio.h>
#include <time.h>

enum { READ_BACK_MS = 1500 };

static struct rig *rig_with_commands(const char *name, int count)
{
	struct rig *rig = rig_open(name, 1);
	rig_send_openings(rig, count);
	rig_run(rig, 0, "state");
	return rig;
}

static void put_again(struct rig *rig, const struct records *records, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		rig_send(rig, 0, LOG_COMMANDS, records->at[i].value);
}

static struct owner *owner_of(struct rig *rig, int64_t restart_at)
{
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.read_back_ms = READ_BACK_MS;
	owner->config.restart_inputs_at = restart_at;
	return owner;
}

static void stops(struct rig *rig, int64_t restart_at, const char *text)
{
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	struct owner *owner = owner_of(rig, restart_at);
	owner_start(owner);
	owner_ends_saying(owner, FAULT_LOG, text);
	assert_true(rig_end(rig, 0, LOG_EVENTS) <= end + 2); /* its mark, and nothing else */
}

static void goes_on(struct rig *rig, int64_t restart_at)
{
	struct owner *owner = owner_of(rig, restart_at);
	owner_start(owner);
	owner_wait_live(owner);
	rig_wait_answered(rig, 0);
	owner_stop(owner);
}

/* The valid events, the last one first. */
struct told {
	size_t count;
	struct event at[256];
};

static void chain_read(struct rig *rig, struct told *ret)
{
	struct records records = rig_records(rig, 0, LOG_EVENTS);
	struct chain chain = { 0 };
	ret->count = 0;
	for (size_t i = 0; i < records.count; i++) {
		struct link link;
		if (record_fold(&records.at[i], &chain, &link) != CHAIN_EVENT)
			continue;
		assert_true(ret->count < sizeof ret->at / sizeof ret->at[0]);
		ret->at[ret->count++] = rig_event(rig, &records.at[i], &link);
	}
	records_free(&records);
}

static void restart_is(const struct event *event, enum topic topic, int64_t expected_offset,
	int64_t offset, bool has_witness)
{
	const struct event_inputs_restarted *restarted = &event->inputs_restarted;
	assert_int_equal(event->kind, EVENT_inputs_restarted);
	assert_int_equal(restarted->topic, topic);
	assert_int_equal(restarted->expected_offset, expected_offset);
	assert_int_equal(restarted->offset, offset);
	struct witness before = restart_before(restarted);
	assert_int_equal(!witness_is_absent(&before), has_witness);
}

/* The last events answer the commands of these offsets, in order. */
static void answered(const struct told *told, int64_t from, int64_t to)
{
	size_t count = (size_t)(to - from);
	assert_true(told->count >= count);
	for (size_t i = 0; i < count; i++) {
		const struct event *event = &told->at[told->count - count + i];
		assert_int_equal(event->topic, TOPIC_commands);
		assert_int_equal(event->offset, from + (int64_t)i);
	}
}

/* --- A tail was lost --- */

static void test_a_lost_tail_stops_and_goes_on(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("tail", 10);
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	rig_send_openings(rig, 6); /* at 6 to 11: the next one to decide would be 10 */
	stops(rig, 0, "commands from offset 6 on (next was 10)");
	stops(rig, 10, "--restart-inputs 0:11"); /* another event's */
	stops(rig, 12, "--restart-inputs 0:11");
	goes_on(rig, 11);
	chain_read(rig, told);
	assert_int_equal(told->count, 11 + 1 + 6);
	restart_is(&told->at[11], TOPIC_commands, 10, 6, true);
	answered(told, 6, 12);

	/* The option stays in a unit file: it does nothing. */
	rig_send_openings(rig, 3);
	goes_on(rig, 11);
	chain_read(rig, told);
	assert_int_equal(told->count, 21);
	answered(told, 12, 15);

	/* Neither does it when the same befalls again. */
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	rig_send_openings(rig, 20);
	stops(rig, 11, "--restart-inputs 0:21");
	goes_on(rig, 21);
	chain_read(rig, told);
	answered(told, 6, 26);
	free(told);
	rig_close(rig);
}

/* From the log alone: the state folder is no part of it. */
static void test_without_a_state_folder_it_is_found_too(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("rebuilt", 10);
	char path[PATH_SIZE];
	rig_path(rig, "state", path);
	folder_remove(path);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	rig_send_openings(rig, 6);
	stops(rig, 0, "commands from offset 6 on");
	folder_remove(path);
	goes_on(rig, 11);
	folder_remove(path);
	rig_send_openings(rig, 1);
	goes_on(rig, 0);
	rig_close(rig);
}

static void test_only_the_end_was_lost(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("end", 10);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 9);
	stops(rig, 0, "commands from offset 9 on (next was 10)");
	rig_send_openings(rig, 1); /* another one at 9 */
	stops(rig, 0, "commands from offset 9 on (next was 10)");
	goes_on(rig, 11);
	rig_close(rig);
}

static void test_what_was_not_decided_may_be_lost(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("undecided", 10);
	rig_send_openings(rig, 5);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 10);
	goes_on(rig, 0);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_one_that_lives_finds_it_when_it_recovers(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("live", 10);
	struct owner *owner = owner_of(rig, 0);
	owner_start(owner);
	owner_wait_live(owner);
	simulated_plan(rig->url,
		(struct simulated_plan){
			.call = SIMULATED_READ, .fault = SIMULATED_FAIL, .nth = 1, .times = 1 });
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	rig_send_openings(rig, 6);
	owner_ends_saying(owner, FAULT_LOG, "commands from offset 6 on");
	rig_close(rig);
}

/* --- A topic was made anew --- */

static void test_a_topic_made_anew(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("anew", 10);
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 0);
	stops(rig, 0, "commands from offset 0 on (next was 10)");
	rig_send_openings(rig, 25);
	stops(rig, 0, "commands from offset 0 on (next was 10)");
	goes_on(rig, 11);
	chain_read(rig, told);
	restart_is(&told->at[11], TOPIC_commands, 10, 0, false);
	answered(told, 0, 25);
	free(told);
	rig_close(rig);
}

static void test_the_same_records_are_the_same_input(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("same", 10);
	struct records records = rig_records(rig, 0, LOG_COMMANDS);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 0);
	put_again(rig, &records, 0, 10);
	rig_send_openings(rig, 2);
	goes_on(rig, 0);
	(void)rig_audit(rig, 0, "state");

	/* Those that came again at other places are decided again, and answered as repeats. */
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 4);
	put_again(rig, &records, 6, 10);
	stops(rig, 0, "commands from offset 4 on (next was 12)");
	goes_on(rig, 13);
	chain_read(rig, told);
	answered(told, 4, 8);
	for (size_t i = told->count - 4; i < told->count; i++)
		assert_int_equal(told->at[i].kind, EVENT_command_repeated);
	free(told);
	records_free(&records);
	rig_close(rig);
}

static void test_lost_again_before_anything_was_taken(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("twice", 10);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	stops(rig, 0, "commands from offset 6 on (next was 10)");
	goes_on(rig, 11);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 2);
	rig_send_openings(rig, 10);
	stops(rig, 0, "commands from offset 2 on (next was 6)");
	goes_on(rig, 12);
	goes_on(rig, 0);
	rig_close(rig);
}

/* --- The last record is the same one --- */

/* All but one that stood there came again, another in its place; the last one stands where it
 * stood. */
static void one_is_replaced(struct rig *rig, int64_t offset)
{
	struct records records = rig_records(rig, 0, LOG_COMMANDS);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, offset);
	rig_send_openings(rig, 1);
	size_t after = 0;
	while (after < records.count && records.at[after].offset <= offset)
		after++;
	put_again(rig, &records, after, records.count);
	records_free(&records);
}

static void test_another_order_before_the_same_last_record(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("order", 10);
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	struct records records = rig_records(rig, 0, LOG_COMMANDS);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 6);
	rig_send_openings(rig, 3);
	put_again(rig, &records, 9, 10);
	stops(rig, 0, "commands from offset 6 on (next was 10)");
	goes_on(rig, 11);
	chain_read(rig, told);
	restart_is(&told->at[11], TOPIC_commands, 10, 6, true);
	answered(told, 6, 10);
	for (size_t i = 1; i <= 4; i++) /* the last one only is an old one */
		assert_int_equal(told->at[told->count - i].kind == EVENT_command_repeated, i == 1);
	goes_on(rig, 0);
	free(told);
	records_free(&records);
	rig_close(rig);
}

static void test_what_is_compared_is_in_the_log_too(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("order_rebuilt", 10);
	char path[PATH_SIZE];
	rig_path(rig, "state", path);
	folder_remove(path);
	one_is_replaced(rig, 3);
	stops(rig, 0, "commands from offset 3 on (next was 10)");
	goes_on(rig, 11);
	rig_close(rig);
}

static void test_as_many_are_compared_as_were_promised(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("depth", 32 + 10);
	one_is_replaced(rig, 10);
	stops(rig, 0, "commands from offset 10 on (next was 42)");
	goes_on(rig, 43);
	one_is_replaced(rig, 41);
	stops(rig, 0, "commands from offset 41 on (next was 42)");
	rig_close(rig);
}

static void test_one_more_between_those_that_were_decided(void **state)
{
	(void)state;
	struct rig *rig = rig_open("more", 1);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	rig_send_openings(rig, 10); /* at 0, 2, 4, ... 18 */
	goes_on(rig, 0);
	struct records records = rig_records(rig, 0, LOG_COMMANDS);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 15);
	simulated_options_set(rig->url, (struct simulated_options){ 0 });
	rig_send_openings(rig, 1);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	put_again(rig, &records, 8, 10);
	stops(rig, 0, "commands from offset 15 on (next was 19)");
	goes_on(rig, 11);
	records_free(&records);
	rig_close(rig);
}

/* What was compared before the inputs went on is compared after it too. */
static void test_another_order_after_the_inputs_went_on(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("order_twice", 10);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 8);
	stops(rig, 0, "commands from offset 8 on (next was 10)");
	goes_on(rig, 11);
	one_is_replaced(rig, 5);
	stops(rig, 0, "commands from offset 5 on (next was 8)");
	goes_on(rig, 12);
	goes_on(rig, 0);
	rig_close(rig);
}

/* What retention deleted can't be compared; the last one must be there. */
static void test_records_that_were_deleted_are_not_compared(void **state)
{
	(void)state;
	struct rig *rig = rig_with_commands("deleted", 10);
	simulated_trim(rig->url, 0, LOG_COMMANDS, 7);
	rig_send_openings(rig, 1);
	goes_on(rig, 0);
	one_is_replaced(rig, 9);
	stops(rig, 0, "commands from offset 9 on (next was 11)");
	simulated_trim(rig->url, 0, LOG_COMMANDS, 11);
	stops(rig, 0, "commands from offset 11 on (next was 11)");
	rig_send_openings(rig, 1);
	goes_on(rig, 12);
	goes_on(rig, 0);
	rig_close(rig);
}

/* --- Whatever the last record was --- */

static void test_any_record_is_known_again(void **state)
{
	(void)state;
	struct rig *rig = rig_open("any", 1);
	static uint8_t large[COMMAND_SIZE_MAX + 1];
	const struct bytes values[] = { { (const uint8_t *)"\xff\xff", 2 },
		{ (const uint8_t *)"", 0 }, { large, sizeof large } };
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		for (enum log_stream s = 0; s < LOG_EVENTS; s++)
			rig_send(rig, 0, s, values[i]);
		goes_on(rig, 0);
		goes_on(rig, 0);
	}
	/* Refused by an operator, and no more so at the next start. */
	rig_send_openings(rig, 1);
	struct input_place refused = { 0, LOG_COMMANDS, rig_end(rig, 0, LOG_COMMANDS) - 1 };
	struct owner *owner = owner_of(rig, 0);
	owner->config.refused = &refused;
	owner->config.refused_count = 1;
	owner_start(owner);
	rig_wait_answered(rig, 0);
	owner_stop(owner);
	goes_on(rig, 0);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_offsets_with_gaps(void **state)
{
	(void)state;
	struct rig *rig = rig_open("gaps", 1);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	rig_send_openings(rig, 10); /* at 0, 2, 4, ... 18 */
	goes_on(rig, 0);
	goes_on(rig, 0);
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 11);
	rig_send_openings(rig, 6);
	stops(rig, 0, "commands from offset 11 on (next was 19)");
	goes_on(rig, 11);
	goes_on(rig, 0);
	rig_close(rig);
}

/* --- With what else an operator may say at once --- */

/* The checkpoint before the clock is set back stands at the event by which the inputs went on, and
 * says where the log has that. */
static void test_the_clock_is_set_back_too(void **state)
{
	(void)state;
	struct rig *rig = rig_open_past("both", 1, -120000);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	rig_send_openings(rig, 10);
	goes_on(rig, 0);
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	chain_read(rig, told);
	struct clock_restart restart = { 0, told->at[told->count - 1].engine_time_ms };
	simulated_truncate(rig->url, 0, LOG_COMMANDS, 11);
	rig_come_closer(rig, 0);

	/* Its third append, after the mark and the inputs' event, is the clock's: it fails, and
	 * what is stored is what the next life begins with. */
	simulated_plan(
		rig->url, (struct simulated_plan){ SIMULATED_APPEND, SIMULATED_FAIL, 3, 1, 0, 0 });
	struct owner *owner = owner_of(rig, 11);
	owner->config.clock_restarts = &restart;
	owner->config.clock_restart_count = 1;
	owner_start(owner);
	owner_wait_live(owner);
	owner_stop(owner);
	chain_read(rig, told);
	assert_int_equal(told->count, 13);
	assert_int_equal(told->at[11].kind, EVENT_inputs_restarted);
	assert_int_equal(told->at[12].kind, EVENT_clock_restarted);
	free(told);
	goes_on(rig, 0);
	rig_close(rig);
}

/* --- All of them: the events were restored where the inputs are empty --- */

static void test_all_inputs_begin_anew(void **state)
{
	(void)state;
	struct rig *rig = rig_open("restored", 1);
	rig_send_traffic(rig, 0, 120);
	rig_send(rig, 0, LOG_CONTROL, (struct bytes){ (const uint8_t *)"x", 1 });
	rig_send(rig, 0, LOG_INTERNAL, (struct bytes){ (const uint8_t *)"x", 1 });
	goes_on(rig, 0);
	struct told *told = calloc(1, sizeof *told);
	assert_non_null(told);
	chain_read(rig, told);
	size_t count = told->count;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		simulated_truncate(rig->url, 0, s, 0);
	stops(rig, 0, "rails from offset 0 on (next was ");
	rig_send_openings(rig, 2);
	goes_on(rig, told->at[count - 1].sequence);
	chain_read(rig, told);
	for (size_t i = 0; i < LOG_INPUTS; i++)
		assert_int_equal(told->at[count + i].inputs_restarted.topic, 1 + i);
	answered(told, 0, 2);
	free(told);
	rig_close(rig);
}

/* Its timers fired for an input that is gone: the others are not kept waiting for it. */
static void test_an_input_whose_timers_fired_is_lost(void **state)
{
	(void)state;
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert_non_null(memory);
	struct state *rows = state_init(memory, STATE_MEMORY_MIN);
	struct head head = { .sequence = 7, .timers_fired = 3, .timers_topic = TOPIC_rails };
	struct event event;
	head.input_next[TOPIC_rails] = 5;
	state_start(rows, &head, (struct bytes){ NULL, 0 }, &(struct id){ { 0 } });
	struct event_inputs_restarted restarted = { .topic = TOPIC_rails, .offset = 2 };
	assert_int_equal(engine_restart_inputs(rows, &restarted, &event), ENGINE_OUTCOME);
	assert_int_equal(event.inputs_restarted.expected_offset, 5);
	assert_int_equal(state_head(rows)->input_next[TOPIC_rails], 2);
	assert_int_equal(state_head(rows)->timers_fired, 0);
	assert_int_equal(state_head(rows)->timers_topic, TOPIC_none);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_lost_tail_stops_and_goes_on),
		cmocka_unit_test(test_without_a_state_folder_it_is_found_too),
		cmocka_unit_test(test_only_the_end_was_lost),
		cmocka_unit_test(test_what_was_not_decided_may_be_lost),
		cmocka_unit_test(test_one_that_lives_finds_it_when_it_recovers),
		cmocka_unit_test(test_a_topic_made_anew),
		cmocka_unit_test(test_the_same_records_are_the_same_input),
		cmocka_unit_test(test_lost_again_before_anything_was_taken),
		cmocka_unit_test(test_another_order_before_the_same_last_record),
		cmocka_unit_test(test_what_is_compared_is_in_the_log_too),
		cmocka_unit_test(test_as_many_are_compared_as_were_promised),
		cmocka_unit_test(test_one_more_between_those_that_were_decided),
		cmocka_unit_test(test_another_order_after_the_inputs_went_on),
		cmocka_unit_test(test_records_that_were_deleted_are_not_compared),
		cmocka_unit_test(test_any_record_is_known_again),
		cmocka_unit_test(test_offsets_with_gaps),
		cmocka_unit_test(test_the_clock_is_set_back_too),
		cmocka_unit_test(test_all_inputs_begin_anew),
		cmocka_unit_test(test_an_input_whose_timers_fired_is_lost),
	};
	return cmocka_run_group_tests_name("shard_inputs", tests, NULL, NULL);
}
