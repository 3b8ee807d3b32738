/* SPDX-License-Identifier: Apache-2.0 */
/* Where a shard stands: on the log, and in a store. */
#ifndef SHARD_POSITION_H
#define SHARD_POSITION_H

#include "base/fault.h"
#include "state/state.h"
#include "store/store.h"
#include "wire/chain.h"

/* Where a valid event's record stands. `term` is its own: marks that come after it are read again
 * from there. */
struct place {
	int64_t offset;
	int64_t sequence;
	int64_t term;
	struct hash hash;
};

/* The position row: what a store says of itself. */
struct position {
	struct place place;
	struct head head;
};

enum { WITNESS_SIZE = DIGEST_SIZE + sizeof(struct id) };
enum { POSITION_SIZE = 2 + 3 * 8 + HASH_SIZE + 8 + TOPIC_COUNT * (8 + WITNESS_SIZE) + 2 * 4 + 8 };

size_t position_pack(const struct position *position, uint8_t ret[POSITION_SIZE]);
/* False: not of this format, or not as any was written. */
bool position_unpack(struct bytes value, struct position *ret);

/* Reads it; FAULT_MISSING when the store is empty, FAULT_IO when it is of another store format,
 * or damaged (rebuild). */
int position_read(struct store *store, struct position *ret, struct fault *fault);

#endif
