/* SPDX-License-Identifier: Apache-2.0 */
/* Where nothing was refused there are no rows to look for, however many are confirmed. */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	const struct event_remittance_confirmed *e = &event->remittance_confirmed;
	struct route route;
	struct refusal refusal;
	if (view_route(state, e->home_shard, &route) != ANSWER_PRESENT || route.refused == 0)
		return;
	for (int64_t number = route.confirmed + 1;
		number <= e->number && number - route.confirmed <= REMITTANCES_AT_ONCE_MAX;
		number++)
		(void)view_refusal(state, e->home_shard, number, &refusal);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_remittance_confirmed *e = &event->remittance_confirmed;
	if (!view_is_another_shard(state, e->home_shard))
		return false;
	struct route route = route_read(state, e->home_shard);
	return e->number > route.confirmed && e->number <= route.received &&
	       (route.refused == 0 || e->number - route.confirmed <= REMITTANCES_AT_ONCE_MAX);
}

static void change(struct state *state, const struct event *event)
{
	const struct event_remittance_confirmed *e = &event->remittance_confirmed;
	struct route route = route_read(state, e->home_shard);
	struct refusal refusal;
	for (int64_t number = route.confirmed + 1; route.refused > 0 && number <= e->number;
		number++) {
		if (view_refusal(state, route.shard, number, &refusal) != ANSWER_PRESENT)
			continue;
		mutate_refusal_drop(state, route.shard, number);
		route.refused--;
	}
	route.confirmed = e->number;
	mutate_route(state, &route);
}

const struct event_rule remittance_confirmed_v1_rule = {
	.load = load,
	.is_sound = is_sound,
	.change = change,
};
