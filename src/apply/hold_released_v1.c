/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"
#include "apply/hold_end.h"

void apply_hold_released_v1(struct state *state, const struct event *event)
{
	apply_effects(state, event);
	hold_end(state, &event->hold_released.hold_id, HOLD_released, AMOUNT_ZERO);
}
