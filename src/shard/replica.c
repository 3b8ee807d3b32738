/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/replica.h"

#include "shard/load.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Events decoded before they are applied, so that the rows they name are in the processor's cache
 * by then. */
enum { TAKEN_AHEAD = 8 };

/* A record, read. A void one need not be understood: only its link has to be. */
struct taken {
	struct event event;
	struct link link;
	struct hash hash;
	int64_t offset;
	enum decode_result whole, linked;
};

int replica_init(struct replica *replica, uint32_t shard, size_t memory_bytes, struct fault *fault)
{
	*replica = (struct replica){ .shard = shard, .memory_size = memory_bytes, .fault = fault };
	replica->memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (replica->memory == MAP_FAILED) {
		replica->memory = NULL;
		return FAULT(fault, FAULT_SETTINGS, "no %zu bytes of memory for shard %" PRIu32,
			memory_bytes, shard);
	}
	/* Rows are looked up all over it: large pages spare most of the address translation. A hint
	 * only. */
	(void)madvise(replica->memory, memory_bytes, MADV_HUGEPAGE);
	replica->state = state_init(replica->memory, memory_bytes);
	if (!replica->state) {
		replica_deinit(replica);
		return FAULT(fault, FAULT_SETTINGS,
			"%zu bytes of memory are too few for a shard: it needs at least %d",
			memory_bytes, STATE_MEMORY_MIN);
	}
	replica->codec = codec_new();
	read_ahead_init(&replica->reading, shard);
	checkpoint_writer_init(&replica->writer, shard);
	replica->taken = calloc(TAKEN_AHEAD, sizeof *replica->taken);
	assert(replica->taken);
	return 0;
}

void replica_deinit(struct replica *replica)
{
	codec_free(replica->codec);
	checkpoint_writer_deinit(&replica->writer);
	read_ahead_deinit(&replica->reading);
	free(replica->taken);
	if (replica->memory)
		(void)munmap(replica->memory, replica->memory_size);
	*replica = (struct replica){ 0 };
}

/* The greatest command id in the store: newer ones need no look-up. */
static int command_id_max(struct store *store, struct id *ret, struct fault *fault)
{
	static const uint8_t from[1] = { TABLE_command_row }, to[1] = { TABLE_command_row + 1 };
	uint8_t key[STORE_KEY_SIZE_MAX];
	size_t size;
	*ret = (struct id){ { 0 } };
	int error = store_last_key(
		store, (struct bytes){ from, 1 }, (struct bytes){ to, 1 }, key, &size, fault);
	if (error == 0 && size != 0 && size != 1 + sizeof ret->at)
		return FAULT(fault, FAULT_DAMAGED,
			"the last command id in the store is damaged: rebuild it");
	if (error == 0 && size != 0)
		memcpy(ret->at, key + 1, sizeof ret->at);
	return error;
}

/* Neither an older one's events nor a newer one's can be read. */
static int format_check(const struct replica *replica, uint32_t format)
{
	if (format == LEDGER_FORMAT)
		return 0;
	return FAULT(replica->fault, FAULT_SETTINGS,
		"the ledger's format is %" PRIu32 ", this pinion reads %d: use %s", format,
		LEDGER_FORMAT,
		format < LEDGER_FORMAT ? "the older one that made it" : "a newer one");
}

int replica_start(struct replica *replica, struct store *store, bool checkpoints)
{
	state_reset(replica->state);
	replica->store = store;
	replica->checkpoints = checkpoints;
	replica->chain = (struct chain){ 0 };
	replica->place = (struct place){ 0 };
	replica->stored_sequence = 0;
	replica->is_unreadable = replica->is_doubtful = replica->must_confirm = false;
	replica->awaited = (struct testament){ .shard = 0 };
	if (!store)
		return 0;

	struct position position;
	struct fault none = { 0 };
	int error = position_read(store, &position, &none);
	if (error == FAULT_MISSING)
		return 0;
	if (error)
		return FAULT(replica->fault, error, "%s", none.text);

	static const uint8_t ledger_key[1] = { TABLE_ledger };
	struct bytes key = { ledger_key, 1 }, value;
	struct id command_id = { { 0 } };
	error = command_id_max(store, &command_id, replica->fault);
	if (!error)
		error = store_get_many(store, &key, 1, &value, replica->fault);
	if (error)
		return error;
	if (!value.at)
		return FAULT(
			replica->fault, FAULT_DAMAGED, "the store has no ledger row: rebuild it");
	if (!row_is_sound(key, value))
		return row_damaged(replica, key);
	state_start(replica->state, &position.head, value, &command_id);
	replica->place = position.place;
	replica->stored_sequence = position.place.sequence;
	replica_again(replica);
	return format_check(replica, view_ledger(replica->state)->format);
}

/* One event back: the fold takes it again, from the log, and so proves that the log still holds it.
 */
void replica_again(struct replica *replica)
{
	replica->chain = (struct chain){
		.term = replica->place.term,
		.sequence = replica->place.sequence,
		.hash = replica->place.hash,
	};
	replica->must_confirm = replica->place.sequence > 0;
}

/* Records that come next. */
struct ahead {
	const struct log_record *records;
	size_t count;
};

static int ledger_check(const struct replica *replica, const struct event *event)
{
	const struct event_ledger_opened *opened = &event->ledger_opened;
	if (event->kind != EVENT_ledger_opened)
		return 0;
	if (opened->shard != replica->shard)
		return FAULT(replica->fault, FAULT_LOG,
			"this stream says that it is shard %" PRIu32 ", not %" PRIu32,
			opened->shard, replica->shard);
	return format_check(replica, opened->format);
}

int replica_lost(const struct replica *replica)
{
	return FAULT(replica->fault, FAULT_LOG,
		"shard %" PRIu32 ": the log does not hold event %" PRId64 " (offset %" PRId64
		") that the stored checkpoint stands at: the log lost or "
		"changed verified events, or it is another ledger's. The state folder was not "
		"changed. Restore the log, or, if the state folder is the wrong one, give the "
		"right one",
		replica->shard, replica->place.sequence, replica->place.offset);
}

/* The store says that this event stands here: it must, or the log lost or changed it. */
static int place_confirm(struct replica *replica, const struct taken *taken)
{
	if (taken->offset != replica->place.offset ||
		!hash_equal(&taken->hash, &replica->place.hash))
		return replica_lost(replica);
	replica->must_confirm = false;
	return 0;
}

/* --- The testament of a store that was thrown away --- */

void replica_await(struct replica *replica, const struct testament *testament)
{
	replica->awaited = *testament;
}

static int testament_lost(const struct replica *replica)
{
	const struct place *place = &replica->awaited.place;
	return FAULT(replica->fault, FAULT_LOG,
		"shard %" PRIu32 ": the log does not hold event %" PRId64 " (offset %" PRId64
		"), which the testament of a store that was thrown away stands at: the log lost or "
		"changed verified events, or it is another ledger's. The testament stays. Restore "
		"the log, or, if the state folder is the wrong one, give the right one",
		replica->shard, place->sequence, place->offset);
}

int replica_awaits_nothing(struct replica *replica)
{
	return replica->awaited.place.sequence > 0 ? testament_lost(replica) : 0;
}

static int testament_compare(struct replica *replica, const struct place *place)
{
	const struct place *awaited = &replica->awaited.place;
	if (awaited->sequence == 0 || place->sequence < awaited->sequence)
		return 0;
	if (place->sequence != awaited->sequence || place->offset != awaited->offset ||
		!hash_equal(&place->hash, &awaited->hash))
		return testament_lost(replica);
	replica->awaited = (struct testament){ .shard = 0 };
	return 0;
}

/* Where the testament is to be written, and of which ledger. */
static const char *testament_path(const struct replica *replica, struct id *ret_ledger_id)
{
	const struct ledger *ledger = view_ledger(replica->state);
	*ret_ledger_id = ledger ? ledger->ledger_id : (struct id){ { 0 } };
	return replica->awaited.place.sequence > 0 ? NULL : replica->testament_path;
}

static struct sealed seal_all(struct replica *replica)
{
	struct sealed sealed;
	state_seal_begin(replica->state);
	bool is_whole = state_seal_step(replica->state, SIZE_MAX, &sealed);
	assert(is_whole);
	return sealed;
}

static int checkpoint_ended(struct replica *replica, int error, int64_t sequence)
{
	if (error) {
		replica->is_doubtful = true;
		return error;
	}
	state_sealed_stored(replica->state);
	replica->stored_sequence = sequence;
	return 0;
}

int replica_checkpoint(struct replica *replica)
{
	assert(replica->checkpoints && replica->store);
	int error = replica_rest(replica);
	if (error || replica->place.sequence == replica->stored_sequence)
		return error;
	struct sealed sealed = seal_all(replica);
	struct testament testament = { .place = replica->place, .shard = replica->shard };
	const char *path = testament_path(replica, &testament.ledger_id);
	error = path ? testament_write(path, &testament, replica->fault) : 0;
	if (!error)
		error = checkpoint_write(replica->store, &sealed, &replica->place,
			&replica->writer.order, replica->fault);
	return checkpoint_ended(replica, error, replica->place.sequence);
}

void replica_checkpoint_give(
	struct replica *replica, const struct sealed *sealed, const struct place *place)
{
	struct id ledger_id;
	const char *path = testament_path(replica, &ledger_id);
	checkpoint_writer_give(&replica->writer, replica->store, sealed, place, path, &ledger_id);
}

int replica_checkpoint_end(struct replica *replica, bool waits, bool *ret_ended)
{
	struct checkpoint_writer *writer = &replica->writer;
	int error = checkpoint_writer_end(writer, waits, ret_ended);
	if (error)
		*replica->fault = writer->fault;
	return *ret_ended ? checkpoint_ended(replica, error, writer->place.sequence) : 0;
}

/* What is being written makes room when it ends. */
static int room_make(struct replica *replica, int *rounds)
{
	bool is_ended;
	if (!replica->checkpoints || (*rounds)++ > 2)
		return FAULT(replica->fault, FAULT_SETTINGS,
			"shard %" PRIu32 " needs more memory than %zu bytes: see --memory",
			replica->shard, replica->memory_size);
	int error = state_is_sealing(replica->state)
			    ? replica_checkpoint_end(replica, true, &is_ended)
			    : replica_checkpoint(replica);
	state_batch_begin(replica->state);
	return error;
}

/* Events that follow will lack rows too: one look into the store for all of them. */
static void look_ahead(struct replica *replica, const struct ahead *ahead)
{
	for (size_t i = 0; i < ahead->count; i++) {
		struct event event;
		struct link link;
		if (event_decode(replica->codec, ahead->records[i].value, &event, &link) ==
				DECODE_OK &&
			event.kind != EVENT_none)
			engine_look_ahead_replay(replica->state, &event);
	}
}

static int event_apply(
	struct replica *replica, const struct event *event, const struct ahead *ahead)
{
	int rounds = 0;
	for (;;) {
		enum engine_result result = engine_replay(replica->state, event);
		if (result == ENGINE_OUTCOME)
			return 0;
		if (result == ENGINE_UNSOUND)
			return FAULT(replica->fault, FAULT_LOG,
				"shard %" PRIu32 ": event %" PRId64
				" contradicts the events before it (balances, hold or order): it "
				"was not "
				"written by this ledger's rules. Nothing was changed",
				replica->shard, event->sequence);
		size_t loaded = 0;
		int error = 0;
		if (result == ENGINE_NOT_LOADED) {
			look_ahead(replica, ahead);
			error = replica_load(replica, &loaded);
		}
		if (!error && loaded == 0)
			error = room_make(replica, &rounds);
		if (error)
			return error;
	}
}

static int decode_check(const struct replica *replica, enum decode_result result, int64_t offset)
{
	if (result == DECODE_OK)
		return 0;
	return FAULT(replica->fault, FAULT_LOG,
		"shard %" PRIu32 ": the event record at offset %" PRId64 " %s", replica->shard,
		offset,
		result == DECODE_UNKNOWN ? "is of a kind, or has a field, that this pinion does "
					   "not know: use a newer one"
					 : "is no event: the topic was written by something else");
}

/* Strays of lower terms and copies of what stands already are void, and no harm. A void event that
 * would come *next* means that what it extends is gone: owners write nothing before they have read
 * back what came before. */
static int void_check(const struct replica *replica, const struct taken *taken)
{
	const struct chain *chain = &replica->chain;
	const struct link *link = &taken->link;
	if (link->term < chain->term ||
		(link->term == chain->term && link->sequence <= chain->sequence))
		return 0;
	return FAULT(replica->fault, FAULT_LOG,
		"shard %" PRIu32 ": event %" PRId64 " of term %" PRId64 " at offset %" PRId64
		" does not extend the chain, which ends with event %" PRId64 " of term %" PRId64
		": the log lost or changed a record between them. Nothing was changed. Restore the "
		"log",
		replica->shard, link->sequence, link->term, taken->offset, chain->sequence,
		replica->place.term);
}

static void record_read(const struct replica *replica, const struct log_record *record,
	const struct hash *hash, struct taken *ret)
{
	ret->offset = record->offset;
	ret->hash = *hash;
	ret->whole = event_decode(replica->codec, record->value, &ret->event, &ret->link);
	ret->linked = ret->whole == DECODE_OK ? DECODE_OK : link_decode(record->value, &ret->link);
}

static int record_take(struct replica *replica, const struct taken *taken,
	const struct ahead *ahead, enum chain_verdict *ret)
{
	*ret = CHAIN_VOID;
	if (replica->must_confirm)
		return place_confirm(replica, taken);

	int error = decode_check(replica, taken->linked, taken->offset);
	if (error)
		return error;
	*ret = chain_fold(&replica->chain, &taken->link, &taken->hash);
	if (*ret == CHAIN_VOID && !taken->link.is_mark)
		return void_check(replica, taken);
	if (*ret != CHAIN_EVENT)
		return 0;

	error = decode_check(replica, taken->whole, taken->offset);
	struct place place = {
		.offset = taken->offset,
		.sequence = taken->link.sequence,
		.term = taken->link.term,
		.hash = taken->hash,
	};
	if (!error)
		error = testament_compare(replica, &place);
	if (!error)
		error = ledger_check(replica, &taken->event);
	if (!error && replica->observe)
		error = replica->observe(replica->context, &taken->event, &place);
	if (!error)
		error = event_apply(replica, &taken->event, ahead);
	if (!error)
		replica->place = place;
	return error;
}

int replica_take(struct replica *replica, const struct log_record *record, enum chain_verdict *ret)
{
	const struct ahead none = { NULL, 0 };
	struct hash hash = hash_of(record->value);
	record_read(replica, record, &hash, replica->taken);
	return record_take(replica, replica->taken, &none, ret);
}

static const struct taken *taken_at(const struct replica *replica, size_t i)
{
	return &replica->taken[i % TAKEN_AHEAD];
}

static void soon(const struct replica *replica, size_t i, bool rows_too)
{
	const struct taken *taken = taken_at(replica, i);
	if (taken->whole == DECODE_OK && !taken->link.is_mark)
		engine_soon_replay(replica->state, &taken->event, rows_too);
}

/* By the time an event is applied, memory has brought what it needs: first the index, then the
 * rows. */
static void records_ahead(const struct replica *replica, const struct record_chunk *chunk, size_t i)
{
	enum { INDEX_AHEAD = TAKEN_AHEAD - 1, ROWS_AHEAD = TAKEN_AHEAD / 2 };
	size_t from = i == 0 ? 0 : i + INDEX_AHEAD;
	for (size_t j = from; j <= i + INDEX_AHEAD && j < chunk->count; j++) {
		record_read(replica, &chunk->records[j], &chunk->hashes[j],
			&replica->taken[j % TAKEN_AHEAD]);
		soon(replica, j, false);
	}
	if (i + ROWS_AHEAD < chunk->count)
		soon(replica, i + ROWS_AHEAD, true);
}

static int chunk_take(
	struct replica *replica, const struct record_chunk *chunk, int64_t sequence_max)
{
	state_batch_begin(replica->state);
	for (size_t i = 0; i < chunk->count && replica->place.sequence < sequence_max; i++) {
		struct ahead ahead = { chunk->records + i + 1, chunk->count - i - 1 };
		enum chain_verdict verdict;
		records_ahead(replica, chunk, i);
		int error = record_take(replica, taken_at(replica, i), &ahead, &verdict);
		if (error)
			return error;
	}
	return 0;
}

/* As an owner does it: files of level 0 make look-ups slow, and are merged in time. */
static bool is_crowded(struct replica *replica)
{
	struct checkpoint_writer *writer = &replica->writer;
	if (writer->level0_files > STORE_LEVEL0_FILES_MAX)
		writer->level0_files = store_level0_files(replica->store);
	return writer->level0_files > STORE_LEVEL0_FILES_MAX;
}

static bool wants_checkpoint(struct replica *replica)
{
	if (is_crowded(replica))
		return false;
	size_t dirty = state_dirty_bytes(replica->state);
	return dirty > state_dirty_bytes_max(replica->state) / 4 * 3 ||
	       (dirty > 0 && replica->checkpoint_ms > 0 &&
		       clock_monotonic_ms() - replica->sealed_ms >= replica->checkpoint_ms);
}

/* Between chunks: while one is written, the next events are applied. */
static int checkpoint_go_on(struct replica *replica)
{
	bool is_ended;
	if (state_is_sealing(replica->state))
		return replica_checkpoint_end(replica, false, &is_ended);
	if (wants_checkpoint(replica)) {
		struct sealed sealed = seal_all(replica);
		replica_checkpoint_give(replica, &sealed, &replica->place);
		replica->sealed_ms = clock_monotonic_ms();
	}
	return 0;
}

int replica_take_chunk(struct replica *replica, const struct record_chunk *chunk)
{
	int error = chunk_take(replica, chunk, INT64_MAX);
	return error ? error : checkpoint_go_on(replica);
}

int replica_rest(struct replica *replica)
{
	bool is_ended;
	int error = 0;
	if (state_is_sealing(replica->state))
		error = replica_checkpoint_end(replica, true, &is_ended);
	checkpoint_writer_stop(&replica->writer);
	return error;
}

int replica_follow(
	struct replica *replica, struct log_reader *reader, int64_t end, int64_t sequence_max)
{
	int error = 0;
	replica->sealed_ms = clock_monotonic_ms();
	read_ahead_begin(&replica->reading, reader, end);
	while (!error && replica->place.sequence < sequence_max) {
		const struct record_chunk *chunk;
		error = read_ahead_next(&replica->reading, &chunk, replica->fault);
		if (error || !chunk)
			break;
		error = chunk_take(replica, chunk, sequence_max);
		if (!error && replica->checkpoints)
			error = checkpoint_go_on(replica);
		if (!error && replica->is_stopping && atomic_load(replica->is_stopping))
			error = FAULT(replica->fault, FAULT_IO,
				"shard %" PRIu32 ": asked to stop while it read its log",
				replica->shard);
	}
	read_ahead_end(&replica->reading);
	if (error < 0)
		checkpoint_writer_stop(&replica->writer);
	return error;
}

int64_t replica_start_offset(const struct replica *replica)
{
	return replica->must_confirm ? replica->place.offset : 0;
}
