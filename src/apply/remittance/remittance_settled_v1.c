/* SPDX-License-Identifier: Apache-2.0 */
/* What was under way is final: nothing of it need be known any longer. */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	uint32_t shard = event->remittance_settled.away_shard;
	struct route route;
	struct outbox sent;
	(void)view_route(state, shard, &route);
	for (unsigned i = 0; i < event->effect_count; i++)
		if (event->effects[i].kind == EFFECT_settlement)
			(void)view_outbox(state, shard, event->effects[i].settlement.number, &sent);
}

static bool settlement_is_sound(
	const struct state *state, uint32_t shard, const struct effect *effect, int64_t number)
{
	struct outbox sent;
	return effect->kind == EFFECT_settlement && effect->settlement.number == number &&
	       view_outbox(state, shard, number, &sent) == ANSWER_PRESENT &&
	       id_equal(&effect->settlement.payment_id, &sent.payment_id) &&
	       id_equal(&effect->settlement.group_id, &sent.group_id);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_remittance_settled *e = &event->remittance_settled;
	if (!view_is_another_shard(state, e->away_shard))
		return false;
	struct route route = route_read(state, e->away_shard);
	if (e->first_number != route.answered + 1 || e->last_number > route.sent ||
		e->last_number - e->first_number != event->effect_count - 1)
		return false;
	for (unsigned i = 0; i < event->effect_count; i++)
		if (!settlement_is_sound(
			    state, e->away_shard, &event->effects[i], e->first_number + i))
			return false;
	return true;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_remittance_settled *e = &event->remittance_settled;
	struct route route = route_read(state, e->away_shard);
	for (int64_t number = e->first_number; number <= e->last_number; number++)
		mutate_outbox_drop(state, route.shard, number);
	route.answered = e->last_number;
	mutate_route(state, &route);
}

const struct event_rule remittance_settled_v1_rule = {
	.load = load,
	.is_sound = is_sound,
	.change = change,
};
