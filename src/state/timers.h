/* SPDX-License-Identifier: Apache-2.0 */
/* The earliest timers, in a heap; the others stay in rows and in the store.
 *
 * Invariant: every timer that is at or before the horizon is in the heap. The heap may also hold
 * stale ones, whose row is gone; whoever takes one asks the row. Only state/ includes this header.
 */
#ifndef STATE_TIMERS_H
#define STATE_TIMERS_H

#include "ledger/event.h"

#include <stddef.h>

enum { TIMERS_IN_MEMORY_MAX = 32768, TIMERS_LOAD_MAX = 8192 };

struct timers {
	struct timer heap[TIMERS_IN_MEMORY_MAX];
	size_t count;
	struct timer horizon;
	bool is_complete; /* the horizon is past every timer */
	bool is_wanted;
	struct timer last_loaded;
	size_t loaded;
};

int timer_compare(const struct timer *a, const struct timer *b);

/* Nothing is known but what the rows in the store say (`is_complete` false), or that there is none
 * (true). */
void timers_reset(struct timers *timers, bool is_complete);

/* Takes it in if it is at or before the horizon; makes the horizon nearer when full. */
void timers_add(struct timers *timers, const struct timer *timer);

const struct timer *timers_first(const struct timers *timers); /* NULL: none */
void timers_remove_first(struct timers *timers);

#endif
