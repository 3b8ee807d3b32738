/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

#include "opened.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

static const int64_t time_first_ms = 1767225600000;

enum { TRANSFERS_PER_MS = 500, FUNDS_MINOR = 100000000, RANDOM_SEED = 42 };

/* --- Setting up --- */

static void half_init(struct ledger_half *half, size_t memory_bytes)
{
	half->memory = aligned_alloc(1 << 21, memory_bytes);
	assert(half->memory);
	(void)madvise(half->memory, memory_bytes, MADV_HUGEPAGE); /* as a shard does */
	half->state = state_init(half->memory, memory_bytes);
	assert(half->state);
}

/* There is no store: what is not in memory is absent. */
static void load_absent(struct state *state)
{
	const struct state_key *keys;
	size_t count = state_missing(state, &keys);
	for (size_t i = 0; i < count; i++) {
		bool has_room = state_load(state, &keys[i], (struct bytes){ NULL, 0 });
		assert(has_room);
	}
	state_missing_clear(state);
	if (state_timers_wanted(state))
		state_timers_loaded(state, true);
}

static struct sealed seal(struct state *state)
{
	struct sealed sealed;
	state_seal_begin(state);
	bool is_whole = state_seal_step(state, SIZE_MAX, &sealed);
	assert(is_whole);
	return sealed;
}

static void seal_and_forget(struct state *state)
{
	(void)seal(state);
	state_sealed_stored(state);
}

/* Until the event is there. */
static void go_on(struct state *state, enum engine_result result)
{
	assert(result == ENGINE_NOT_LOADED || result == ENGINE_NO_ROOM);
	if (result == ENGINE_NOT_LOADED)
		load_absent(state);
	else
		seal_and_forget(state);
	state_batch_begin(state);
}

static void set_up(
	struct traffic *traffic, const struct input *input, const struct command *command)
{
	struct event event;
	enum engine_result result;
	while ((result = engine_process(traffic->live.state, input, command, &event)) !=
		ENGINE_OUTCOME)
		go_on(traffic->live.state, result);
	assert(event.kind != EVENT_command_rejected);
	while ((result = engine_replay(traffic->replayed.state, &event)) != ENGINE_OUTCOME)
		go_on(traffic->replayed.state, result);
}

/* An id and a place on the log for the next command: both grow. */
static struct command command_next(
	struct traffic *traffic, enum command_kind kind, enum topic topic, struct input *ret_input)
{
	struct command command = { .kind = kind, .initiator = INITIATOR_owner };
	int64_t now_ms = time_first_ms + traffic->made / TRANSFERS_PER_MS;
	struct id *id = &command.id.id;
	*id = id_floor_of_time(now_ms);
	id->at[6] = 0x70;
	id->at[8] = 0x80;
	for (int i = 0; i < 4; i++)
		id->at[9 + i] = (uint8_t)(traffic->made >> (24 - 8 * i));
	*ret_input = (struct input){
		.topic = topic, .offset = traffic->made++, .record_time_ms = now_ms
	};
	return command;
}

static void account_set_up(struct traffic *traffic, int64_t i)
{
	struct input input;
	struct command command = command_next(traffic, COMMAND_party_open, TOPIC_commands, &input);
	struct text64 party;
	keys_party(&traffic->keys, 0, i, &party);
	command.party = party;
	command.party_open.kind = PARTY_KIND_person;
	set_up(traffic, &input, &command);

	command = command_next(traffic, COMMAND_account_open, TOPIC_commands, &input);
	command.party = party;
	command.account_open.account = keys_account(&party);
	command.account_open.currency = CURRENCY_USD;
	set_up(traffic, &input, &command);

	command = command_next(traffic, COMMAND_funds_receive, TOPIC_rails, &input);
	command.party = party;
	command.funds_receive = (struct command_funds_receive){
		.to_account = keys_account(&party),
		.amount = { amount_of(FUNDS_MINOR), CURRENCY_USD, .is_absent = false },
		.rail = RAIL_wire,
		.rail_reference = party,
	};
	set_up(traffic, &input, &command);
}

static void ledger_open_both(struct traffic *traffic)
{
	struct event_ledger_opened opened = ledger_opened((struct id){ { 7 } }, 0, 1);
	struct event event;
	enum engine_result result;
	engine_open_ledger(traffic->live.state, &opened, time_first_ms, &event);
	while ((result = engine_replay(traffic->replayed.state, &event)) != ENGINE_OUTCOME)
		go_on(traffic->replayed.state, result);
}

struct traffic *traffic_new(int64_t accounts, size_t memory_bytes)
{
	struct traffic *traffic = calloc(1, sizeof *traffic);
	assert(traffic);
	keys_init(&traffic->keys, KEYS_uniform, accounts, 1, 0x1234);
	traffic->random.state = RANDOM_SEED;
	traffic->codec = codec_new();
	half_init(&traffic->live, memory_bytes);
	half_init(&traffic->replayed, memory_bytes);
	ledger_open_both(traffic);
	for (int64_t i = 0; i < accounts; i++)
		account_set_up(traffic, i);
	seal_and_forget(traffic->live.state);
	seal_and_forget(traffic->replayed.state);
	/* As an owner that has just taken the shard. */
	traffic->chain =
		(struct chain){ .term = 1, .sequence = state_head(traffic->live.state)->sequence };
	return traffic;
}

void traffic_free(struct traffic *traffic)
{
	codec_free(traffic->codec);
	free(traffic->live.memory);
	free(traffic->replayed.memory);
	free(traffic);
}

void traffic_draw(struct traffic *traffic)
{
	uint8_t *at = traffic->record_bytes;
	traffic->written_size = 0;
	for (size_t i = 0; i < BLOCK_TRANSFERS; i++) {
		struct command command = command_next(
			traffic, COMMAND_transfer_create, TOPIC_commands, &traffic->inputs[i]);
		int64_t from, to;
		struct text64 payee;
		keys_pair(&traffic->keys, 0, &traffic->random, &from, &to);
		keys_party(&traffic->keys, 0, from, &command.party);
		keys_party(&traffic->keys, 0, to, &payee);
		command.transfer_create = (struct command_transfer_create){
			.from_account = keys_account(&command.party),
			.to_account = keys_account(&payee),
			.amount = {
				amount_of(1 + (int64_t)(keys_random_next(&traffic->random) % 1000)),
				CURRENCY_USD,
				.is_absent = false,
			},
		};
		size_t size = command_encode(traffic->codec, &command, at, COMMAND_SIZE_MAX);
		assert(size <= COMMAND_RECORD_ROOM);
		traffic->records[i] = (struct log_entry){ .value = { at, size } };
		at += size;
	}
	state_batch_begin(traffic->live.state);
	state_batch_begin(traffic->replayed.state);
}

/* --- The layers --- */

void layer_decode(struct traffic *traffic, size_t from)
{
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++)
		command_decode(
			traffic->codec, traffic->records[from + i].value, &traffic->commands[i]);
}

void layer_process(struct traffic *traffic, size_t from)
{
	struct state *state = traffic->live.state;
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++) {
		enum engine_result result = engine_process(state, &traffic->inputs[from + i],
			&traffic->commands[i], &traffic->events[i]);
		assert(result == ENGINE_OUTCOME);
		assert(traffic->events[i].kind == EVENT_transfer_posted);
	}
}

void traffic_write(struct traffic *traffic, size_t from)
{
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++) {
		uint8_t *at = traffic->written_bytes + traffic->written_size;
		traffic->links[i] = chain_next(&traffic->chain, 0);
		size_t size =
			event_encode(traffic->codec, &traffic->events[i], &traffic->links[i], at);
		assert(size <= EVENT_RECORD_ROOM);
		traffic->written[from + i] = (struct log_entry){ .value = { at, size } };
		traffic->written_size += size;
		struct hash hash = hash_of((struct bytes){ at, size });
		enum chain_verdict verdict = chain_fold(&traffic->chain, &traffic->links[i], &hash);
		assert(verdict == CHAIN_EVENT);
	}
}

void layer_encode(struct traffic *traffic, size_t from)
{
	uint8_t *at =
		traffic->written_bytes + (traffic->written[from].value.at - traffic->written_bytes);
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++)
		at += event_encode(traffic->codec, &traffic->events[i], &traffic->links[i], at);
}

struct hash layer_hash(struct traffic *traffic, size_t from)
{
	struct hash last = { { 0 } };
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++)
		last = hash_of(traffic->written[from + i].value);
	return last;
}

void layer_replay_decode(struct traffic *traffic, size_t from)
{
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++) {
		struct bytes record = traffic->written[from + i].value;
		struct link link;
		enum decode_result result = link_decode(record, &link);
		assert(result == DECODE_OK);
		result = event_decode(traffic->codec, record, &traffic->read[i], &link);
		assert(result == DECODE_OK);
	}
}

void layer_replay(struct traffic *traffic, size_t from)
{
	(void)from;
	for (size_t i = 0; i < CHUNK_TRANSFERS; i++) {
		enum engine_result result =
			engine_replay(traffic->replayed.state, &traffic->read[i]);
		assert(result == ENGINE_OUTCOME);
	}
}

struct sealed layer_seal(struct traffic *traffic)
{
	return seal(traffic->live.state);
}
