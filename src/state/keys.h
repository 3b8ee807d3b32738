/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, packed rows, and the state's own structure. Only state/ includes this header. */
#ifndef STATE_KEYS_H
#define STATE_KEYS_H

#include "state/rows.h"
#include "state/timers.h"
#include "state/view.h"

struct state {
	struct head head;
	struct ledger ledger;
	bool has_ledger;
	int64_t drop_before_ms; /* a range delete that the next seal carries; 0: none */

	struct head sealed_head;
	int64_t sealed_drop_before_ms;

	/* Behind pointers, so that a look-up through a const state may mark what it used and note
	 * what it lacked. */
	struct rows *rows;
	struct timers *timers;
	void *memory; /* for rows_init */
	size_t memory_size;
};

/* Bytes that a table's values take at most. */
size_t table_value_size_max(uint8_t table);

static inline struct row_key key_ledger(void)
{
	return (struct row_key){ TABLE_ledger, 0, "" };
}

static inline struct row_key key_party(const struct text64 *party)
{
	return (struct row_key){ TABLE_party, party->size, party->at };
}

static inline struct row_key key_account(const struct account_id *id)
{
	return (struct row_key){ TABLE_account, id->size, id->at };
}

static inline struct row_key key_command(const struct id *id)
{
	return (struct row_key){ TABLE_command, sizeof id->at, id->at };
}

static inline struct row_key key_hold(const struct id *id)
{
	return (struct row_key){ TABLE_hold, sizeof id->at, id->at };
}

/* These two are put together. */
struct state_key key_reference(enum rail rail, const struct text64 *reference);
struct state_key key_timer(const struct timer *timer);

struct state_key state_key_of(struct row_key key);
static inline struct row_key row_key_of(const struct state_key *key)
{
	return (struct row_key){ key->at[0], (uint8_t)(key->size - 1), key->at + 1 };
}

void timer_unkey(const uint8_t *key, const uint8_t *value, struct timer *ret);

size_t ledger_pack(const struct ledger *ledger, uint8_t *ret);
void ledger_unpack(const uint8_t *p, struct ledger *ret);
size_t account_pack(const struct account *account, uint8_t *ret);
void account_unpack(const uint8_t *p, struct account *ret); /* all but the id */
size_t command_row_pack(const struct command_row *row, uint8_t *ret);
void command_row_unpack(const uint8_t *p, struct command_row *ret);
/* Before the reason's size. */
enum { HOLD_FIXED_SIZE = 1 + 2 + 8 + 8 + 8 };
size_t hold_pack(const struct hold *hold, uint8_t *ret);
void hold_unpack(const uint8_t *p, struct hold *ret);

#endif
