/* SPDX-License-Identifier: Apache-2.0 */
/* Time itself moves with every event. */
#include "apply/rule.h"

/* Early versions did not tell. */
static bool is_sound(const struct state *state, const struct event *event)
{
	uint32_t fired = event->ticked.timers_fired;
	return fired == 0 || fired == view_head(state)->timers_fired;
}

const struct event_rule ticked_v1_rule = { .is_sound = is_sound };
