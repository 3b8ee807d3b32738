/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	struct route route;
	(void)view_route(state, event->remittance_refused.home_shard, &route);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_remittance_refused *e = &event->remittance_refused;
	return view_is_another_shard(state, e->home_shard) && amount_is_positive(e->amount) &&
	       !account_id_is_platform(&e->from_account) &&
	       account_id_is_of(&e->to_account, &event->party) &&
	       e->number == route_read(state, e->home_shard).received + 1;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_remittance_refused *e = &event->remittance_refused;
	struct route route = route_read(state, e->home_shard);
	struct refusal refusal = {
		.shard = e->home_shard,
		.number = e->number,
		.payment_id = e->payment_id,
		.group_id = event->group_id,
		.reason = e->reason,
	};
	text64_set(&refusal.party, e->from_account.at, e->from_account.party_size);
	route.received = e->number;
	route.refused++;
	mutate_route(state, &route);
	mutate_refusal(state, &refusal);
}

const struct event_rule remittance_refused_v1_rule = {
	.load = load,
	.is_sound = is_sound,
	.change = change,
};
