/* SPDX-License-Identifier: Apache-2.0 */
/* The state as apply changes it. Only apply/ and engine/ include this header. Nothing here can
 * fail: room was reserved (state_reserve_event) and what must be read was loaded.
 */
#ifndef STATE_MUTATE_H
#define STATE_MUTATE_H

#include "state/changes.h"
#include "state/view.h"

/* Makes room in memory for any one event's rows. False: seal what is dirty, wait for the store, try
 * again. */
bool state_reserve_event(struct state *state);

struct head *mutate_head(struct state *state);
void mutate_ledger(struct state *state, const struct ledger *ledger);
void mutate_command(struct state *state, const struct command_row *row);
void mutate_commands_drop(struct state *state, int64_t before_ms);
/* From now on only those ids count as dropped that can have had a row. */
void mutate_commands_readmit(struct state *state);
void mutate_timer_set(struct state *state, const struct timer *timer);
void mutate_timer_clear(struct state *state, const struct timer *timer);

#endif
