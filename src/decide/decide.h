/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: from a command and the state to one outcome, without changing anything.
 *
 * Each command has two functions in decide/<command>.c: shape_<command> checks what needs no state,
 * decide_<command> the rest. Both check in the order of ledger/rejects.def and answer the first
 * that fails. decide_<command> looks up all it needs first; if something is missing it returns at
 * once, with any answer, and is called again when it is loaded. A reject may leave numbers in
 * ret_event->command_rejected; nothing else of ret_event is used then.
 */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "state/view.h"

/* The whole decision of one input. Fills ret_event but for its sequence. False: rows are missing,
 * nothing was decided. */
bool decide(const struct state *state, const struct input *input, const struct command *command,
	struct event *ret_event);

/* What a due timer does. False: rows are missing. */
bool decide_timer(const struct state *state, const struct input *input, const struct timer *timer,
	struct event *ret_event);

/* max(record time, last engine time). */
int64_t decide_engine_time(const struct state *state, const struct input *input);

/* What decide_<command> gets besides the state. */
struct decision {
	const struct command *command;
	int64_t engine_time_ms;
};

#define COMMAND(number, name, topic)                                                          \
	enum reject shape_##name(const struct command *command);                              \
	enum reject decide_##name(const struct state *state, const struct decision *decision, \
		struct event *ret_event);
#include "ledger/commands.def"
#undef COMMAND

#endif
