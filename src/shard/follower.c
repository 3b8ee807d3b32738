/* SPDX-License-Identifier: Apache-2.0 */
/* A follower's life: the events as they come, folded by the same chain rule and applied by the same
 * engine as in a recovery, with checkpoints beside. It writes nothing but its own store.
 *
 * Like every reader it is given committed records only. That one extends the chain makes it
 * verified: whoever owns the shard writes nothing behind it before having read it back, so what a
 * follower stands at is never taken back.
 */
#include "shard/internal.h"

#include <inttypes.h>

enum { WAIT_MS = 100 };

static bool leaves(const struct shard *shard)
{
	return atomic_load(&shard->is_stopping) || !atomic_load(&shard->is_to_follow);
}

static void place_note(struct shard *shard)
{
	const struct replica *replica = &shard->replica;
	struct log_reader *tail = shard->committer.tail;
	int64_t lag = log_reader_end_hint(tail) - log_reader_position(tail);
	atomic_fetch_add_explicit(&shard->status_passes, 1, memory_order_relaxed);
	atomic_store(&shard->status_event_lag, lag > 0 ? lag : 0);
	atomic_store(&shard->status_term, replica->chain.term);
	atomic_store(&shard->status_verified, replica->place.sequence);
	atomic_store(&shard->status_stored, replica->stored_sequence);
	atomic_store(&shard->status_rows, state_rows(replica->state));
	atomic_store(&shard->status_dirty, state_dirty_bytes(replica->state));
	if (!state_is_sealing(replica->state)) /* else it is the writer's */
		atomic_store(&shard->status_level0, replica->writer.level0_files);
	atomic_store(&shard->status_engine_time, state_head(replica->state)->engine_time_ms);
	atomic_store(&shard->status_timer_due, state_timer_due_ms(replica->state));
}

/* It has come to the end that was known when it began to read, and what came meanwhile is no more
 * than an owner writes at once: an owner under load is never quite caught up with. */
static int abreast(struct shard *shard)
{
	const struct replica *replica = &shard->replica;
	if (!view_ledger(replica->state) || replica->must_confirm ||
		replica->awaited.place.sequence > 0 ||
		atomic_load(&shard->status_event_lag) > LOG_BATCH_RECORDS_MAX)
		return 0;
	int error = shard_ledger_check(shard);
	if (error || shard->live_ms != 0)
		return error;
	shard->live_ms = clock_monotonic_ms();
	shard_waits(shard, NULL);
	atomic_store(&shard->is_following, true);
	store_set_paced(shard->store, true);
	shard_diag(shard, "follows, term %" PRId64 ", sequence %" PRId64, shard->replica.chain.term,
		shard->replica.place.sequence);
	return 0;
}

static int absent(struct replica *replica)
{
	return replica->must_confirm ? replica_lost(replica) : replica_awaits_nothing(replica);
}

/* What its store stands at, or stood at before it was thrown away, was on the log once: it was read
 * past there, or nothing comes. An owner would know by its own mark. An end may be told too low for
 * a moment, where a broker has just begun to lead. */
static int absent_look(struct shard *shard, int64_t since_ms)
{
	struct replica *replica = &shard->replica;
	const struct place *awaited = &replica->awaited.place;
	int64_t end, offset = replica->must_confirm ? replica->place.offset : awaited->offset;
	if ((!replica->must_confirm && awaited->sequence == 0) || atomic_load(&shard->is_stopping))
		return 0;
	if (log_reader_position(shard->committer.tail) > offset)
		return absent(replica);
	if (clock_monotonic_ms() - since_ms < shard->config.read_back_ms)
		return 0;
	int error =
		log_end(shard->config.log, shard->config.shard, LOG_EVENTS, &end, &shard->fault);
	return error || end > offset ? error : absent(replica);
}

/* What can be read up to the end that is known now, or what comes soon. A stop throws the reader
 * away, which may be further on. */
static int events_take(struct shard *shard)
{
	struct replica *replica = &shard->replica;
	struct log_reader *tail = shard->committer.tail;
	int64_t next = log_reader_position(tail) + 1, end = log_reader_end_hint(tail);
	int error = 0;
	read_ahead_begin_some(&replica->reading, tail, end > next ? end : next, WAIT_MS);
	while (!error && !atomic_load(&shard->is_stopping)) {
		const struct record_chunk *chunk;
		error = read_ahead_next(&replica->reading, &chunk, &shard->fault);
		if (error || !chunk)
			break;
		error = replica_take_chunk(replica, chunk);
		place_note(shard);
	}
	read_ahead_end(&replica->reading);
	bool is_passed = log_reader_position(tail) >= end ||
			 atomic_load(&shard->status_event_lag) == 0; /* the rest can't be read */
	return error || !is_passed || atomic_load(&shard->is_stopping) ? error : abreast(shard);
}

static int events_follow(struct shard *shard)
{
	int64_t since_ms = clock_monotonic_ms();
	int error = 0;
	while (!error && !leaves(shard)) {
		error = events_take(shard);
		if (!error)
			error = absent_look(shard, since_ms);
	}
	return error;
}

int shard_read_on(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	int error = shard_enter(shard);
	if (error)
		return error;
	shard->replica.sealed_ms = clock_monotonic_ms();
	error = log_reader_open(shard->config.log, shard->config.shard, LOG_EVENTS,
		replica_start_offset(&shard->replica), &committer->tail, &committer->fault);
	if (!error)
		error = events_follow(shard);
	if (error && shard->fault.code == 0)
		shard->fault = committer->fault;
	store_set_paced(shard->store, false);
	atomic_store(&shard->is_following, false);
	if (error || !atomic_load(&shard->is_stopping))
		return error;
	/* The next start finds all of it stored. */
	error = replica_rest(&shard->replica);
	if (!error)
		error = replica_checkpoint(&shard->replica);
	atomic_store(&shard->status_stored, shard->replica.stored_sequence);
	return error;
}
