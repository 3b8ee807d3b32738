/* SPDX-License-Identifier: Apache-2.0 */
/* It changes nothing. */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	struct route route;
	(void)view_route(state, event->remittance_repeated.shard, &route);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_remittance_repeated *e = &event->remittance_repeated;
	if (!view_is_another_shard(state, e->shard))
		return false;
	struct route route = route_read(state, e->shard);
	return e->number >= 1 && e->number <= (e->was_answer ? route.answered : route.received);
}

const struct event_rule remittance_repeated_v1_rule = { .load = load, .is_sound = is_sound };
