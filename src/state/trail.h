/* SPDX-License-Identifier: Apache-2.0 */
/* The records of an input that were decided last, and where they stood: a ring. An owner finds them
 * there again before it takes anything. */
#ifndef STATE_TRAIL_H
#define STATE_TRAIL_H

#include "base/id.h"

#include <stddef.h>

enum { INPUT_WITNESSES = 32 };

struct trail_record {
	int64_t offset;
	struct witness witness;
};

struct trail {
	uint64_t count; /* of those that were ever put in; the last ones are kept */
	struct trail_record at[INPUT_WITNESSES];
};

static inline void trail_add(struct trail *trail, int64_t offset, const struct witness *witness)
{
	struct trail_record *record = &trail->at[trail->count++ % INPUT_WITNESSES];
	record->offset = offset;
	record->witness = *witness;
}

static inline size_t trail_size(const struct trail *trail)
{
	return trail->count < INPUT_WITNESSES ? (size_t)trail->count : INPUT_WITNESSES;
}

/* The oldest one kept is 0. */
static inline const struct trail_record *trail_at(const struct trail *trail, size_t i)
{
	return &trail->at[(trail->count - trail_size(trail) + i) % INPUT_WITNESSES];
}

/* Of the last one; absent: none is known. */
static inline struct witness trail_last(const struct trail *trail)
{
	if (trail->count == 0)
		return (struct witness){ 0 };
	return trail->at[(trail->count - 1) % INPUT_WITNESSES].witness;
}

static inline bool trail_equal(const struct trail *a, const struct trail *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < trail_size(a); i++)
		if (trail_at(a, i)->offset != trail_at(b, i)->offset ||
			!witness_equal(&trail_at(a, i)->witness, &trail_at(b, i)->witness))
			return false;
	return true;
}

#endif
