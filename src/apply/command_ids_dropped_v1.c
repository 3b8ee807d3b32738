/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_command_ids_dropped_v1(struct state *state, const struct event *event)
{
	mutate_commands_drop(state, event->command_ids_dropped.before_ms);
	mutate_timer_clear(state, &event->timer);
	struct timer next = {
		.kind = TIMER_command_ids,
		.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS,
	};
	mutate_timer_set(state, &next);
	mutate_head(state)->command_ids_due_ms = next.due_ms;
}
