/* SPDX-License-Identifier: Apache-2.0 */
/* An event of the log that the rules could not have written is a fault of the log, never a bug: it
 * is refused, and nothing has changed. Each is a golden event with one thing wrong. */
#include "golden_events.h"
#include "model_store.h"

#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void sequence_again(struct event *event)
{
	event->sequence--;
}
static void sequence_skipped(struct event *event)
{
	event->sequence++;
}
static void time_goes_back(struct event *event)
{
	event->engine_time_ms = 1;
}
static void time_without_end(struct event *event)
{
	event->engine_time_ms = ID_TIME_MS_MAX + 1;
}
static void offset_again(struct event *event)
{
	event->topic = TOPIC_commands;
	event->offset = 0;
}
static void offset_without_next(struct event *event)
{
	event->topic = TOPIC_commands;
	event->offset = INT64_MAX;
}
static void ledger_again(struct event *event)
{
	event->kind = EVENT_ledger_opened;
	event->topic = TOPIC_none;
}
static void effects_gone(struct event *event)
{
	event->effect_count = 0;
	event->balance_count = 0;
}
static void effect_without_cause(struct event *event)
{
	struct golden other;
	for (size_t i = 0; i == 0 || other.event.kind != EVENT_transfer_posted; i++)
		golden_make(i, &other);
	memcpy(event->effects, other.event.effects, sizeof event->effects);
	memcpy(event->balances, other.event.balances, sizeof event->balances);
	event->effect_count = other.event.effect_count;
	event->balance_count = other.event.balance_count;
}
static void balance_without_cause(struct event *event)
{
	effect_without_cause(event);
	event->effect_count = 0;
}
static void amount_differs(struct event *event)
{
	event->effects[0].posting.amount = amount_of(7);
}
static void amount_zero(struct event *event)
{
	event->effects[0].posting.amount = AMOUNT_ZERO;
}
static void balance_differs(struct event *event)
{
	event->balances[1].balances.credits_posted = amount_of(7);
}
static void account_unknown(struct event *event)
{
	event->balances[0].account.at[0] = 'z';
}
static void currency_differs(struct event *event)
{
	event->balances[0].currency = event->balances[1].currency = CURRENCY_EUR;
}
/* It adds up, and still no sum of it and others would. */
static void total_without_bound(struct event *event)
{
	struct amount amount = amount_of(ACCOUNT_TOTAL_MAX + 1);
	struct amount *total = &event->balances[0].balances.debits_posted;
	bool fits = amount_subtract(total, *total, event->effects[0].posting.amount) &&
		    amount_add(total, *total, amount);
	total = &event->balances[1].balances.credits_posted;
	fits = fits && amount_subtract(total, *total, event->effects[0].posting.amount) &&
	       amount_add(total, *total, amount);
	assert_true(fits);
	event->effects[0].posting.amount = amount;
}
static void hold_unknown(struct event *event)
{
	/* All three begin with the hold's id. */
	event->hold_captured.hold_id.at[15] ^= 1;
}
static void captured_without_bound(struct event *event)
{
	event->hold_captured.captured = amount_of(INT64_MAX);
}
static void held_without_bound(struct event *event)
{
	event->hold_created.amount = amount_of(INT64_MAX);
}
static void reason_too_long(struct event *event)
{
	static const char long_one[] = "a_reason_that_no_row_has_any_room_for";
	text64_set(&event->hold_created.reason, long_one, sizeof long_one - 1);
}
static void party_no_name(struct event *event)
{
	text64_set(&event->party_opened.party, "Alice", 5);
}
static void reference_absent(struct event *event)
{
	event->funds_received.rail_reference.size = 0;
}
static void account_closed_unknown(struct event *event)
{
	event->account_closed.account.at[0] = 'z';
}
static void drop_of_the_future(struct event *event)
{
	event->command_ids_dropped.before_ms = event->engine_time_ms + 1;
}
static void ticked_for_nothing(struct event *event)
{
	event->ticked.timers_fired = 1;
}
static void clock_goes_on(struct event *event)
{
	event->engine_time_ms = event->clock_restarted.left_ms;
}
static void clock_before_all_time(struct event *event)
{
	event->engine_time_ms = -1;
}
static void clock_left_another(struct event *event)
{
	event->clock_restarted.left_ms++;
}
static void cut_off_differs(struct event *event)
{
	event->clock_restarted.command_ids_from_ms++;
}
static void windows_without_end(struct event *event)
{
	event->ledger_opened.id_too_old_ms = INT64_MAX;
}

static void restart_of_another_place(struct event *event)
{
	event->inputs_restarted.expected_offset++;
}
static void restart_of_another_record(struct event *event)
{
	event->inputs_restarted.expected_digest.at[0] ^= 1;
}

static void restart_of_another_command(struct event *event)
{
	event->inputs_restarted.expected_command_id.at[0] ^= 1;
}

static const struct {
	const char *name;
	void (*change)(struct event *event);
	enum event_kind kinds[6]; /* the first one none: all but ledger_opened */
} changes[] = {
#define CHANGE(function, ...)        \
	{                            \
#function, function, \
		{                    \
			__VA_ARGS__  \
		}                    \
	}
#define POSTED EVENT_funds_received, EVENT_transfer_posted
#define MONEY \
	POSTED, EVENT_hold_created, EVENT_hold_captured, EVENT_hold_released, EVENT_hold_expired
	CHANGE(sequence_again, EVENT_none),
	CHANGE(sequence_skipped, EVENT_none),
	CHANGE(time_goes_back, EVENT_none),
	CHANGE(time_without_end, EVENT_none),
	CHANGE(offset_again, EVENT_none),
	CHANGE(offset_without_next, EVENT_none),
	CHANGE(ledger_again, EVENT_none),
	CHANGE(effects_gone, MONEY),
	CHANGE(effect_without_cause, EVENT_ticked, EVENT_party_opened, EVENT_account_opened,
		EVENT_account_closed, EVENT_command_rejected, EVENT_command_repeated),
	CHANGE(balance_without_cause, EVENT_ticked, EVENT_party_opened),
	CHANGE(amount_differs, MONEY),
	CHANGE(amount_zero, MONEY),
	CHANGE(balance_differs, MONEY),
	CHANGE(account_unknown, EVENT_transfer_posted, EVENT_hold_created, EVENT_hold_captured),
	CHANGE(currency_differs, MONEY),
	CHANGE(total_without_bound, POSTED),
	CHANGE(hold_unknown, EVENT_hold_captured, EVENT_hold_released, EVENT_hold_expired),
	CHANGE(captured_without_bound, EVENT_hold_captured),
	CHANGE(held_without_bound, EVENT_hold_created),
	CHANGE(reason_too_long, EVENT_hold_created),
	CHANGE(party_no_name, EVENT_party_opened),
	CHANGE(reference_absent, EVENT_funds_received),
	CHANGE(account_closed_unknown, EVENT_account_closed),
	CHANGE(drop_of_the_future, EVENT_command_ids_dropped),
	CHANGE(ticked_for_nothing, EVENT_ticked),
	CHANGE(windows_without_end, EVENT_ledger_opened),
	CHANGE(restart_of_another_place, EVENT_inputs_restarted),
	CHANGE(restart_of_another_record, EVENT_inputs_restarted),
	CHANGE(restart_of_another_command, EVENT_inputs_restarted),
	CHANGE(clock_goes_on, EVENT_clock_restarted),
	CHANGE(clock_before_all_time, EVENT_clock_restarted),
	CHANGE(clock_left_another, EVENT_clock_restarted),
	CHANGE(cut_off_differs, EVENT_clock_restarted),
};

static bool is_for(size_t change, enum event_kind kind)
{
	bool is_of_input = changes[change].change == offset_again ||
			   changes[change].change == offset_without_next;
	if (is_of_input && kind == EVENT_inputs_restarted)
		return false; /* it answers none */
	if (changes[change].change == time_goes_back && kind == EVENT_clock_restarted)
		return false;
	if (changes[change].kinds[0] == EVENT_none)
		return kind != EVENT_ledger_opened;
	for (size_t i = 0; i < 6; i++)
		if (changes[change].kinds[i] == kind)
			return true;
	return false;
}

static enum engine_result replay(struct state *state, const struct event *event)
{
	struct model_store nothing = { 0 };
	enum engine_result result;
	/* As decoding does: values that no field can have do not come this far. */
	if (event_body_wrong(event))
		return ENGINE_UNSOUND;
	while ((result = engine_replay(state, event)) == ENGINE_NOT_LOADED)
		assert_true(model_store_load(&nothing, state));
	return result;
}

/* With what the golden event stands on. */
static void state_prepare(struct state *state, const struct golden *golden)
{
	state_reset(state);
	for (size_t i = 0; i < golden->before_count; i++)
		assert_int_equal(replay(state, &golden->before[i]), ENGINE_OUTCOME);
}

static void test_each_is_refused(void **unused)
{
	(void)unused;
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert_non_null(memory);
	struct state *state = state_init(memory, STATE_MEMORY_MIN);
	for (size_t change = 0; change < sizeof changes / sizeof changes[0]; change++) {
		size_t tried = 0;
		for (size_t i = 0; i < EVENT_COUNT; i++) {
			struct golden golden;
			golden_make(i, &golden);
			if (!is_for(change, golden.event.kind))
				continue;
			struct event changed = golden.event;
			changes[change].change(&changed);
			state_prepare(state, &golden);
			size_t rows = state_dirty_bytes(state);
			struct head head = *state_head(state);
			if (replay(state, &changed) != ENGINE_UNSOUND)
				fail_msg("%s is taken: %s", golden.name, changes[change].name);
			assert_int_equal(state_dirty_bytes(state), rows);
			assert_memory_equal(&head, state_head(state), sizeof head);
			assert_int_equal(replay(state, &golden.event), ENGINE_OUTCOME);
			tried++;
		}
		assert_true(tried > 0);
	}
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_refused),
	};
	return cmocka_run_group_tests_name("unsound", tests, NULL, NULL);
}
