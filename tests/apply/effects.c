/* SPDX-License-Identifier: Apache-2.0 */
/* As many effects and balances as an event can have: decided, found sound or not, applied, undone.
 * No command of today has as many balances. */
#include "apply/effects.h"
#include "apply/apply.h"
#include "base/murmur2.h"
#include "decide/posting.h"
#include "ledger/platform.h"
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

enum { HOME = 1, AWAY = 2, SHARDS = 4, SENT_BEFORE = 7, PAIRS = EFFECTS_PER_EVENT_MAX / 2 };

/* A party of shard AWAY. */
static struct account_id payee(unsigned number)
{
	struct account_id id;
	char text[ACCOUNT_ID_SIZE_MAX + 20];
	do {
		int size = snprintf(
			text, sizeof text, "p%063u/name-of-thirty-two-characters-ab", number);
		assert_true(account_id_parse(&id, text, (size_t)size));
		number += 1000;
	} while (murmur2_partition(id.at, id.party_size, SHARDS) != AWAY);
	return id;
}

static void send(struct fixture *f, unsigned number)
{
	struct account debit = account_of(f->state, number);
	struct account_id transit_id = account_id_transit(CURRENCY_USD, AWAY);
	struct account transit = account_platform_new(&transit_id, CURRENCY_USD);
	struct posting_request request = {
		.debit = &debit, .credit = &transit, .amount = amount_of(5), .layer = LAYER_posted
	};
	assert_int_equal(posting_add(&f->event, &request), REJECT_none);
	uint32_t from_place = f->event.effects[f->event.effect_count - 1].posting.debit_place;
	f->event.effects[f->event.effect_count++] = (struct effect){
		.kind = EFFECT_remittance,
		.remittance = { .shard = AWAY,
			.number = SENT_BEFORE + 1 + number,
			.from_place = from_place,
			.to_account = payee(number),
			.amount = amount_of(5),
			.purpose = PURPOSE_transfer },
	};
}

/* As many remittances as an event can have, all to one shard: each with a debit of its own. */
static int setup_sent(void **ret)
{
	assert_int_equal(setup(ret), 0);
	struct fixture *f = *ret;
	struct ledger ledger = { .shard = HOME, .shards = SHARDS };
	struct route route = { .shard = AWAY, .sent = SENT_BEFORE };
	struct account_id transit_id = account_id_transit(CURRENCY_USD, AWAY);
	struct account transit = account_platform_new(&transit_id, CURRENCY_USD);
	assert_true(state_reserve_event(f->state));
	mutate_ledger(f->state, &ledger);
	mutate_route(f->state, &route);
	mutate_account(f->state, &transit);
	event_clear(&f->event);
	f->event.has_command_id = true;
	for (unsigned i = 0; i < PAIRS; i++)
		send(f, i);
	assert_int_equal(f->event.effect_count, EFFECTS_PER_EVENT_MAX);
	return 0;
}

static void each_remittance_counts(void **given)
{
	struct fixture *f = *given;
	struct effect *effects = f->event.effects;
	assert_true(is_sound(f));
	for (unsigned i = 1; i < EFFECTS_PER_EVENT_MAX; i += 2) {
		struct effect was = effects[i];
		effects[i].remittance.number++;
		assert_false(is_sound(f));
		effects[i] = was;
		effects[i].remittance.amount = amount_of(6);
		assert_false(is_sound(f));
		effects[i] = was;
		effects[i].remittance.from_place = (was.remittance.from_place + 1) % PAIRS + 1;
		assert_false(is_sound(f));
		effects[i] = effects[i - 1]; /* sent before it is debited */
		effects[i - 1] = was;
		assert_false(is_sound(f));
		effects[i - 1] = effects[i];
		effects[i] = was;
	}
	assert_true(is_sound(f));
}

/* The second one has a number of its own, but no money. */
static void a_debit_sends_once(void **given)
{
	struct fixture *f = *given;
	f->event.effect_count = 2;
	f->event.balance_count = 2;
	f->event.balances[1].balances.credits_posted = amount_of(5);
	assert_true(is_sound(f));
	f->event.effects[2] = f->event.effects[1];
	f->event.effects[2].remittance.number++;
	f->event.effect_count = 3;
	assert_false(is_sound(f));
}

static void remittances_are_applied_and_undone(void **given)
{
	struct fixture *f = *given;
	assert_true(state_reserve_event(f->state));
	for (int is_meant = 0; is_meant < 2; is_meant++) {
		struct route route;
		struct outbox sent;
		state_try_begin(f->state);
		effects_apply(f->state, &f->event);
		assert_int_equal(view_route(f->state, AWAY, &route), ANSWER_PRESENT);
		assert_int_equal(route.sent, SENT_BEFORE + PAIRS);
		for (unsigned i = 0; i < PAIRS; i++) {
			struct account_id to = payee(i);
			assert_int_equal(view_outbox(f->state, AWAY, SENT_BEFORE + 1 + i, &sent),
				ANSWER_PRESENT);
			assert_true(account_id_equal(&sent.to_account, &to));
			assert_int_equal(amount_minor(sent.amount), 5);
		}
		assert_false(is_sound(f));
		if (is_meant)
			state_try_keep(f->state);
		else
			state_try_undo(f->state);
		assert_int_equal(is_sound(f), !is_meant);
	}
}

/* Rows of refusals are looked for one by one: 64 of them at most, where there are any. */
static void a_confirmation_has_bounds(void **given)
{
	struct fixture *f = *given;
	event_clear(&f->event);
	f->event.kind = EVENT_remittance_confirmed;
	f->event.sequence = 1;
	f->event.topic = TOPIC_internal;
	f->event.remittance_confirmed.home_shard = AWAY;
	for (unsigned refused = 0; refused < 2; refused++) {
		struct route route = {
			.shard = AWAY, .received = 300, .confirmed = 100, .refused = refused
		};
		assert_true(state_reserve_event(f->state));
		mutate_route(f->state, &route);
		f->event.remittance_confirmed.number = 100 + EFFECTS_PER_EVENT_MAX;
		assert_true(apply_is_sound(f->state, &f->event));
		f->event.remittance_confirmed.number++;
		assert_int_equal(apply_is_sound(f->state, &f->event), refused == 0);
		f->event.remittance_confirmed.number = 301;
		assert_false(apply_is_sound(f->state, &f->event));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(all_are_applied_and_undone, setup, teardown),
		cmocka_unit_test_setup_teardown(each_remittance_counts, setup_sent, teardown),
		cmocka_unit_test_setup_teardown(a_debit_sends_once, setup_sent, teardown),
		cmocka_unit_test_setup_teardown(
			remittances_are_applied_and_undone, setup_sent, teardown),
		cmocka_unit_test_setup_teardown(a_confirmation_has_bounds, setup_sent, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
