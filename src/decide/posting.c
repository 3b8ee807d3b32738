/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/posting.h"

#include "ledger/totals.h"

#include <assert.h>

static uint8_t balance_place(struct event *event, const struct account *account)
{
	for (uint8_t i = 0; i < event->balance_count; i++)
		if (account_id_equal(&event->balances[i].account, &account->id))
			return i;
	assert(event->balance_count < BALANCES_PER_EVENT_MAX);
	event->balances[event->balance_count] = (struct balance_after){
		.account = account->id,
		.currency = account->currency,
		.balances = account->balances,
	};
	return event->balance_count++;
}

/* Only what an event lowers is checked: one already below its floor can still be paid into. */
static enum reject floor_check(struct event *event, const struct account *before, uint8_t place)
{
	struct amount after =
		account_available(before->account_class, &event->balances[place].balances);
	struct amount available = account_available(before->account_class, &before->balances);
	if (!before->has_floor || amount_compare(after, available) >= 0 ||
		amount_compare(after, before->floor) >= 0)
		return REJECT_none;

	struct event_command_rejected *rejected = &event->command_rejected;
	bool fits = amount_subtract(&rejected->required, available, after);
	assert(fits);
	rejected->available = available;
	rejected->currency = before->currency;
	return REJECT_balance_too_low;
}

enum reject posting_add(struct event *ret_event, const struct posting_request *request)
{
	assert(amount_is_positive(request->amount));
	assert(request->debit->currency == request->credit->currency);
	assert(!account_id_equal(&request->debit->id, &request->credit->id));
	uint8_t debit = balance_place(ret_event, request->debit);
	uint8_t credit = balance_place(ret_event, request->credit);
	struct balances *from = &ret_event->balances[debit].balances;
	struct balances *to = &ret_event->balances[credit].balances;
	if (!balances_debit(from, request->layer, request->amount) ||
		!balances_credit(to, request->layer, request->amount)) {
		assert(request->layer != LAYER_pending_lifted); /* a hold has placed as much */
		return REJECT_balance_overflow;
	}

	assert(ret_event->effect_count < EFFECTS_PER_EVENT_MAX);
	struct effect *effect = &ret_event->effects[ret_event->effect_count++];
	effect->kind = EFFECT_posting; /* not the whole of it: a posting is the shortest of all */
	effect->posting = (struct posting){
		.debit_place = debit + 1u,
		.credit_place = credit + 1u,
		.layer = request->layer,
		.rail = request->rail,
		.amount = request->amount,
	};

	enum reject reject = floor_check(ret_event, request->debit, debit);
	return reject != REJECT_none ? reject : floor_check(ret_event, request->credit, credit);
}
