/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/checks.h"

#include "decide/decide.h"

#include <assert.h>

enum reject check_money(const struct money *money)
{
	if (!money->is_absent && money->currency == CURRENCY_none)
		return REJECT_currency_unknown;
	if (money->is_absent || !amount_is_positive(money->amount))
		return REJECT_amount_not_positive;
	return REJECT_none;
}

enum reject check_own_account(const struct command *command, const struct account_id *account)
{
	if (account->size == 0)
		return REJECT_account_malformed;
	if (!account_id_is_of(account, &command->party))
		return REJECT_account_of_another_party;
	return REJECT_none;
}

enum reject check_payee(enum answer answer, const struct account *payee, enum currency currency)
{
	if (answer == ANSWER_ABSENT)
		return REJECT_payee_account_not_found;
	if (payee->is_closed)
		return REJECT_payee_account_is_closed;
	if (payee->currency != currency)
		return REJECT_payee_currency_mismatch;
	return REJECT_none;
}

enum reject check_hold(const struct state *state, const struct decision *decision,
	const struct id *hold_id, struct hold *ret_hold, struct account *ret_from,
	struct account *ret_to)
{
	enum answer answer = view_hold(state, hold_id, ret_hold);
	if (answer == ANSWER_NOT_LOADED)
		return REJECT_none;
	if (answer == ANSWER_ABSENT ||
		!account_id_is_of(&ret_hold->from_account, &decision->command->party))
		return REJECT_hold_not_found;
	enum answer from_answer = view_account(state, &ret_hold->from_account, ret_from);
	enum answer to_answer = view_account(state, &ret_hold->to_account, ret_to);
	assert(from_answer != ANSWER_ABSENT && to_answer != ANSWER_ABSENT);
	return REJECT_none;
}

enum reject hold_status_check(const struct hold *hold, int64_t engine_time_ms)
{
	switch (hold->status) {
	case HOLD_captured:
		return REJECT_hold_is_captured;
	case HOLD_released:
		return REJECT_hold_is_released;
	case HOLD_expired:
		return REJECT_hold_is_expired;
	case HOLD_open:
		break;
	}
	return engine_time_ms >= hold->expires_at_ms ? REJECT_hold_is_expired : REJECT_none;
}

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

static bool total_add(struct amount *total, struct amount amount)
{
	struct amount sum;
	if (!amount_add(&sum, *total, amount) ||
		amount_compare(sum, amount_of(ACCOUNT_TOTAL_MAX)) > 0)
		return false;
	*total = sum;
	return true;
}

static bool side_post(
	enum layer layer, struct amount *posted, struct amount *pending, struct amount amount)
{
	bool fits;
	switch (layer) {
	case LAYER_posted:
		return total_add(posted, amount);
	case LAYER_pending:
		return total_add(pending, amount);
	case LAYER_pending_lifted:
		/* No more is lifted than a hold has placed. */
		fits = amount_subtract(pending, *pending, amount);
		assert(fits && !amount_is_negative(*pending));
		return true;
	case LAYER_none:
		break;
	}
	assert(layer != layer);
	return false;
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
	if (!side_post(
		    request->layer, &from->debits_posted, &from->debits_pending, request->amount) ||
		!side_post(
			request->layer, &to->credits_posted, &to->credits_pending, request->amount))
		return REJECT_balance_overflow;

	assert(ret_event->effect_count < EFFECTS_PER_EVENT_MAX);
	ret_event->effects[ret_event->effect_count++].posting = (struct posting){
		.debit = debit,
		.credit = credit,
		.layer = request->layer,
		.rail = request->rail,
		.amount = request->amount,
	};

	enum reject reject = floor_check(ret_event, request->debit, debit);
	return reject != REJECT_none ? reject : floor_check(ret_event, request->credit, credit);
}
