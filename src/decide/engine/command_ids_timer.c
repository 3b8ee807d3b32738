/* SPDX-License-Identifier: Apache-2.0 */
/* Once a day rows of command ids are dropped that no command can ask for any more. */
#include "decide/rule.h"

static void fire(const struct state *state, const struct timer *timer, struct event *ret_event)
{
	(void)timer;
	/* What is dropped is older than what id_window refuses as too old, at this engine time and
	 * any later. */
	int64_t before_ms = ret_event->engine_time_ms - view_ledger(state)->id_too_old_ms;
	ret_event->kind = EVENT_command_ids_dropped;
	/* After a restarted clock what was dropped before reaches further. */
	int64_t from_ms = view_head(state)->command_ids_from_ms;
	ret_event->command_ids_dropped.before_ms = before_ms > from_ms ? before_ms : from_ms;
}

const struct timer_rule command_ids_timer_rule = { .fire = fire };
