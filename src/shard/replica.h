/* SPDX-License-Identifier: Apache-2.0 */
/* A replica: a shard's state in memory over a store, and the place on the event log that it stands
 * at.
 *
 * The owner of a shard has one, and so has whoever rebuilds or reads it (recovery, verify, show):
 * they all fold the same records by the same chain rule and apply them by the same engine. One
 * thread.
 */
#ifndef SHARD_REPLICA_H
#define SHARD_REPLICA_H

#include "engine/engine.h"
#include "log/log.h"
#include "shard/checkpoint.h"
#include "shard/position.h"
#include "shard/read_ahead.h"
#include "state/view.h"
#include "store/store.h"
#include "wire/wire.h"

struct replica {
	uint32_t shard;
	void *memory;
	size_t memory_size;
	struct state *state;
	struct codec *codec;
	struct store *store; /* NULL: nothing is stored yet, all absent */
	struct chain chain;
	struct place place; /* of the last event applied; sequence 0: none */
	struct fault *fault;
	/* Called for each event before it is applied, with its place; for those who look on. 0 goes
	 * on; above 0 the replica stays before it, and this is what replica_follow returns. */
	int (*observe)(void *context, const struct event *event, const struct place *place);
	void *context;
	bool checkpoints;  /* may write to the store when memory is full ... */
	int checkpoint_ms; /* ... and at least this often while it follows; 0: only then */
	int64_t sealed_ms; /* monotonic */
	int64_t stored_sequence;
	bool is_unreadable; /* a look into the store met damage: it is to be rebuilt */
	bool is_doubtful;   /* a checkpoint could not be written: a damaged file may be why */
	const char *testament_path; /* the owner's state folder; NULL: no testament is kept */
	struct testament awaited; /* sequence above 0: the log must still prove that it holds it */
	bool must_confirm;        /* the next record must be the event that the store stands at */
	const _Atomic bool *is_stopping; /* once true it follows no further; NULL: nobody asks */

	struct read_ahead reading;
	struct taken *taken; /* decoded before they are applied */
	struct checkpoint_writer writer;
};

/* Takes memory (bytes) for rows. The fault sink outlives the replica. */
int replica_init(struct replica *replica, uint32_t shard, size_t memory_bytes, struct fault *fault);
void replica_deinit(struct replica *replica);

/* Forgets everything and starts from what the store holds (position row, ledger row), or from
 * nothing. The store stays the caller's. FAULT_SETTINGS: it is another shard's, or of a newer
 * format. */
int replica_start(struct replica *replica, struct store *store, bool checkpoints);

/* One record of the event stream, in order. Void ones are skipped. FAULT_LOG: a kind or field that
 * this version does not know, or bytes that are no event. The first record after replica_start of a
 * store that is not empty must be the event that it stands at. */
int replica_take(struct replica *replica, const struct log_record *record, enum chain_verdict *ret);

/* A checkpoint that it began may still be written when it returns 0: replica_rest waits for it, or
 * whoever goes on with the replica.
 *
 * Reads on until the reader has passed `end`, or sequence_max is reached (INT64_MAX: no such
 * limit): then the reader may stand further on. Its fault sink is another than the replica's.
 * FAULT_IO where it is asked to stop. */
int replica_follow(
	struct replica *replica, struct log_reader *reader, int64_t end, int64_t sequence_max);

/* --- For those who follow without an end --- */

/* Applies what was read, and goes on with checkpoints: to be called also where nothing was. */
int replica_take_chunk(struct replica *replica, const struct record_chunk *chunk);
/* Brings the checkpoint under way to its end, and ends its thread. */
int replica_rest(struct replica *replica);
/* The next record is to be the event that it stands at, as after replica_start; what it holds
 * stays. */
void replica_again(struct replica *replica);
/* Where the next record must be the event that it stands at, and none will come: the log lost it.
 */
int replica_lost(const struct replica *replica);

/* The log must hold this event, and until it was read no other testament is written. */
void replica_await(struct replica *replica, const struct testament *testament);
/* What the log holds up to now is all of it: what is awaited still is lost. */
int replica_awaits_nothing(struct replica *replica);

/* Loads what look-ups lacked. *ret_loaded: how many rows it found room for (timers count too); 0
 * means that memory is full of rows in use or not stored yet. */
int replica_load(struct replica *replica, size_t *ret_loaded);

/* Brings the store to the state as it is, at once. */
int replica_checkpoint(struct replica *replica);

/* --- Checkpoints, for those who spread them over time --- */

/* Has a sealed set written beside, up to the place of its last event; one at a time. */
void replica_checkpoint_give(
	struct replica *replica, const struct sealed *sealed, const struct place *place);
/* *ret_ended: the store holds it, and its rows may be evicted. */
int replica_checkpoint_end(struct replica *replica, bool waits, bool *ret_ended);

/* Where a reader for replica_take starts. */
int64_t replica_start_offset(const struct replica *replica);

/* BLAKE2b-256 over all rows of a store in key order, the position left out: each as key size and
 * value size (u16, little-endian), key, value. */
int store_digest(struct store *store, struct hash *ret, struct fault *fault);

#endif
