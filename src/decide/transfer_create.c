/* SPDX-License-Identifier: Apache-2.0 */
/* Move money at once, between parties or between own accounts. */
#include "decide/checks.h"
#include "decide/decide.h"

enum reject shape_transfer_create(const struct command *command)
{
	const struct command_transfer_create *c = &command->transfer_create;
	return shape_payment(command, &c->from_account, &c->to_account, &c->money);
}

enum reject decide_transfer_create(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_transfer_create *c = &decision->command->transfer_create;
	enum reject reject = decide_payment(
		state, &c->from_account, &c->to_account, &c->money, LAYER_posted, ret_event);
	if (reject != REJECT_none || view_is_missing(state))
		return reject;

	ret_event->kind = EVENT_transfer_posted;
	ret_event->transfer_posted = (struct event_transfer_posted){
		.from_account = c->from_account,
		.to_account = c->to_account,
		.amount = c->money.amount,
		.currency = c->money.currency,
	};
	return REJECT_none;
}
