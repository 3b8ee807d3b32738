/* SPDX-License-Identifier: Apache-2.0 */
/* The effects of an event: postings, and remittances to other shards. */
#ifndef APPLY_EFFECTS_H
#define APPLY_EFFECTS_H

#include "state/mutate.h"

/* Looks up the rows that they read, but for the accounts of the balances. */
void effects_load(const struct state *state, const struct event *event);

/* What decide worked out and what the effects come to are the same. Loaded. */
bool effects_are_sound(const struct state *state, const struct event *event);

void effects_apply(struct state *state, const struct event *event);

#endif
