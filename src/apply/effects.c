/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

#include <assert.h>

static void side_apply(
	enum layer layer, struct amount *posted, struct amount *pending, struct amount amount)
{
	bool fits = false;
	switch (layer) {
	case LAYER_posted:
		fits = amount_add(posted, *posted, amount);
		break;
	case LAYER_pending:
		fits = amount_add(pending, *pending, amount);
		break;
	case LAYER_pending_lifted:
		fits = amount_subtract(pending, *pending, amount) && !amount_is_negative(*pending);
		break;
	case LAYER_none:
		break;
	}
	assert(fits);
}

static void account_read(
	const struct state *state, const struct balance_after *after, struct account *ret)
{
	enum answer answer = view_account(state, &after->account, ret);
	assert(answer != ANSWER_NOT_LOADED);
	if (answer == ANSWER_ABSENT)
		*ret = account_platform_new(&after->account, after->currency);
	assert(ret->currency == after->currency);
}

static bool balances_equal(const struct balances *a, const struct balances *b)
{
	return amount_compare(a->debits_posted, b->debits_posted) == 0 &&
	       amount_compare(a->credits_posted, b->credits_posted) == 0 &&
	       amount_compare(a->debits_pending, b->debits_pending) == 0 &&
	       amount_compare(a->credits_pending, b->credits_pending) == 0;
}

void apply_effects(struct state *state, const struct event *event)
{
	struct account accounts[BALANCES_PER_EVENT_MAX];
	assert(event->effect_count > 0);
	for (uint8_t i = 0; i < event->balance_count; i++)
		account_read(state, &event->balances[i], &accounts[i]);

	for (uint8_t i = 0; i < event->effect_count; i++) {
		const struct posting *posting = &event->effects[i].posting;
		assert(posting->debit < event->balance_count);
		assert(posting->credit < event->balance_count);
		struct balances *debit = &accounts[posting->debit].balances;
		struct balances *credit = &accounts[posting->credit].balances;
		side_apply(posting->layer, &debit->debits_posted, &debit->debits_pending,
			posting->amount);
		side_apply(posting->layer, &credit->credits_posted, &credit->credits_pending,
			posting->amount);
	}

	for (uint8_t i = 0; i < event->balance_count; i++) {
		/* What decide worked out and what the postings come to are the same, or one of them
		 * is wrong. */
		assert(balances_equal(&accounts[i].balances, &event->balances[i].balances));
		mutate_account(state, &accounts[i]);
	}
}
