/* SPDX-License-Identifier: Apache-2.0 */
/* The transfers of pinion bench, and each layer that one of them passes, alone: what
 * core_transfers counts and layers times. The same ones in every run: ids, times and draws are
 * fixed.
 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "bench/bench.h"
#include "engine/engine.h"
#include "log/log.h"

enum {
	BLOCK_TRANSFERS = 8192, /* as many as a batch has */
	CHUNK_TRANSFERS = 64,   /* of nouns: they stay in the processor's cache, as live ones do */
	BLOCK_CHUNKS = BLOCK_TRANSFERS / CHUNK_TRANSFERS,
	EVENT_RECORD_ROOM = 512,
	COMMAND_RECORD_ROOM = 256,
};

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
	struct input inputs[BLOCK_TRANSFERS];      /* where they stand */
	struct log_entry written[BLOCK_TRANSFERS]; /* events */
	uint8_t record_bytes[BLOCK_TRANSFERS * COMMAND_RECORD_ROOM + COMMAND_SIZE_MAX];
	uint8_t written_bytes[BLOCK_TRANSFERS * EVENT_RECORD_ROOM + EVENT_SIZE_MAX];
	size_t written_size;

	/* Of one chunk. */
	struct command commands[CHUNK_TRANSFERS]; /* decoded */
	struct event events[CHUNK_TRANSFERS];     /* decided and applied */
	struct link links[CHUNK_TRANSFERS];       /* of their records */
	struct event read[CHUNK_TRANSFERS];       /* decoded again */
};

/* Accounts opened and funded in both halves; all rows are in memory. */
struct traffic *traffic_new(int64_t accounts, size_t memory_bytes);
void traffic_free(struct traffic *traffic);

/* Draws the next block and encodes its commands. */
void traffic_draw(struct traffic *traffic);

/* The layers, in the order of a transfer's path, each over a chunk, from `from` on. core_transfers
 * finds them by name. */
void layer_decode(struct traffic *traffic, size_t from);
void layer_process(struct traffic *traffic, size_t from);
/* Encodes what was decided, each with the hash of the one before it; then layer_encode does that
 * again, without hashes. */
void traffic_write(struct traffic *traffic, size_t from);
void layer_encode(struct traffic *traffic, size_t from);
struct hash layer_hash(struct traffic *traffic, size_t from);
void layer_replay_decode(struct traffic *traffic, size_t from);
void layer_replay(struct traffic *traffic, size_t from);
/* Copies what changed since the last one aside, as for a checkpoint; state_sealed_stored is the
 * caller's. */
struct sealed layer_seal(struct traffic *traffic);

#endif
