/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

/* Never less than were dropped before, and nothing more of the future. */
static bool is_sound(const struct state *state, const struct event *event)
{
	int64_t before_ms = event->command_ids_dropped.before_ms;
	int64_t from_ms = view_head(state)->command_ids_from_ms;
	return before_ms == from_ms || (before_ms > from_ms && before_ms <= event->engine_time_ms);
}

static void change(struct state *state, const struct event *event)
{
	mutate_commands_drop(state, event->command_ids_dropped.before_ms);
	mutate_timer_clear(state, &event->timer);
	struct timer next = {
		.kind = TIMER_KIND_command_ids,
		.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS,
	};
	mutate_timer_set(state, &next);
	mutate_head(state)->command_ids_due_ms = next.due_ms;
}

const struct event_rule command_ids_dropped_v1_rule = { .is_sound = is_sound, .change = change };
