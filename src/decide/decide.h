/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: from a command and the state to one outcome, without changing anything.
 *
 * What is decided stands in decide/<domain>/, a file for each command and each kind of timer
 * (rule.h).
 */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "state/view.h"

/* The whole decision of one input. Fills ret_event but for its sequence; also a trial's has its
 * effects and balances. False: rows are missing, nothing was decided. */
bool decide(const struct state *state, const struct input *input, const struct command *command,
	struct event *ret_event);

/* What a due timer does. False: rows are missing. */
bool decide_timer(const struct state *state, const struct input *input, const struct timer *timer,
	struct event *ret_event);

/* max(record time, last engine time). */
int64_t decide_engine_time(const struct state *state, const struct input *input);

#endif
