/* SPDX-License-Identifier: Apache-2.0 */
/* A replay that follows the event stream: the sum over its rows after each event says how any store
 * must stand at that event. */
#ifndef SIMULATOR_TWIN_H
#define SIMULATOR_TWIN_H

#include "ground.h"

#include "state/state.h"

struct twin;

/* An empty one; its memory is used again for the next world. */
struct twin *twin_begin(uint32_t shard);
void twin_take(struct twin *twin, const struct event *event);
/* After the event with this sequence; 0: none yet. */
/* How many of a table it holds. */
size_t twin_count(const struct twin *twin, enum table table);
uint64_t twin_mix(const struct twin *twin, int64_t sequence);

#endif
