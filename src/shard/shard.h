/* SPDX-License-Identifier: Apache-2.0 */
/* A shard in this process: owned or followed, the one after the other.
 *
 * The owner takes the shard, decides its inputs, publishes the events, and recovers from any fault
 * by starting again. It has three threads: one decides, one commits and reads back, one writes
 * checkpoints. No lock is taken per record.
 *
 *  decide k+1 ──batch──> commit k, read k back, verify ──place──> checkpoint
 *
 * A follower reads the events that an owner publishes, wherever that one runs, applies what extends
 * the chain, and writes checkpoints into a store of its own. It never fences, appends, or looks at
 * the inputs. It has two threads: one reads and applies, one writes checkpoints, and another one
 * that reads where it has much to catch up with.
 *
 * Who runs several shards (`pinion run`, `pinion follow`) calls all of this from one thread, and
 * shard_status, shard_stop, shard_promote and shard_demote from any:
 *
 *  shard_new ─┬─ shard_start ──> owner ────── shard_demote, or overtaken ──> follower
 *             └─ shard_follow ─> follower ─── shard_promote ──────────────> owner
 *
 * A change of role is only asked for: the shard's own thread makes it, and shard_status tells
 * when. What was asked for last counts.
 */
#ifndef SHARD_SHARD_H
#define SHARD_SHARD_H

#include "base/fault.h"
#include "base/id.h"
#include "log/log.h"

#include <stdbool.h>
#include <stdint.h>

/* One record of an input, as an operator names it. */
struct input_place {
	uint32_t shard;
	enum log_stream stream;
	int64_t offset;
};

/* Engine time, where it stands just there, is set back to the host's clock. */
struct clock_restart {
	uint32_t shard;
	int64_t engine_time_ms;
};

struct shard_config {
	struct log *log;
	uint32_t shard;
	const char *state_path; /* this shard's own folder */
	size_t memory_bytes;    /* for rows */
	size_t store_cache_bytes;
	int checkpoint_ms; /* at most this long between checkpoints */
	int read_back_ms;  /* a batch not read back by then taints */
	int live_well_ms;  /* live for that long, its recoveries are counted anew */

	/* The operator's answers to poison and to a broker's clock that ran ahead. */
	const struct input_place *refused;
	size_t refused_count;
	const struct input_place *clock_accepted; /* up to there, decided at the last engine time */
	size_t clock_accepted_count;
	const struct clock_restart *clock_restarts;
	size_t clock_restart_count;

	/* Where another owner took the shard, it goes on as a follower; else it ends with
	 * FAULT_USURPED. */
	bool follows_when_overtaken;

	/* The sequence at which the inputs may go on though they are not those that were decided;
	 * 0: never. */
	int64_t restart_inputs_at;

	/* Called from the owner's threads, for people: one line, without its end. */
	void (*diag)(void *context, const char *line);
	void *context;
};

struct shard;

struct shard *shard_new(const struct shard_config *config);
void shard_free(struct shard *shard); /* after shard_join; NULL is fine */

/* Starts the shard's thread, as the owner. */
void shard_start(struct shard *shard);
/* Starts the shard's thread, as a follower. The log may be one opened with LOG_USE, but then it is
 * never promoted. */
void shard_follow(struct shard *shard);
/* A follower becomes the owner: it reads on to the end that it knows, and from where it then
 * stands, in memory, ordinary recovery runs. So this costs the fence and the last records. Nothing
 * happens to an owner. */
void shard_promote(struct shard *shard);
/* An owner drains what it has decided, checkpoints, and goes on as a follower. One that recovers
 * first gets live. Nothing happens to a follower. */
void shard_demote(struct shard *shard);
/* Has a live one come round in its loop (status.passes), which it otherwise does only about once a
 * second while there is nothing to do; any thread. */
void shard_nudge(struct shard *shard);
/* Asks it to drain what it has decided and end; a follower checkpoints and ends. */
void shard_stop(struct shard *shard);
/* Waits for its end: 0 when stopped, or the fault that it can't recover from; shard_fault says
 * which. */
int shard_join(struct shard *shard);
const struct fault *shard_fault(const struct shard *shard);

/* Writes the ledger's first event where there is none yet. Not while started. *ret_ledger_id is the
 * one the shard has in the end: an existing one stays. A broker that has just begun is slow at
 * first: what an owner would recover from is tried again, for up to half a minute. */
int shard_init_ledger(struct shard *shard, const struct id *ledger_id, struct id *ret_ledger_id);

/* The ledger id that a shard's first event says; all zero where there is none yet. */
int shard_ledger_id(struct log *log, uint32_t shard, struct id *ret, struct fault *fault);

/* Whether the log still has each record as often as the shard's first event says that it had when
 * the ledger was made: FAULT_SETTINGS. log_check then looks at that, too. */
int shard_replication_check(struct log *log, uint32_t shard, struct fault *fault);

/* A moment's figures; any thread. */
struct shard_status {
	bool follows;      /* it is no owner, nor about to be one */
	bool is_following; /* a follower that has come to the apparent end of its log */
	int overtaken;     /* how often another owner took the shard from this one */
	int64_t event_lag; /* a follower's: offsets of the events not read yet, as far as known */
	bool is_live;      /* an owner that decides */
	bool is_ended;
	int64_t term; /* of the owner, as far as this one has read */
	int64_t verified_sequence;
	int64_t stored_sequence;
	int64_t inputs_decided;  /* since the start of the process */
	int64_t first_input_ns;  /* monotonic; when the first of them was taken up */
	int64_t verified_ns;     /* monotonic; when the last batch was verified */
	int64_t lag[LOG_INPUTS]; /* records not decided yet, as far as known; with those held */
	/* From this offset on nothing can be read, though it is there: a Kafka transaction that
	 * somebody left open stands there. The host's clock, when it was first seen; 0: none. */
	int64_t held_since_ms[LOG_INPUTS];
	int64_t held_offset[LOG_INPUTS];
	int64_t under_way;      /* payments sent to other shards that are not answered yet */
	int64_t under_way_ms;   /* since when the oldest that waits for long is; 0: none does */
	uint32_t under_way_to;  /* the shard that does not answer it */
	int64_t timer_due_ms;   /* INT64_MAX: none */
	int64_t engine_time_ms; /* 0: not known yet */
	int level0_files;
	size_t rows;
	size_t dirty_bytes;
	int restarts;
	int64_t batches;
	int64_t passes;        /* of its thread through its loop, while live, or while it follows */
	const char *waits_for; /* what may take long, in words; NULL: nothing */
	int64_t waits_since_ms;
};
void shard_status(struct shard *shard, struct shard_status *ret);

/* Which input the calling thread is deciding: for whoever prints the end of a process that met a
 * bug. */
bool shard_deciding(struct input_place *ret);

#endif
