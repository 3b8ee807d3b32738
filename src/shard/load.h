/* SPDX-License-Identifier: Apache-2.0 */
/* Rows from the store into memory: those that were asked for (replica_load), and accounts before
 * anybody asks. Only shard/ includes this header.
 */
#ifndef SHARD_LOAD_H
#define SHARD_LOAD_H

#include "shard/replica.h"

/* The store's checksums found nothing, and still a row is none of ours: rebuilt like any other
 * damage. */
int row_damaged(const struct replica *replica, struct bytes key);

/* After a start memory is empty. One after the other accounts come out of the store for a tenth of
 * what a look-up costs: so they are brought in between batches, some thousands at a time, as long
 * as half of memory was never used. */
struct sweep {
	uint8_t from[STORE_KEY_SIZE_MAX + 1];
	size_t from_size;
	bool is_done;
};

void sweep_begin(struct sweep *sweep);
/* Nothing where it is done. */
int sweep_step(struct sweep *sweep, struct replica *replica);

#endif
