/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/chain.h"

#include <sodium.h>

struct hash hash_of(struct bytes record)
{
	struct hash hash;
	(void)crypto_generichash(hash.at, sizeof hash.at, record.at, record.size, NULL, 0);
	return hash;
}

enum chain_verdict chain_fold(struct chain *chain, const struct link *link, const struct hash *hash)
{
	if (link->is_mark) {
		if (link->term <= chain->term)
			return CHAIN_VOID;
		chain->term = link->term;
		chain->expects_opened = true;
		chain->opened = *hash;
		return CHAIN_MARK;
	}
	/* Before the first mark there is no term that an event could be of. */
	if (chain->term == 0 || link->term != chain->term ||
		link->sequence != chain->sequence + 1 ||
		!hash_equal(&link->previous, &chain->hash) ||
		link->has_opened != chain->expects_opened ||
		(link->has_opened && !hash_equal(&link->opened, &chain->opened)))
		return CHAIN_VOID;
	chain->sequence = link->sequence;
	chain->hash = *hash;
	chain->expects_opened = false;
	return CHAIN_EVENT;
}

struct link chain_next(const struct chain *chain, uint32_t shard)
{
	return (struct link){
		.shard = shard,
		.term = chain->term,
		.sequence = chain->sequence + 1,
		.previous = chain->hash,
		.has_opened = chain->expects_opened,
		.opened = chain->opened,
	};
}

void chain_advance(struct chain *chain)
{
	chain->sequence++;
	chain->expects_opened = false;
	chain->hash = (struct hash){ { 0 } };
}
