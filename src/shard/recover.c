/* SPDX-License-Identifier: Apache-2.0 */
/* The only way to start, and the only way to recover from any fault:
 *
 *   1 fence the older owner      log_fence
 *   2 open the last checkpoint   shard_enter
 *   3 read on, append a shard_opened, read until that very record comes back     term_take
 *   4 only now look at the inputs (owner.c)
 *
 * The order is what keeps money: an end that was read before fencing, or inputs taken before one's
 * own record was read, would let an older owner's late records be decided twice.
 *
 * A follower that is promoted comes with its store open, and its state in memory: it stands at a
 * verified event as a checkpoint does, only further on.
 */
#include "shard/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

enum { RECORDS_PER_READ = 1024, FIRST_EVENT_MS = 10000 };

/* Where rows could not be read, it is not tried again; where a checkpoint could not be written, a
 * damaged file may be why (or a full disk, which is no reason to throw anything away): all is read.
 */
static int store_start(struct shard *shard)
{
	const struct shard_config *config = &shard->config;
	struct replica *replica = &shard->replica;
	struct hash digest;
	if (replica->is_unreadable)
		return FAULT(&shard->fault, FAULT_DAMAGED, "its rows could not be read");
	int error = store_open(&shard->store, config->state_path, STORE_OWN,
		config->store_cache_bytes, &shard->fault);
	if (!error && replica->is_doubtful)
		error = store_digest(shard->store, &digest, &shard->fault);
	return error ? error : replica_start(replica, shard->store, true);
}

/* A store of a format that knew no testament, or whose last testament was not written, says itself
 * where it stands, as far as it can still be read. */
static int testament_keep(struct shard *shard)
{
	const char *path = shard->config.state_path;
	struct testament testament;
	struct place place;
	bool is_damaged;
	int error = testament_read(path, &testament, &is_damaged, &shard->fault);
	if (error || !shard->store || !position_place(shard->store, &place) ||
		place.sequence <= testament.place.sequence)
		return error;
	testament.place = place;
	testament.shard = shard->config.shard;
	return testament_write(path, &testament, &shard->fault);
}

/* What is thrown away is the testament of what the log once held: where it stood is kept first. */
static int store_rebuild(struct shard *shard)
{
	const struct shard_config *config = &shard->config;
	shard_diag(shard, "the store is unreadable and is rebuilt from the log: %s",
		shard->fault.text);
	fault_clear(&shard->fault);
	int error = testament_keep(shard);
	store_close(shard->store);
	shard->store = NULL;
	if (!error)
		error = store_destroy(config->state_path, &shard->fault);
	if (!error)
		shard->replica.is_unreadable = false; /* what was, is gone */
	if (!error)
		error = store_open(&shard->store, config->state_path, STORE_OWN,
			config->store_cache_bytes, &shard->fault);
	return error ? error : replica_start(&shard->replica, shard->store, true);
}

/* A testament that stands further on than the store: of one that was thrown away and is not rebuilt
 * yet, or of a checkpoint that came to nothing. */
static int testament_enter(struct shard *shard)
{
	struct replica *replica = &shard->replica;
	struct testament testament;
	bool is_damaged;
	int error =
		testament_read(shard->config.state_path, &testament, &is_damaged, &shard->fault);
	if (error)
		return error;
	if (is_damaged && replica->place.sequence == 0)
		return FAULT(&shard->fault, FAULT_SETTINGS,
			"the state folder %s holds nothing that can be read, and its testament is "
			"damaged: nothing tells whether the log is whole. Compare it with a head "
			"that was kept elsewhere (pinion verify --head), then give an empty folder",
			shard->config.state_path);
	if (testament.place.sequence > replica->place.sequence)
		replica_await(replica, &testament);
	return 0;
}

/* Only a store that is proven to be damaged, or is of another format, is thrown away: the log has
 * all of it. Where something is lacking it stays, and the shard tries again. */
static int store_enter(struct shard *shard)
{
	int error = store_start(shard);
	if (error == FAULT_DAMAGED)
		error = store_rebuild(shard);
	return error ? error : testament_enter(shard);
}

/* The folder of another ledger is refused before anything is compared by offset. Where the log's
 * apparent end hides its first event, that the checkpoint's own place is confirmed tells as much.
 */
static int ledger_compare(struct shard *shard)
{
	const struct ledger *ledger = view_ledger(shard->replica.state);
	const struct testament *awaited = &shard->replica.awaited;
	struct testament stored = *awaited;
	if (ledger)
		stored = (struct testament){ .ledger_id = ledger->ledger_id,
			.shard = ledger->shard };
	if (id_is_absent(&stored.ledger_id))
		return 0;
	struct id ledger_id;
	int error =
		shard_ledger_id(shard->config.log, shard->config.shard, &ledger_id, &shard->fault);
	if (error || id_is_absent(&ledger_id))
		return error;
	if (!id_equal(&ledger_id, &stored.ledger_id) || stored.shard != shard->config.shard)
		return FAULT(&shard->fault, FAULT_SETTINGS,
			"the state folder %s holds shard %" PRIu32
			" of another ledger, or this log was made anew: nothing was changed. Give "
			"the "
			"right folder with --state, or an empty one, and it is rebuilt from the "
			"log",
			shard->config.state_path, stored.shard);
	return 0;
}

int shard_enter(struct shard *shard)
{
	shard_waits(shard, "its store to open");
	int error = store_enter(shard);
	shard_waits(shard, "the events that its store does not have yet");
	return error ? error : ledger_compare(shard);
}

/* All zero where there is none yet. */
static int first_event(
	struct log *log, uint32_t shard, struct event_ledger_opened *ret, struct fault *fault)
{
	*ret = (struct event_ledger_opened){ 0 };
	int64_t end;
	int error = log_end(log, shard, LOG_EVENTS, &end, fault);
	if (error || end == 0)
		return error;
	struct log_reader *reader;
	error = log_reader_open(log, shard, LOG_EVENTS, 0, &reader, fault);
	if (error)
		return error;

	struct codec *codec = codec_new();
	struct chain chain = { 0 };
	bool is_found = false;
	int64_t deadline_ms = clock_monotonic_ms() + FIRST_EVENT_MS;
	while (!error && !is_found && log_reader_position(reader) < end) {
		struct log_record record;
		size_t count;
		error = log_read(reader, &record, 1, 1000, &count);
		if (!error && count == 0 && clock_monotonic_ms() > deadline_ms)
			error = FAULT(fault, FAULT_IO,
				"shard %" PRIu32
				": the log did not deliver its first event in %d s",
				shard, FIRST_EVENT_MS / 1000);
		struct event event;
		struct link link;
		if (error || count == 0 ||
			event_decode(codec, record.value, &event, &link) != DECODE_OK)
			continue;
		struct hash hash = hash_of(record.value);
		if (chain_fold(&chain, &link, &hash) != CHAIN_EVENT)
			continue; /* what a first try to make the ledger left behind is void */
		is_found = true;
		if (event.kind == EVENT_ledger_opened)
			*ret = event.ledger_opened;
	}
	codec_free(codec);
	log_reader_close(reader);
	return error;
}

int shard_ledger_id(struct log *log, uint32_t shard, struct id *ret, struct fault *fault)
{
	struct event_ledger_opened opened;
	int error = first_event(log, shard, &opened, fault);
	*ret = opened.ledger_id;
	return error;
}

int shard_replication_check(struct log *log, uint32_t shard, struct fault *fault)
{
	struct event_ledger_opened opened;
	int error = first_event(log, shard, &opened, fault);
	if (error)
		return error;
	struct log_replication made = { .replicas = (int)opened.replicas,
		.min_insync = (int)opened.replicas_in_sync };
	return log_require(log, &made, fault);
}

int shard_stop_fault(struct shard *shard)
{
	return FAULT(&shard->fault, FAULT_IO, "shard %" PRIu32 ": asked to stop while it recovered",
		shard->config.shard);
}

static bool mark_is_ours(const struct shard *shard, const struct link *link)
{
	return memcmp(link->incarnation.at, shard->process_mark, sizeof shard->process_mark) == 0;
}

/* Takes records until the mark with this incarnation comes by. *ret_won: it was valid, so its term
 * is the highest. */
static int own_mark_await(struct shard *shard, const struct id *incarnation, bool *ret_won)
{
	struct log_reader *tail = shard->committer.tail;
	int64_t deadline_ms = clock_monotonic_ms() + shard->config.read_back_ms;
	const char *holder = "";
	for (;;) {
		struct log_record record;
		size_t count;
		int error = log_read(tail, &record, 1, 100, &count);
		if (error) {
			shard->fault = shard->committer.fault;
			return error;
		}
		if (atomic_load(&shard->is_stopping))
			return shard_stop_fault(shard);
		if (count == 0)
			holder = tail_holder(tail);
		if (count == 0 && clock_monotonic_ms() > deadline_ms)
			return FAULT(&shard->fault, FAULT_TAINTED,
				"shard %" PRIu32 ": our shard_opened was not read back in %d ms%s",
				shard->config.shard, shard->config.read_back_ms, holder);
		if (count == 0)
			continue;
		enum chain_verdict verdict;
		error = replica_take(&shard->replica, &record, &verdict);
		if (error)
			return error;
		struct link link;
		if (link_decode(record.value, &link) == DECODE_OK && link.is_mark &&
			id_equal(&link.incarnation, incarnation)) {
			*ret_won = verdict == CHAIN_MARK;
			return 0;
		}
	}
}

static int term_take(struct shard *shard)
{
	struct replica *replica = &shard->replica;
	for (bool is_won = false; !is_won;) {
		if (replica->chain.term == INT64_MAX)
			return FAULT(&shard->fault, FAULT_LOG,
				"shard %" PRIu32
				": there is no term above the last shard_opened's: "
				"something else wrote it. Nothing was changed. Restore the log",
				shard->config.shard);
		struct link mark = {
			.is_mark = true,
			.shard = shard->config.shard,
			.term = replica->chain.term + 1,
		};
		memcpy(mark.incarnation.at, shard->process_mark, sizeof shard->process_mark);
		randombytes_buf(mark.incarnation.at + sizeof shard->process_mark,
			sizeof mark.incarnation.at - sizeof shard->process_mark);

		uint8_t value[EVENT_SIZE_MAX];
		struct log_entry entry = {
			.value = { value, mark_encode(replica->codec, &mark, value) },
		};
		int error = log_append(shard->committer.writer, &entry, 1);
		if (error) {
			shard->fault = shard->committer.fault;
			return error;
		}
		error = own_mark_await(shard, &mark.incarnation, &is_won);
		if (error)
			return error;
	}
	shard->term = replica->chain.term;
	return 0;
}

/* The end is a hint, and may be older than the checkpoint: whether the log still holds that is
 * known once our own mark was read. */
static int tail_read_to_end(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	struct log *log = shard->config.log;
	int64_t end;
	int error = log_end(log, shard->config.shard, LOG_EVENTS, &end, &shard->fault);
	if (error)
		return error;
	log_reader_close(committer->tail); /* a follower's */
	committer->tail = NULL;
	error = log_reader_open(log, shard->config.shard, LOG_EVENTS,
		replica_start_offset(&shard->replica), &committer->tail, &committer->fault);
	if (!error)
		error = replica_follow(&shard->replica, committer->tail, end, INT64_MAX);
	if (error && shard->fault.code == 0)
		shard->fault = committer->fault;
	return error;
}

/* Terms that this process never had, or that stand above its last one, mean that another one came.
 * Reads for wait_ms, or, where that is 0, up to the end, which a broker far away delivers late.
 */
int shard_look_for_owner(struct shard *shard, int wait_ms)
{
	struct log *log = shard->config.log;
	struct fault fault = { 0 };
	struct log_reader *reader;
	int64_t end;
	int error = log_end(log, shard->config.shard, LOG_EVENTS, &end, &fault);
	if (!error)
		error = log_reader_open(
			log, shard->config.shard, LOG_EVENTS, shard->known.offset, &reader, &fault);
	if (error)
		return 0; /* the log can't be read now: recovery will say why, and looks again */

	int result = 0;
	int64_t deadline_ms =
		clock_monotonic_ms() + (wait_ms > 0 ? wait_ms : shard->config.read_back_ms);
	while (!result && !atomic_load(&shard->is_stopping) && clock_monotonic_ms() < deadline_ms &&
		(wait_ms > 0 || log_reader_position(reader) < end)) {
		struct log_record records[RECORDS_PER_READ];
		size_t count;
		if (log_read(reader, records, RECORDS_PER_READ, 100, &count) != 0)
			break;
		for (size_t i = 0; i < count && !result; i++) {
			struct link link;
			if (link_decode(records[i].value, &link) == DECODE_OK && link.is_mark &&
				link.term > shard->term && !mark_is_ours(shard, &link))
				result = FAULT(&shard->fault, FAULT_USURPED,
					"shard %" PRIu32
					": another owner took it with term %" PRId64
					" (ours was %" PRId64 "): this one stops",
					shard->config.shard, link.term, shard->term);
		}
	}
	log_reader_close(reader);
	return result;
}

int shard_recover(struct shard *shard)
{
	struct committer *committer = &shard->committer;
	shard_waits(shard, "the log, to make it the only writer of its events");
	int error = log_fence(
		shard->config.log, shard->config.shard, &committer->writer, &committer->fault);
	if (error) {
		shard->fault = committer->fault;
		return error;
	}
	if (atomic_load(&shard->is_stopping))
		return shard_stop_fault(shard);
	if (shard->store)
		replica_again(&shard->replica);
	else
		error = shard_enter(shard);
	if (!error)
		error = tail_read_to_end(shard);
	if (!error && shard->term > 0 && shard->replica.chain.term > shard->term)
		error = shard_look_for_owner(shard, 0);
	shard_waits(shard, "the log to take its mark, and to give it back");
	if (!error)
		error = term_take(shard);
	if (!error)
		error = replica_awaits_nothing(&shard->replica);
	if (error)
		return error;
	assert(!shard->replica.must_confirm);
	shard->known = shard->replica.place;

	/* The next due timers are known from the start, so that no tick is sent just to find out.
	 */
	struct timer timer;
	size_t loaded;
	(void)view_timer_due(
		shard->replica.state, state_head(shard->replica.state)->engine_time_ms, &timer);
	error = replica_load(&shard->replica, &loaded);
	if (error)
		return error;
	atomic_store(&shard->status_timer_due, state_timer_due_ms(shard->replica.state));
	atomic_store(&shard->status_term, shard->term);
	atomic_store(&shard->status_engine_time, state_head(shard->replica.state)->engine_time_ms);
	atomic_store(&shard->status_stored, shard->replica.stored_sequence);
	atomic_store(&shard->status_verified, shard->replica.place.sequence);
	return 0;
}
