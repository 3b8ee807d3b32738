/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true after every step, whatever went wrong, checked by what shares no code with
 * what is checked: the chain is folded by a rule of its own, each event is predicted by the
 * auditor, sums are added up by hand. Replay is the engine's, that it equals what was decided live
 * is what is checked.
 */
#ifndef SIMULATOR_CHECKS_H
#define SIMULATOR_CHECKS_H

#include "ground.h"

#include "log/log.h"

void checks_begin(uint32_t shards, bool has_kafka_transactions);
void checks_end(void);

/* Takes what became readable since. */
void checks_look(void);

/* An owner claims to have verified up to there. */
void checks_verified(uint32_t shard, int64_t sequence);
/* A store has come to a checkpoint. */
void checks_checkpoint(uint32_t shard, struct bytes position, uint64_t mix);
/* An owner of that term was stopped in peace: where none came after it, its store stands where the
 * chain ends. */
void checks_stored(uint32_t shard, int64_t term, uint64_t mix);

/* The operator starts all processes with --accept-clock from now on. */
void checks_accept_clock(uint32_t shard, enum log_stream stream, int64_t offset);

/* An input lost its records from this offset on; all that was readable before was looked at. */
void checks_input_lost(uint32_t shard, enum log_stream stream, int64_t offset);

/* NULL: all inputs are answered, and all remittances settled or given back; else what is not. */
const char *checks_unanswered(void);
/* Sums, rows and timers as they must stand; expensive, so not after every step. */
void checks_sums(void);

/* Of all worlds together. */
struct checks_totals {
	uint64_t events, marks, void_events, void_marks, checkpoints;
	uint64_t remittances[3]; /* credited, refused, and what came of them again */
};
extern struct checks_totals checks_totals;

#endif
