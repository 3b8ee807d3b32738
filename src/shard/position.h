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

enum { TRAIL_SIZE = 8 + INPUT_WITNESSES * (8 + DIGEST_SIZE + (int)sizeof(struct id)) };
enum { POSITION_SIZE = 2 + 3 * 8 + HASH_SIZE + 8 + TOPIC_COUNT * (8 + TRAIL_SIZE) + 2 * 4 + 4 * 8 };

/* Of a whole store: one of another format is rebuilt from the log. The position row is packed by
 * hand, so whoever changes it counts that here. */
enum { POSITION_CHANGES = 0, STORE_FORMAT = STATE_FORMAT + POSITION_CHANGES };

size_t position_pack(const struct position *position, uint8_t ret[POSITION_SIZE]);
/* False: not of this format, or not as any was written. */
bool position_unpack(struct bytes value, struct position *ret);

/* The place alone, which stands at the same bytes in every format so far. False: none is there. */
bool position_place(struct store *store, struct place *ret);

/* Reads it; FAULT_MISSING when the store is empty, FAULT_DAMAGED when it is of another store
 * format, or not as any was written (rebuild). */
int position_read(struct store *store, struct position *ret, struct fault *fault);

#endif
