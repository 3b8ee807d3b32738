/* SPDX-License-Identifier: Apache-2.0 */
/* The payer's shard has these answers: what was refused need not be known here any longer. */
#include "decide/remittance/remittance.h"

static enum reject shape(const struct command *command)
{
	enum reject reject = shape_of_shard(command);
	if (reject != REJECT_none)
		return reject;
	return command->remittance_confirm.number >= 1 ? REJECT_none : REJECT_remittance_malformed;
}

/* Rows of refusals are looked for one by one, so not too many at once: what is left is confirmed
 * again when its answers come again. */
static int64_t up_to(const struct state *state, const struct route *route, int64_t number)
{
	if (route->refused == 0)
		return number;
	if (number - route->confirmed > REMITTANCES_AT_ONCE_MAX)
		number = route->confirmed + REMITTANCES_AT_ONCE_MAX;
	for (int64_t n = route->confirmed + 1; n <= number; n++) {
		struct refusal refusal;
		(void)view_refusal(state, route->shard, n, &refusal);
	}
	return number;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_remittance_confirm *c = &decision->command->remittance_confirm;
	struct route route;
	if (!view_is_another_shard(state, c->home_shard))
		return REJECT_remittance_malformed;
	(void)view_route(state, c->home_shard, &route);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (c->number <= route.confirmed)
		return remittance_repeated(ret_event, c->home_shard, c->number, false);
	if (c->number > route.received)
		return REJECT_remittance_out_of_order;
	int64_t number = up_to(state, &route, c->number);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	ret_event->kind = EVENT_remittance_confirmed;
	ret_event->remittance_confirmed = (struct event_remittance_confirmed){
		.home_shard = c->home_shard,
		.number = number,
	};
	return REJECT_none;
}

const struct command_rule remittance_confirm_rule = { .shape = shape, .outcome = outcome };
