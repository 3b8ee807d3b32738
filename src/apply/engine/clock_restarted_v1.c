/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

/* Time goes back by this one event, and only from where it stands. */
static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_clock_restarted *e = &event->clock_restarted;
	const struct head *head = view_head(state);
	return event->engine_time_ms >= 0 && event->engine_time_ms < head->engine_time_ms &&
	       e->left_ms == head->engine_time_ms &&
	       e->command_ids_from_ms == head->command_ids_gone_ms;
}

/* Ids that never had a row are let in again, and the next cut-off comes a day from now, not a day
 * after the time that was left. Holds keep the expiry they were given. */
static void change(struct state *state, const struct event *event)
{
	struct head *head = mutate_head(state);
	mutate_commands_readmit(state);
	struct timer timer = { .kind = TIMER_KIND_command_ids, .due_ms = head->command_ids_due_ms };
	mutate_timer_clear(state, &timer);
	timer.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS;
	mutate_timer_set(state, &timer);
	head->command_ids_due_ms = timer.due_ms;
	head->engine_time_ms = event->engine_time_ms; /* the only event that goes back */
}

const struct event_rule clock_restarted_v1_rule = {
	.sets_time = true, .is_sound = is_sound, .change = change
};
