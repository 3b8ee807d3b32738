/* SPDX-License-Identifier: Apache-2.0 */
/* Let time pass. All that it is for, the timers, has happened before it is decided. */
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	(void)command;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	(void)decision;
	ret_event->kind = EVENT_ticked;
	ret_event->ticked.timers_fired = view_head(state)->timers_fired;
	return REJECT_none;
}

const struct command_rule tick_rule = { .shape = shape, .outcome = outcome };
