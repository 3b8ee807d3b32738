/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor against the core: the same events and the same books over random traffic and random
 * bytes. And that the auditor can fail: whatever is changed in an event is refused.
 *
 *   auditor_test [SEED [COUNT]]    only the random bytes of these seeds
 */
#include "auditor/alter.h"
#include "auditor/books.h"
#include "auditor/duel.h"
#include "workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum {
	MEMBERS = 8,
	WORKLOAD_INPUTS = 3000,
	WORKLOAD_SEEDS = 8,
	BYTES_MAX = 4096,
	BYTES_SEEDS = 1500,
	BYTES_FRESH = 500,
};

static const int64_t time_first_ms = 1767225600000;
static uint64_t asked_seed, asked_count;

/* --- Traffic, and any bytes --- */

static int64_t later(struct random *random, int64_t now_ms)
{
	uint64_t dice = random_below(random, 1000);
	return now_ms + (dice < 3           ? 86400000 * (int64_t)random_below(random, 8)
				: dice < 30 ? 3600000
					    : (int64_t)random_below(random, 500));
}

static void workload_run(uint64_t seed, const struct duel_watch *watch)
{
	struct codec *codec = codec_new();
	struct workload *workload = calloc(1, sizeof *workload);
	assert_non_null(workload);
	workload_init(workload, seed, codec, 0, 1, MEMBERS);
	workload->hold_expires_s_max = 7200;
	struct random random = { seed * 977 };
	int64_t now_ms = time_first_ms;
	struct duel *duel = duel_new(0, 1, now_ms, watch);
	bool is_even = *duel_error(duel) == '\0';
	for (size_t i = 0; i < WORKLOAD_INPUTS && is_even; i++) {
		struct work work;
		now_ms = later(&random, now_ms);
		workload_next(workload, now_ms, &work);
		enum topic topic = (enum topic)(work.stream + 1);
		duel_input(duel, topic, (int64_t)random_below(&random, 20) / 19,
			now_ms - (int64_t)random_below(&random, 2000),
			(struct bytes){ work.value, work.size });
		is_even = duel_decide(duel, topic);
		if (is_even && random_below(&random, 200) == 0)
			duel_restart(duel);
	}
	if (!is_even || !duel_compare(duel))
		fail_msg("workload of seed %llu: %s", (unsigned long long)seed, duel_error(duel));
	duel_free(duel);
	codec_free(codec);
	free(workload);
}

static void test_workload(void **unused)
{
	(void)unused;
	for (uint64_t seed = 1; seed <= WORKLOAD_SEEDS; seed++)
		workload_run(seed, NULL);
}

static size_t bytes_make(uint64_t seed, uint8_t bytes[BYTES_MAX])
{
	struct random random = { seed * 0x9e3779b97f4a7c15u };
	size_t size = random_below(&random, BYTES_MAX);
	/* More or less of what is ordinary: see duel_bytes.c. */
	uint64_t calm = random_below(&random, 4);
	for (size_t i = 0; i < size; i++) {
		uint64_t draw = random_next(&random);
		bool is_calm = (draw >> 8) % 4 < calm;
		bytes[i] = (uint8_t)(is_calm ? draw % 192 : draw);
	}
	return size;
}

static void bytes_run(uint64_t seed, uint64_t count, const struct duel_watch *watch)
{
	static uint8_t bytes[BYTES_MAX];
	static char error[4096];
	for (uint64_t end = seed + count; seed < end; seed++) {
		size_t size = bytes_make(seed, bytes);
		if (!duel_is_even(bytes, size, watch, error, sizeof error))
			fail_msg("auditor_test %llu: %s", (unsigned long long)seed, error);
	}
}

/* From inputs alone; the others have a test of their own. */
static bool comes_up(enum event_kind kind)
{
	return *event_name(kind) && kind != EVENT_inputs_restarted;
}

static void test_bytes(void **unused)
{
	(void)unused;
	struct duel_tally tally = { 0 };
	struct duel_watch watch = { .tally = &tally };
	if (asked_count > 0) {
		bytes_run(asked_seed, asked_count, NULL);
		return;
	}
	bytes_run(1, BYTES_SEEDS, &watch);
	for (size_t i = 0; i <= EVENT_LAST; i++)
		if (comes_up((enum event_kind)i) && tally.events[i] < 10)
			fail_msg("%s hardly came up", event_name((enum event_kind)i));
	for (size_t i = 0; i <= REJECT_LAST; i++)
		if (*reject_name((enum reject)i) && tally.rejects[i] < 10)
			fail_msg("%s hardly came up", reject_name((enum reject)i));
	uint64_t fresh = (uint64_t)time(NULL) * 1000;
	print_message(
		"fresh seeds: auditor_test %llu %d\n", (unsigned long long)fresh, BYTES_FRESH);
	bytes_run(fresh, BYTES_FRESH, NULL);
}

static void test_what_is_changed_is_refused(void **unused)
{
	(void)unused;
	struct altering altering = { 0 };
	struct duel_watch watch = { .look = event_alter, .context = &altering };
	workload_run(1, &watch);
	bytes_run(1, 400, &watch);
	for (size_t i = 0; i <= EVENT_LAST; i++)
		if (comes_up((enum event_kind)i) && altering.kinds[i] == 0)
			fail_msg("no %s was altered", event_name((enum event_kind)i));
	for (size_t i = 0; i <= REJECT_LAST; i++)
		if (*reject_name((enum reject)i) && altering.rejects[i] == 0)
			fail_msg("no %s was altered", reject_name((enum reject)i));
	print_message("%zu alterations\n", altering.altered);
}

/* --- Single rules, on two members with money --- */

struct table {
	struct codec *codec;
	struct workload workload;
	struct duel *duel;
	struct duel_tally tally;
	int64_t now_ms;
};

static void table_send(struct table *table, const struct command *command)
{
	struct work work;
	work_encode(&table->workload, command, &work);
	duel_input(table->duel, (enum topic)(work.stream + 1), 0, table->now_ms,
		(struct bytes){ work.value, work.size });
}

static void table_decide(struct table *table, enum topic topic)
{
	while (duel_pending(table->duel, topic) > 0)
		if (!duel_decide(table->duel, topic))
			fail_msg("%s", duel_error(table->duel));
}

static struct command table_command(struct table *table, enum command_kind kind)
{
	return workload_command(&table->workload, kind, &table->workload.members[0], table->now_ms);
}

static struct money usd(int64_t minor)
{
	return (struct money){ .amount = amount_of(minor), .currency = CURRENCY_USD };
}

static struct command table_funds(struct table *table, const char *reference)
{
	struct command command = table_command(table, COMMAND_funds_receive);
	command.funds_receive.to_account = workload_account(&command.party, "main");
	command.funds_receive.amount = usd(100000);
	command.funds_receive.rail = RAIL_ach;
	text64_set(&command.funds_receive.rail_reference, reference, strlen(reference));
	return command;
}

static struct table *table_open(duel_look *look)
{
	struct table *table = calloc(1, sizeof *table);
	assert_non_null(table);
	table->codec = codec_new();
	table->now_ms = time_first_ms;
	workload_init(&table->workload, 1, table->codec, 0, 1, 2);
	struct duel_watch watch = { look, NULL, &table->tally };
	table->duel = duel_new(0, 1, table->now_ms, &watch);
	for (int i = 0; i < 6; i++) {
		struct work work;
		workload_next(&table->workload, table->now_ms, &work);
		duel_input(table->duel, TOPIC_commands, 0, table->now_ms,
			(struct bytes){ work.value, work.size });
	}
	table_decide(table, TOPIC_commands);
	struct command funds = table_funds(table, "first");
	table_send(table, &funds);
	table_decide(table, TOPIC_rails);
	assert_int_equal(table->tally.events[EVENT_funds_received], 1);
	return table;
}

static void table_close(struct table *table)
{
	if (!duel_compare(table->duel))
		fail_msg("%s", duel_error(table->duel));
	duel_free(table->duel);
	codec_free(table->codec);
	free(table);
}

static struct id table_hold(struct table *table, int64_t expires_in_s)
{
	struct command command = table_command(table, COMMAND_hold_create);
	command.hold_create.from_account = workload_account(&command.party, "main");
	command.hold_create.to_account = workload_account(&table->workload.members[1], "main");
	command.hold_create.amount = usd(1);
	command.hold_create.expires_in_s = expires_in_s;
	text64_set(&command.hold_create.reason, "ride", 4);
	table_send(table, &command);
	table_decide(table, TOPIC_commands);
	return command.id.id;
}

static void table_tick(struct table *table)
{
	struct command tick = table_command(table, COMMAND_tick);
	tick.party.size = 0;
	table_send(table, &tick);
	table_decide(table, TOPIC_internal);
}

static void test_timers_before_one_input_are_bounded(void **unused)
{
	(void)unused;
	enum { HOLDS = 2500 };
	struct table *table = table_open(NULL);
	struct command capture = table_command(table, COMMAND_hold_capture);
	for (int i = 0; i < HOLDS; i++)
		capture.hold_capture.hold_id.id = table_hold(table, 60);
	capture.hold_capture.amount.is_absent = true;
	const size_t *events = table->tally.events;
	assert_int_equal(events[EVENT_hold_created], HOLDS);
	table->now_ms += 59999;
	table_tick(table);
	assert_int_equal(events[EVENT_hold_expired], 0);
	table->now_ms++;
	table_tick(table);
	assert_int_equal(events[EVENT_hold_expired], 1024);
	/* The last one is expired too, though its timer is yet to fire. */
	table_send(table, &capture);
	table_decide(table, TOPIC_commands);
	assert_int_equal(events[EVENT_hold_expired], 2048);
	assert_int_equal(table->tally.rejects[REJECT_hold_is_expired], 1);
	table_tick(table);
	assert_int_equal(events[EVENT_hold_expired], HOLDS);
	assert_int_equal(table->tally.timers_most, 1024);
	table_close(table);
}

static void test_a_rail_reference_is_kept_for_732_days(void **unused)
{
	(void)unused;
	static const int64_t later_ms[] = { 0, 1, 86400000 * 732LL - 2, 1, 1, 0 };
	static const size_t refused[] = { 1, 2, 3, 3, 4, 5 };
	struct table *table = table_open(NULL);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		table->now_ms += later_ms[i];
		struct command command = table_funds(table, "first");
		table_send(table, &command);
		table_decide(table, TOPIC_rails);
		assert_int_equal(table->tally.rejects[REJECT_rail_reference_used], refused[i]);
	}
	table_close(table);
}

/* --- What is not a matter of one event --- */

static void look_for_another_input(
	void *context, struct auditor *auditor, const struct event *event)
{
	(void)context;
	if (event->kind != EVENT_ticked)
		return;
	/* A timer fired for internal:0, and rails:1 waits too: it may not come now. */
	struct event other = *event;
	other.topic = TOPIC_rails;
	other.offset = 1;
	const char *said = auditor_event(auditor, &other);
	assert_non_null(said);
	assert_non_null(strstr(said, "timers have fired for internal:0"));
	said = auditor_all_answered(auditor);
	assert_non_null(said);
	assert_string_equal(said, "1 inputs of rails have no outcome, from offset 1");
}

static void test_an_input_is_decided_after_its_timers(void **unused)
{
	(void)unused;
	struct table *table = table_open(look_for_another_input);
	(void)table_hold(table, 1);
	table->now_ms += 1000;
	struct command tick = table_command(table, COMMAND_tick);
	struct command funds = table_funds(table, "second");
	tick.party.size = 0;
	table_send(table, &tick);
	table_send(table, &funds);
	table_decide(table, TOPIC_internal);
	table_decide(table, TOPIC_rails);
	assert_int_equal(table->tally.events[EVENT_hold_expired], 1);
	assert_int_equal(table->tally.events[EVENT_ticked], 1);
	table_close(table);
}

static struct altering restart_altering;

static void restart_alter(void *context, struct auditor *auditor, const struct event *event)
{
	(void)context;
	if (event->kind == EVENT_inputs_restarted)
		event_alter(&restart_altering, auditor, event);
}

/* What was decided before stands, and repeats are known; timers fire for whichever input comes. */
static void test_a_topic_is_made_anew(void **unused)
{
	(void)unused;
	struct table *table = table_open(restart_alter);
	struct command funds = table_funds(table, "again");
	table_send(table, &funds);
	table_decide(table, TOPIC_rails);
	if (!duel_make_anew(table->duel, TOPIC_rails))
		fail_msg("%s", duel_error(table->duel));
	table_send(table, &funds);
	table_decide(table, TOPIC_rails);
	assert_int_equal(table->tally.events[EVENT_inputs_restarted], 1);
	assert_int_equal(table->tally.events[EVENT_command_repeated], 1);
	assert_int_equal(restart_altering.kinds[EVENT_inputs_restarted], 1);
	assert_true(duel_compare(table->duel));
	table_close(table);
}

static struct account_page *page_add(
	struct books *books, const char *text, int64_t debits, int64_t credits)
{
	struct account_id id;
	assert_true(account_id_parse_any(&id, text, strlen(text)));
	struct account_page *page = shelf_add(&books->accounts, &id);
	page->currency = CURRENCY_USD;
	page->totals[DEBITS_POSTED] = debits;
	page->totals[CREDITS_POSTED] = credits;
	return page;
}

/* A bank and two members, of which ann has a hold of 10 for bob. */
static struct hold_page *books_make(struct books *books)
{
	static const struct id id = { { 1 } };
	books_init(books, 0, 1);
	books->sequence = 1;
	dues_put(&books->timers, (struct due){ .at_ms = 5, .kind = TIMER_KIND_command_ids });
	(void)page_add(books, "@bank/USD", 100, 0);
	struct hold_page *hold = shelf_add(&books->holds, &id);
	hold->from = page_add(books, "ann/main", 30, 100);
	hold->to = page_add(books, "bob/main", 0, 30);
	hold->minor = 10;
	hold->from->totals[DEBITS_PENDING] = 10;
	hold->to->totals[CREDITS_PENDING] = 10;
	hold->from->open_holds = hold->to->open_holds = 1;
	dues_put(&books->timers,
		(struct due){
			.id = id, .kind = TIMER_KIND_hold_expiry, .place = &hold->timer_place });
	return hold;
}

static void sums_fail(struct books *books, const char *expected)
{
	char message[256];
	const char *said = books_sums(books, message, sizeof message);
	if (!said || !strstr(said, expected))
		fail_msg("expected \"%s\", got \"%s\"", expected, said ? said : "nothing");
	books_free(books);
}

/* Its timers may have fired for an input that is gone. */
static void test_inputs_that_go_on_forget_fired_timers(void **state)
{
	(void)state;
	struct event restarted = { .kind = EVENT_inputs_restarted,
		.sequence = 2,
		.inputs_restarted = { .topic = TOPIC_commands, .expected_offset = 5 } };
	struct books books;
	books_init(&books, 0, 1);
	books.timers_fired = 3;
	books_take(&books, &restarted);
	assert_int_equal(books.timers_fired, 0);
	books_free(&books);
}

static void test_sums_can_fail(void **unused)
{
	(void)unused;
	struct books books;
	char message[256];
	struct hold_page *hold = books_make(&books);
	assert_null(books_sums(&books, message, sizeof message));
	hold->to->totals[CREDITS_POSTED]++;
	sums_fail(&books, "debits and credits of USD differ");

	hold = books_make(&books);
	hold->to->totals[CREDITS_PENDING]++;
	sums_fail(&books, "debits and credits of USD differ");

	hold = books_make(&books);
	hold->minor++;
	sums_fail(&books, "which the holds themselves are not");

	hold = books_make(&books);
	hold->from->totals[DEBITS_POSTED] += 61;
	sums_fail(&books, "ann/main: it is below its floor");

	hold = books_make(&books);
	hold->to->is_closed = true;
	sums_fail(&books, "bob/main: it is closed, but not empty");

	hold = books_make(&books);
	dues_remove(&books.timers, hold->timer_place);
	sums_fail(&books, "an open hold of ann/main has no timer");

	hold = books_make(&books);
	dues_put(&books.timers,
		(struct due){ .at_ms = 7, .id = { { 2 } }, .kind = TIMER_KIND_hold_expiry });
	sums_fail(&books, "2 timers of 1 open holds");

	(void)books_make(&books);
	(void)page_add(&books, "@transit/USD.1", 5, 5);
	sums_fail(&books, "account @transit/USD.1: its totals are not what its remittances");
}

int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workload),
		cmocka_unit_test(test_what_is_changed_is_refused),
		cmocka_unit_test(test_timers_before_one_input_are_bounded),
		cmocka_unit_test(test_a_rail_reference_is_kept_for_732_days),
		cmocka_unit_test(test_an_input_is_decided_after_its_timers),
		cmocka_unit_test(test_a_topic_is_made_anew),
		cmocka_unit_test(test_inputs_that_go_on_forget_fired_timers),
		cmocka_unit_test(test_sums_can_fail),
		cmocka_unit_test(test_bytes),
	};
	if (argument_count > 1) {
		asked_seed = strtoull(arguments[1], NULL, 10);
		asked_count = argument_count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
		cmocka_set_test_filter("test_bytes");
	}
	return cmocka_run_group_tests_name("auditor", tests, NULL, NULL);
}
