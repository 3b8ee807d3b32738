/* SPDX-License-Identifier: Apache-2.0 */
/* What decide/<domain>/ says of each command and of each kind of timer. */
#ifndef DECIDE_RULE_H
#define DECIDE_RULE_H

#include "state/view.h"

/* What an outcome is worked out from, besides the state. */
struct decision {
	const struct command *command;
	int64_t engine_time_ms;
};

/* Of a command, in decide/<domain>/<command>.c. Both functions check in the order of
 * reject.proto and answer the first that fails.
 *
 * outcome looks up all it needs first; if something is missing it returns REJECT_not_loaded at
 * once, and is called again when it is loaded. A reject may leave numbers in
 * ret_event->command_rejected; nothing else of ret_event is used then. */
struct command_rule {
	enum reject (*shape)(const struct command *command); /* what needs no state */
	enum reject (*outcome)(const struct state *state, const struct decision *decision,
		struct event *ret_event);
};

#define COMMAND(number, name, topic) extern const struct command_rule name##_rule;
#include "ledger/commands.def"
#undef COMMAND

/* Of a kind of timer, in decide/<domain>/<timer>_timer.c: what it does when it is due. It can't be
 * refused, and gives exactly one event. Where rows are missing it returns, and is called again. */
struct timer_rule {
	void (*fire)(const struct state *state, const struct timer *timer, struct event *ret_event);
};

#define TIMER(number, name) extern const struct timer_rule name##_timer_rule;
#include "ledger/timers.def"
#undef TIMER

#endif
