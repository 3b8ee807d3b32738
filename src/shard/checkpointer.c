/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints while deciding goes on: at a batch boundary a seal begins; its rows are copied a few
 * at a time; once its last event is verified, another thread writes them. */
#include "shard/internal.h"

#include <assert.h>

/* A step copies more rows than the batch before it can have made dirty: else memory fills up before
 * all are copied. */
enum { STEP_ROWS_MIN = 1024, STEP_ROWS_PER_EVENT = 4 };

void checkpointer_start(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	/* The recovery's last one may still be written: nobody waits for it. */
	checkpointer->state =
		state_is_sealing(shard->replica.state) ? CHECKPOINT_WRITING : CHECKPOINT_IDLE;
	checkpointer->last_ms = clock_monotonic_ms();
}

void checkpointer_stop(struct shard *shard)
{
	if (shard->store)
		store_set_paced(shard->store, false);
	checkpoint_writer_stop(&shard->replica.writer);
}

bool checkpointer_wants_boundary(struct shard *shard)
{
	const struct checkpointer *checkpointer = &shard->checkpointer;
	const struct state *state = shard->replica.state;
	if (checkpointer->state != CHECKPOINT_IDLE || state_dirty_bytes(state) == 0 ||
		atomic_load(&shard->status_level0) > STORE_LEVEL0_FILES_MAX)
		return false;
	return state_dirty_bytes(state) > state_dirty_bytes_max(state) / 4 * 3 ||
	       clock_monotonic_ms() - checkpointer->last_ms >= shard->config.checkpoint_ms;
}

int64_t checkpointer_due_ms(const struct shard *shard)
{
	const struct checkpointer *checkpointer = &shard->checkpointer;
	if (checkpointer->state != CHECKPOINT_IDLE ||
		state_dirty_bytes(shard->replica.state) == 0 ||
		atomic_load(&shard->status_level0) > STORE_LEVEL0_FILES_MAX)
		return INT64_MAX;
	return checkpointer->last_ms + shard->config.checkpoint_ms;
}

void checkpointer_begin(struct shard *shard, int64_t sequence)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	struct committer *committer = &shard->committer;
	assert(checkpointer->state == CHECKPOINT_IDLE);
	state_seal_begin(shard->replica.state);
	/* The committer is idle: either the boundary is verified already, and later batches must
	 * not make that forgotten, or the batch that is handed next brings it. */
	monitor_enter(committer->monitor);
	committer->boundary = committer->verified;
	monitor_leave(committer->monitor);
	checkpointer->boundary_sequence = sequence;
	checkpointer->state = CHECKPOINT_COPYING;
	checkpointer->last_ms = clock_monotonic_ms();
}

static void job_give(struct shard *shard, const struct place *place)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	store_set_paced(shard->store, true);
	replica_checkpoint_give(&shard->replica, &checkpointer->sealed, place);
	checkpointer->state = CHECKPOINT_WRITING;
}

/* Only verified events are ever checkpointed. */
static bool boundary_verified(struct shard *shard, struct place *ret)
{
	struct committer *committer = &shard->committer;
	monitor_enter(committer->monitor);
	*ret = committer->boundary;
	monitor_leave(committer->monitor);
	return ret->sequence == shard->checkpointer.boundary_sequence;
}

static int job_end(struct shard *shard, bool waits)
{
	struct replica *replica = &shard->replica;
	bool is_ended;
	if (waits)
		store_set_paced(shard->store, false);
	int error = replica_checkpoint_end(replica, waits, &is_ended);
	if (error || !is_ended)
		return error;
	atomic_store(&shard->status_level0, replica->writer.level0_files);
	atomic_store(&shard->status_stored, replica->stored_sequence);
	shard->checkpointer.state = CHECKPOINT_IDLE;
	return 0;
}

static size_t step_rows(struct shard *shard)
{
	size_t rows = STEP_ROWS_PER_EVENT * batch_other(shard)->count;
	return rows > STEP_ROWS_MIN ? rows : STEP_ROWS_MIN;
}

int checkpointer_step(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	struct place place;
	switch (checkpointer->state) {
	case CHECKPOINT_IDLE:
		/* What a busy level 0 held back may have been compacted meanwhile. */
		if (atomic_load(&shard->status_level0) > STORE_LEVEL0_FILES_MAX)
			atomic_store(&shard->status_level0, store_level0_files(shard->store));
		return 0;
	case CHECKPOINT_COPYING:
		if (state_seal_step(shard->replica.state, step_rows(shard), &checkpointer->sealed))
			checkpointer->state = CHECKPOINT_COPIED;
		return 0;
	case CHECKPOINT_COPIED:
		if (boundary_verified(shard, &place))
			job_give(shard, &place);
		return 0;
	case CHECKPOINT_WRITING:
		/* Before anybody has to wait for it. */
		if (state_dirty_bytes(shard->replica.state) >
			state_dirty_bytes_max(shard->replica.state) / 2)
			store_set_paced(shard->store, false);
		return job_end(shard, false);
	}
	return 0;
}

int checkpointer_finish(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	while (checkpointer->state != CHECKPOINT_IDLE) {
		int error = checkpointer->state == CHECKPOINT_WRITING ? job_end(shard, true)
								      : checkpointer_step(shard);
		if (error)
			return error;
	}
	return 0;
}

int checkpointer_complete(struct shard *shard)
{
	int error = checkpointer_finish(shard);
	if (error || shard->replica.stored_sequence == shard->replica.place.sequence)
		return error;
	checkpointer_begin(shard, shard->replica.place.sequence);
	return checkpointer_finish(shard);
}
