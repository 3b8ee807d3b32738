/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor: folds the log by itself, decides everything again, and adds up by hand. */
#include "shard_fixture.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	TWIN_MEMORY_BYTES = 256 << 20,
	CACHE_BYTES = 8 << 20,
	BOOKS_SLOTS = 1 << 20,
	CURRENCY_NUMBER_MAX = 999,
};

__extension__ typedef __int128 wide;

/* One account's sums. */
struct book {
	struct account_id id;
	struct balances balances;
	struct amount held_from, held_to; /* by open holds, from the rows */
};

struct auditor {
	struct rig *rig;
	uint32_t shard;
	struct records inputs[LOG_INPUTS];
	size_t next[LOG_INPUTS];
	struct chain chain;
	struct replica twin; /* decides again */
	struct fault twin_fault;
	struct book *books;
	size_t book_count;
	wide posted[CURRENCY_NUMBER_MAX + 1], pending[CURRENCY_NUMBER_MAX + 1];
	struct audit result;
};

static void check(int error, const struct fault *fault)
{
	if (error)
		fail_msg("%s (%s:%d)", fault->text, fault->file, fault->line);
}

static struct store *store_at(
	struct rig *rig, const char *name, enum store_mode mode, struct fault *fault)
{
	char path[PATH_SIZE];
	struct store *store;
	rig_path(rig, name, path);
	check(store_open(&store, path, mode, CACHE_BYTES, fault), fault);
	return store;
}

/* --- Sums by hand --- */

static struct book *book_of(struct auditor *auditor, const char *at, size_t size)
{
	uint64_t hash = 1469598103934665603u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)at[i]) * 1099511628211u;
	for (size_t i = (hash ^ hash >> 32) % BOOKS_SLOTS;; i = (i + 1) % BOOKS_SLOTS) {
		struct book *book = &auditor->books[i];
		if (book->id.size == size && memcmp(book->id.at, at, size) == 0)
			return book;
		if (book->id.size != 0)
			continue;
		assert_true(++auditor->book_count < BOOKS_SLOTS / 2);
		assert_true(account_id_parse_any(&book->id, at, size));
		return book;
	}
}

static void add(struct amount *sum, struct amount amount)
{
	assert_true(amount_add(sum, *sum, amount));
}

static void effects_sum(struct auditor *auditor, const struct event *event)
{
	for (uint8_t i = 0; i < event->effect_count; i++) {
		const struct posting *posting = &event->effects[i].posting;
		const struct account_id *debit = &event->balances[posting->debit].account;
		const struct account_id *credit = &event->balances[posting->credit].account;
		struct balances *from = &book_of(auditor, debit->at, debit->size)->balances;
		struct balances *to = &book_of(auditor, credit->at, credit->size)->balances;
		struct amount lifted = amount_of(-amount_minor(posting->amount));
		if (posting->layer == LAYER_posted) {
			add(&from->debits_posted, posting->amount);
			add(&to->credits_posted, posting->amount);
		} else {
			bool is_lifted = posting->layer == LAYER_pending_lifted;
			add(&from->debits_pending, is_lifted ? lifted : posting->amount);
			add(&to->credits_pending, is_lifted ? lifted : posting->amount);
		}
	}
	for (uint8_t i = 0; i < event->balance_count; i++) {
		const struct account_id *id = &event->balances[i].account;
		assert_memory_equal(&book_of(auditor, id->at, id->size)->balances,
			&event->balances[i].balances, sizeof(struct balances));
	}
}

static bool hold_seen(void *context, struct bytes key, struct bytes value)
{
	struct auditor *auditor = context;
	struct hold hold;
	(void)key;
	hold_unpack(value.at, &hold);
	if (hold.status != HOLD_STATUS_open)
		return true;
	add(&book_of(auditor, hold.from_account.at, hold.from_account.size)->held_from,
		hold.amount);
	add(&book_of(auditor, hold.to_account.at, hold.to_account.size)->held_to, hold.amount);
	return true;
}

static bool account_seen(void *context, struct bytes key, struct bytes value)
{
	struct auditor *auditor = context;
	struct account account;
	account_unpack(value.at, &account);
	const struct book *book = book_of(auditor, (const char *)key.at + 1, key.size - 1);
	const struct balances *b = &account.balances;
	assert_memory_equal(&book->balances, b, sizeof *b);
	assert_int_equal(amount_minor(book->held_from), amount_minor(b->debits_pending));
	assert_int_equal(amount_minor(book->held_to), amount_minor(b->credits_pending));
	if (account.has_floor)
		assert_true(amount_compare(account_available(account.account_class, b),
				    account.floor) >= 0);
	auditor->posted[account.currency] += amount_minor(b->debits_posted);
	auditor->posted[account.currency] -= amount_minor(b->credits_posted);
	auditor->pending[account.currency] += amount_minor(b->debits_pending);
	auditor->pending[account.currency] -= amount_minor(b->credits_pending);
	return true;
}

static bool row_seen(void *context, struct bytes key, struct bytes value)
{
	struct auditor *auditor = context;
	(void)value;
	auditor->result.rows++;
	auditor->result.commands += key.at[0] == TABLE_command_row;
	return true;
}

static void table_scan(struct auditor *auditor, struct store *store, uint8_t from, uint8_t to,
	bool (*row)(void *context, struct bytes key, struct bytes value))
{
	check(store_scan(store, (struct bytes){ &from, 1 }, (struct bytes){ &to, 1 }, row, auditor,
		      &auditor->rig->fault),
		&auditor->rig->fault);
}

static void books_check(struct auditor *auditor, struct store *store)
{
	table_scan(auditor, store, TABLE_hold, TABLE_hold + 1, hold_seen);
	table_scan(auditor, store, TABLE_account, TABLE_account + 1, account_seen);
	table_scan(auditor, store, TABLE_position + 1, 0xff, row_seen);
	for (size_t i = 0; i <= CURRENCY_NUMBER_MAX; i++)
		assert_true(auditor->posted[i] == 0 && auditor->pending[i] == 0);
}

/* --- Deciding again --- */

/* Time and refusals are as the event says: an operator may have had his say. */
static void input_again(struct auditor *auditor, const struct event *event, struct input *ret_input,
	struct command *ret_command)
{
	enum log_stream stream = (enum log_stream)(event->topic - 1);
	const struct records *inputs = &auditor->inputs[stream];
	size_t i = auditor->next[stream];
	if (i >= inputs->count || inputs->at[i].offset != event->offset)
		fail_msg("event %" PRId64 " answers %s:%" PRId64 ", which is not the next one",
			event->sequence, log_stream_name(stream), event->offset);
	*ret_input = (struct input){
		.topic = event->topic,
		.offset = event->offset,
		.record_time_ms = event->engine_time_ms,
	};
	command_decode(auditor->twin.codec, inputs->at[i].value, ret_command);
	if (event->kind == EVENT_command_rejected &&
		event->command_rejected.reject == REJECT_refused_by_operator) {
		ret_command->refusal = REJECT_refused_by_operator;
		ret_command->refusal_detail = (struct text64){ 0 };
	}
	if (!event_is_timers(event))
		auditor->next[stream]++;
}

static void decide_again(struct auditor *auditor, const struct event *event,
	const struct link *link, const struct log_record *record)
{
	struct replica *twin = &auditor->twin;
	struct input input;
	struct command command;
	struct event again;
	input_again(auditor, event, &input, &command);
	for (;;) {
		enum engine_result result = engine_process(twin->state, &input, &command, &again);
		if (result == ENGINE_OUTCOME || result == ENGINE_TIMER) {
			assert_int_equal(result == ENGINE_TIMER, event_is_timers(event));
			break;
		}
		size_t loaded = 0;
		if (result == ENGINE_NOT_LOADED)
			check(replica_load(twin, &loaded), &auditor->twin_fault);
		if (loaded == 0)
			check(replica_checkpoint(twin), &auditor->twin_fault);
		state_batch_begin(twin->state);
	}
	if (event_is_timers(&again))
		again.party.size = 0; /* stands in the record's key only */
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = event_encode(auditor->rig->codec, &again, link, value);
	if (!bytes_equal((struct bytes){ value, size }, record->value))
		fail_msg("event %" PRId64 " (%s): deciding again gives another (%s)",
			event->sequence, event_name(event->kind), event_name(again.kind));
}

static void event_audit(struct auditor *auditor, const struct event *event, const struct link *link,
	const struct log_record *record)
{
	struct replica *twin = &auditor->twin;
	if (event_answers_nothing(event->kind))
		assert_int_equal(engine_replay(twin->state, event), ENGINE_OUTCOME);
	else
		decide_again(auditor, event, link, record);
	twin->place = (struct place){
		.offset = record->offset,
		.sequence = link->sequence,
		.term = link->term,
		.hash = auditor->chain.hash,
	};
	effects_sum(auditor, event);
	auditor->result.kinds[event->kind]++;
	auditor->result.timers_events += event_is_timers(event);
	if (event->kind == EVENT_command_rejected)
		auditor->result.rejects[event->command_rejected.reject]++;
}

static void events_audit(struct auditor *auditor)
{
	struct records events = rig_records(auditor->rig, auditor->shard, LOG_EVENTS);
	for (size_t i = 0; i < events.count; i++) {
		struct link link;
		struct event event;
		assert_int_equal(link_decode(events.at[i].value, &link), DECODE_OK);
		struct hash hash = hash_of(events.at[i].value);
		enum chain_verdict verdict = chain_fold(&auditor->chain, &link, &hash);
		auditor->result.void_records += verdict == CHAIN_VOID;
		if (verdict != CHAIN_EVENT)
			continue;
		assert_int_equal(
			event_decode(auditor->rig->codec, events.at[i].value, &event, &link),
			DECODE_OK);
		assert_int_equal(event.sequence, auditor->result.sequence + 1);
		auditor->result.sequence = event.sequence;
		event_audit(auditor, &event, &link, &events.at[i]);
	}
	auditor->result.term = auditor->chain.term;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		assert_int_equal(auditor->next[s], auditor->inputs[s].count);
	records_free(&events);
}

/* --- Replaying --- */

static struct hash replay_digest(struct auditor *auditor)
{
	struct rig *rig = auditor->rig;
	struct fault fault = { 0 };
	struct replica replica;
	struct log_reader *reader;
	struct hash digest;
	struct store *store = store_at(rig, "audit-replay", STORE_OWN, &fault);
	check(replica_init(&replica, auditor->shard, TWIN_MEMORY_BYTES, &fault), &fault);
	check(replica_start(&replica, store, true), &fault);
	check(log_reader_open(rig->log, auditor->shard, LOG_EVENTS, 0, &reader, &fault), &fault);
	check(replica_follow(&replica, reader, rig_end(rig, auditor->shard, LOG_EVENTS), INT64_MAX),
		&fault);
	log_reader_close(reader);
	assert_int_equal(replica.place.sequence, auditor->result.sequence);
	check(replica_checkpoint(&replica), &fault);
	check(store_digest(store, &digest, &fault), &fault);
	books_check(auditor, store);
	replica_deinit(&replica);
	store_close(store);
	return digest;
}

static void stored_check(struct auditor *auditor, const char *folder, const struct hash *digest)
{
	struct fault fault = { 0 };
	struct store *store = store_at(auditor->rig, folder, STORE_READ, &fault);
	struct position position;
	struct hash stored;
	check(position_read(store, &position, &fault), &fault);
	assert_int_equal(position.place.sequence, auditor->result.sequence);
	assert_true(hash_equal(&position.place.hash, &auditor->chain.hash));
	check(store_digest(store, &stored, &fault), &fault);
	assert_memory_equal(stored.at, digest->at, HASH_SIZE);
	store_close(store);
}

static void twin_open(struct auditor *auditor, struct store **ret)
{
	*ret = store_at(auditor->rig, "audit-twin", STORE_OWN, &auditor->twin_fault);
	check(replica_init(&auditor->twin, auditor->shard, TWIN_MEMORY_BYTES, &auditor->twin_fault),
		&auditor->twin_fault);
	check(replica_start(&auditor->twin, *ret, true), &auditor->twin_fault);
}

static void scratch_remove(struct rig *rig)
{
	char path[PATH_SIZE];
	rig_path(rig, "audit-twin", path);
	folder_remove(path);
	rig_path(rig, "audit-replay", path);
	folder_remove(path);
}

struct audit rig_audit(struct rig *rig, uint32_t shard, const char *folder)
{
	struct auditor *auditor = calloc(1, sizeof *auditor);
	assert_non_null(auditor);
	auditor->rig = rig;
	auditor->shard = shard;
	auditor->books = calloc(BOOKS_SLOTS, sizeof *auditor->books);
	assert_non_null(auditor->books);
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		auditor->inputs[s] = rig_records(rig, shard, s);
	struct store *twin_store;
	scratch_remove(rig);
	twin_open(auditor, &twin_store);

	events_audit(auditor);
	struct hash twin, digest = replay_digest(auditor);
	check(replica_checkpoint(&auditor->twin), &auditor->twin_fault);
	check(store_digest(twin_store, &twin, &auditor->twin_fault), &auditor->twin_fault);
	assert_memory_equal(twin.at, digest.at, HASH_SIZE);
	if (folder)
		stored_check(auditor, folder, &digest);

	replica_deinit(&auditor->twin);
	store_close(twin_store);
	scratch_remove(rig);
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		records_free(&auditor->inputs[s]);
	struct audit result = auditor->result;
	free(auditor->books);
	free(auditor);
	return result;
}
