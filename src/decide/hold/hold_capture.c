/* SPDX-License-Identifier: Apache-2.0 */
/* Take up to the held amount; the rest goes back. Once. */
#include "decide/checks.h"
#include "decide/hold/hold.h"
#include "decide/posting.h"
#include "decide/rule.h"

#include <assert.h>

static enum reject shape(const struct command *command)
{
	const struct command_hold_capture *c = &command->hold_capture;
	if (!c->amount.is_absent) {
		enum reject reject = check_money(&c->amount);
		if (reject != REJECT_none)
			return reject;
	}
	if (c->hold_id.is_malformed || id_is_absent(&c->hold_id.id))
		return REJECT_hold_id_malformed;
	return REJECT_none;
}

static enum reject amount_check(
	const struct hold *hold, const struct money *money, struct event *ret_event)
{
	if (money->is_absent || amount_compare(money->amount, hold->amount) <= 0)
		return REJECT_none;
	ret_event->command_rejected.required = money->amount;
	ret_event->command_rejected.available = hold->amount;
	ret_event->command_rejected.currency = hold->currency;
	return REJECT_capture_above_hold;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_hold_capture *c = &decision->command->hold_capture;
	struct hold hold;
	struct account from, to;
	enum reject reject = check_hold(state, decision, &c->hold_id.id, &hold, &from, &to);
	if (reject != REJECT_none)
		return reject;
	if (!c->amount.is_absent && c->amount.currency != hold.currency)
		return REJECT_currency_mismatch;
	reject = hold_status_check(&hold, decision->engine_time_ms);
	if (reject == REJECT_none)
		reject = amount_check(&hold, &c->amount, ret_event);
	if (reject != REJECT_none)
		return reject;

	hold_lift(ret_event, &hold, &from, &to);
	struct amount captured = c->amount.is_absent ? hold.amount : c->amount.amount;
	struct posting_request posting = {
		.debit = &from,
		.credit = &to,
		.amount = captured,
		.layer = LAYER_posted,
		.rail = RAIL_book,
	};
	reject = posting_add(ret_event, &posting);
	if (reject != REJECT_none)
		return reject;

	struct amount released;
	bool fits = amount_subtract(&released, hold.amount, captured);
	assert(fits);
	ret_event->kind = EVENT_hold_captured;
	ret_event->hold_captured = (struct event_hold_captured){
		.hold_id = hold.id,
		.released = released,
		.currency = amount_is_zero(released) ? CURRENCY_none : hold.currency,
	};
	return REJECT_none;
}

const struct command_rule hold_capture_rule = { .shape = shape, .outcome = outcome };
