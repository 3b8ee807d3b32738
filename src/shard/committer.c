/* SPDX-License-Identifier: Apache-2.0 */
/* Commit, read back, verify. Batch k+1 is decided meanwhile, and produced only when this one was
 * read back. */
#include "shard/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { TAIL_RECORDS_PER_READ = 1024, IDLE_LOOK_MS = 1000 };

/* A record between ours: an older owner's stray is void, another owner's mark is our end. */
static int foreign_record(struct shard *shard, const struct log_record *record)
{
	struct committer *committer = &shard->committer;
	struct link link;
	if (link_decode(record->value, &link) != DECODE_OK)
		return FAULT(&committer->fault, FAULT_LOG,
			"shard %" PRIu32 ": the record at offset %" PRId64
			" of the event stream is no event: it was written by something else",
			shard->config.shard, record->offset);
	if (link.is_mark && link.term > committer->term)
		return FAULT(&committer->fault, FAULT_USURPED,
			"shard %" PRIu32 ": another owner took it with term %" PRId64
			" (ours was %" PRId64 "): this one stops",
			shard->config.shard, link.term, committer->term);
	if (!link.is_mark && link.term == committer->term)
		return FAULT(&committer->fault, FAULT_TAINTED,
			"shard %" PRIu32 ": event %" PRId64 " of our term stands out of order",
			shard->config.shard, link.sequence);
	return 0;
}

const char *tail_holder(struct log_reader *tail)
{
	return log_reader_held(tail) > 0 ? ": a Kafka transaction is open on the events, and holds "
					   "what follows it: whoever left it there must abort it"
					 : "";
}

/* What comes back byte for byte as it was chained extends the chain: no hash is made twice. */
static int read_back(struct shard *shard, struct batch *batch)
{
	struct committer *committer = &shard->committer;
	int64_t deadline_ms = clock_monotonic_ms() + shard->config.read_back_ms;
	size_t next = 0;
	const char *holder = "";
	while (next < batch->count) {
		size_t count;
		int error = log_read(
			committer->tail, committer->records, TAIL_RECORDS_PER_READ, 100, &count);
		if (error)
			return error;
		if (count == 0)
			holder = tail_holder(committer->tail);
		if (count == 0 && clock_monotonic_ms() > deadline_ms)
			return FAULT(&committer->fault, FAULT_TAINTED,
				"shard %" PRIu32 ": events %" PRId64
				" and before were not read back in %d ms%s",
				shard->config.shard, batch->last.sequence,
				shard->config.read_back_ms, holder);
		for (size_t i = 0; i < count; i++) {
			const struct log_record *record = &committer->records[i];
			if (next < batch->count &&
				bytes_equal(record->value, batch->entries[next].value)) {
				batch->last.offset = record->offset;
				next++;
				continue;
			}
			error = foreign_record(shard, record);
			if (error)
				return error;
		}
	}
	return 0;
}

/* Each event carries the hash of the one before it. Hashing stands here, beside deciding. */
static void batch_chain(struct committer *committer, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct bytes value = batch->entries[i].value;
		event_chain(
			batch->bytes + (value.at - batch->bytes), value.size, &committer->chained);
		committer->chained = hash_of(value);
	}
	batch->last.hash = committer->chained;
}

static int batch_commit(struct shard *shard, struct batch *batch)
{
	batch_chain(&shard->committer, batch);
	atomic_store(&shard->batch_since_ms, clock_monotonic_ms());
	int error = log_append(shard->committer.writer, batch->entries, batch->count);
	if (!error)
		error = read_back(shard, batch);
	atomic_store(&shard->batch_since_ms, 0);
	return error;
}

/* Whatever stands behind our last record is not ours. */
static int idle_look(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	size_t count;
	int error = log_read(committer->tail, committer->records, TAIL_RECORDS_PER_READ, 0, &count);
	for (size_t i = 0; i < count && !error; i++)
		error = foreign_record(shard, &committer->records[i]);
	return error;
}

static void committer_main(void *context)
{
	struct shard *shard = context;
	struct committer *committer = &shard->committer;
	monitor_enter(committer->monitor);
	for (;;) {
		if (!committer->batch && !committer->is_stopping)
			monitor_wait_ms(committer->monitor, IDLE_LOOK_MS);
		struct batch *batch = committer->batch;
		if (!batch && committer->is_stopping)
			break;
		monitor_leave(committer->monitor);
		int error = batch ? batch_commit(shard, batch) : idle_look(shard);
		monitor_enter(committer->monitor);
		if (error) {
			committer->error = error;
		} else if (batch) {
			committer->verified = committer->batch->last;
			if (committer->batch->is_boundary)
				committer->boundary = committer->batch->last;
			atomic_store(&shard->status_verified_ns, clock_monotonic_ns());
			atomic_store(&shard->status_verified, committer->verified.sequence);
			atomic_fetch_add(&shard->status_batches, 1);
		}
		if (batch)
			committer->batch = NULL;
		if (batch || error) /* a batch may have been handed during an idle look */
			atomic_store(&committer->is_idle, true);
		monitor_wake(committer->monitor);
		if (batch || error)
			bell_ring(shard->bell);
		if (error)
			break;
	}
	monitor_leave(committer->monitor);
}

int committer_start(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	if (!committer->records)
		committer->records = calloc(TAIL_RECORDS_PER_READ, sizeof *committer->records);
	assert(committer->records);
	committer->batch = NULL;
	committer->is_stopping = false;
	committer->error = 0;
	committer->term = shard->term;
	committer->chained = shard->replica.chain.hash;
	committer->verified = shard->replica.place;
	committer->boundary = (struct place){ 0 };
	atomic_store(&committer->is_idle, true);
	atomic_store(&shard->status_verified, committer->verified.sequence);
	committer->thread = thread_start("commit", shard->config.shard, committer_main, shard);
	if (!committer->thread)
		return FAULT(&shard->fault, FAULT_IO, "no thread for the committer");
	return 0;
}

void committer_stop(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	if (!committer->thread)
		return;
	thread_stop(&committer->thread, committer->monitor, &committer->is_stopping);
	if (committer->verified.sequence > shard->known.sequence)
		shard->known = committer->verified;
}

int committer_wait_idle(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	monitor_enter(committer->monitor);
	while (committer->batch && !committer->error)
		monitor_wait(committer->monitor);
	int error = committer->error;
	monitor_leave(committer->monitor);
	if (error)
		shard->fault = committer->fault;
	return error;
}

void committer_hand(struct shard *shard, struct batch *batch)
{
	struct committer *committer = &shard->committer;
	monitor_enter(committer->monitor);
	assert(!committer->batch);
	committer->batch = batch;
	/* One that failed meanwhile, in an idle look, takes nothing more: who waits is told. */
	atomic_store(&committer->is_idle, committer->error != 0);
	monitor_wake(committer->monitor);
	monitor_leave(committer->monitor);
}
