/* SPDX-License-Identifier: Apache-2.0 */
/* Command records. Any bytes give a command; any command gives exactly one outcome, which can be
 * written and read; what was decoded can be encoded and is the same command again, also by way of
 * JSON. */
#include "nouns.h"
#include "plain.h"

#include "decide/decide.h"
#include "engine/engine.h"
#include "wire/json.h"

#include "pinion/v1/command.pb-c.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

static struct codec *codec;

static struct digest digest_of(const uint8_t *at, size_t size)
{
	struct digest digest;
	(void)crypto_generichash(digest.at, sizeof digest.at, at, size, NULL, 0);
	return digest;
}

static void refusal_check(const struct command *command, struct bytes record)
{
	bool is_known = command->refusal == REJECT_undecodable ||
			command->refusal == REJECT_too_large ||
			command->refusal == REJECT_unknown_field ||
			command->refusal == REJECT_unknown_command;
	assert(is_known);
	assert((command->refusal == REJECT_too_large) == (record.size > COMMAND_SIZE_MAX));
	/* It names a place, in the contract's own names: so it is plain text. */
	const struct text64 *detail = &command->refusal_detail;
	assert(detail->size <= sizeof detail->at);
	assert((detail->size == 0) == (command->refusal == REJECT_too_large));
	for (size_t i = 0; i < detail->size; i++)
		assert(detail->at[i] >= ' ' && detail->at[i] <= '~');
	struct digest digest = digest_of(record.at, record.size);
	assert(digest_equal(&digest, &command->digest));
}

static void same_check(const struct command *a, const struct command *b)
{
	uint8_t packed_a[COMMAND_PACKED_MAX], packed_b[COMMAND_PACKED_MAX];
	struct bytes whole_a = { packed_a, command_pack(a, packed_a) };
	struct bytes whole_b = { packed_b, command_pack(b, packed_b) };
	assert(a->kind == b->kind && a->refusal == b->refusal);
	assert(bytes_equal(whole_a, whole_b));
	assert(digest_equal(&a->digest, &b->digest));
	assert(a->id.is_malformed == b->id.is_malformed);
	assert(id_equal(&a->id.id, &b->id.id));
}

/* Another command has another digest, unless only the id is another: one byte of the record is
 * changed, and the digest itself is the dice that say which. */
static void other_check(const struct command *command, uint8_t *record, size_t size)
{
	const uint8_t *dice = command->digest.at;
	record[(size_t)(dice[0] | dice[1] << 8) % size] ^= (uint8_t)(1 << dice[2] % 8);
	struct command other;
	command_decode(codec, (struct bytes){ record, size }, &other);
	if (other.kind != command->kind || !command_is_writable(&other))
		return;
	other.id = command->id;
	uint8_t changed[COMMAND_SIZE_MAX], again[COMMAND_SIZE_MAX];
	struct bytes a = { changed, command_encode(codec, &other, changed, sizeof changed) };
	struct bytes b = { again, command_encode(codec, command, again, sizeof again) };
	assert(digest_equal(&other.digest, &command->digest) == bytes_equal(a, b));
}

static void differs_check(const struct command *command, const struct command *other)
{
	uint8_t packed[COMMAND_PACKED_MAX];
	struct digest digest = digest_of(packed, command_pack(other, packed));
	assert(!digest_equal(&digest, &command->digest));
}

/* The same for the envelope's fields, one by one. */
static void envelope_check(const struct command *command)
{
	struct command other = *command;
	other.dry_run = !other.dry_run;
	differs_check(command, &other);
	other = *command;
	other.initiator ^= 1;
	differs_check(command, &other);
	other = *command;
	other.group_id.id.at[15] ^= 1;
	differs_check(command, &other);
	other = *command;
	text64_set(&other.party, "x", other.party.size == 0);
	differs_check(command, &other);
	other = *command;
	text64_set(&other.reference, "x", other.reference.size == 0);
	differs_check(command, &other);
}

static void command_check(const struct command *command)
{
	uint8_t packed[COMMAND_PACKED_MAX];
	size_t packed_size = command_pack(command, packed);
	assert(packed_size <= COMMAND_PACKED_MAX);
	struct digest digest = digest_of(packed, packed_size);
	assert(digest_equal(&digest, &command->digest));
	assert(command_name(command->kind)[0] != '\0');
	assert(command->refusal_detail.size == 0);
	if (!command_is_writable(command))
		return;

	uint8_t record[COMMAND_SIZE_MAX], again[COMMAND_SIZE_MAX];
	size_t size = command_encode(codec, command, record, sizeof record);
	struct command read;
	command_decode(codec, (struct bytes){ record, size }, &read);
	same_check(command, &read);
	assert(command_encode(codec, &read, again, sizeof again) == size);
	assert(memcmp(record, again, size) == 0);
	other_check(command, record, size);
	envelope_check(command);
}

/* What is printed is one line of JSON. Where it is taken back, it is the same command: but for an
 * absent party or id, which are then filled in. */
static void print_check(const struct command *command, struct bytes record)
{
	char *line = json_command_print(codec, record);
	assert(!line || !strchr(line, '\n'));
	if (!line) {
		assert(command->kind == COMMAND_none);
		return;
	}
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert(object);
	json_decref(object);
	struct json_command parsed;
	char error[JSON_ERROR_SIZE];
	bool is_parsed = json_command_parse(codec, line, strlen(line), &parsed, error) == 0;
	free(line);
	if (!is_parsed)
		return;
	/* The codec's record is good until its next call only. */
	uint8_t copy[COMMAND_SIZE_MAX];
	struct bytes back = { copy, parsed.record.size };
	memcpy(copy, parsed.record.at, parsed.record.size);
	struct command read;
	command_decode(codec, back, &read);
	if (command->party.size == 0)
		read.party = command->party;
	if (id_is_absent(&command->id.id))
		read.id = command->id;
	uint8_t packed[COMMAND_PACKED_MAX];
	read.digest = digest_of(packed, command_pack(&read, packed));
	same_check(command, &read);
}

/* What was none of ours is absent among the nouns: an account, a currency, an id of zeros. */
static bool may_be_lost(const char *key, const json_t *value)
{
	static const char no_id[] = "00000000-0000-0000-0000-000000000000";
	if (json_is_string(value) && strcmp(json_string_value(value), no_id) == 0)
		return true;
	return strcmp(key, "from_account") == 0 || strcmp(key, "to_account") == 0 ||
	       strcmp(key, "account") == 0 || strcmp(key, "currency") == 0 ||
	       (strcmp(key, "amount") == 0 && json_is_object(value));
}

static void lost_check(json_t *before, json_t *after)
{
	const char *key;
	json_t *value;
	json_object_foreach(before, key, value)
	{
		json_t *other = json_object_get(after, key);
		if (json_is_object(value) && json_is_object(other) && strcmp(key, "amount") != 0)
			lost_check(value, other);
		else
			assert(json_equal(value, other) || may_be_lost(key, value));
	}
	json_object_foreach(after, key, value) assert(json_object_get(before, key));
}

/* JSON is printed from protobuf-c's structs: what it says of the record, and what it says of the
 * command that was read from it and written again, is the same. */
static void same_print_check(const struct command *command, struct bytes record)
{
	uint8_t again[COMMAND_SIZE_MAX];
	size_t size = command_encode(codec, command, again, sizeof again);
	char *before = json_command_print(codec, record);
	char *after = json_command_print(codec, (struct bytes){ again, size });
	json_t *a = json_loads(before, 0, NULL), *b = json_loads(after, 0, NULL);
	assert(a && b);
	lost_check(a, b);
	json_decref(a);
	json_decref(b);
	free(before);
	free(after);
}

/* A shard that knows nobody. */
static struct state *state_new(void)
{
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert(memory);
	struct state *state = state_init(memory, STATE_MEMORY_MIN);
	struct event event = {
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.ledger_opened = { .ledger_id = { { 1 } },
			.shards = 1,
			.format = LEDGER_FORMAT,
			.id_too_old_ms = ID_TOO_OLD_MS,
			.id_too_new_ms = ID_TOO_NEW_MS },
	};
	enum engine_result result = engine_replay(state, &event);
	assert(result == ENGINE_OUTCOME);
	return state;
}

/* Nothing is silently dropped: whatever it was, there is one event, and it can be read. */
static void outcome_check(const struct command *command)
{
	static struct state *state;
	if (!state)
		state = state_new();
	struct input input = {
		.topic = command->kind == COMMAND_none ? TOPIC_commands
						       : command_topic(command->kind),
		.record_time_ms = id_time_ms(&command->id.id),
	};
	struct event event;
	state_batch_begin(state);
	while (!decide(state, &input, command, &event)) {
		const struct state_key *missing;
		size_t count = state_missing(state, &missing);
		assert(count > 0);
		for (size_t i = 0; i < count; i++) {
			bool has_room = state_load(state, &missing[i], (struct bytes){ NULL, 0 });
			assert(has_room);
		}
		state_missing_clear(state);
	}
	event.sequence = 2;

	struct link link = { .term = 1, .sequence = event.sequence }, read_link;
	uint8_t record[EVENT_SIZE_MAX];
	struct bytes bytes = { record, event_encode(codec, &event, &link, record) };
	struct event read;
	assert(event_decode(codec, bytes, &read, &read_link) == DECODE_OK);
	assert(read.kind == event.kind);
	assert(digest_equal(&read.digest, &command->digest));
	if (command->refusal != REJECT_none)
		assert(read.command_rejected.reject == command->refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!codec)
		codec = codec_new();
	struct bytes record = { data, size };
	struct command command, again;
	command_decode(codec, record, &command);
	command_decode(codec, record, &again);
	same_check(&command, &again);
	assert((command.kind == COMMAND_none) == (command.refusal != REJECT_none));
	/* Two readers of one command never see two different payments. */
	bool is_plain = record.size <= COMMAND_SIZE_MAX &&
			plain_message(&pinion__v1__command__descriptor, record);
	assert(is_plain || command.kind == COMMAND_none);
	assert(!is_plain || command.kind != COMMAND_none ||
		command.refusal == REJECT_unknown_command);
	if (command.kind == COMMAND_none)
		refusal_check(&command, record);
	else
		command_check(&command);
	print_check(&command, record);
	if (command.kind != COMMAND_none && command_is_writable(&command))
		same_print_check(&command, record);
	outcome_check(&command);
	return 0;
}
