/* SPDX-License-Identifier: Apache-2.0 */
/* The codec: what was written is read again, exactly; what was not written by the contract's rules
 * is refused; and no bytes whatever make it crash. */
#include "codec_fixture.h"
#include "nouns.h"

#include "wire/codec.h"
#include "wire/raw.h"

#include "pinion/v1/command.pb-c.h"
#include "pinion/v1/event.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A record under construction, field by field. */
struct build {
	size_t size;
	uint8_t at[2 * EVENT_SIZE_MAX];
};

static void build_varint(struct build *build, uint64_t value, unsigned bytes_min)
{
	for (unsigned i = 1; value >= 0x80 || i < bytes_min; i++, value >>= 7)
		build->at[build->size++] = (uint8_t)(value | 0x80);
	build->at[build->size++] = (uint8_t)value;
}

static void build_number(struct build *build, uint32_t number, uint64_t value)
{
	build_varint(build, number << 3 | RAW_VARINT, 1);
	build_varint(build, value, 1);
}

static void build_bytes(struct build *build, uint32_t number, const void *at, size_t size)
{
	build_varint(build, number << 3 | RAW_BYTES, 1);
	build_varint(build, size, 1);
	memcpy(build->at + build->size, at, size);
	build->size += size;
}

static void build_text(struct build *build, uint32_t number, const char *text)
{
	build_bytes(build, number, text, strlen(text));
}

static void build_message(struct build *build, uint32_t number, const struct build *message)
{
	build_bytes(build, number, message->at, message->size);
}

static struct bytes build_bytes_of(const struct build *build)
{
	return (struct bytes){ build->at, build->size };
}

static struct command decode(const struct build *build)
{
	struct command command;
	command_decode(codec, build_bytes_of(build), &command);
	return command;
}

static void assert_refused(const struct build *build, enum reject reject, const char *detail)
{
	struct command command = decode(build);
	char text[65] = { 0 };
	memcpy(text, command.refusal_detail.at, command.refusal_detail.size);
	assert_string_equal(reject_name(command.refusal), reject_name(reject));
	assert_string_equal(text, detail);
	assert_int_equal(command.kind, COMMAND_none);
	struct digest digest;
	crypto_generichash(digest.at, sizeof digest.at, build->at, build->size, NULL, 0);
	assert_true(digest_equal(&digest, &command.digest));
}

static void assert_same_command(const struct command *a, const struct command *b)
{
	uint8_t packed_a[COMMAND_PACKED_MAX], packed_b[COMMAND_PACKED_MAX];
	size_t size_a = command_pack(a, packed_a), size_b = command_pack(b, packed_b);
	assert_int_equal(a->refusal, b->refusal);
	assert_true(id_equal(&a->id.id, &b->id.id));
	assert_int_equal(size_a, size_b);
	assert_memory_equal(packed_a, packed_b, size_a);
}

static void test_commands_round_trip(void **state)
{
	(void)state;
	struct random random = { 1 };
	for (int i = 0; i < 2000; i++) {
		struct command made = command_random(
			&random, command_kinds[i % COMMAND_COUNT], i < COMMAND_COUNT);
		uint8_t record[COMMAND_SIZE_MAX], again[COMMAND_SIZE_MAX];
		size_t size = command_encode(codec, &made, record, sizeof record);
		assert_true(size <= command_bound(made.kind));
		struct command read;
		command_decode(codec, (struct bytes){ record, size }, &read);
		assert_same_command(&made, &read);
		assert_int_equal(command_encode(codec, &read, again, sizeof again), size);
		assert_memory_equal(record, again, size);
	}
}

/* The same fields in another order, with longer varints: what protobuf takes for the same message.
 */
static void scramble(struct random *random, const ProtobufCMessageDescriptor *descriptor,
	struct bytes message, struct build *ret)
{
	struct raw_reader reader = raw_reader_of(message);
	struct raw_field fields[16];
	size_t count = 0;
	while (raw_next(&reader, &fields[count]) == RAW_FIELD)
		count++;
	while (count != 0) {
		size_t place = random_below(random, count);
		struct raw_field field = fields[place];
		fields[place] = fields[--count];
		const ProtobufCFieldDescriptor *known =
			protobuf_c_message_descriptor_get_field(descriptor, field.number);
		build_varint(
			ret, field.number << 3 | field.type, 1 + (unsigned)random_below(random, 5));
		if (field.type == RAW_VARINT) {
			build_varint(ret, field.value, 1 + (unsigned)random_below(random, 10));
			continue;
		}
		struct build inner = { 0 };
		if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
			scramble(random, known->descriptor, field.bytes, &inner);
			field.bytes = build_bytes_of(&inner);
		}
		build_varint(ret, field.bytes.size, 1 + (unsigned)random_below(random, 5));
		memcpy(ret->at + ret->size, field.bytes.at, field.bytes.size);
		ret->size += field.bytes.size;
	}
}

static void test_digest_is_of_the_meaning(void **state)
{
	(void)state;
	struct random random = { 2 };
	for (int i = 0; i < 2000; i++) {
		struct command made =
			command_random(&random, command_kinds[i % COMMAND_COUNT], false);
		uint8_t record[COMMAND_SIZE_MAX];
		size_t size = command_encode(codec, &made, record, sizeof record);
		struct command plain;
		command_decode(codec, (struct bytes){ record, size }, &plain);
		struct build scrambled = { 0 };
		scramble(&random, &pinion__v1__command__descriptor, (struct bytes){ record, size },
			&scrambled);
		struct command other = decode(&scrambled);
		assert_same_command(&plain, &other);
		assert_true(digest_equal(&plain.digest, &other.digest));

		/* Another id is the same content, another party is not. */
		struct command changed = made;
		changed.id.id.at[3] ^= 0x10;
		size = command_encode(codec, &changed, record, sizeof record);
		command_decode(codec, (struct bytes){ record, size }, &other);
		assert_true(digest_equal(&plain.digest, &other.digest));
		changed.party.at[0] = changed.party.at[0] == 'a' ? 'b' : 'a';
		size = command_encode(codec, &changed, record, sizeof record);
		command_decode(codec, (struct bytes){ record, size }, &other);
		assert_false(digest_equal(&plain.digest, &other.digest));
	}
}

/* Any change of one byte that leaves a command changes its digest, unless only the id changed. */
static void test_digest_is_of_every_field(void **state)
{
	(void)state;
	struct random random = { 11 };
	unsigned compared = 0;
	for (int i = 0; i < 40 * COMMAND_COUNT; i++) {
		struct command made = command_random(
				       &random, command_kinds[i % COMMAND_COUNT], false),
			       read;
		uint8_t record[COMMAND_SIZE_MAX], changed[COMMAND_SIZE_MAX];
		struct bytes bytes = { record,
			command_encode(codec, &made, record, sizeof record) };
		command_decode(codec, bytes, &made);
		for (size_t at = 0; at < bytes.size; at++) {
			record[at] ^= 1;
			command_decode(codec, bytes, &read);
			record[at] ^= 1;
			if (read.kind != made.kind || !command_is_writable(&read))
				continue;
			read.id = made.id;
			size_t size = command_encode(codec, &read, changed, sizeof changed);
			bool is_same = size == bytes.size && memcmp(changed, record, size) == 0;
			assert_int_equal(digest_equal(&read.digest, &made.digest), is_same);
			compared += !is_same;
		}
	}
	assert_true(compared > 5000);
}

static const uint8_t uuid[16] = { 1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 };

static void build_envelope(struct build *build)
{
	*build = (struct build){ 0 };
	build_bytes(build, 1, uuid, sizeof uuid);
	build_text(build, 2, "alice");
	build_text(build, 5, "order-17");
}

static void build_transfer(struct build *build, const struct build *amount)
{
	build_text(build, 1, "alice/main");
	build_text(build, 2, "bob/main");
	build_message(build, 3, amount);
}

static void build_amount(struct build *build)
{
	build_number(build, 1, 1250);
	build_text(build, 2, "USD");
}

static void assert_envelope_is_known(const struct build *build)
{
	struct command command = decode(build);
	assert_memory_equal(command.id.id.at, uuid, sizeof uuid);
	assert_int_equal(command.party.size, 5);
	assert_memory_equal(command.party.at, "alice", 5);
	assert_int_equal(command.reference.size, 8);
}

static void test_unknown_fields(void **state)
{
	(void)state;
	struct build record, body = { 0 }, amount = { 0 };
	build_envelope(&record);
	assert_refused(&record, REJECT_unknown_command, "no body");
	assert_envelope_is_known(&record);

	build_number(&record, 99, 1);
	assert_refused(&record, REJECT_unknown_command, "99");
	assert_envelope_is_known(&record);
	build_number(&record, 7, 1);
	assert_refused(&record, REJECT_unknown_field, "7");
	assert_envelope_is_known(&record);

	build_amount(&amount);
	build_transfer(&body, &amount);
	build_envelope(&record);
	build_message(&record, 31, &body);
	assert_int_equal(decode(&record).kind, COMMAND_transfer_create);
	build_text(&record, 536870911, "");
	assert_refused(&record, REJECT_unknown_field, "536870911");

	build_envelope(&record);
	build_number(&body, 99, 1);
	build_message(&record, 31, &body);
	assert_refused(&record, REJECT_unknown_field, "transfer_create.99");
	assert_envelope_is_known(&record);

	build_envelope(&record);
	body = (struct build){ 0 };
	build_number(&amount, 3, 0);
	build_transfer(&body, &amount);
	build_message(&record, 31, &body);
	assert_refused(&record, REJECT_unknown_field, "transfer_create.amount.3");
	/* What is broken counts before what is unknown. */
	record.at[record.size++] = 0x80;
	char detail[32];
	(void)snprintf(detail, sizeof detail, "byte %zu", record.size - 1);
	assert_refused(&record, REJECT_undecodable, detail);
	assert_envelope_is_known(&record);
}

static void test_smuggling(void **state)
{
	(void)state;
	struct build record, body = { 0 }, amount = { 0 }, twice;
	build_amount(&amount);
	build_transfer(&body, &amount);

	build_envelope(&record);
	build_text(&record, 2, "bob");
	build_message(&record, 31, &body);
	assert_refused(&record, REJECT_undecodable, "party: comes twice");
	assert_envelope_is_known(&record);

	build_envelope(&record);
	build_message(&record, 31, &body);
	build_message(&record, 31, &body);
	assert_refused(&record, REJECT_undecodable, "transfer_create: comes twice");

	build_envelope(&record);
	build_message(&record, 31, &body);
	build_bytes(&record, 10, "", 0);
	assert_refused(&record, REJECT_undecodable, "tick: one of two that exclude each other");

	build_envelope(&record);
	twice = body;
	build_message(&twice, 3, &amount);
	build_message(&record, 31, &twice);
	assert_refused(&record, REJECT_undecodable, "transfer_create.amount: comes twice");

	build_envelope(&record);
	twice = amount;
	build_number(&twice, 1, 9);
	body = (struct build){ 0 };
	build_transfer(&body, &twice);
	build_message(&record, 31, &body);
	assert_refused(&record, REJECT_undecodable, "transfer_create.amount.minor: comes twice");
}

static void test_texts_and_types(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t size;
	} bad[] = { { "a\0b", 3 }, { "\0", 1 }, { "\x80", 1 }, { "\xc0\x80", 2 }, { "\xc3", 1 },
		{ "\xe0\x9f\xbf", 3 }, { "\xed\xa0\x80", 3 }, { "\xf4\x90\x80\x80", 4 },
		{ "\xf5\x80\x80\x80", 4 }, { "\xe2\x82", 2 }, { "12345678\xff", 9 },
		{ "12345678\0", 9 }, { "1234567\0", 8 } };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct build record = { 0 };
		build_bytes(&record, 1, uuid, sizeof uuid);
		build_bytes(&record, 2, bad[i].text, bad[i].size);
		build_bytes(&record, 10, "", 0);
		assert_refused(&record, REJECT_undecodable, "party: not UTF-8, or holds NUL");
		struct command command = decode(&record);
		assert_int_equal(command.party.size, 0);
		assert_memory_equal(command.id.id.at, uuid, sizeof uuid);
	}
	struct build record = { 0 };
	build_text(&record, 2, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6");
	build_bytes(&record, 10, "", 0);
	assert_int_equal(decode(&record).kind, COMMAND_tick);

	build_envelope(&record);
	build_bytes(&record, 3, "\1", 1);
	assert_refused(&record, REJECT_undecodable, "initiator: not of this field's type");
	build_envelope(&record);
	build_number(&record, 31, 1);
	assert_refused(&record, REJECT_undecodable, "transfer_create: not of this field's type");
	build_envelope(&record);
	build_number(&record, 3, UINT64_C(1) << 32 | 1);
	assert_refused(&record, REJECT_undecodable, "initiator: number too wide");
	build_envelope(&record);
	build_number(&record, 6, 2);
	assert_refused(&record, REJECT_undecodable, "dry_run: number too wide");
}

static void test_sizes_at_limits(void **state)
{
	(void)state;
	char text[COMMAND_SIZE_MAX + 1];
	memset(text, 'a', sizeof text);
	struct build record = { 0 };
	build_bytes(&record, 2, text, 64);
	build_bytes(&record, 4, text, 15);
	build_bytes(&record, 5, text, 65);
	build_bytes(&record, 10, "", 0);
	struct command command = decode(&record);
	assert_int_equal(command.kind, COMMAND_tick);
	assert_int_equal(command.party.size, 64);
	assert_int_equal(command.reference.size, TEXT_TOO_LONG);
	assert_true(command.group_id.is_malformed);
	assert_false(command.id.is_malformed);
	assert_true(id_is_absent(&command.id.id));

	/* 4096 bytes are taken, 4097 are not; the envelope is still told. */
	for (size_t size = COMMAND_SIZE_MAX; size <= COMMAND_SIZE_MAX + 1; size++) {
		build_envelope(&record);
		build_bytes(&record, 10, "", 0);
		build_bytes(&record, 4, text, size - record.size - 3);
		assert_int_equal(record.size, size);
		if (size > COMMAND_SIZE_MAX)
			assert_refused(&record, REJECT_too_large, "");
		else
			assert_int_equal(decode(&record).kind, COMMAND_tick);
		assert_envelope_is_known(&record);
	}
}

static void test_values_are_left_to_the_shape_checks(void **state)
{
	(void)state;
	struct build record, body = { 0 }, amount = { 0 };
	build_number(&amount, 1, (uint64_t)INT64_C(-5));
	build_text(&amount, 2, "XXX");
	build_text(&body, 1, "alice");
	build_text(&body, 2, "@bank/USD");
	build_message(&body, 3, &amount);
	build_envelope(&record);
	build_message(&record, 31, &body);
	struct command command = decode(&record);
	assert_int_equal(command.kind, COMMAND_transfer_create);
	assert_int_equal(command.refusal, REJECT_none);
	assert_int_equal(amount_minor(command.transfer_create.amount.amount), -5);
	assert_int_equal(command.transfer_create.amount.currency, CURRENCY_none);
	assert_false(command.transfer_create.amount.is_absent);
	assert_int_equal(command.transfer_create.from_account.size, 0);
	assert_int_equal(command.transfer_create.to_account.size, 0);
}

static void test_events_round_trip(void **state)
{
	(void)state;
	struct random random = { 3 };
	for (int i = 0; i < 3000; i++) {
		bool is_fattest = i < EVENT_COUNT;
		enum event_kind kind = event_kinds[i % EVENT_COUNT];
		struct event made = event_random(&random, kind, is_fattest), read;
		struct link link = link_random(&random, &made, is_fattest), read_link, quick;
		uint8_t record[EVENT_SIZE_MAX], again[EVENT_SIZE_MAX];
		struct bytes bytes = { record, event_encode(codec, &made, &link, record) };
		assert_true(bytes.size <= event_bound(kind));
		memset(&read, 0xa5, sizeof read); /* nobody clears it all */
		assert_int_equal(event_decode(codec, bytes, &read, &read_link), DECODE_OK);
		assert_int_equal(read.kind, kind);
		assert_int_equal(event_encode(codec, &read, &read_link, again), bytes.size);
		assert_memory_equal(record, again, bytes.size);
		assert_int_equal(link_decode(bytes, &quick), DECODE_OK);
		assert_int_equal(quick.term, link.term);
		assert_int_equal(quick.shard, link.shard);
		assert_int_equal(quick.sequence, made.sequence);
		assert_true(hash_equal(&quick.previous, &link.previous));
		assert_int_equal(quick.has_opened, link.has_opened);
		assert_true(!link.has_opened || hash_equal(&quick.opened, &link.opened));
	}
}

static void test_mark_round_trip(void **state)
{
	(void)state;
	struct link link = { .is_mark = true, .shard = 0, .term = 7 }, read;
	memcpy(link.incarnation.at, uuid, sizeof uuid);
	uint8_t record[EVENT_SIZE_MAX];
	struct bytes bytes = { record, mark_encode(codec, &link, record) };
	struct event event;
	assert_int_equal(event_decode(codec, bytes, &event, &read), DECODE_OK);
	assert_int_equal(event.kind, EVENT_none);
	assert_true(read.is_mark);
	assert_int_equal(read.term, 7);
	assert_true(id_equal(&read.incarnation, &link.incarnation));
}

/* A good record of a transfer, changed by hand in the contract's own structs. */
static enum decode_result decode_changed(void (*change)(Pinion__V1__Event *event))
{
	struct random random = { 4 };
	struct event event = event_random(&random, EVENT_transfer_posted, true);
	struct link link = link_random(&random, &event, true), read_link;
	uint8_t record[EVENT_SIZE_MAX], changed[2 * EVENT_SIZE_MAX];
	size_t size = event_encode(codec, &event, &link, record);
	Pinion__V1__EventRecord *read = pinion__v1__event_record__unpack(NULL, size, record);
	assert_non_null(read);
	change(read->event);
	size = pinion__v1__event_record__pack(read, changed);
	pinion__v1__event_record__free_unpacked(read, NULL);
	return event_decode(codec, (struct bytes){ changed, size }, &event, &read_link);
}

static void none(Pinion__V1__Event *event)
{
	(void)event;
}
static void topic_unknown(Pinion__V1__Event *event)
{
	event->input->topic = (Pinion__V1__Topic)5;
}
static void topic_negative(Pinion__V1__Event *event)
{
	event->input->topic = (Pinion__V1__Topic)-1;
}
static void sequence_negative(Pinion__V1__Event *event)
{
	event->sequence = -1;
}
static void term_absent(Pinion__V1__Event *event)
{
	event->term = 0;
}
static void time_negative(Pinion__V1__Event *event)
{
	event->engine_time_ms = -1;
}
static void hash_short(Pinion__V1__Event *event)
{
	event->previous_hash.len = 31;
}
static void account_malformed(Pinion__V1__Event *event)
{
	event->balances[0]->account[0] = 'A';
}
static void total_negative(Pinion__V1__Event *event)
{
	event->balances[1]->credits_pending_minor = -1;
}
static void currency_unknown(Pinion__V1__Event *event)
{
	event->balances[0]->currency[0] = 'Q';
}
static void balance_twice(Pinion__V1__Event *event)
{
	memcpy(event->balances[3]->account, event->balances[0]->account, ACCOUNT_ID_SIZE_MAX);
}
static void tried_and_done(Pinion__V1__Event *event)
{
	event->input->dry_run = true;
}
static void trial_of_what_was_meant(Pinion__V1__Event *event)
{
	event->trial = malloc(sizeof *event->trial);
	assert_non_null(event->trial);
	pinion__v1__trial__init(event->trial);
}
static void digest_absent(Pinion__V1__Event *event)
{
	event->input->digest.len = 0;
}
static void input_absent(Pinion__V1__Event *event)
{
	pinion__v1__input__free_unpacked(event->input, NULL);
	event->input = NULL;
}
static void balance_too_many(Pinion__V1__Event *event)
{
	uint8_t packed[EVENT_SIZE_MAX];
	size_t size = pinion__v1__balance__pack(event->balances[0], packed);
	assert_int_equal(event->n_balances, BALANCES_PER_EVENT_MAX);
	event->balances =
		realloc(event->balances, (event->n_balances + 1) * sizeof *event->balances);
	assert_non_null(event->balances);
	event->balances[event->n_balances] = pinion__v1__balance__unpack(NULL, size, packed);
	event->balances[event->n_balances++]->account[1] = 'z'; /* no two alike */
}
static void outcome_absent(Pinion__V1__Event *event)
{
	pinion__v1__transfer_posted__free_unpacked(event->transfer_posted, NULL);
	event->outcome_case = PINION__V1__EVENT__OUTCOME__NOT_SET;
}

static void test_broken_events(void **state)
{
	(void)state;
	assert_int_equal(decode_changed(none), DECODE_OK);
	void (*const changes[])(Pinion__V1__Event *) = { topic_unknown, topic_negative,
		sequence_negative, term_absent, time_negative, hash_short, account_malformed,
		total_negative, currency_unknown, balance_twice, tried_and_done,
		trial_of_what_was_meant, digest_absent, input_absent, balance_too_many,
		outcome_absent };
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		print_message("change %zu\n", i);
		assert_int_equal(decode_changed(changes[i]), DECODE_BROKEN);
	}
}

/* Puts `extra` into the message `depth` levels down, along its last field each time: record, event,
 * outcome, amount. */
static void append_deep(
	struct bytes message, unsigned depth, const struct build *extra, struct build *ret)
{
	struct raw_reader reader = raw_reader_of(message), last = reader;
	struct raw_field field, deepest = { 0 };
	while (raw_next(&reader, &field) == RAW_FIELD) {
		deepest = field;
		if (reader.at != reader.end)
			last = reader;
	}
	if (depth == 0) {
		memcpy(ret->at, message.at, message.size);
		memcpy(ret->at + message.size, extra->at, extra->size);
		ret->size = message.size + extra->size;
		return;
	}
	struct build inner = { 0 };
	append_deep(deepest.bytes, depth - 1, extra, &inner);
	ret->size = (size_t)(last.at - message.at);
	memcpy(ret->at, message.at, ret->size);
	build_message(ret, deepest.number, &inner);
}

static struct bytes record_random(uint64_t seed, enum event_kind kind, uint8_t at[EVENT_SIZE_MAX])
{
	struct random random = { seed };
	struct event event = event_random(&random, kind, true);
	struct link link = link_random(&random, &event, true);
	return (struct bytes){ at, event_encode(codec, &event, &link, at) };
}

static void test_unknown_in_events(void **state)
{
	(void)state;
	struct event event;
	struct link link;
	uint8_t at[EVENT_SIZE_MAX];
	struct bytes record = record_random(5, EVENT_hold_captured, at);
	struct build unknown = { 0 }, known = { 0 };
	build_number(&unknown, 999, 1);
	build_number(&known, 1, 7);
	for (unsigned depth = 0; depth < 4; depth++) {
		struct build changed = { 0 };
		append_deep(record, depth, &unknown, &changed);
		assert_int_equal(event_decode(codec, build_bytes_of(&changed), &event, &link),
			DECODE_UNKNOWN);
		/* The chain can still be told, unless the record itself is of another kind. */
		assert_int_equal(link_decode(build_bytes_of(&changed), &link),
			depth == 0 ? DECODE_UNKNOWN : DECODE_OK);
		changed = (struct build){ 0 };
		append_deep(record, depth, &known, &changed);
		assert_int_equal(event_decode(codec, build_bytes_of(&changed), &event, &link),
			DECODE_BROKEN);
		/* The record's event again; the event's shard again. */
		assert_int_equal(link_decode(build_bytes_of(&changed), &link),
			depth <= 1 ? DECODE_BROKEN : DECODE_OK);
	}
	assert_int_equal(event_decode(codec, (struct bytes){ 0 }, &event, &link), DECODE_BROKEN);
}

static void test_too_many_effects(void **state)
{
	(void)state;
	struct event event;
	struct link link;
	uint8_t at[EVENT_SIZE_MAX];
	struct build extra = { 0 }, changed = { 0 };
	struct bytes record = record_random(6, EVENT_ticked, at);
	for (int i = 0; i < 500; i++)
		build_bytes(&extra, 9, "", 0);
	append_deep(record, 1, &extra, &changed);
	assert_int_equal(
		event_decode(codec, build_bytes_of(&changed), &event, &link), DECODE_BROKEN);
}

/* From the heap at its exact size, so that a sanitizer sees any step past its end. */
static void feed(const uint8_t *at, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	assert_non_null(copy);
	memcpy(copy, at, size);
	struct bytes record = { copy, size };
	struct command command;
	command_decode(codec, record, &command);
	assert_true((command.kind == COMMAND_none) == (command.refusal != REJECT_none));
	struct event event;
	struct link link, quick;
	enum decode_result quickly = link_decode(record, &quick);
	if (event_decode(codec, record, &event, &link) == DECODE_OK) {
		/* Whatever was read can be written, and reads the same. */
		uint8_t again[EVENT_SIZE_MAX];
		if (!link.is_mark)
			(void)event_encode(codec, &event, &link, again);
		assert_int_equal(quickly, DECODE_OK);
	}
	free(copy);
}

static void feed_damaged(struct random *random, uint8_t *record, size_t size)
{
	for (size_t i = 0; i < size; i++)
		feed(record, i);
	for (size_t i = 0; i < size; i++) {
		uint8_t was = record[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			record[i] = (uint8_t)(was ^ 1u << bit);
			feed(record, size);
		}
		record[i] = (uint8_t)random_next(random);
		feed(record, size);
		record[i] = was;
	}
}

static void test_damaged_records(void **state)
{
	(void)state;
	struct random random = { 7 };
	for (int i = 0; i < COMMAND_COUNT; i++) {
		struct command command = command_random(&random, command_kinds[i], false);
		uint8_t record[COMMAND_SIZE_MAX];
		feed_damaged(
			&random, record, command_encode(codec, &command, record, sizeof record));
	}
	for (int i = 0; i < EVENT_COUNT; i++) {
		struct event event = event_random(&random, event_kinds[i], false);
		struct link link = link_random(&random, &event, false);
		uint8_t record[EVENT_SIZE_MAX];
		feed_damaged(&random, record, event_encode(codec, &event, &link, record));
	}
}

static void test_random_bytes(void **state)
{
	(void)state;
	struct random random = { 8 };
	for (int i = 0; i < 100000; i++) {
		uint8_t at[48];
		size_t size = random_below(&random, sizeof at);
		for (size_t j = 0; j < size; j++)
			at[j] = (uint8_t)(random_below(&random, 3) == 0
						  ? random_next(&random)
						  : random_below(&random, 32));
		feed(at, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_round_trip),
		cmocka_unit_test(test_digest_is_of_the_meaning),
		cmocka_unit_test(test_digest_is_of_every_field),
		cmocka_unit_test(test_unknown_fields),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_texts_and_types),
		cmocka_unit_test(test_sizes_at_limits),
		cmocka_unit_test(test_values_are_left_to_the_shape_checks),
		cmocka_unit_test(test_events_round_trip),
		cmocka_unit_test(test_mark_round_trip),
		cmocka_unit_test(test_broken_events),
		cmocka_unit_test(test_unknown_in_events),
		cmocka_unit_test(test_too_many_effects),
		cmocka_unit_test(test_damaged_records),
		cmocka_unit_test(test_random_bytes),
	};
	return cmocka_run_group_tests(tests, codec_setup, codec_teardown);
}
