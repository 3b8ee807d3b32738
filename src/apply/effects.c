/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/effects.h"

#include "apply/remittance/route.h"
#include "ledger/platform.h"
#include "ledger/totals.h"

#include <assert.h>

/* An account that is not there yet is one of the platform's: this event is the first to name it. */
static bool account_read(
	const struct state *state, const struct balance_after *after, struct account *ret)
{
	enum answer answer = view_account(state, &after->account, ret);
	assert(answer != ANSWER_NOT_LOADED);
	if (answer == ANSWER_ABSENT) {
		if (!account_id_is_platform(&after->account))
			return false;
		*ret = account_platform_new(&after->account, after->currency);
	}
	return ret->currency == after->currency;
}

static bool balances_equal(const struct balances *a, const struct balances *b)
{
	return amount_compare(a->debits_posted, b->debits_posted) == 0 &&
	       amount_compare(a->credits_posted, b->credits_posted) == 0 &&
	       amount_compare(a->debits_pending, b->debits_pending) == 0 &&
	       amount_compare(a->credits_pending, b->credits_pending) == 0;
}

static bool posting_apply(
	const struct event *event, const struct posting *posting, struct account *accounts)
{
	if (!posting_places_are_sound(event, posting) || !amount_is_positive(posting->amount))
		return false;
	struct account *debit = &accounts[posting->debit_place - 1];
	struct account *credit = &accounts[posting->credit_place - 1];
	return debit->currency == credit->currency &&
	       balances_debit(&debit->balances, posting->layer, posting->amount) &&
	       balances_credit(&credit->balances, posting->layer, posting->amount);
}

/* Of one that is no posting. A remittance never stands alone: a posting before it debits the payer.
 */
static bool kind_fits(const struct event *event, enum effect_kind kind)
{
	return kind == EFFECT_settlement ? event_settles(event->kind) : event->effect_count > 1;
}

/* The accounts after the event. False: what decide worked out and what the postings come to are not
 * the same. */
static bool effects_work_out(const struct state *state, const struct event *event,
	struct account accounts[BALANCES_PER_EVENT_MAX])
{
	for (uint8_t i = 0; i < event->balance_count; i++)
		if (!account_read(state, &event->balances[i], &accounts[i]))
			return false;
	for (uint8_t i = 0; i < event->effect_count; i++)
		if (event->effects[i].kind == EFFECT_posting
				? !posting_apply(event, &event->effects[i].posting, accounts)
				: !kind_fits(event, event->effects[i].kind))
			return false;
	for (uint8_t i = 0; i < event->balance_count; i++)
		if (!balances_equal(&accounts[i].balances, &event->balances[i].balances))
			return false;
	return true;
}

void effects_load(const struct state *state, const struct event *event)
{
	if (event->effect_count > 1)
		remittances_load(state, event);
}

bool effects_are_sound(const struct state *state, const struct event *event)
{
	struct account accounts[BALANCES_PER_EVENT_MAX];
	return effects_work_out(state, event, accounts) &&
	       (event->effect_count <= 1 || remittances_are_sound(state, event));
}

void effects_apply(struct state *state, const struct event *event)
{
	struct account accounts[BALANCES_PER_EVENT_MAX];
	assert(event->effect_count > 0);
	bool is_sound = effects_work_out(state, event, accounts);
	assert(is_sound);
	for (uint8_t i = 0; i < event->balance_count; i++)
		mutate_account(state, &accounts[i]);
	if (event->effect_count > 1)
		remittances_apply(state, event);
}
