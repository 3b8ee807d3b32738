/* SPDX-License-Identifier: Apache-2.0 */
/* The first outcome stands. */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_command_repeated *e = &event->command_repeated;
	bool was_rejected = e->first_outcome == EVENT_command_rejected;
	(void)state;
	return e->first_sequence >= 1 && was_rejected == (e->first_reject != REJECT_none);
}

const struct event_rule command_repeated_v1_rule = { .is_sound = is_sound };
