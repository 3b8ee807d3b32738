/* SPDX-License-Identifier: Apache-2.0 */
/* The first event of a ledger as `pinion init` would write it. */
#ifndef TESTS_OPENED_H
#define TESTS_OPENED_H

#include "engine/engine.h"

static inline struct event_ledger_opened ledger_opened(
	struct id ledger_id, uint32_t shard, uint32_t shards)
{
	return (struct event_ledger_opened){
		.ledger_id = ledger_id,
		.shard = shard,
		.shards = shards,
		.format = LEDGER_FORMAT,
		.id_too_old_ms = ID_TOO_OLD_MS,
		.id_too_new_ms = ID_TOO_NEW_MS,
	};
}

#endif
