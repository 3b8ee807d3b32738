/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

/* Ids that never had a row are let in again, and the next cut-off comes a day from now, not a day
 * after the time that was left. Holds keep the expiry they were given. */
void apply_clock_restarted_v1(struct state *state, const struct event *event)
{
	struct head *head = mutate_head(state);
	mutate_commands_readmit(state);
	struct timer timer = { .kind = TIMER_command_ids, .due_ms = head->command_ids_due_ms };
	mutate_timer_clear(state, &timer);
	timer.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS;
	mutate_timer_set(state, &timer);
	head->command_ids_due_ms = timer.due_ms;
	head->engine_time_ms = event->engine_time_ms; /* the only event that goes back */
}
