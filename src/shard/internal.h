/* SPDX-License-Identifier: Apache-2.0 */
/* An owner's parts. Only shard/ includes this header. */
#ifndef SHARD_INTERNAL_H
#define SHARD_INTERNAL_H

#include "shard/ahead.h"
#include "shard/inputs.h"
#include "shard/load.h"
#include "shard/relay.h"
#include "shard/replica.h"
#include "shard/shard.h"
#include "shard/thread.h"

#include <stdatomic.h>

enum {
	BATCH_BYTES_MAX = 3 << 20, /* values of a batch; under the topics' max.message.bytes */
	BATCH_RECORDS_MAX = 8192,
	CLOCK_AHEAD_MAX_MS = 5 * 60000,
};
_Static_assert((int)BATCH_RECORDS_MAX <= (int)LOG_BATCH_RECORDS_MAX, "the log takes a batch");
_Static_assert((int)BATCH_BYTES_MAX <= (int)LOG_BATCH_BYTES_MAX, "and its bytes");
_Static_assert((int)EVENT_SIZE_MAX <= (int)LOG_RECORD_SIZE_MAX, "the log takes an event");

/* Events that go to the log together. */
struct batch {
	struct log_entry entries[BATCH_RECORDS_MAX];
	size_t count;
	uint8_t *bytes;
	size_t used;
	struct place last; /* of its last event; the hash is known once chained, the offset once
			      read back */
	bool is_boundary;  /* a checkpoint will stand at its last event */
};

/* Commits a batch, reads it back, verifies it; one at a time. */
struct committer {
	struct thread *thread; /* NULL: not started */
	struct monitor *monitor;
	struct batch *batch; /* under way; NULL: idle */
	_Atomic bool is_idle;
	bool is_stopping;
	int error;
	struct place verified;
	struct place boundary; /* of the last batch that was one */

	/* The committer's alone while it runs. */
	struct log_writer *writer;
	struct log_reader *tail;
	struct log_record *records;
	struct hash chained; /* of the last event that was chained */
	int64_t term;
	struct fault fault;
};

enum checkpoint_state {
	CHECKPOINT_IDLE,
	CHECKPOINT_COPYING,
	CHECKPOINT_COPIED,
	CHECKPOINT_WRITING
};

/* Seals while deciding goes on; the replica's writer writes. The deciding thread's. */
struct checkpointer {
	enum checkpoint_state state;
	struct sealed sealed;
	int64_t boundary_sequence;
	int64_t last_ms; /* monotonic */
};

struct shard {
	struct shard_config config;
	struct thread *thread; /* NULL: not started */
	_Atomic bool is_stopping;
	_Atomic bool is_to_follow; /* the role that was asked for last */
	struct bell *bell;         /* the deciding thread hears it where it has nothing to do */
	int error;
	struct fault fault; /* of the deciding thread; in the end, why it ended */

	struct replica replica;
	struct sweep sweep;
	struct store *store;
	struct inputs inputs;
	struct ahead_commands ahead;
	struct log_sender *sender; /* for ticks */
	struct relay *relay;
	struct batch batches[2];
	struct batch *batch; /* being filled */
	struct committer committer;
	struct checkpointer checkpointer;

	uint8_t process_mark[8]; /* the first half of all incarnations of this owner */
	int64_t term;            /* that it last had; 0: none yet */
	struct place known;  /* verified by this process: where to look for another owner from */
	int64_t input_at_ms; /* monotonic, of the last input */
	int64_t live_ms;     /* monotonic, when it became live; 0: it was not, in this life */
	int64_t live_batches, live_inputs; /* what the status counted by then */
	int rooms_made;                    /* for the present input */
	int64_t host_ms;                   /* the host's clock when inputs were last looked at */

	/* For shard_status. waits_for: what the deciding thread asks of the log, or of its store,
	 * while it recovers; NULL: nothing that may take long. batch_ms: since when the committer
	 * has one. */
	_Atomic(const char *) waits_for;
	_Atomic int64_t waits_since_ms, batch_since_ms;
	_Atomic bool is_live, is_ended, follows, is_following;
	_Atomic int status_overtaken;
	_Atomic int64_t status_event_lag;
	_Atomic int64_t status_term, status_verified, status_stored, status_inputs, status_batches;
	_Atomic int64_t status_passes, status_first_input_ns, status_verified_ns;
	_Atomic int64_t status_held_offset[LOG_INPUTS], status_held_since[LOG_INPUTS];
	_Atomic int64_t status_lag[LOG_INPUTS], status_timer_due, status_engine_time;
	_Atomic int64_t status_under_way, status_under_way_ms;
	_Atomic uint32_t status_under_way_to;
	_Atomic int status_level0, status_restarts;
	_Atomic size_t status_rows, status_dirty;
};

/* The one that was handed last: the committer's, and as it was until it is filled anew. */
static inline struct batch *batch_other(struct shard *shard)
{
	return shard->batch == &shard->batches[0] ? &shard->batches[1] : &shard->batches[0];
}

/* What it begins to wait for, in words that follow "waits for"; NULL: nothing any more. */
void shard_waits(struct shard *shard, const char *what);
void shard_diag(const struct shard *shard, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Opens the store at its last checkpoint, which must be this ledger's. One that is proven to be
 * damaged is emptied, to be rebuilt from the log. */
int shard_enter(struct shard *shard);
/* Nothing was decided yet, so there is nothing to drain. */
int shard_stop_fault(struct shard *shard);
/* What the first event says fits the log. There is one. */
int shard_ledger_check(struct shard *shard);

/* follower.c: follows until asked to stop, or to own; then the store stays open, and the replica
 * stands at a verified event, for shard_recover to go on from there. */
int shard_read_on(struct shard *shard);

/* The steps 1 to 4 that recover.c names, but for the inputs. */
int shard_recover(struct shard *shard);
/* A mark above our own term stands after what we know: FAULT_USURPED. Reads for wait_ms, or to the
 * apparent end when that is 0. */
int shard_look_for_owner(struct shard *shard, int wait_ms);

/* witness.c: opens the inputs, where they are those that were decided up to there. */
int inputs_enter(struct shard *shard);

/* live.c: decides until asked to stop or a fault. */
int shard_live(struct shard *shard);
/* Hands the batch being filled to the committer, and waits until all is verified. */
int shard_flush(struct shard *shard);
/* The event goes on the log, and is used up. */
void batch_add(struct shard *shard, struct event *event);

/* clock.c: engine time is not far ahead of the host's clock, or FAULT_CLOCK. */
int clock_compare(struct shard *shard, int64_t host_ms);
/* The same before the first input; where the operator said so, engine time is set back instead. The
 * committer runs. */
int clock_enter(struct shard *shard);

/* committer.c */
/* Why nothing more comes from the events, where that is known, as the end of a sentence; else "".
 * Asked again and again while nothing comes: the first answer is too early. */
const char *tail_holder(struct log_reader *tail);
int committer_start(struct shard *shard);
void committer_stop(struct shard *shard);
int committer_wait_idle(struct shard *shard);
void committer_hand(struct shard *shard, struct batch *batch);

/* checkpointer.c: called at batch boundaries by the deciding thread. */
void checkpointer_start(struct shard *shard);
void checkpointer_stop(struct shard *shard);
bool checkpointer_wants_boundary(struct shard *shard);
/* When it will want one though nothing more is decided (monotonic); INT64_MAX: never. */
int64_t checkpointer_due_ms(const struct shard *shard);
void checkpointer_begin(struct shard *shard, int64_t sequence);
int checkpointer_step(struct shard *shard);
/* Brings a checkpoint about to its end; all batches are verified. */
int checkpointer_finish(struct shard *shard);
/* The same, and one more for what came after it. */
int checkpointer_complete(struct shard *shard);

#endif
