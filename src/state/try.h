/* SPDX-License-Identifier: Apache-2.0 */
/* Trying: from state_try_begin on the state keeps what it changes as it was, and can be what it was
 * again. Only the engine tries, and ends what it tried before it returns, so that nobody else meets
 * a state that is not meant: nothing is sealed meanwhile, and no timer looked for. Tries don't
 * nest. Command ids can't be dropped in one (mutate_commands_drop): no command asks for that.
 */
#ifndef STATE_TRY_H
#define STATE_TRY_H

#include "state/state.h"

void state_try_begin(struct state *state);

/* Whether any one event more can be applied: always right after the beginning. False: the journal
 * is full, and waiting for the store would not help. Who tried undoes, and refuses as too much what
 * asked for it. Room for the event's rows is another matter (state_reserve_event). */
bool state_try_has_room(const struct state *state);

/* What was tried is meant. */
void state_try_keep(struct state *state);

/* All is as it was: rows, and which of them are dirty, in which generation, what was copied aside
 * for a checkpoint, the head, the timers, the room in memory. But what was used stays marked as
 * used, and what was found missing as missing. */
void state_try_undo(struct state *state);

#endif
