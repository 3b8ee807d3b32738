/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that a Kafka transaction of somebody else's, left open, holds up: what is said of them. */
#ifndef MAIN_HELD_H
#define MAIN_HELD_H

#include "shard/shard.h"

#include <stdio.h>

/* A Kafka transaction that ends within that time holds nobody up. */
enum { HELD_SAY_AFTER_MS = 5000 };

/* Of one shard: by input, what was said; since_ms 0: nothing, or its end as well. */
struct held {
	int64_t since_ms[LOG_INPUTS];
	int64_t offset[LOG_INPUTS];
};

/* Says what has begun to be held, and what no longer is. */
void held_look(struct held *held, uint32_t shard, const struct shard_status *status);

/* ", commands of shard 0 held by an open Kafka transaction since TIME from offset 12 on", for each
 * that was said. Whether there is any. */
bool held_add(const struct held *held, uint32_t shard, FILE *line);

#endif
