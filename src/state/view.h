/* SPDX-License-Identifier: Apache-2.0 */
/* The state as decide reads it. A look-up that is not loaded is noted as missing; who asked goes on
 * to its other look-ups, then returns, and is asked again once the rows are there.
 */
#ifndef STATE_VIEW_H
#define STATE_VIEW_H

#include "state/state.h"

/* What ledger_opened said. */
struct ledger {
	struct id ledger_id;
	uint32_t shard;
	uint32_t shards;
	uint32_t format;
	int64_t id_too_old_ms;
	int64_t id_too_new_ms;
};

struct party {
	enum party_kind kind;
	int64_t opened_sequence;
};

/* The outcome that a command id had. */
struct command_row {
	struct digest digest;
	int64_t sequence;
	enum event_kind outcome;
	enum reject reject;
	enum topic topic;
	int64_t offset;
};

enum hold_status {
	HOLD_open = 1,
	HOLD_captured = 2,
	HOLD_released = 3,
	HOLD_expired = 4,
};

struct hold {
	struct id id;
	enum hold_status status;
	struct account_id from_account;
	struct account_id to_account; /* the payee's, who owns the hold */
	enum currency currency;
	struct amount amount;
	struct amount captured;
	int64_t expires_at_ms;
	struct text64 reason;
};

struct reference {
	int64_t sequence; /* of the outcome that used it */
	int64_t engine_time_ms;
};

/* Stored rows as nouns, for whoever scans a store; the id stands in the key. */
void row_account(struct bytes value, struct account *ret);
void row_hold(struct bytes value, struct hold *ret);

/* Could this row have been written here? Whoever takes rows from a store asks before anything else
 * looks at them: one that says no stands in a damaged store. Any table's but the position's. */
bool row_is_sound(struct bytes key, struct bytes value);

/* NULL before ledger_opened. */
const struct ledger *view_ledger(const struct state *state);
const struct head *view_head(const struct state *state);

enum answer view_party(const struct state *state, const struct text64 *party, struct party *ret);
enum answer view_account(
	const struct state *state, const struct account_id *id, struct account *ret);
enum answer view_command(const struct state *state, const struct id *id, struct command_row *ret);
enum answer view_hold(const struct state *state, const struct id *id, struct hold *ret);
enum answer view_reference(const struct state *state, enum rail rail,
	const struct text64 *reference, struct reference *ret);

/* The earliest timer that is due at `now_ms`. */
enum answer view_timer_due(const struct state *state, int64_t now_ms, struct timer *ret);

/* Hints that a row will be looked up soon: first where the index has it, a little later the row
 * itself. They spare the wait for memory and change nothing. */
enum view_soon { VIEW_SOON_INDEX, VIEW_SOON_ROW };
void view_soon_account(const struct state *state, const struct account_id *id, enum view_soon what);
void view_soon_command(const struct state *state, const struct id *id, enum view_soon what);

/* Something that was looked up since the shard last loaded is not in memory. */
bool view_is_missing(const struct state *state);

#endif
