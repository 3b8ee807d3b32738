/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's owner at its work: every input gets one outcome, whatever it is and whenever it comes.
 * The auditor (shard_audit.c) ends every test. */
#include "shard_fixture.h"

#include "shard/inputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* --- Mixed traffic --- */

/* Whatever the inputs' commands give comes up; for timers too little time passes. */
static void kinds_check(const struct audit *audit, uint32_t shards)
{
	int absent = 0;
	char names[512] = "";
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		enum event_kind kind = event_kinds[i];
		bool is_between_shards = event_is_under_way(kind) || kind >= EVENT_payment_received;
		if (audit->kinds[kind] > 0 || event_answers_nothing(kind) ||
			kind == EVENT_remittance_repeated || /* of what was sent twice */
			(shards == 1 && is_between_shards))
			continue;
		absent++;
		(void)strncat(names, " ", sizeof names - strlen(names) - 1);
		(void)strncat(names, event_name(kind), sizeof names - strlen(names) - 1);
	}
	if (absent > TIMER_KIND_COUNT)
		fail_msg("%d kinds of events, of which %d are of timers, did not come up:%s",
			absent, TIMER_KIND_COUNT, names);
}

static void test_runs_stops_and_runs_again(void **state)
{
	(void)state;
	struct rig *rig = rig_open("plain", 1);
	rig_send_traffic(rig, 0, 2000);
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	rig_send_traffic(rig, 0, 1500); /* while it decides */
	owner_stop(owner);
	rig_send_traffic(rig, 0, 500);
	rig_run(rig, 0, "state");
	struct audit audit = rig_audit(rig, 0, "state");
	kinds_check(&audit, 1);
	assert_int_equal(audit.void_records, 0);

	/* Nothing is decided twice: a start without inputs adds a mark and no event. */
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_wait_live(owner);
	owner_stop(owner);
	assert_int_equal(rig_end(rig, 0, LOG_EVENTS), end + 1);
	assert_int_equal(rig_audit(rig, 0, "state").sequence, audit.sequence);
	rig_close(rig);
}

static void test_many_starts(void **state)
{
	(void)state;
	struct rig *rig = rig_open("starts", 1);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	for (int i = 0; i < 25; i++) {
		rig_send_traffic(rig, 0, 120);
		struct owner *owner = owner_new(rig, 0, "state");
		owner->config.checkpoint_ms = i % 2 == 0 ? 1 : 100000;
		owner_start(owner);
		if (i % 3 != 0)
			owner_wait_live(owner);
		if (i % 5 == 0)
			rig_wait_answered(rig, 0);
		owner_stop(owner);
	}
	rig_run(rig, 0, "state");
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_clients_send_twice(void **state)
{
	(void)state;
	struct rig *rig = rig_open("twice", 1);
	simulated_plan(rig->url, (struct simulated_plan){ .call = SIMULATED_SEND,
					 .fault = SIMULATED_DUPLICATE,
					 .nth = 1,
					 .times = 1000000 });
	rig_send_traffic(rig, 0, 1000);
	rig_run(rig, 0, "state");
	struct audit audit = rig_audit(rig, 0, "state");
	assert_true(audit.kinds[EVENT_command_repeated] > 700);
	rig_close(rig);
}

static void test_four_shards_at_once(void **state)
{
	(void)state;
	static const char *const folders[RIG_SHARDS_MAX] = { "s0", "s1", "s2", "s3" };
	struct rig *rig = rig_open("four", RIG_SHARDS_MAX);
	struct owner *owners[RIG_SHARDS_MAX];
	for (uint32_t s = 0; s < RIG_SHARDS_MAX; s++) {
		owners[s] = owner_new(rig, s, folders[s]);
		owner_start(owners[s]);
	}
	for (int i = 0; i < 40; i++)
		for (uint32_t s = 0; s < RIG_SHARDS_MAX; s++)
			rig_send_traffic(rig, s, 50);
	struct audit all = { 0 };
	for (uint32_t s = 0; s < RIG_SHARDS_MAX; s++)
		rig_wait_answered(rig, s);
	for (uint32_t s = 0; s < RIG_SHARDS_MAX; s++)
		owner_stop(owners[s]);
	for (uint32_t s = 0; s < RIG_SHARDS_MAX; s++) {
		struct audit audit = rig_audit(rig, s, folders[s]);
		for (size_t kind = 0; kind <= EVENT_LAST; kind++)
			all.kinds[kind] += audit.kinds[kind];
	}
	kinds_check(&all, RIG_SHARDS_MAX);
	rig_close(rig);
}

/* --- Inputs that are wrong --- */

static void send_raw(struct rig *rig, enum log_stream stream, const void *at, size_t size)
{
	rig_send(rig, 0, stream, (struct bytes){ at, size });
}

/* Their events name it: an owner that died behind them has begun what the next one ends. */
static void test_the_input_whose_timers_fired_comes_first(void **state)
{
	(void)state;
	struct rig *rig = rig_open("first", 1);
	struct head head = { .timers_fired = 1, .timers_topic = TOPIC_internal };
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		head.input_next[input_topic(s)] = rig_end(rig, 0, s);
	send_raw(rig, LOG_COMMANDS, "a", 1);
	send_raw(rig, LOG_INTERNAL, "b", 1);
	struct inputs inputs;
	const struct log_record *record;
	enum log_stream stream;
	assert_int_equal(inputs_open(&inputs, rig->log, 0, &head, &rig->fault), 0);
	for (int i = 0; i < 2; i++) {
		int64_t until_ms = host_ms() + WAIT_MS;
		do
			assert_int_equal(inputs_peek(&inputs, &stream, &record), 0);
		while (!record && host_ms() < until_ms);
		assert_non_null(record);
		assert_int_equal(stream, i == 0 ? LOG_INTERNAL : LOG_COMMANDS);
		inputs_take(&inputs, stream);
	}
	inputs_close(&inputs);
	rig_close(rig);
}

static void test_bad_inputs_get_one_rejection_each(void **state)
{
	(void)state;
	struct rig *rig = rig_open("bad", 2);
	struct workload *workload = &rig->workloads[0];
	static uint8_t large[COMMAND_SIZE_MAX + 1];
	struct work work;
	rig_send_traffic(rig, 0, 100);
	struct command good =
		workload_command(workload, COMMAND_party_open, &workload->members[0], host_ms());
	work_encode(workload, &good, &work);

	send_raw(rig, LOG_COMMANDS, "\xff\xff\xff", 3); /* undecodable */
	send_raw(rig, LOG_COMMANDS, large, sizeof large);
	send_raw(rig, LOG_COMMANDS, "", 0);
	memcpy(work.value + work.size, "\xc0\x3e\x01", 3);
	send_raw(rig, LOG_COMMANDS, work.value, work.size + 3); /* field 1000 */
	/* The body's arm, field 20, once more: not protobuf as we take it. */
	memcpy(work.value + work.size, "\xa2\x01\x00", 3);
	send_raw(rig, LOG_COMMANDS, work.value, work.size + 3);
	send_raw(rig, LOG_CONTROL, work.value, work.size); /* wrong_topic */
	good.party = rig->workloads[1].members[0];
	work_encode(workload, &good, &work);
	send_raw(rig, LOG_COMMANDS, work.value, work.size); /* misrouted */
	text64_set(&good.party, "Not A Party", 11);
	work_encode(workload, &good, &work);
	send_raw(rig, LOG_COMMANDS, work.value, work.size);
	rig_send_traffic(rig, 0, 100);

	rig_run(rig, 0, "state");
	struct audit audit = rig_audit(rig, 0, "state");
	static const enum reject expected[] = { REJECT_undecodable, REJECT_too_large,
		REJECT_unknown_field, REJECT_unknown_command, REJECT_wrong_topic, REJECT_misrouted,
		REJECT_party_malformed };
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_true(audit.rejects[expected[i]] >= 1);
	rig_close(rig);
}

static void test_a_refused_input_is_an_event_like_any_other(void **state)
{
	(void)state;
	struct rig *rig = rig_open("refused", 1);
	struct workload *workload = &rig->workloads[0];
	rig_send_traffic(rig, 0, 100);
	struct command command =
		workload_command(workload, COMMAND_party_open, &workload->members[0], host_ms());
	text64_set(&command.party, "poison", 6);
	command.party_open.kind = PARTY_KIND_person;
	struct input_place places[2] = { { 0, LOG_COMMANDS, rig_end(rig, 0, LOG_COMMANDS) } };
	rig_send_command(rig, 0, &command);
	/* Of a broken one only the refusal is told, not what is broken. */
	places[1] = (struct input_place){ 0, LOG_COMMANDS, rig_end(rig, 0, LOG_COMMANDS) };
	send_raw(rig, LOG_COMMANDS, "\xff\xff\xff", 3);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.refused = places;
	owner->config.refused_count = 2;
	owner_start(owner);
	rig_wait_answered(rig, 0);
	owner_stop(owner);
	struct audit audit = rig_audit(rig, 0, "state");
	assert_int_equal(audit.rejects[REJECT_refused_by_operator], 2);
	assert_int_equal(audit.kinds[EVENT_party_opened], 16);

	/* The id was not used up. */
	rig_send_command(rig, 0, &command);
	rig_run(rig, 0, "state");
	audit = rig_audit(rig, 0, "state");
	assert_int_equal(audit.rejects[REJECT_refused_by_operator], 2);
	assert_int_equal(audit.kinds[EVENT_party_opened], 17);
	rig_close(rig);
}

/* --- Time --- */

/* An outcome's record of an input, for finding out in which order they were taken. */
static void order_check(struct rig *rig)
{
	struct records inputs[LOG_INPUTS];
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		inputs[s] = rig_records(rig, 0, s);
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	size_t next[LOG_INPUTS] = { 0 };
	for (size_t i = 0; i < events.count; i++) {
		struct link link;
		struct event event = rig_event(rig, &events.at[i], &link);
		if (link.is_mark || event.topic == TOPIC_none || event_is_timers(&event))
			continue;
		enum log_stream stream = (enum log_stream)(event.topic - 1), first = LOG_EVENTS;
		for (enum log_stream s = 0; s < LOG_EVENTS; s++)
			if (next[s] < inputs[s].count &&
				(first == LOG_EVENTS ||
					inputs[s].at[next[s]].time_ms <
						inputs[first].at[next[first]].time_ms))
				first = s;
		assert_int_equal(stream, first);
		assert_int_equal(event.offset, inputs[stream].at[next[stream]++].offset);
	}
	records_free(&events);
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		records_free(&inputs[s]);
}

static void test_the_oldest_input_goes_first(void **state)
{
	(void)state;
	struct rig *rig = rig_open("order", 1);
	struct random random = { 11 };
	int64_t times[LOG_INPUTS], began_ms = host_ms();
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		times[s] = began_ms;
	for (int i = 0; i < 8000; i++) {
		struct work work;
		workload_next(&rig->workloads[0], began_ms, &work);
		/* One input is much longer than a read, the others come now and then. */
		enum log_stream stream = random_below(&random, 10) < 7
						 ? LOG_COMMANDS
						 : (enum log_stream)random_below(&random, 4);
		times[stream] += (int64_t)random_below(&random, stream == LOG_COMMANDS ? 2 : 9);
		simulated_time_set(rig->url, times[stream]);
		rig_send(rig, 0, stream, (struct bytes){ work.value, work.size });
	}
	rig_run(rig, 0, "state");
	order_check(rig);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static int64_t kind_count(struct rig *rig, enum event_kind kind)
{
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	int64_t count = 0;
	for (size_t i = 0; i < events.count; i++) {
		struct link link;
		struct event event = rig_event(rig, &events.at[i], &link);
		count += event.kind == kind;
	}
	records_free(&events);
	return count;
}

/* Two members, one of them rich. */
static void pair_open(struct rig *rig)
{
	struct workload *workload = &rig->workloads[0];
	for (int i = 0; i < 2; i++) {
		const struct text64 *party = &workload->members[i];
		struct command command =
			workload_command(workload, COMMAND_party_open, party, host_ms());
		command.party_open.kind = PARTY_KIND_person;
		rig_send_command(rig, 0, &command);
		command = workload_command(workload, COMMAND_account_open, party, host_ms());
		command.account_open.account = workload_account(party, "main");
		command.account_open.currency = CURRENCY_USD;
		rig_send_command(rig, 0, &command);
	}
	rig_run(rig, 0, "state"); /* accounts come before money, whatever topic is read first */
	struct command command =
		workload_command(workload, COMMAND_funds_receive, &workload->members[0], host_ms());
	command.funds_receive.to_account = workload_account(&workload->members[0], "main");
	command.funds_receive.amount =
		(struct money){ amount_of(100000000), CURRENCY_USD, .is_absent = false };
	command.funds_receive.rail = RAIL_wire;
	text64_set(&command.funds_receive.rail_reference, "w1", 2);
	rig_send_command(rig, 0, &command);
	rig_run(rig, 0, "state");
}

static void holds_send(struct rig *rig, int count, int64_t expires_in_s)
{
	struct workload *workload = &rig->workloads[0];
	for (int i = 0; i < count; i++) {
		struct command command = workload_command(
			workload, COMMAND_hold_create, &workload->members[0], host_ms());
		command.hold_create = (struct command_hold_create){
			.from_account = workload_account(&workload->members[0], "main"),
			.to_account = workload_account(&workload->members[1], "main"),
			.amount = { amount_of(1), CURRENCY_USD, .is_absent = false },
			.expires_in_s = expires_in_s,
		};
		text64_set(&command.hold_create.reason, "trip", 4);
		rig_send_command(rig, 0, &command);
	}
}

static void test_ticks_let_holds_expire(void **state)
{
	(void)state;
	struct rig *rig = rig_open("ticks", 1);
	pair_open(rig);
	holds_send(rig, 3, 1);
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (kind_count(rig, EVENT_hold_expired) < 3) {
		assert_true(host_ms() < deadline_ms);
		simulated_time_set(rig->url, host_ms());
		nap();
	}
	rig_wait_answered(rig, 0);
	owner_stop(owner);
	struct audit audit = rig_audit(rig, 0, "state");
	assert_int_equal(audit.kinds[EVENT_hold_expired], 3);
	/* A tick or two: none came before a timer was due. */
	assert_in_range(audit.kinds[EVENT_ticked], 1, 3);
	rig_close(rig);
}

static int64_t passes_of(struct owner *owner)
{
	struct shard_status status;
	shard_status(owner->shard, &status);
	return status.passes;
}

/* An owner with nothing to do looks about once a second; and comes at once when it is asked to, or
 * when something comes, on whichever input. */
static void test_an_idle_owner_rests(void **state)
{
	(void)state;
	struct rig *rig = rig_open("rests", 1);
	rig_send_traffic(rig, 0, 50);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.checkpoint_ms = 50;
	owner_start(owner);
	rig_wait_answered(rig, 0);

	int64_t until_ms = host_ms() + WAIT_MS, began_ms, passes;
	do { /* until what it does beside has been done */
		began_ms = host_ms();
		passes = passes_of(owner);
		while (host_ms() < began_ms + 2500)
			nap();
	} while (passes_of(owner) > passes + 10 && host_ms() < until_ms);
	assert_true(passes_of(owner) <= passes + 10);

	began_ms = host_ms();
	for (int i = 0; i < 40; i++) {
		passes = passes_of(owner);
		if (i % 2 == 0)
			shard_nudge(owner->shard);
		else
			send_raw(rig, (enum log_stream)(i / 2 % LOG_EVENTS), "x", 1);
		while (passes_of(owner) == passes)
			assert_true(host_ms() < until_ms);
	}
	rig_wait_answered(rig, 0);
	assert_true(host_ms() < began_ms + 20000); /* a look each would have been 40 s */
	owner_stop(owner);
	rig_close(rig);
}

/* How many timers fired for each of the last inputs. */
static void fired_check(struct rig *rig, const int64_t *fired, size_t count)
{
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	int64_t *for_input = calloc(events.count + 1, sizeof *for_input);
	size_t inputs = 0;
	for (size_t i = 0; i < events.count; i++) {
		struct link link;
		struct event event = rig_event(rig, &events.at[i], &link);
		if (event_is_timers(&event))
			for_input[inputs]++;
		else
			inputs += !link.is_mark;
	}
	assert_true(inputs >= count);
	assert_memory_equal(for_input + inputs - count, fired, count * sizeof *fired);
	free(for_input);
	records_free(&events);
}

/* An owner that has nothing to decide knows the earliest timer all the same. */
static void test_the_oldest_timer_is_known_from_the_start(void **state)
{
	(void)state;
	struct rig *rig = rig_open("oldest", 1);
	rig_send_traffic(rig, 0, 300);
	rig_run(rig, 0, "state");
	int64_t due_ms[2];
	for (int i = 0; i < 2; i++) {
		struct shard_status status;
		struct owner *owner = owner_new(rig, 0, i == 0 ? "state" : "rebuilt");
		owner_start(owner);
		owner_wait_live(owner);
		shard_status(owner->shard, &status);
		due_ms[i] = status.timer_due_ms;
		owner_stop(owner);
	}
	assert_true(due_ms[0] > host_ms() && due_ms[0] < INT64_MAX);
	/* Who has seen all events may still remember one whose hold has ended. */
	assert_true(due_ms[1] > host_ms() && due_ms[1] <= due_ms[0]);
	rig_close(rig);
}

static void test_many_timers_due_at_once(void **state)
{
	(void)state;
	enum { HOLDS = 2 * TIMERS_PER_INPUT_MAX + 452 };
	static const int64_t fired[] = { TIMERS_PER_INPUT_MAX, TIMERS_PER_INPUT_MAX, 452, 0 };
	struct rig *rig = rig_open("timers", 1);
	pair_open(rig);
	holds_send(rig, HOLDS, 30);
	rig_run(rig, 0, "state");
	simulated_time_set(rig->url, host_ms() + 60000);
	rig_send_openings(rig, 1);
	rig_run(rig, 0, "state"); /* each from what the store holds */
	rig_send_openings(rig, 3);
	rig_run(rig, 0, "state");
	fired_check(rig, fired, 4);
	struct audit audit = rig_audit(rig, 0, "state");
	assert_int_equal(audit.kinds[EVENT_hold_expired], HOLDS);
	assert_int_equal(audit.timers_events, HOLDS);
	rig_close(rig);
}

/* Nine days, one by one: the rows of old ids go, what they led to stays. */
static void test_old_command_ids_are_dropped(void **state)
{
	(void)state;
	enum { DAY_MS = 86400000, DAYS = 9 };
	struct rig *rig = rig_open_past("drop", 1, DAYS * (int64_t)DAY_MS);
	for (int64_t day = DAYS; day > 0; day--) {
		rig_come_closer(rig, day * DAY_MS - 60000);
		rig_send_traffic(rig, 0, 300);
		if (day % 2 == 0)
			rig_run(rig, 0, "state");
	}
	rig_run(rig, 0, "state");
	struct audit audit = rig_audit(rig, 0, "state");
	assert_in_range(audit.kinds[EVENT_command_ids_dropped], DAYS - 2, DAYS);
	assert_in_range(audit.commands, 1, 8 * 300);
	rig_close(rig);
}

/* Of the last event. */
static int64_t rig_engine_time(struct rig *rig)
{
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	struct event event = { 0 };
	struct link link;
	for (size_t i = events.count; i > 0 && event.kind == EVENT_none; i--)
		(void)event_decode(rig->codec, events.at[i - 1].value, &event, &link);
	records_free(&events);
	return event.engine_time_ms;
}

static void test_a_clock_ahead_stops_the_shard(void **state)
{
	(void)state;
	struct rig *rig = rig_open("clock", 1);
	rig_send_traffic(rig, 0, 100);
	rig_run(rig, 0, "state");
	struct audit before = rig_audit(rig, 0, "state");
	simulated_time_set(rig->url, host_ms() + INT64_C(20) * 60000);
	rig_send_openings(rig, 3);
	struct input_place place = { 0, LOG_COMMANDS, rig_end(rig, 0, LOG_COMMANDS) - 1 };

	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_ends_saying(owner, FAULT_CLOCK, "--accept-clock commands:0:");
	assert_int_equal(rig_end(rig, 0, LOG_EVENTS), end + 1); /* a mark, nothing was decided */
	simulated_time_set(rig->url, host_ms());
	rig_send_traffic(rig, 0, 100);
	owner = owner_new(rig, 0, "state");
	owner->config.clock_accepted = &place;
	owner->config.clock_accepted_count = 1;
	owner_start(owner);
	rig_wait_answered(rig, 0);
	owner_stop(owner);
	assert_int_equal(rig_audit(rig, 0, "state").sequence, before.sequence + 103);

	/* Engine time never ran ahead, so without the option it goes on too. */
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	struct link link;
	struct event event = rig_event(rig, &events.at[events.count - 1], &link);
	assert_true(event.engine_time_ms < host_ms() + 60000);
	records_free(&events);
	rig_send_traffic(rig, 0, 100);
	rig_run(rig, 0, "state");
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* It ran ten days ahead, under a clock that is right again. */
static void test_engine_time_is_set_back_where_the_operator_says_so(void **state)
{
	(void)state;
	struct rig *rig = rig_open_past("ahead", 1, -10 * INT64_C(86400000));
	int64_t left_ms = rig_engine_time(rig);
	char wanted[64];
	(void)snprintf(wanted, sizeof wanted, "--restart-clock 0:%" PRId64 ",", left_ms);
	rig_come_closer(rig, 0);
	rig_send_traffic(rig, 0, 200);
	int64_t end = rig_end(rig, 0, LOG_EVENTS);
	struct clock_restart restart = { 0, left_ms - 1 };
	for (int i = 0; i < 2; i++) { /* without the option, and with one for another time */
		struct owner *owner = owner_new(rig, 0, "state");
		owner->config.clock_restarts = &restart;
		owner->config.clock_restart_count = (size_t)i;
		owner_start(owner);
		owner_ends_saying(owner, FAULT_CLOCK, wanted);
		assert_int_equal(rig_end(rig, 0, LOG_EVENTS), ++end); /* a mark */
	}

	restart.engine_time_ms = left_ms;
	for (int i = 0; i < 2; i++) { /* left over, it does nothing */
		struct owner *owner = owner_new(rig, 0, "state");
		owner->config.clock_restarts = &restart;
		owner->config.clock_restart_count = 1;
		owner_start(owner);
		rig_wait_answered(rig, 0);
		owner_stop(owner);
		assert_int_equal(rig_audit(rig, 0, "state").kinds[EVENT_clock_restarted], 1);
	}
	struct audit audit = rig_audit(rig, 0, "state");
	assert_int_equal(audit.sequence, 202);
	assert_true(audit.kinds[EVENT_transfer_posted] > 0);
	assert_in_range(rig_engine_time(rig), 1, host_ms());
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_stops_and_runs_again),
		cmocka_unit_test(test_the_input_whose_timers_fired_comes_first),
		cmocka_unit_test(test_many_starts),
		cmocka_unit_test(test_clients_send_twice),
		cmocka_unit_test(test_four_shards_at_once),
		cmocka_unit_test(test_bad_inputs_get_one_rejection_each),
		cmocka_unit_test(test_a_refused_input_is_an_event_like_any_other),
		cmocka_unit_test(test_the_oldest_input_goes_first),
		cmocka_unit_test(test_ticks_let_holds_expire),
		cmocka_unit_test(test_an_idle_owner_rests),
		cmocka_unit_test(test_the_oldest_timer_is_known_from_the_start),
		cmocka_unit_test(test_many_timers_due_at_once),
		cmocka_unit_test(test_old_command_ids_are_dropped),
		cmocka_unit_test(test_a_clock_ahead_stops_the_shard),
		cmocka_unit_test(test_engine_time_is_set_back_where_the_operator_says_so),
	};
	return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
