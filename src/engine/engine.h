/* SPDX-License-Identifier: Apache-2.0 */
/* The deterministic engine: process = timers, decide, apply; replay = apply.
 *
 * The same state and the same inputs give the same events, always: it has no clock, no memory of
 * its own, no other input than its arguments.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "state/state.h"

enum {
	LEDGER_FORMAT = 2, /* 1 named the accounts of postings */
	/* Due timers that fire before one input; the others wait for the next. */
	TIMERS_PER_INPUT_MAX = 1024,
	ID_TOO_OLD_MS = 7 * 86400000,
	ID_TOO_NEW_MS = 5 * 60000,
};

enum engine_result {
	ENGINE_TIMER,      /* one event, of a timer; call again with the same input */
	ENGINE_OUTCOME,    /* one event, the input's outcome: it is done */
	ENGINE_NOT_LOADED, /* nothing happened: load what state_missing and state_timers_wanted say,
			      call again */
	ENGINE_NO_ROOM, /* nothing happened: memory is full of what the store does not hold yet */
	ENGINE_UNSOUND, /* nothing happened: a replayed event does not follow from the state */
};

/* The next event of an input, decided and applied. */
enum engine_result engine_process(struct state *state, const struct input *input,
	const struct command *command, struct event *ret_event);

/* A command that will be processed, or an event that will be replayed, soon: its rows are fetched
 * into the processor's cache, in two steps. */
void engine_soon(const struct state *state, const struct command *command, bool rows_too);
void engine_soon_replay(const struct state *state, const struct event *event, bool rows_too);

/* Decides as engine_process would, and applies nothing: to find what is missing for many inputs at
 * once. */
void engine_look_ahead(
	const struct state *state, const struct input *input, const struct command *command);

/* The same for an event that will be replayed. */
void engine_look_ahead_replay(const struct state *state, const struct event *event);

/* Applies an event of the log. ENGINE_OUTCOME when it did. */
enum engine_result engine_replay(struct state *state, const struct event *event);

/* An input goes on elsewhere, at an operator's word. ENGINE_OUTCOME, or ENGINE_NO_ROOM. */
enum engine_result engine_restart_inputs(struct state *state,
	const struct event_inputs_restarted *restarted, struct event *ret_event);

/* The first event of a shard. */
void engine_open_ledger(struct state *state, const struct event_ledger_opened *opened,
	int64_t record_time_ms, struct event *ret_event);

/* The operator's way back from an engine time that ran ahead: it goes on from now_ms, which is
 * before it. False: no room, nothing happened. */
bool engine_restart_clock(struct state *state, int64_t now_ms, struct event *ret_event);

#endif
