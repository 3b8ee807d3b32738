/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints while deciding goes on: at a batch boundary a seal begins; its rows are copied a few
 * at a time; once its last event is verified, another thread writes them. */
#include "shard/internal.h"

#include <assert.h>
#include <stdlib.h>

/* A step copies more rows than the batch before it can have made dirty: else memory fills up before
 * all are copied. */
enum { STEP_ROWS_MIN = 1024, STEP_ROWS_PER_EVENT = 4 };

static void checkpointer_main(void *context)
{
	struct shard *shard = context;
	struct checkpointer *checkpointer = &shard->checkpointer;
	monitor_enter(checkpointer->monitor);
	for (;;) {
		while (!checkpointer->has_job && !checkpointer->is_stopping)
			monitor_wait(checkpointer->monitor);
		if (!checkpointer->has_job)
			break;
		monitor_leave(checkpointer->monitor);
		int error = checkpoint_write(shard->store, &checkpointer->sealed,
			&checkpointer->place, &checkpointer->order, &checkpointer->fault);
		int level0_files = store_level0_files(shard->store);
		monitor_enter(checkpointer->monitor);
		checkpointer->error = error;
		checkpointer->has_job = false;
		checkpointer->is_done = true;
		atomic_store(&shard->status_level0, level0_files);
		monitor_wake(checkpointer->monitor);
	}
	monitor_leave(checkpointer->monitor);
}

int checkpointer_start(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	checkpointer->has_job = checkpointer->is_done = checkpointer->is_stopping = false;
	checkpointer->error = 0;
	checkpointer->state = CHECKPOINT_IDLE;
	checkpointer->last_ms = clock_monotonic_ms();
	checkpointer->thread = thread_start("store", shard->config.shard, checkpointer_main, shard);
	if (!checkpointer->thread)
		return FAULT(&shard->fault, FAULT_IO, "no thread for checkpoints");
	return 0;
}

void checkpointer_stop(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	if (!checkpointer->thread)
		return;
	store_set_paced(shard->store, false);
	monitor_enter(checkpointer->monitor);
	checkpointer->is_stopping = true;
	monitor_wake(checkpointer->monitor);
	monitor_leave(checkpointer->monitor);
	thread_join(checkpointer->thread);
	checkpointer->thread = NULL;
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
	monitor_enter(checkpointer->monitor);
	checkpointer->place = *place;
	checkpointer->has_job = true;
	checkpointer->is_done = false;
	monitor_wake(checkpointer->monitor);
	monitor_leave(checkpointer->monitor);
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

static int job_end(struct shard *shard, bool waits, bool *ret_ended)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	if (waits)
		store_set_paced(shard->store, false);
	monitor_enter(checkpointer->monitor);
	while (waits && !checkpointer->is_done)
		monitor_wait(checkpointer->monitor);
	*ret_ended = checkpointer->is_done;
	int error = checkpointer->is_done ? checkpointer->error : 0;
	monitor_leave(checkpointer->monitor);
	if (error) {
		shard->replica.is_doubtful = true;
		shard->fault = checkpointer->fault;
		return error;
	}
	if (*ret_ended) {
		state_sealed_stored(shard->replica.state);
		shard->replica.stored_sequence = checkpointer->place.sequence;
		atomic_store(&shard->status_stored, checkpointer->place.sequence);
		checkpointer->state = CHECKPOINT_IDLE;
	}
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
	bool ended;
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
		return job_end(shard, false, &ended);
	}
	return 0;
}

int checkpointer_finish(struct shard *shard)
{
	struct checkpointer *checkpointer = &shard->checkpointer;
	bool ended = false;
	while (checkpointer->state != CHECKPOINT_IDLE) {
		int error = checkpointer->state == CHECKPOINT_WRITING ? job_end(shard, true, &ended)
								      : checkpointer_step(shard);
		if (error)
			return error;
	}
	return 0;
}
