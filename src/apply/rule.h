/* SPDX-License-Identifier: Apache-2.0 */
/* What apply/<domain>/<event>_v<version>.c says of each event: the rows it reads, whether it
 * follows from the state, and what it changes. A released one is never edited; a changed meaning is
 * a new one beside it.
 */
#ifndef APPLY_RULE_H
#define APPLY_RULE_H

#include "state/mutate.h"

struct event_rule {
	bool is_first;  /* of a shard: nothing stands before it, and all others after it */
	bool sets_time; /* engine time need not go on: is_sound says what it may be */

	/* Looks up the rows that change reads, but for the accounts of the balances. NULL: none. */
	void (*load)(const struct state *state, const struct event *event);

	/* What change takes for granted, as a question: for replay, where a wrong event is a fault
	 * of the log and not a bug. Its rows are loaded, and its effects are sound. NULL: they are
	 * all there is. */
	bool (*is_sound)(const struct state *state, const struct event *event);

	/* It can't fail. For all events the effects are applied before it, and the row of the
	 * command's id and the head are moved after it. NULL: it changes nothing else. */
	void (*change)(struct state *state, const struct event *event);
};

#define EVENT(number, name, file) extern const struct event_rule file##_rule;
#include "ledger/events.def"
#undef EVENT

#endif
