/* SPDX-License-Identifier: Apache-2.0 */
/* The transfers of pinion bench, and each layer that one of them passes, alone: what
 * core_transfers counts and layers times. The same ones in every run: ids, times and draws are
 * fixed.
 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "engine/engine.h"
#include "log/log.h"
#include "main/bench.h"

enum { BLOCK_TRANSFERS = 4096, EVENT_RECORD_ROOM = 512, COMMAND_RECORD_ROOM = 256 };

struct ledger_half {
	void *memory;
	struct state *state;
};

/* A block of transfers on its way. */
struct traffic {
	struct keys keys;
	struct keys_random random;
	struct codec *codec;
	int64_t made; /* commands, for ids, offsets and times */
	struct ledger_half live;
	struct ledger_half replayed;
	struct chain chain;

	struct log_entry records[BLOCK_TRANSFERS]; /* of commands */
	struct command commands[BLOCK_TRANSFERS];  /* decoded */
	struct input inputs[BLOCK_TRANSFERS];      /* where they stand */
	struct event events[BLOCK_TRANSFERS];      /* decided and applied */
	struct link links[BLOCK_TRANSFERS];        /* of their records */
	struct log_entry written[BLOCK_TRANSFERS]; /* their records */
	struct event read[BLOCK_TRANSFERS];        /* decoded again */
	uint8_t record_bytes[BLOCK_TRANSFERS * COMMAND_RECORD_ROOM + COMMAND_SIZE_MAX];
	uint8_t written_bytes[BLOCK_TRANSFERS * EVENT_RECORD_ROOM + EVENT_SIZE_MAX];
};

/* Accounts opened and funded in both halves; all rows are in memory. */
struct traffic *traffic_new(int64_t accounts, size_t memory_bytes);
void traffic_free(struct traffic *traffic);

/* Draws the next block and encodes its commands. */
void traffic_draw(struct traffic *traffic);

/* Encodes the events that were decided, each with the hash of the one before it. */
void traffic_write(struct traffic *traffic);

/* The layers, in the order of a transfer's path, each over the whole block. core_transfers finds
 * them by name. */
void layer_decode(struct traffic *traffic);
void layer_process(struct traffic *traffic);
void layer_encode(struct traffic *traffic); /* again, after traffic_write */
struct hash layer_hash(struct traffic *traffic);
void layer_replay_decode(struct traffic *traffic);
void layer_replay(struct traffic *traffic);
/* Copies what changed since the last one aside, as for a checkpoint; state_sealed_stored is the
 * caller's. */
struct sealed layer_seal(struct traffic *traffic);

#endif
