/* SPDX-License-Identifier: Apache-2.0 */
/* The postings of an event, and nothing else. */
#ifndef APPLY_EFFECTS_H
#define APPLY_EFFECTS_H

#include "state/mutate.h"

/* What decide worked out and what the postings come to are the same. Loaded. */
bool effects_are_sound(const struct state *state, const struct event *event);

void effects_apply(struct state *state, const struct event *event);

#endif
