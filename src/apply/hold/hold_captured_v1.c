/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hold/hold_end.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	hold_load(state, &event->hold_captured.hold_id);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	return event->effect_count == 2 &&
	       event->effects[0].posting.layer == LAYER_pending_lifted &&
	       event->effects[1].posting.layer == LAYER_posted &&
	       hold_is_open(state, &event->hold_captured.hold_id);
}

static void change(struct state *state, const struct event *event)
{
	hold_end(state, &event->hold_captured.hold_id, HOLD_STATUS_captured,
		event->effects[1].posting.amount);
}

const struct event_rule hold_captured_v1_rule = {
	.load = load, .is_sound = is_sound, .change = change
};
