/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hold/hold_end.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	hold_load(state, &event->hold_released.hold_id);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	return hold_is_open(state, &event->hold_released.hold_id);
}

static void change(struct state *state, const struct event *event)
{
	hold_end(state, &event->hold_released.hold_id, HOLD_STATUS_released, AMOUNT_ZERO);
}

const struct event_rule hold_released_v1_rule = {
	.load = load, .is_sound = is_sound, .change = change
};
