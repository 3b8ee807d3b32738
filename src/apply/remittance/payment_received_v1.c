/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	struct route route;
	(void)view_route(state, event->payment_received.home_shard, &route);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_payment_received *e = &event->payment_received;
	const struct balance_after *payee;
	return view_is_another_shard(state, e->home_shard) &&
	       e->number == route_read(state, e->home_shard).received + 1 &&
	       transit_posting_is_sound(event, e->home_shard, &payee) &&
	       account_id_is_of(&payee->account, &event->party);
}

static void change(struct state *state, const struct event *event)
{
	struct route route = route_read(state, event->payment_received.home_shard);
	route.received = event->payment_received.number;
	mutate_route(state, &route);
}

const struct event_rule payment_received_v1_rule = {
	.load = load,
	.is_sound = is_sound,
	.change = change,
};
