/* SPDX-License-Identifier: Apache-2.0 */
/* Set money aside for a payee. The hold is named by the command's id. */
#include "decide/payment/payment.h"
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	const struct command_hold_create *c = &command->hold_create;
	enum reject reject = shape_payment(command, &c->from_account, &c->to_account, &c->amount);
	if (reject != REJECT_none)
		return reject;
	if (!text_is_reason(&c->reason))
		return REJECT_reason_malformed;
	if (c->expires_in_s < 1 || c->expires_in_s > HOLD_EXPIRES_IN_S_MAX)
		return REJECT_expiry_out_of_range;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_hold_create *c = &decision->command->hold_create;
	if (account_shard(state, &c->to_account) != view_ledger(state)->shard)
		return REJECT_payee_on_another_shard;
	enum reject reject = decide_payment(
		state, &c->from_account, &c->to_account, &c->amount, LAYER_pending, ret_event);
	if (reject != REJECT_none)
		return reject;

	ret_event->kind = EVENT_hold_created;
	ret_event->hold_created = (struct event_hold_created){
		.hold_id = decision->command->id.id,
		.reason = c->reason,
		.expires_at_ms = decision->engine_time_ms + c->expires_in_s * 1000,
	};
	return REJECT_none;
}

const struct command_rule hold_create_rule = { .shape = shape, .outcome = outcome };
