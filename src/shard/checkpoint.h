/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints into the store: written by whoever asks, or by a thread beside it. Only shard/ and
 * its benchmark include this header.
 */
#ifndef SHARD_CHECKPOINT_H
#define SHARD_CHECKPOINT_H

#include "base/fault.h"
#include "shard/position.h"
#include "shard/row_order.h"
#include "shard/testament.h"
#include "state/state.h"
#include "store/store.h"

#include <stdbool.h>

struct thread;
struct monitor;

/* Writes a sealed set, with its place, as one checkpoint. `order` is its memory. */
int checkpoint_write(struct store *store, const struct sealed *sealed, const struct place *place,
	struct row_order *order, struct fault *fault);

/* Writes one checkpoint at a time while who gave it goes on. */
struct checkpoint_writer {
	uint32_t shard;
	struct thread *thread; /* NULL: not started */
	struct row_order order;
	/* Guards what follows while there is a thread. */
	struct monitor *monitor;
	bool has_job, is_done, is_stopping;
	struct store *store;
	struct sealed sealed;
	struct place place;
	const char *testament_path; /* NULL: none is kept */
	struct id ledger_id;        /* for the testament */
	int level0_files;           /* of the store, after the last one */
	int error;
	struct fault fault;
};

void checkpoint_writer_init(struct checkpoint_writer *writer, uint32_t shard);
void checkpoint_writer_deinit(struct checkpoint_writer *writer);

/* The store's testament is written first (NULL: none is kept), so that it never stands behind.
 * The first one starts the thread; where none is to be had it is written at once. Whatever was
 * given before has ended. The sealed set lives until this one has. */
void checkpoint_writer_give(struct checkpoint_writer *writer, struct store *store,
	const struct sealed *sealed, const struct place *place, const char *testament_path,
	const struct id *ledger_id);
/* *ret_ended: it is written, or failed, which writer->fault tells. */
int checkpoint_writer_end(struct checkpoint_writer *writer, bool waits, bool *ret_ended);
/* Ends what is under way, and the thread. */
void checkpoint_writer_stop(struct checkpoint_writer *writer);

#endif
