/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a store that was damaged before its checksums were made. One is refused; or it is one
 * that could have been written: it packs to the same bytes again, and a shard that decides over it
 * comes to no harm.
 *
 * What is wrong between rows (a hold whose account is gone, a timer without its hold) no row tells:
 * so holds and timers are looked at, but not decided over. `pinion verify` finds those.
 *
 * The input is keys and values, each with its size before it. */
#include "fuzz.h"
#include "model_store.h"

#include "engine/engine.h"
#include "shard/position.h"
#include "state/keys.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { ROWS_MAX = 64, ACCOUNTS_MAX = 3, ATTEMPTS_MAX = 8 };

static struct codec *codec;
static struct state *state;
static uint8_t packed[STATE_VALUE_SIZE_MAX];

/* --- One row --- */

static void packed_check(struct bytes value, size_t size)
{
	assert(bytes_equal(value, (struct bytes){ packed, size }));
}

static void key_check(struct bytes key, const struct state_key *made)
{
	assert(bytes_equal(key, (struct bytes){ made->at, made->size }));
}

static void timer_check(struct bytes key, struct bytes value)
{
	struct timer timer;
	bool is_timer = timer_unkey(key, &timer);
	assert(is_timer && value.size == VALUE_SIZE_timer);
	struct state_key made = timer_key(&timer);
	key_check(key, &made);
	assert(timer.due_ms >= 0 && timer.kind != TIMER_KIND_none);
}

/* Of any table: what was taken apart is put together again. */
static void row_again(struct bytes key, struct bytes value)
{
	switch (key.at[0]) {
#define TABLE(number, name)                                     \
	case TABLE_##name: {                                    \
		struct name row = { 0 };                        \
		bool is_one = name##_unkey(key, &row);          \
		assert(is_one);                                 \
		name##_unpack(value.at, &row);                  \
		packed_check(value, name##_pack(&row, packed)); \
		break;                                          \
	}
#include "state/tables.def"
#undef TABLE
	default:
		assert(false); /* no table */
	}
}

static void row_check(struct bytes key, struct bytes value)
{
	assert(key.size <= STATE_KEY_SIZE_MAX);
	assert(value.size <= table_value_size_max(key.at[0]));
	row_again(key, value);
	if (key.at[0] == TABLE_account) {
		struct account account;
		account_unpack(value.at, &account);
		(void)account_available(account.account_class, &account.balances);
	} else if (key.at[0] == TABLE_hold) {
		struct hold hold;
		hold_unpack(value.at, &hold);
		struct state_key made = state_key_of(key_account(&hold.from_account));
		assert(made.size > 1);
	} else if (key.at[0] == TABLE_timer) {
		timer_check(key, value);
	}
}

static bool position_check(struct bytes value, struct head *ret)
{
	struct position position;
	if (!position_unpack(value, &position))
		return false;
	uint8_t again[POSITION_SIZE];
	size_t size = position_pack(&position, again);
	assert(bytes_equal(value, (struct bytes){ again, size }));
	/* What a reader of the log, and the next event, begin with. */
	assert(position.place.offset >= 0 && position.place.term >= 1);
	assert(position.head.sequence == position.place.sequence && position.head.sequence >= 1);
	assert((unsigned)position.head.timers_topic <= TOPIC_COUNT);
	*ret = position.head;
	return true;
}

/* --- Deciding over them --- */

struct books {
	struct model_store store;
	struct head head;
	struct account_id accounts[ACCOUNTS_MAX];
	size_t account_count;
	struct id command_id; /* of some row */
	uint64_t made;
};

static void books_take(struct books *books, struct bytes key, struct bytes value)
{
	struct account_id id;
	if (key.at[0] == TABLE_hold || key.at[0] == TABLE_timer)
		return;
	model_store_put(&books->store, key, value);
	if (key.at[0] == TABLE_command_row)
		memcpy(books->command_id.at, key.at + 1, sizeof books->command_id.at);
	if (key.at[0] == TABLE_account && books->account_count < ACCOUNTS_MAX &&
		account_id_parse(&id, (const char *)key.at + 1, key.size - 1))
		books->accounts[books->account_count++] = id;
}

static void ledger_put(struct books *books)
{
	struct state_key key = state_key_of(key_ledger());
	if (model_store_find(&books->store, (struct bytes){ key.at, key.size }))
		return;
	struct ledger ledger = { { { 1 } }, 0, 1, LEDGER_FORMAT, ID_TOO_OLD_MS, ID_TOO_NEW_MS };
	size_t size = ledger_pack(&ledger, packed);
	model_store_put(
		&books->store, (struct bytes){ key.at, key.size }, (struct bytes){ packed, size });
}

static struct command command_of(
	struct books *books, enum command_kind kind, const struct account_id *account)
{
	struct command command = { .kind = kind };
	command.id.id = id_floor_of_time(books->head.engine_time_ms);
	command.id.id.at[6] = 0x70;
	command.id.id.at[8] = 0x80;
	command.id.id.at[15] = (uint8_t)++books->made;
	text64_set(&command.party, account->at, account->party_size);
	return command;
}

/* One outcome, that can be written and read. */
static void process(struct books *books, const struct command *command)
{
	enum topic topic = command_topic(command->kind);
	struct input input = {
		.topic = topic,
		.offset = state_head(state)->input_next[topic],
		.record_time_ms = books->head.engine_time_ms,
	};
	struct event event, read;
	enum engine_result result = ENGINE_NOT_LOADED;
	for (int i = 0; i < ATTEMPTS_MAX && result != ENGINE_OUTCOME; i++) {
		result = engine_process(state, &input, command, &event);
		if (result == ENGINE_NOT_LOADED) {
			bool has_room = model_store_load(&books->store, state);
			assert(has_room);
		}
	}
	assert(result == ENGINE_OUTCOME);
	struct link link = { .term = 1, .sequence = event.sequence }, read_link;
	uint8_t record[EVENT_SIZE_MAX];
	struct bytes bytes = { record, event_encode(codec, &event, &link, record) };
	assert(event_decode(codec, bytes, &read, &read_link) == DECODE_OK);
	assert(read.kind == event.kind);
}

static void pay(struct books *books, const struct account_id *from, const struct account_id *to,
	int64_t minor)
{
	struct account account;
	struct money money = { amount_of(minor), CURRENCY_USD, .is_absent = false };
	if (view_account(state, from, &account) == ANSWER_PRESENT)
		money.currency = account.currency;
	struct command command = command_of(books, COMMAND_transfer_create, from);
	command.transfer_create = (struct command_transfer_create){ *from, *to, money };
	process(books, &command);
	command = command_of(books, COMMAND_hold_create, from);
	command.hold_create = (struct command_hold_create){
		.from_account = *from, .to_account = *to, .amount = money, .expires_in_s = 60
	};
	text64_set(&command.hold_create.reason, "order", 5);
	process(books, &command);
	command = command_of(books, COMMAND_funds_receive, from);
	command.funds_receive = (struct command_funds_receive){ *from, money, RAIL_ach, { 0 } };
	text64_set(&command.funds_receive.rail_reference, "r1", 2);
	process(books, &command);
}

static void decide_over(struct books *books)
{
	static const int64_t amounts[] = { 1, 5000, ACCOUNT_TOTAL_MAX };
	struct account_id nobody;
	(void)account_id_parse(&nobody, "nobody/main", 11);
	const struct account_id *first = books->account_count > 0 ? &books->accounts[0] : &nobody;
	ledger_put(books);
	model_store_restart(&books->store, &books->head, state);
	timers_reset(state->timers, /* is_complete= */ true); /* none is there: no need to look */
	for (size_t i = 0; i < books->account_count; i++)
		for (size_t j = 0; j < books->account_count; j++)
			pay(books, &books->accounts[i], &books->accounts[j], amounts[(i + j) % 3]);
	struct command command = command_of(books, COMMAND_party_open, first);
	command.party_open.kind = PARTY_KIND_person;
	process(books, &command);
	command = command_of(books, COMMAND_account_open, first);
	command.account_open = (struct command_account_open){ *first, CURRENCY_USD, 0 };
	process(books, &command);
	command = command_of(books, COMMAND_account_close, first);
	command.account_close.account = *first;
	process(books, &command);
	/* An id that a row knows: too old by now, a repeat, or reused. */
	command = command_of(books, COMMAND_tick, first);
	command.id.id = books->command_id;
	if (id_time_ms(&books->command_id) <= ID_TIME_MS_MAX - ID_TOO_NEW_MS &&
		id_time_ms(&books->command_id) > books->head.engine_time_ms)
		books->head.engine_time_ms = id_time_ms(&books->command_id);
	process(books, &command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!codec) {
		void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
		assert(memory);
		codec = codec_new();
		state = state_init(memory, STATE_MEMORY_MIN);
	}
	struct bytes input = { data, size };
	struct books books = { .head = { .sequence = 1, .engine_time_ms = 1767225600000 } };
	for (int i = 0; i < ROWS_MAX && input.size != 0; i++) {
		struct bytes key = fuzz_take_sized(&input), value = fuzz_take_sized(&input);
		if (key.size == 1 && key.at[0] == TABLE_position) {
			(void)position_check(value, &books.head);
		} else if (row_is_sound(key, value)) {
			row_check(key, value);
			books_take(&books, key, value);
		}
	}
	decide_over(&books);
	model_store_free(&books.store);
	return 0;
}
