/* SPDX-License-Identifier: Apache-2.0 */
/* The payee's shard credited these: what was under way is final. */
#include "decide/remittance/remittance.h"

#include <assert.h>

static enum reject shape(const struct command *command)
{
	const struct command_remittance_settle *c = &command->remittance_settle;
	enum reject reject = shape_of_shard(command);
	if (reject != REJECT_none)
		return reject;
	bool is_sound = c->first_number >= 1 && c->last_number >= c->first_number &&
			c->last_number - c->first_number < REMITTANCES_AT_ONCE_MAX;
	return is_sound ? REJECT_none : REJECT_remittance_malformed;
}

/* Those that are not settled yet. */
static void settlements_add(const struct state *state, const struct route *route,
	const struct command_remittance_settle *c, struct event *ret_event)
{
	for (int64_t number = route->answered + 1; number <= c->last_number; number++) {
		struct outbox sent = { 0 };
		enum answer answer = view_outbox(state, route->shard, number, &sent);
		assert(answer != ANSWER_ABSENT);
		ret_event->effects[ret_event->effect_count++] = (struct effect){
			.kind = EFFECT_settlement,
			.settlement = {
				.number = number,
				.payment_id = sent.payment_id,
				.group_id = sent.group_id,
			},
		};
	}
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_remittance_settle *c = &decision->command->remittance_settle;
	struct route route;
	if (!view_is_another_shard(state, c->away_shard))
		return REJECT_remittance_malformed;
	(void)view_route(state, c->away_shard, &route);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (c->last_number <= route.answered)
		return remittance_repeated(ret_event, c->away_shard, c->last_number, true);
	if (c->first_number > route.answered + 1 || c->last_number > route.sent)
		return REJECT_remittance_out_of_order;
	settlements_add(state, &route, c, ret_event);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	ret_event->kind = EVENT_remittance_settled;
	ret_event->remittance_settled = (struct event_remittance_settled){
		.away_shard = c->away_shard,
		.first_number = route.answered + 1,
		.last_number = c->last_number,
	};
	return REJECT_none;
}

const struct command_rule remittance_settle_rule = { .shape = shape, .outcome = outcome };
