/* SPDX-License-Identifier: Apache-2.0 */
/* The state as decide reads it. A look-up that is not loaded is noted as missing; who asked goes on
 * to its other look-ups, then returns, and is asked again once the rows are there.
 */
#ifndef STATE_VIEW_H
#define STATE_VIEW_H

#include "state/state.h"
#include "state/views.h"

/* Could this row have been written here? Whoever takes rows from a store asks before anything else
 * looks at them: one that says no stands in a damaged store. Any table's but the position's. */
bool row_is_sound(struct bytes key, struct bytes value);

/* NULL before ledger_opened. */
const struct ledger *view_ledger(const struct state *state);
const struct head *view_head(const struct state *state);
/* One of this ledger's, and not this one. After ledger_opened. */
bool view_is_another_shard(const struct state *state, uint32_t shard);

enum answer view_command(const struct state *state, const struct id *id, struct command_row *ret);

/* The earliest timer that is due at `now_ms`. */
enum answer view_timer_due(const struct state *state, int64_t now_ms, struct timer *ret);

/* Hints that a row will be looked up soon: first where the index has it, a little later the row
 * itself. They spare the wait for memory and change nothing. */
enum view_soon { VIEW_SOON_INDEX, VIEW_SOON_ROW };
void view_soon_account(const struct state *state, const struct account_id *id, enum view_soon what);
void view_soon_command(const struct state *state, const struct id *id, enum view_soon what);

/* Something that was looked up since the shard last loaded is not in memory. */
bool view_is_missing(const struct state *state);
const char *view_missing_table(const struct state *state); /* of the first one; NULL: of none */

#endif
