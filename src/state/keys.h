/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, packed rows, and the state's own structure. Only state/ includes this header. */
#ifndef STATE_KEYS_H
#define STATE_KEYS_H

#include "state/table_keys.h"
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
	struct journal *journal;
	void *memory; /* for rows_init */
	size_t memory_size;
};

/* Bytes that a table's values take at most. */
size_t table_value_size_max(uint8_t table);

struct state_key state_key_of(struct row_key key);
static inline struct row_key row_key_of(const struct state_key *key)
{
	return (struct row_key){ key->at[0], (uint8_t)(key->size - 1), key->at + 1 };
}

static inline struct state_key timer_key(const struct timer *timer)
{
	return key_timer(timer->due_ms, &timer->id, timer->kind);
}

#endif
