/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's lives: as a follower, or as the owner, which recovers and lives; after a fault again
 * from the start; or none any more, where starting again can't help. */
#include "shard/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	LOOK_AFTER_FENCED_MS = 15000,
	RESTART_WAIT_MS_MIN = 100,
	RESTART_WAIT_MS_MAX = 5000,
	RESTARTS_BEFORE_ALARM = 3,
	INIT_ATTEMPTS_MAX = 8,
};

void shard_diag(const struct shard *shard, const char *format, ...)
{
	char line[1024 + sizeof shard->fault.text];
	int size = snprintf(line, sizeof line, "shard %" PRIu32 ": ", shard->config.shard);
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(line + size, sizeof line - (size_t)size, format, arguments);
	va_end(arguments);
	shard->config.diag(shard->config.context, line);
}

void shard_waits(struct shard *shard, const char *what)
{
	atomic_store(&shard->waits_since_ms, clock_monotonic_ms());
	atomic_store(&shard->waits_for, what);
}

struct shard *shard_new(const struct shard_config *config)
{
	struct shard *shard = calloc(1, sizeof *shard);
	assert(shard);
	shard->config = *config;
	randombytes_buf(shard->process_mark, sizeof shard->process_mark);
	for (int i = 0; i < 2; i++) {
		shard->batches[i].bytes = malloc(BATCH_BYTES_MAX + 2 * EVENT_SIZE_MAX);
		assert(shard->batches[i].bytes);
	}
	shard->bell = bell_new();
	shard->committer.monitor = monitor_new();
	shard->relay = relay_new(shard);
	atomic_store(&shard->status_timer_due, INT64_MAX);
	return shard;
}

void shard_free(struct shard *shard)
{
	if (!shard)
		return;
	assert(!shard->thread);
	replica_deinit(&shard->replica);
	for (int i = 0; i < 2; i++)
		free(shard->batches[i].bytes);
	free(shard->committer.records);
	monitor_free(shard->committer.monitor);
	relay_free(shard->relay);
	bell_free(shard->bell);
	free(shard);
}

/* Before anything is begun again, whatever the last life left is joined, closed and thrown away. */
static void life_end(struct shard *shard)
{
	relay_stop(shard->relay);
	committer_stop(shard);
	checkpointer_stop(shard);
	inputs_close(&shard->inputs);
	log_sender_close(shard->sender);
	shard->sender = NULL;
	log_reader_close(shard->committer.tail);
	shard->committer.tail = NULL;
	log_writer_close(shard->committer.writer);
	shard->committer.writer = NULL;
	store_close(shard->store);
	shard->store = NULL;
	atomic_store(&shard->is_live, false);
}

static int life_begin(struct shard *shard)
{
	fault_clear(&shard->fault);
	fault_clear(&shard->committer.fault);
	shard->live_ms = 0;
	atomic_store(&shard->batch_since_ms, 0);
	if (shard->replica.memory)
		return 0;
	int error = replica_init(
		&shard->replica, shard->config.shard, shard->config.memory_bytes, &shard->fault);
	/* However long a recovery is, what it has done survives the next kill. */
	shard->replica.checkpoint_ms = shard->config.checkpoint_ms;
	shard->replica.testament_path = shard->config.state_path;
	shard->replica.is_stopping = &shard->is_stopping;
	return error;
}

static void live_say(struct shard *shard)
{
	int64_t engine_time_ms = state_head(shard->replica.state)->engine_time_ms;
	int64_t ahead_s = (engine_time_ms - clock_host_ms()) / 1000;
	char ahead[80] = "";
	if (ahead_s > 0)
		(void)snprintf(ahead, sizeof ahead,
			", engine time %" PRId64 " s ahead of this host's clock", ahead_s);
	shard_waits(shard, NULL);
	atomic_store(&shard->is_live, true);
	shard_diag(shard, "live, term %" PRId64 ", sequence %" PRId64 "%s", shard->term,
		shard->replica.place.sequence, ahead);
}

int shard_ledger_check(struct shard *shard)
{
	const struct ledger *ledger = view_ledger(shard->replica.state);
	uint32_t shards = log_shards(shard->config.log);
	if (ledger->shards == shards)
		return 0;
	return FAULT(&shard->fault, FAULT_SETTINGS,
		"the ledger was made with %" PRIu32 " shards, its log has %" PRIu32
		": that number can't change",
		ledger->shards, shards);
}

static int owner_life(struct shard *shard)
{
	struct log *log = shard->config.log;
	int error = shard_recover(shard);
	if (error)
		return error;
	if (!view_ledger(shard->replica.state))
		return FAULT(&shard->fault, FAULT_MISSING,
			"shard %" PRIu32
			" has no first event yet: run `pinion init` again, it completes "
			"what is half made",
			shard->config.shard);
	error = shard_ledger_check(shard);
	if (!error)
		error = committer_start(shard);
	if (error)
		return error;
	checkpointer_start(shard);
	shard_waits(shard, "the inputs, to see that they are those that it decided");
	error = inputs_enter(shard);
	if (!error)
		error = log_sender_open(log, &shard->sender, &shard->fault);
	if (error)
		return error;
	error = clock_enter(shard);
	if (!error)
		error = relay_start(shard->relay);
	if (error)
		return error;
	shard->live_ms = clock_monotonic_ms();
	shard->live_batches = atomic_load(&shard->status_batches);
	shard->live_inputs = atomic_load(&shard->status_inputs);
	live_say(shard);
	return shard_live(shard);
}

static bool is_stopping(const struct shard *shard)
{
	return atomic_load(&shard->is_stopping);
}

/* 0: it was asked to stop, or to change its role. */
static int life(struct shard *shard)
{
	bool is_to_follow = atomic_load(&shard->is_to_follow);
	atomic_store(&shard->follows, is_to_follow);
	if (is_to_follow) {
		shard->term = 0; /* it owns nothing: whose marks come by is no matter */
		int error = shard_read_on(shard);
		if (error || is_stopping(shard))
			return error;
		shard->live_ms = 0;
		atomic_store(&shard->follows, false);
		atomic_store(&shard->status_event_lag, 0);
		shard_diag(shard, "is to own it, from sequence %" PRId64 " on",
			shard->replica.place.sequence);
	}
	return owner_life(shard);
}

static bool is_recoverable(int error)
{
	switch ((enum fault_code)error) {
	case FAULT_IO:
	case FAULT_TAINTED:
	case FAULT_FENCED:
	case FAULT_DAMAGED:
		return true;
	case FAULT_USURPED:
	case FAULT_LOG:
	case FAULT_SETTINGS:
	case FAULT_CLOCK:
	case FAULT_BUSY:
	case FAULT_MISSING:
	case FAULT_DENIED:
		break;
	}
	return false;
}

/* Whether another owner came: then that is the fault, whatever was met first. */
static int owner_look(struct shard *shard, int wait_ms)
{
	shard_waits(shard, "its events, to see whether another owner took it");
	struct fault met = shard->fault;
	fault_clear(&shard->fault);
	int error = shard_look_for_owner(shard, wait_ms);
	if (!error)
		shard->fault = met;
	return error;
}

/* Fencing may be a broker's time-out as well as another owner; only the log tells. */
static int fenced_look(struct shard *shard)
{
	if (!log_fence_is_ambiguous(shard->config.log))
		return FAULT_USURPED;
	if (shard->term == 0)
		return 0; /* it never was the owner: whose marks stand there says nothing */
	shard_diag(shard, "fenced: reading the log for %d s, to see whether another owner is there",
		LOOK_AFTER_FENCED_MS / 1000);
	return owner_look(shard, LOOK_AFTER_FENCED_MS);
}

/* Longer each time, and never in step with another owner. */
static void restart_wait(struct shard *shard, int attempt)
{
	int wait_ms = RESTART_WAIT_MS_MIN << (attempt < 6 ? attempt : 6);
	if (wait_ms > RESTART_WAIT_MS_MAX)
		wait_ms = RESTART_WAIT_MS_MAX;
	wait_ms = wait_ms / 2 + (int)randombytes_uniform((uint32_t)wait_ms);
	int64_t until_ms = clock_monotonic_ms() + wait_ms;
	bool is_to_follow = atomic_load(&shard->is_to_follow);
	shard_waits(shard, "some seconds before it recovers again");
	while (!is_stopping(shard) && clock_monotonic_ms() < until_ms &&
		atomic_load(&shard->is_to_follow) == is_to_follow)
		clock_wait_ms(20);
}

/* It lived well: for a while, and what it decided, if anything, was verified. To be live for an
 * instant mends nothing: the next batch may meet what the last one met, for ever. */
static bool lived_well(const struct shard *shard)
{
	return shard->live_ms != 0 &&
	       clock_monotonic_ms() - shard->live_ms >= shard->config.live_well_ms &&
	       (atomic_load(&shard->follows) ||
		       atomic_load(&shard->status_batches) > shard->live_batches ||
		       atomic_load(&shard->status_inputs) == shard->live_inputs);
}

/* Said before anything else is asked of the log, which may not answer for a while. */
static void recovery_say(struct shard *shard, int attempt)
{
	atomic_fetch_add(&shard->status_restarts, 1);
	shard_diag(shard, "%srecovers from: %s (%s:%d)",
		attempt > RESTARTS_BEFORE_ALARM ? "ALARM, again not live: " : "", shard->fault.text,
		shard->fault.file, shard->fault.line);
}

/* Who is told to go on as a follower where another owner came. */
static bool overtaken_follow(struct shard *shard)
{
	if (shard->error != FAULT_USURPED || !shard->config.follows_when_overtaken)
		return false;
	shard_diag(shard, "goes on as a follower: %s", shard->fault.text);
	shard->error = 0;
	atomic_store(&shard->is_to_follow, true);
	atomic_fetch_add(&shard->status_overtaken, 1);
	return true;
}

/* What follows from how a life ended. True: it was the last one, and shard->error is what it ended
 * with. */
static bool life_was_last(struct shard *shard, int error, int *attempt)
{
	shard->error = error;
	if (!error && !is_stopping(shard)) {
		*attempt = 0; /* the next one has the other role */
		return false;
	}
	if (!is_recoverable(error))
		return !overtaken_follow(shard) || is_stopping(shard);
	if (is_stopping(shard)) {
		if (shard->live_ms == 0 || atomic_load(&shard->follows))
			shard->error = 0; /* it had decided nothing: there is nothing to drain */
		return true;
	}
	*attempt = lived_well(shard) ? 1 : *attempt + 1;
	shard->error = error == FAULT_FENCED && fenced_look(shard) ? FAULT_USURPED : 0;
	if (!shard->error)
		recovery_say(shard, *attempt);
	if (error != FAULT_FENCED && shard->term > 0 && owner_look(shard, 0) != 0)
		shard->error = FAULT_USURPED;
	if (overtaken_follow(shard))
		*attempt = 0;
	else if (!shard->error)
		restart_wait(shard, *attempt);
	return shard->error || is_stopping(shard);
}

static void owner_main(void *context)
{
	struct shard *shard = context;
	int attempt = 0;
	int error;
	do {
		error = life_begin(shard);
		if (!error)
			error = life(shard);
		life_end(shard);
	} while (!life_was_last(shard, error, &attempt));
	if (shard->error)
		shard_diag(shard, "STOPPED: %s (%s:%d)", shard->fault.text, shard->fault.file,
			shard->fault.line);
	atomic_store(&shard->is_ended, true);
}

void shard_start(struct shard *shard)
{
	shard->thread = thread_start("decide", shard->config.shard, owner_main, shard);
	assert(shard->thread);
}

void shard_follow(struct shard *shard)
{
	atomic_store(&shard->is_to_follow, true);
	atomic_store(&shard->follows, true);
	shard_start(shard);
}

void shard_promote(struct shard *shard)
{
	atomic_store(&shard->is_to_follow, false);
}

void shard_demote(struct shard *shard)
{
	atomic_store(&shard->is_to_follow, true);
	bell_ring(shard->bell);
}

void shard_stop(struct shard *shard)
{
	atomic_store(&shard->is_stopping, true);
	bell_ring(shard->bell);
}

void shard_nudge(struct shard *shard)
{
	bell_ring(shard->bell);
}

int shard_join(struct shard *shard)
{
	thread_join(shard->thread);
	shard->thread = NULL;
	return shard->error;
}

const struct fault *shard_fault(const struct shard *shard)
{
	return &shard->fault;
}

static int ledger_life(struct shard *shard, const struct id *ledger_id, struct id *ret_ledger_id)
{
	int error = life_begin(shard);
	if (!error)
		error = shard_recover(shard);
	if (!error)
		error = committer_start(shard);
	checkpointer_start(shard);
	if (!error && !view_ledger(shard->replica.state)) {
		struct log_replication replication = log_replication(shard->config.log);
		struct event_ledger_opened opened = {
			.ledger_id = *ledger_id,
			.shard = shard->config.shard,
			.shards = log_shards(shard->config.log),
			.format = LEDGER_FORMAT,
			.id_too_old_ms = ID_TOO_OLD_MS,
			.id_too_new_ms = ID_TOO_NEW_MS,
			.replicas = (uint32_t)replication.replicas,
			.replicas_in_sync = (uint32_t)replication.min_insync,
		};
		struct event event;
		engine_open_ledger(shard->replica.state, &opened, clock_host_ms(), &event);
		shard->batch = &shard->batches[0];
		shard->batch->count = shard->batch->used = 0;
		batch_add(shard, &event);
		error = shard_flush(shard);
	}
	if (!error)
		*ret_ledger_id = view_ledger(shard->replica.state)->ledger_id;
	life_end(shard);
	return error;
}

int shard_init_ledger(struct shard *shard, const struct id *ledger_id, struct id *ret_ledger_id)
{
	int error = ledger_life(shard, ledger_id, ret_ledger_id);
	for (int attempt = 1; error && is_recoverable(error) && attempt < INIT_ATTEMPTS_MAX &&
			      !atomic_load(&shard->is_stopping);
		attempt++) {
		shard_diag(shard, "is tried again: %s", shard->fault.text);
		restart_wait(shard, attempt);
		error = ledger_life(shard, ledger_id, ret_ledger_id);
	}
	return error;
}

void shard_status(struct shard *shard, struct shard_status *ret)
{
	*ret = (struct shard_status){
		.follows = atomic_load(&shard->follows),
		.is_following = atomic_load(&shard->is_following),
		.overtaken = atomic_load(&shard->status_overtaken),
		.event_lag = atomic_load(&shard->status_event_lag),
		.is_live = atomic_load(&shard->is_live),
		.is_ended = atomic_load(&shard->is_ended),
		.term = atomic_load(&shard->status_term),
		.verified_sequence = atomic_load(&shard->status_verified),
		.stored_sequence = atomic_load(&shard->status_stored),
		.inputs_decided = atomic_load(&shard->status_inputs),
		.first_input_ns = atomic_load(&shard->status_first_input_ns),
		.verified_ns = atomic_load(&shard->status_verified_ns),
		.under_way = atomic_load(&shard->status_under_way),
		.under_way_ms = atomic_load(&shard->status_under_way_ms),
		.under_way_to = atomic_load(&shard->status_under_way_to),
		.timer_due_ms = atomic_load(&shard->status_timer_due),
		.engine_time_ms = atomic_load(&shard->status_engine_time),
		.level0_files = atomic_load(&shard->status_level0),
		.rows = atomic_load(&shard->status_rows),
		.dirty_bytes = atomic_load(&shard->status_dirty),
		.restarts = atomic_load(&shard->status_restarts),
		.batches = atomic_load(&shard->status_batches),
		.passes = atomic_load(&shard->status_passes),
		.waits_for = atomic_load(&shard->waits_for),
		.waits_since_ms = atomic_load(&shard->waits_since_ms),
	};
	int64_t batch_since_ms = atomic_load(&shard->batch_since_ms);
	if (!ret->waits_for && batch_since_ms != 0) {
		ret->waits_for = "the log to take a batch of events and to give it back";
		ret->waits_since_ms = batch_since_ms;
	}
	for (int s = 0; s < LOG_INPUTS; s++) {
		ret->lag[s] = atomic_load(&shard->status_lag[s]);
		ret->held_since_ms[s] = atomic_load(&shard->status_held_since[s]);
		ret->held_offset[s] = atomic_load(&shard->status_held_offset[s]);
	}
}
