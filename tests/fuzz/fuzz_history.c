/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events as recovery reads it. Whatever stands there, a replica takes a record, skips
 * it as void, or says what is wrong with the log and stays as it was; and what it took gives rows
 * that may be stored, with debits equal to credits.
 *
 * The input is records, each with a byte before it and its size. The byte's lowest bit asks for the
 * record to be made to fit: so that bytes that no fuzzer hits (hashes, balances) don't end every
 * history at its first event. */
#include "fuzz.h"
#include "heads.h"

#include "engine/engine.h"
#include "shard/position.h"
#include "shard/replica.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

enum { RECORDS_MAX = 64 };

static struct replica replica;
static struct fault fault;

static void load(void)
{
	size_t loaded;
	int error = replica_load(&replica, &loaded);
	assert(error == 0);
}

static enum answer account_look(const struct account_id *id, struct account *ret)
{
	enum answer answer = view_account(replica.state, id, ret);
	if (answer != ANSWER_NOT_LOADED)
		return answer;
	load();
	return view_account(replica.state, id, ret);
}

static int64_t *total_of(struct balances *balances, enum layer layer, bool is_debit)
{
	struct amount *total =
		layer == LAYER_posted
			? (is_debit ? &balances->debits_posted : &balances->credits_posted)
			: (is_debit ? &balances->debits_pending : &balances->credits_pending);
	return &total->minor;
}

static void side_work_out(struct event *event, const struct posting *posting, bool is_debit)
{
	uint32_t place = is_debit ? posting->debit_place : posting->credit_place;
	int64_t *total = total_of(&event->balances[place - 1].balances, posting->layer, is_debit);
	int64_t amount = amount_minor(posting->amount), sum;
	bool overflows = posting->layer == LAYER_pending_lifted
				 ? __builtin_sub_overflow(*total, amount, &sum)
				 : __builtin_add_overflow(*total, amount, &sum);
	if (!overflows && sum >= 0)
		*total = sum;
}

/* The balances that this event's effects come to. */
static void balances_work_out(struct event *event)
{
	for (uint8_t i = 0; i < event->balance_count; i++) {
		struct account account;
		event->balances[i].balances = (struct balances){ 0 };
		if (account_look(&event->balances[i].account, &account) == ANSWER_PRESENT)
			event->balances[i].balances = account.balances;
	}
	for (uint8_t i = 0; i < event->effect_count; i++) {
		if (event->effects[i].kind != EFFECT_posting)
			continue;
		side_work_out(event, &event->effects[i].posting, true);
		side_work_out(event, &event->effects[i].posting, false);
	}
}

static size_t event_mend(struct event *event, uint8_t ret[EVENT_SIZE_MAX])
{
	struct link link = chain_next(&replica.chain, 0);
	const struct head *head = state_head(replica.state);
	if (link.term == 0)
		link.term = 1;
	event->sequence = link.sequence;
	if (event->engine_time_ms < head->engine_time_ms)
		event->engine_time_ms = head->engine_time_ms;
	if (event->topic != TOPIC_none && event->offset < head->input_next[event->topic])
		event->offset = head->input_next[event->topic];
	if (event->kind == EVENT_ledger_opened)
		event->ledger_opened.shard = 0;
	if (event->kind == EVENT_inputs_restarted) {
		struct event_inputs_restarted *restarted = &event->inputs_restarted;
		restarted->expected_offset = head->input_next[restarted->topic];
		struct witness last = trail_last(&head->input_trail[restarted->topic]);
		restarted->expected_digest = last.digest;
		restarted->expected_command_id = last.command_id;
	}
	balances_work_out(event);
	return event_encode(replica.codec, event, &link, ret);
}

static struct bytes mend(struct bytes record, uint8_t mended[EVENT_SIZE_MAX])
{
	struct event event;
	struct link link;
	if (event_decode(replica.codec, record, &event, &link) != DECODE_OK)
		return record;
	if (!link.is_mark)
		return (struct bytes){ mended, event_mend(&event, mended) };
	if (id_is_absent(&link.incarnation) || replica.chain.term == INT64_MAX)
		return record;
	link.term = replica.chain.term + 1;
	return (struct bytes){ mended, mark_encode(replica.codec, &link, mended) };
}

/* An account that is opened over one that is there takes that one's balance away: the rules forbid
 * it, and replay does not ask. */
static bool opens_again(struct bytes record)
{
	struct event event;
	struct link link;
	struct account account;
	return event_decode(replica.codec, record, &event, &link) == DECODE_OK &&
	       event.kind == EVENT_account_opened &&
	       account_look(&event.account_opened.account, &account) == ANSWER_PRESENT;
}

/* What the event says of accounts is what the rows say now. */
static void balances_check(struct bytes record)
{
	struct event event;
	struct link link;
	enum decode_result result = event_decode(replica.codec, record, &event, &link);
	assert(result == DECODE_OK);
	for (uint8_t i = 0; i < event.balance_count; i++) {
		struct account account;
		const struct balances *a = &event.balances[i].balances, *b = &account.balances;
		enum answer answer = account_look(&event.balances[i].account, &account);
		assert(answer == ANSWER_PRESENT);
		assert(amount_compare(a->debits_posted, b->debits_posted) == 0);
		assert(amount_compare(a->credits_posted, b->credits_posted) == 0);
		assert(amount_compare(a->debits_pending, b->debits_pending) == 0);
		assert(amount_compare(a->credits_pending, b->credits_pending) == 0);
	}
}

/* False: the log is at fault. */
static bool take(const struct log_record *record)
{
	struct head before = *state_head(replica.state);
	struct place place_before = replica.place;
	enum chain_verdict verdict;
	state_batch_begin(replica.state);
	int error = replica_take(&replica, record, &verdict);
	const struct head *after = state_head(replica.state);
	bool is_event = error == 0 && verdict == CHAIN_EVENT;
	assert(after->sequence == before.sequence + is_event);
	assert(replica.place.sequence == place_before.sequence + is_event);
	if (is_event) {
		balances_check(record->value);
		return true;
	}
	assert(heads_equal(&before, after));
	if (error == 0)
		return true;
	assert(error == FAULT_LOG || error == FAULT_SETTINGS);
	assert(fault.code == error && fault.text[0] != '\0');
	return false;
}

static void position_check(void)
{
	struct position position = { replica.place, *state_head(replica.state) }, read;
	uint8_t at[POSITION_SIZE];
	struct bytes value = { at, position_pack(&position, at) };
	if (position.head.sequence == 0)
		return; /* nothing to store yet */
	bool is_read = position_unpack(value, &read);
	assert(is_read && heads_equal(&read.head, &position.head));
}

static void rows_check(bool balance)
{
	struct sealed sealed;
	struct sealed_row row;
	state_seal_begin(replica.state);
	bool is_whole = state_seal_step(replica.state, SIZE_MAX, &sealed);
	assert(is_whole);
	const uint8_t *at = sealed.rows;
	wide posted = 0, pending = 0;
	while (sealed_next(&at, sealed.rows_end, &row)) {
		if (!row.value.at)
			continue;
		assert(row_is_sound(row.key, row.value));
		if (row.key.at[0] != TABLE_account)
			continue;
		struct account account;
		account_unpack(row.value.at, &account);
		const struct balances *b = &account.balances;
		posted += (wide)amount_minor(b->debits_posted) - amount_minor(b->credits_posted);
		pending += (wide)amount_minor(b->debits_pending) - amount_minor(b->credits_pending);
	}
	assert(!balance || (posted == 0 && pending == 0));
	state_sealed_stored(replica.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!replica.state) {
		int error = replica_init(&replica, 0, STATE_MEMORY_MIN, &fault);
		assert(error == 0);
	}
	fault_clear(&fault);
	int error = replica_start(&replica, NULL, false);
	assert(error == 0);
	struct bytes input = { data, size };
	bool is_well = true, balance = true;
	for (int64_t offset = 0; offset < RECORDS_MAX && is_well && input.size != 0; offset++) {
		bool mends = fuzz_take_u8(&input) & 1;
		struct log_record record = { .offset = offset, .value = fuzz_take_sized(&input) };
		uint8_t mended[EVENT_SIZE_MAX];
		if (mends)
			record.value = mend(record.value, mended);
		bool again = opens_again(record.value);
		is_well = take(&record);
		if (is_well && again)
			balance = false;
	}
	position_check();
	rows_check(balance);
	return 0;
}
