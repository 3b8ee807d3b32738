/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's owner when the log does all that its contract allows: it recovers by itself, or knows
 * that another owner is there, and nothing is lost or doubled. */
#include "hooked_log.h"

#include "shard/thread.h"

#include <time.h>

static void plan(struct rig *rig, struct simulated_plan plan)
{
	simulated_plan(rig->url, plan);
}

static void nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static void wait_for_restart(struct owner *owner, int before)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	while (owner_restarts(owner) <= before) {
		assert_true(host_ms() < deadline_ms);
		nap();
	}
}

/* --- Appends whose fate is not known --- */

static void test_appends_fail(void **state)
{
	(void)state;
	enum { ALL = 1 << 20 };
	static const struct simulated_plan plans[] = {
		{ SIMULATED_APPEND, SIMULATED_FAIL, 1, 1, 0, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR, 2, 1, 0, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR, 2, 1, 5, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR, 2, 1, ALL, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR_LATE, 2, 1, 0, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR_LATE, 2, 1, 5, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR_LATE, 2, 1, ALL, 0 },
		/* The mark of the start that follows is lost, too, or stands without an answer. */
		{ SIMULATED_APPEND, SIMULATED_TEAR, 1, 2, 0, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR, 1, 3, ALL, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR_LATE, 1, 2, ALL, 0 },
		{ SIMULATED_APPEND, SIMULATED_TEAR_LATE, 1, 3, 1, 0 },
	};
	struct rig *rig = rig_open("appends", 1);
	simulated_options_set(rig->url, (struct simulated_options){ .markers = true });
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		int before = owner_restarts(owner);
		owner_wait_live(owner);
		plan(rig, plans[i]);
		for (int n = 0; n < 5; n++)
			rig_send_traffic(rig, 0, 60);
		rig_wait_answered(rig, 0);
		/* Whatever was left of the plan meets the next one's traffic. */
		while (owner_restarts(owner) == before) {
			rig_send_traffic(rig, 0, 10);
			rig_wait_answered(rig, 0);
		}
	}
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_events_become_readable_late(void **state)
{
	(void)state;
	struct rig *rig = rig_open("late", 1);
	plan(rig, (struct simulated_plan){ .call = SIMULATED_APPEND,
			  .fault = SIMULATED_DELAY,
			  .nth = 1,
			  .times = 60,
			  .reads = 5 });
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	for (int i = 0; i < 30; i++)
		rig_send_traffic(rig, 0, 40);
	rig_wait_answered(rig, 0);
	assert_int_equal(owner_restarts(owner), 0);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_a_read_back_that_never_comes_taints(void **state)
{
	(void)state;
	struct rig *rig = rig_open("never", 1);
	for (uint64_t nth = 1; nth < 4; nth++) {
		struct owner *owner = owner_new(rig, 0, "state");
		owner->config.read_back_ms = 150;
		plan(rig, (struct simulated_plan){ .call = SIMULATED_APPEND,
				  .fault = SIMULATED_DELAY,
				  .nth = nth, /* of the mark, of a batch, of a later one */
				  .times = 1,
				  .reads = UINT64_MAX });
		rig_send_traffic(rig, 0, 40);
		owner_start(owner);
		int64_t deadline_ms = host_ms() + WAIT_MS;
		const char *says = nth == 1 ? "our shard_opened was not read back"
					    : "were not read back in 150 ms";
		while (!owner_said(owner, says)) {
			assert_true(host_ms() < deadline_ms);
			rig_send_traffic(rig, 0, 2);
			nap();
		}
		rig_wait_answered(rig, 0);
		assert_int_equal(owner_restarts(owner), 1);
		owner_stop(owner);
	}
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_a_mark_that_was_overtaken_is_appended_again(void **state)
{
	(void)state;
	struct rig *rig = rig_open("overtaken", 1);
	for (int64_t ahead = 0; ahead < 8; ahead++) {
		struct hooked hooked = hooked_of(rig);
		struct owner *owner = owner_new(rig, 0, "state");
		hooked.puts = ahead < 4 ? 1 : 3; /* also several times in a row */
		hooked.ahead = ahead % 4;
		int64_t before = rig_chain(rig, 0).term;
		owner->config.log = &hooked.log;
		rig_send_traffic(rig, 0, 100);
		owner_start(owner);
		rig_wait_answered(rig, 0);
		assert_int_equal(owner_restarts(owner), 0);
		owner_stop(owner);
		int64_t overtaken_by = hooked.ahead * (ahead < 4 ? 1 : 3);
		assert_true(rig_chain(rig, 0).term > before + overtaken_by);
	}
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* --- Recoveries that mend nothing, and stops --- */

/* Its mark is taken, so it becomes live each time; its batches never are. */
static void test_to_be_live_for_an_instant_is_no_progress(void **state)
{
	(void)state;
	struct rig *rig = rig_open("instant", 1);
	struct hooked hooked = hooked_of(rig);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.log = &hooked.log;
	owner->config.live_well_ms = 1000;
	owner_start(owner);
	owner_wait_live(owner);
	atomic_store(&hooked.refuses, true);
	rig_send_traffic(rig, 0, 500);
	wait_for_restart(owner, 3);
	assert_true(owner_said(owner, "ALARM, again not live: recovers from: the batch is"));

	/* Well again for a while: the next recovery is the first of its row. */
	atomic_store(&hooked.refuses, false);
	rig_wait_answered(rig, 0);
	int64_t well_ms = host_ms() + 3000;
	while (host_ms() < well_ms)
		nap();
	int before = owner_restarts(owner);
	atomic_store(&hooked.refuses, true);
	rig_send_traffic(rig, 0, 50);
	wait_for_restart(owner, before);
	atomic_store(&hooked.refuses, false);
	assert_true(owner_said(owner, "shard 0: recovers from: the batch is too large"));
	rig_wait_answered(rig, 0);
	owner_wait_live(owner);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_a_stop_ends_a_recovery_that_gets_no_answer(void **state)
{
	(void)state;
	struct rig *rig = rig_open("silent", 1);
	struct hooked hooked = hooked_of(rig);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.log = &hooked.log;
	atomic_store(&hooked.is_silent, true);
	owner_start(owner);
	nap();
	int64_t asked_ms = host_ms();
	shard_stop(owner->shard);
	log_give_up_at(&hooked.log, clock_monotonic_ms() + 500);
	owner_ends(owner, 0);
	assert_true(host_ms() - asked_ms < 10000);
	rig_close(rig);
}

/* --- Two owners --- */

/* What an owner of this term would have written next, had it not been overtaken. */
static void stray_put(struct rig *rig, int64_t term)
{
	struct chain chain = rig_chain(rig, 0);
	struct event event = {
		.kind = EVENT_ticked,
		.sequence = chain.sequence + 1,
		.engine_time_ms = host_ms(),
		.topic = TOPIC_internal,
		.offset = 1000000,
	};
	struct link link = chain_next(&chain, 0);
	link.term = term;
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = event_encode(rig->codec, &event, &link, value);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
}

static void two_owners(const char *name, bool is_ambiguous, bool is_unfenced)
{
	struct rig *rig = rig_open(name, 1);
	struct hooked hooked = hooked_of(rig);
	hooked.is_unfenced = is_unfenced;
	hooked.log.fence_is_ambiguous = is_ambiguous;
	struct owner *first = owner_new(rig, 0, "first"), *second = owner_new(rig, 0, "second");
	first->config.log = &hooked.log;
	owner_start(first);
	rig_send_traffic(rig, 0, 500);
	rig_wait_answered(rig, 0);
	int64_t term = rig_chain(rig, 0).term;

	for (int i = 0; i < 20; i++)
		rig_send_traffic(rig, 0, 50);
	owner_start(second);
	owner_wait_live(second);
	rig_send_traffic(rig, 0, 200);
	owner_ends_saying(
		first, FAULT_USURPED, is_ambiguous || is_unfenced ? "another owner took it" : NULL);
	for (int i = 0; i < 10; i++) {
		stray_put(rig, term);
		mark_put(rig, rig->codec, term + i % 2);
		rig_send_traffic(rig, 0, 20);
		rig_wait_answered(rig, 0);
	}
	assert_int_equal(owner_restarts(second), 0);

	/* A copy of a record of its own term: it can't know how that came, and starts again. */
	struct records events = rig_records(rig, 0, LOG_EVENTS);
	simulated_put(rig->url, 0, LOG_EVENTS, events.at[events.count - 1].value);
	records_free(&events);
	rig_send_traffic(rig, 0, 20);
	rig_wait_answered(rig, 0);
	wait_for_restart(second, 0);
	owner_wait_live(second); /* a stop while it recovers would drain nothing */
	owner_stop(second);
	struct audit audit = rig_audit(rig, 0, "second");
	assert_true(audit.void_records >= 20);
	rig_close(rig);
}

static void test_a_second_owner_ends_the_first(void **state)
{
	(void)state;
	two_owners("second", false, false);
}

static void test_a_second_owner_where_fencing_proves_nothing(void **state)
{
	(void)state;
	two_owners("ambiguous", true, false);
}

/* Not even a log that does not fence at all lets two owners pay. */
static void test_a_second_owner_where_nothing_is_fenced(void **state)
{
	(void)state;
	two_owners("unfenced", false, true);
}

/* Nothing to append, so nothing that would fail: it looks by itself. */
static void test_an_idle_owner_notices_another(void **state)
{
	(void)state;
	struct rig *rig = rig_open("idle", 1);
	struct owner *first = owner_new(rig, 0, "first"), *second = owner_new(rig, 0, "second");
	owner_start(first);
	rig_send_traffic(rig, 0, 100);
	rig_wait_answered(rig, 0);
	owner_start(second);
	owner_wait_live(second);
	owner_ends_saying(first, FAULT_USURPED, "another owner took it");
	rig_send_traffic(rig, 0, 100);
	rig_wait_answered(rig, 0);
	owner_stop(second);
	(void)rig_audit(rig, 0, "second");
	rig_close(rig);
}

/* What it met first is only how it came to look; and a log far away shows the other one late. */
static void test_a_tainted_owner_says_that_another_came(void **state)
{
	(void)state;
	struct rig *rig = rig_open("tainted", 1);
	struct hooked hooked = hooked_of(rig);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.log = &hooked.log;
	hooked.late_ms = 300;
	owner_start(owner);
	rig_send_traffic(rig, 0, 20);
	rig_wait_answered(rig, 0);
	hooked.ahead = 1;
	hooked.puts = 1;
	plan(rig,
		(struct simulated_plan){
			.call = SIMULATED_APPEND, .fault = SIMULATED_TEAR, .nth = 1, .times = 1 });
	rig_send_traffic(rig, 0, 20);
	owner_ends_saying(owner, FAULT_USURPED, "another owner took it");
	rig_run(rig, 0, "state");
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* It has inputs to compare with what was decided, and they come later than is looked for at first.
 */
static void test_a_log_far_away_is_no_fault(void **state)
{
	(void)state;
	struct rig *rig = rig_open("far", 1);
	rig_send_traffic(rig, 0, 20);
	rig_run(rig, 0, "state");
	struct hooked hooked = hooked_of(rig);
	hooked.late_ms = 2500;
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.log = &hooked.log;
	owner_start(owner);
	owner_wait_live(owner);
	assert_int_equal(owner_restarts(owner), 0);
	owner_stop(owner);
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

static void test_fenced_by_an_owner_not_seen(void **state)
{
	(void)state;
	struct rig *rig = rig_open("unseen", 1);
	struct owner *owner = owner_new(rig, 0, "state");
	owner_start(owner);
	owner_wait_live(owner);
	simulated_usurp(rig->url, 0);
	rig_send_traffic(rig, 0, 20);
	owner_ends(owner, FAULT_USURPED); /* its fence is proof */
	rig_run(rig, 0, "state");
	(void)rig_audit(rig, 0, "state");
	rig_close(rig);
}

/* --- All of it, at random --- */

static void random_plan(struct rig *rig, struct random *random)
{
	static const enum simulated_fault faults[] = { SIMULATED_FAIL, SIMULATED_TEAR,
		SIMULATED_TEAR_LATE, SIMULATED_DELAY };
	static const enum simulated_call others[] = { SIMULATED_FENCE, SIMULATED_READER_OPEN,
		SIMULATED_READ, SIMULATED_END };
	bool is_append = random_below(random, 3) != 0;
	plan(rig, (struct simulated_plan){
			  .call = is_append ? SIMULATED_APPEND : others[random_below(random, 4)],
			  .fault = is_append ? faults[random_below(random, 4)] : SIMULATED_FAIL,
			  .nth = 1 + random_below(random, 4),
			  .times = 1,
			  .records = random_below(random, 20),
			  .reads = 1 + random_below(random, 1000),
		  });
}

static void test_faults_at_random(void **state)
{
	(void)state;
	struct rig *rig = rig_open("random", 1);
	const char *seed_text = getenv("SHARD_SEED");
	struct random random = { seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)host_ms() };
	print_message("SHARD_SEED=%llu\n", (unsigned long long)random.state);
	struct owner *owner = owner_new(rig, 0, "state");
	owner->config.read_back_ms = 300;
	owner->config.checkpoint_ms = 20;
	owner_start(owner);
	for (int i = 0; i < 16; i++) {
		random_plan(rig, &random);
		rig_send_traffic(rig, 0, 1 + random_below(&random, 100));
		if (random_below(&random, 4) != 0)
			rig_wait_answered(rig, 0);
	}
	rig_wait_answered(rig, 0);
	shard_stop(owner->shard);
	/* A fault planned for later may meet its last steps. */
	int error = shard_join(owner->shard);
	assert_true(error == 0 || error == FAULT_IO || error == FAULT_TAINTED);
	owner_ends(owner, error);
	for (int i = 0; i < 200; i++) /* use up what is planned */
		(void)rig_end(rig, 0, LOG_EVENTS);
	owner = owner_new(rig, 0, "state");
	owner_start(owner);
	rig_wait_answered(rig, 0);
	owner_wait_live(owner);
	shard_stop(owner->shard);
	error = shard_join(owner->shard);
	owner_ends(owner, error);
	(void)rig_audit(rig, 0, error == 0 ? "state" : NULL);
	rig_close(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends_fail),
		cmocka_unit_test(test_events_become_readable_late),
		cmocka_unit_test(test_a_read_back_that_never_comes_taints),
		cmocka_unit_test(test_a_mark_that_was_overtaken_is_appended_again),
		cmocka_unit_test(test_to_be_live_for_an_instant_is_no_progress),
		cmocka_unit_test(test_a_stop_ends_a_recovery_that_gets_no_answer),
		cmocka_unit_test(test_a_second_owner_ends_the_first),
		cmocka_unit_test(test_a_second_owner_where_fencing_proves_nothing),
		cmocka_unit_test(test_a_second_owner_where_nothing_is_fenced),
		cmocka_unit_test(test_an_idle_owner_notices_another),
		cmocka_unit_test(test_a_tainted_owner_says_that_another_came),
		cmocka_unit_test(test_a_log_far_away_is_no_fault),
		cmocka_unit_test(test_fenced_by_an_owner_not_seen),
		cmocka_unit_test(test_faults_at_random),
	};
	return cmocka_run_group_tests_name("shard_faults", tests, NULL, NULL);
}
