/* SPDX-License-Identifier: Apache-2.0 */
/* As many effects and balances as an event can have: decided, found sound or not, applied, undone.
 * No command of today comes near. */
#include "apply/effects.h"
#include "decide/posting.h"
#include "state/try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
	void *memory;
	struct state *state;
	struct event event;
};

static struct account account_of(const struct state *state, unsigned number)
{
	struct account account = { 0 };
	char text[ACCOUNT_ID_SIZE_MAX + 20];
	/* As long as can be: their rows take the most room. */
	int size = snprintf(text, sizeof text, "p%063u/%s%02u", number,
		"name-of-thirty-two-characters-", number);
	struct account_id id;
	assert_true(account_id_parse(&id, text, (size_t)size));
	if (view_account(state, &id, &account) != ANSWER_PRESENT)
		account = (struct account){
			.id = id, .currency = CURRENCY_USD, .account_class = ACCOUNT_CLASS_liability
		};
	return account;
}

static void post(struct fixture *f, unsigned from, unsigned to, int64_t minor)
{
	struct account debit = account_of(f->state, from), credit = account_of(f->state, to);
	struct posting_request request = { .debit = &debit,
		.credit = &credit,
		.amount = amount_of(minor),
		.layer = LAYER_posted };
	assert_int_equal(posting_add(&f->event, &request), REJECT_none);
}

/* Round in a ring: each account is debited once and credited once. */
static int setup(void **ret)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->memory = aligned_alloc(16, STATE_MEMORY_MIN);
	f->state = state_init(f->memory, STATE_MEMORY_MIN);
	assert_non_null(f->state);
	for (unsigned i = 0; i < BALANCES_PER_EVENT_MAX; i++) {
		struct account account = account_of(f->state, i);
		assert_true(state_reserve_event(f->state));
		mutate_account(f->state, &account);
	}
	memset(&f->event, 0xa5, sizeof f->event); /* what stood there before is nothing */
	event_clear(&f->event);
	assert_int_equal(f->event.effect_count + f->event.balance_count, 0);
	for (unsigned i = 0; i < EFFECTS_PER_EVENT_MAX; i++)
		post(f, i % BALANCES_PER_EVENT_MAX, (i + 1) % BALANCES_PER_EVENT_MAX, 1 + i);
	assert_int_equal(f->event.effect_count, EFFECTS_PER_EVENT_MAX);
	assert_int_equal(f->event.balance_count, BALANCES_PER_EVENT_MAX);
	*ret = f;
	return 0;
}

static int teardown(void **given)
{
	struct fixture *f = *given;
	free(f->memory);
	free(f);
	return 0;
}

static bool is_sound(struct fixture *f)
{
	return effects_are_sound(f->state, &f->event);
}

static void each_counts(void **given)
{
	struct fixture *f = *given;
	assert_true(is_sound(f));
	for (unsigned i = 0; i < EFFECTS_PER_EVENT_MAX; i++) {
		struct amount *amount = &f->event.effects[i].posting.amount, was = *amount;
		*amount = amount_of(amount_minor(was) + 1);
		assert_false(is_sound(f));
		*amount = was;
	}
	for (unsigned i = 0; i < BALANCES_PER_EVENT_MAX; i++) {
		struct amount *total = &f->event.balances[i].balances.credits_posted, was = *total;
		*total = amount_of(amount_minor(was) + 1);
		assert_false(is_sound(f));
		*total = was;
	}
	f->event.effect_count--;
	assert_false(is_sound(f));
}

static void all_are_applied_and_undone(void **given)
{
	struct fixture *f = *given;
	assert_true(state_reserve_event(f->state));
	for (int is_meant = 0; is_meant < 2; is_meant++) {
		state_try_begin(f->state);
		effects_apply(f->state, &f->event);
		for (unsigned i = 0; i < BALANCES_PER_EVENT_MAX; i++) {
			struct account account = account_of(f->state, i);
			assert_true(account_id_equal(&account.id, &f->event.balances[i].account));
			assert_memory_equal(&account.balances, &f->event.balances[i].balances,
				sizeof account.balances);
		}
		assert_false(is_sound(f)); /* it stands on the state of before */
		if (is_meant)
			state_try_keep(f->state);
		else
			state_try_undo(f->state);
		assert_int_equal(is_sound(f), !is_meant);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(all_are_applied_and_undone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
