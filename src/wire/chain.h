/* SPDX-License-Identifier: Apache-2.0 */
/* The chain rule: which records of a shard's event stream are valid. Readers of every kind (owner,
 * recovery, verify, tail) fold it over the records in offset order.
 */
#ifndef WIRE_CHAIN_H
#define WIRE_CHAIN_H

#include "base/bytes.h"
#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>

struct hash {
	uint8_t at[HASH_SIZE];
};

/* BLAKE2b-256 of a record's value as it stands. */
struct hash hash_of(struct bytes record);

static inline bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->at, b->at, HASH_SIZE) == 0;
}

/* What stands in a record's chain fields; all that the rule needs. */
struct link {
	bool is_mark; /* shard_opened */
	uint32_t shard;
	int64_t term;
	int64_t sequence;     /* events only */
	struct hash previous; /* events only */
	bool has_opened;
	struct hash opened;    /* a term's first event only */
	struct id incarnation; /* marks only */
};

/* The fold. All zero is the start of every chain. */
struct chain {
	int64_t term;
	int64_t sequence;
	struct hash hash;    /* of the record of `sequence` */
	bool expects_opened; /* the next valid event is its term's first */
	struct hash opened;
};

enum chain_verdict {
	CHAIN_VOID,  /* skip it */
	CHAIN_MARK,  /* a valid shard_opened: the term is raised */
	CHAIN_EVENT, /* a valid event: the chain is one longer */
};

/* Takes the record in, if it is valid. `hash` is hash_of the record. */
enum chain_verdict chain_fold(
	struct chain *chain, const struct link *link, const struct hash *hash);

/* The link of the next event that this chain's owner writes. */
struct link chain_next(const struct chain *chain, uint32_t shard);

/* For the owner, who hashes what it writes later than it goes on: the chain is one event longer,
 * and its hash is not known here any more. */
void chain_advance(struct chain *chain);

#endif
