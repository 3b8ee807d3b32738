/* SPDX-License-Identifier: Apache-2.0 */
/* An event of the log that the rules could not have written is a fault of the log, never a bug: it
 * is refused, and nothing has changed. Each is a golden event with one thing wrong: here what any
 * event can have wrong, beside its maker in golden_events what only it can. */
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
/* Of a payment that was never sent. */
static void settlement_without_cause(struct event *event)
{
	event->effects[event->effect_count++] = (struct effect){
		.kind = EFFECT_settlement,
		.settlement = { .number = 1, .payment_id = { { 1 } } },
	};
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

/* --- Of which events: of all but a ledger's first one, which has nothing before it --- */

static bool has_one_before(const struct event *event)
{
	return event->kind != EVENT_ledger_opened;
}
static bool goes_on_in_time(const struct event *event)
{
	return has_one_before(event) && event->kind != EVENT_clock_restarted;
}
static bool may_name_an_input(const struct event *event)
{
	return has_one_before(event) && event->kind != EVENT_inputs_restarted;
}
static bool moves_money(const struct event *event)
{
	return event_moves_money(event->kind);
}
static bool has_effects(const struct event *event)
{
	return moves_money(event) || event_settles(event->kind);
}
static bool moves_none(const struct event *event)
{
	return has_one_before(event) && !moves_money(event);
}
static bool posts_first(const struct event *event)
{
	return moves_money(event) && event->effects[0].posting.layer == LAYER_posted;
}

static const struct {
	struct unsound unsound;
	bool (*is_for)(const struct event *event);
} generals[] = {
	{ UNSOUND(sequence_again), has_one_before },
	{ UNSOUND(sequence_skipped), has_one_before },
	{ UNSOUND(time_goes_back), goes_on_in_time },
	{ UNSOUND(time_without_end), has_one_before },
	{ UNSOUND(offset_again), may_name_an_input },
	{ UNSOUND(offset_without_next), may_name_an_input },
	{ UNSOUND(ledger_again), has_one_before },
	{ UNSOUND(effects_gone), has_effects },
	{ UNSOUND(effect_without_cause), moves_none },
	{ UNSOUND(balance_without_cause), moves_none },
	{ UNSOUND(settlement_without_cause), has_one_before },
	{ UNSOUND(amount_differs), moves_money },
	{ UNSOUND(amount_zero), moves_money },
	{ UNSOUND(balance_differs), moves_money },
	{ UNSOUND(account_unknown), moves_money },
	{ UNSOUND(currency_differs), moves_money },
	{ UNSOUND(total_without_bound), posts_first },
};

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

static void is_refused(
	struct state *state, const struct golden *golden, const struct unsound *unsound)
{
	struct event changed = golden->event;
	unsound->change(&changed);
	state_prepare(state, golden);
	size_t rows = state_dirty_bytes(state);
	struct head head = *state_head(state);
	if (replay(state, &changed) != ENGINE_UNSOUND)
		fail_msg("%s is taken: %s", golden->name, unsound->name);
	assert_int_equal(state_dirty_bytes(state), rows);
	assert_memory_equal(&head, state_head(state), sizeof head);
	assert_int_equal(replay(state, &golden->event), ENGINE_OUTCOME);
}

static void test_each_is_refused(void **unused)
{
	(void)unused;
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert_non_null(memory);
	struct state *state = state_init(memory, STATE_MEMORY_MIN);
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		struct golden golden;
		golden_make(i, &golden);
		if (!golden.unsound)
			fail_msg("%s: its maker in tests/golden_events does not say what "
				 "would be unsound",
				golden.name);
		for (const struct unsound *own = golden.unsound; own->name; own++)
			is_refused(state, &golden, own);
		for (size_t g = 0; g < sizeof generals / sizeof generals[0]; g++)
			if (generals[g].is_for(&golden.event))
				is_refused(state, &golden, &generals[g].unsound);
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
