/* SPDX-License-Identifier: Apache-2.0 */
/* Move money at once, between parties or between own accounts. */
#include "decide/payment/payment.h"
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	const struct command_transfer_create *c = &command->transfer_create;
	return shape_payment(command, &c->from_account, &c->to_account, &c->amount);
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_transfer_create *c = &decision->command->transfer_create;
	enum reject reject = decide_payment(
		state, &c->from_account, &c->to_account, &c->amount, LAYER_posted, ret_event);
	if (reject != REJECT_none)
		return reject;

	ret_event->kind = EVENT_transfer_posted;
	ret_event->transfer_posted.own_accounts =
		account_id_is_of(&c->to_account, &decision->command->party);
	return REJECT_none;
}

const struct command_rule transfer_create_rule = { .shape = shape, .outcome = outcome };
