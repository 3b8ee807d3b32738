/* SPDX-License-Identifier: Apache-2.0 */
/* What the events about money between shards have in common. */
#ifndef APPLY_REMITTANCE_ROUTE_H
#define APPLY_REMITTANCE_ROUTE_H

#include "state/mutate.h"

/* Of another shard, in what was loaded before. */
struct route route_read(const struct state *state, uint32_t shard);

/* The one posting of the event: in full, between @transit of that shard and an account, which is
 * its debit side or its credit side. */
bool transit_posting_is_sound(
	const struct event *event, uint32_t shard, const struct balance_after **ret_member);

/* The remittances among an event's effects: their rows, and whether they follow from them. */
void remittances_load(const struct state *state, const struct event *event);
bool remittances_are_sound(const struct state *state, const struct event *event);
void remittances_apply(struct state *state, const struct event *event);

#endif
