/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hold/hold_end.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	hold_load(state, &event->hold_captured.hold_id);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_hold_captured *e = &event->hold_captured;
	return hold_is_open(state, &e->hold_id) &&
	       amount_compare(e->captured, amount_of(ACCOUNT_TOTAL_MAX)) <= 0;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_hold_captured *e = &event->hold_captured;
	hold_end(state, &e->hold_id, HOLD_STATUS_captured, e->captured);
}

const struct event_rule hold_captured_v1_rule = {
	.load = load, .is_sound = is_sound, .change = change
};
