/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"
#include "apply/hold_end.h"

void apply_hold_captured_v1(struct state *state, const struct event *event)
{
	const struct event_hold_captured *e = &event->hold_captured;
	apply_effects(state, event);
	hold_end(state, &e->hold_id, HOLD_captured, e->captured);
}
