/* SPDX-License-Identifier: Apache-2.0 */
/* Event records and marks. Both readers, the quick one of the link and the one of the whole event,
 * say what src/wire/link.c promises; what was read can be written, and is then canonical; and it
 * prints as one line of JSON. */
#include "plain.h"

#include "wire/codec.h"
#include "wire/json.h"

#include "pinion/v1/event.pb-c.h"

#include <jansson.h>
#include <stdlib.h>

static struct codec *codec;

static bool binary_equal(ProtobufCBinaryData binary, const uint8_t *at, size_t size)
{
	return binary.len == size && memcmp(binary.data, at, size) == 0;
}

static void mark_check(const Pinion__V1__ShardOpened *read, const struct link *link)
{
	assert(link->is_mark && !link->has_opened);
	assert(read->shard == link->shard && read->term == link->term);
	assert(binary_equal(read->incarnation, link->incarnation.at, sizeof link->incarnation.at));
}

static void event_check(const Pinion__V1__Event *read, const struct link *link)
{
	assert(!link->is_mark && link->sequence >= 1);
	assert(read->shard == link->shard && read->term == link->term);
	assert(read->sequence == link->sequence);
	assert(binary_equal(read->previous_hash, link->previous.at, HASH_SIZE));
	assert(link->has_opened == (read->opened_hash.len != 0));
	assert(!link->has_opened || binary_equal(read->opened_hash, link->opened.at, HASH_SIZE));
}

/* Against protobuf-c's own reading. */
static void link_check(struct bytes record, const struct link *link)
{
	Pinion__V1__EventRecord *read =
		pinion__v1__event_record__unpack(NULL, record.size, record.at);
	assert(read);
	assert(link->term >= 1);
	if (read->record_case == PINION__V1__EVENT_RECORD__RECORD_SHARD_OPENED)
		mark_check(read->shard_opened, link);
	else
		event_check(read->event, link);
	pinion__v1__event_record__free_unpacked(read, NULL);
}

/* What the quick reader takes has one body, and each field of the link once: no reader of the chain
 * could find another link in it. */
static void once_check(struct bytes record, const struct link *link)
{
	enum { LINK_FIELDS = 5 };
	struct plain_field body, again;
	bool is_read = plain_next(&record, &body);
	assert(is_read && record.size == 0);
	assert(body.type == 2 && body.number == (link->is_mark ? 2 : 1));
	unsigned seen[LINK_FIELDS + 1] = { 0 };
	while (body.bytes.size != 0) {
		is_read = plain_next(&body.bytes, &again);
		assert(is_read);
		if (again.number <= LINK_FIELDS)
			assert(++seen[again.number] == 1);
	}
	assert((seen[1] == 0) == (link->shard == 0) || seen[1] == 1);
	assert(seen[2] == 1 && seen[3] == 1);
	assert(link->is_mark || (seen[4] == 1 && seen[5] == link->has_opened));
}

static bool links_equal(const struct link *a, const struct link *b)
{
	return a->is_mark == b->is_mark && a->shard == b->shard && a->term == b->term &&
	       a->sequence == b->sequence && a->has_opened == b->has_opened &&
	       hash_equal(&a->previous, &b->previous) && hash_equal(&a->opened, &b->opened) &&
	       id_equal(&a->incarnation, &b->incarnation);
}

/* Read, written, read and written: both times the same bytes. */
static void written_check(const struct event *event, const struct link *link)
{
	uint8_t record[EVENT_SIZE_MAX], again[EVENT_SIZE_MAX];
	struct event read;
	struct link read_link;
	if (link->is_mark && id_is_absent(&link->incarnation))
		return; /* sixteen zeros: none of ours is */
	struct bytes bytes = { record, link->is_mark ? mark_encode(codec, link, record)
						     : event_encode(codec, event, link, record) };
	assert(bytes.size <= EVENT_SIZE_MAX);
	assert(link->is_mark || bytes.size <= event_bound(event->kind));
	assert(event_decode(codec, bytes, &read, &read_link) == DECODE_OK);
	assert(links_equal(link, &read_link));
	assert(read.kind == event->kind);
	size_t size = link->is_mark ? mark_encode(codec, &read_link, again)
				    : event_encode(codec, &read, &read_link, again);
	assert(bytes_equal(bytes, (struct bytes){ again, size }));
}

static void effect_check(const struct event *event, const struct effect *effect)
{
	const struct posting *posting = &effect->posting;
	const struct remittance *remittance = &effect->remittance;
	switch (effect->kind) {
	case EFFECT_posting:
		assert(posting->debit_place >= 1 && posting->debit_place <= event->balance_count);
		assert(posting->credit_place >= 1 && posting->credit_place <= event->balance_count);
		assert(posting->debit_place != posting->credit_place);
		assert(event_debited(event, posting)->currency ==
			event_credited(event, posting)->currency);
		assert(amount_minor(posting->amount) >= 0);
		return;
	case EFFECT_remittance:
		assert(remittance->from_place >= 1 &&
			remittance->from_place <= event->balance_count);
		assert(remittance->number >= 1 && amount_minor(remittance->amount) > 0);
		assert(remittance->to_account.size != 0);
		assert(purpose_is_known((int32_t)remittance->purpose));
		return;
	case EFFECT_settlement:
		assert(effect->settlement.number >= 1);
		assert(!id_is_absent(&effect->settlement.payment_id));
		return;
	case EFFECT_none:
		break;
	}
	assert(false);
}

/* What the contract says of every event. */
static void contract_check(const struct event *event)
{
	assert(event_name(event->kind)[0] != '\0');
	assert(event->engine_time_ms >= 0 && event->offset >= 0 && event->sequence >= 1);
	assert((event->topic == TOPIC_none) == event_answers_nothing(event->kind));
	assert((unsigned)event->topic <= TOPIC_COUNT);
	assert(event->effect_count <= EFFECTS_PER_EVENT_MAX);
	assert(event->balance_count <= BALANCES_PER_EVENT_MAX);
	for (uint8_t i = 0; i < event->effect_count; i++)
		effect_check(event, &event->effects[i]);
	for (uint8_t i = 0; i < event->balance_count; i++) {
		const struct balance_after *after = &event->balances[i];
		assert(after->currency != CURRENCY_none && after->account.size != 0);
		for (uint8_t j = 0; j < i; j++)
			assert(!account_id_equal(&after->account, &event->balances[j].account));
	}
}

/* An input is told, where there is one; and its digest, but in a timer's event. */
static void input_check(const json_t *object, const struct event *event)
{
	const json_t *input = json_object_get(object, "input");
	assert((input == NULL) == event_answers_nothing(event->kind));
	assert((json_object_get(object, "timer") != NULL) == event_is_timers(event));
	assert(!input || (json_object_get(input, "digest") == NULL) == event_is_timers(event));
}

static json_t *printed(struct bytes record)
{
	char *line = json_event_print(codec, record, 7);
	if (!line)
		return NULL;
	assert(!strchr(line, '\n'));
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert(object);
	assert(json_integer_value(json_object_get(object, "offset")) == 7);
	free(line);
	return object;
}

/* JSON is printed from protobuf-c's structs: what it says of the record, and what it says of the
 * event that was read from it and written again, is the same. */
static void print_check(struct bytes record, enum decode_result result, const struct event *event,
	const struct link *link)
{
	json_t *object = printed(record);
	assert(object || result != DECODE_OK);
	if (result == DECODE_OK && !link->is_mark) {
		uint8_t again[EVENT_SIZE_MAX];
		json_t *canonical =
			printed((struct bytes){ again, event_encode(codec, event, link, again) });
		json_t *outcome = json_object_get(object, event_name(event->kind));
		assert(outcome);
		input_check(object, event);
		/* A hint; it follows from the reject. */
		if (event->kind == EVENT_command_rejected)
			(void)json_object_set(outcome, "retry_hint",
				json_object_get(json_object_get(canonical, "command_rejected"),
					"retry_hint"));
		assert(json_equal(object, canonical));
		json_decref(canonical);
	} else if (result == DECODE_OK) {
		assert(json_object_get(object, "shard_opened"));
	}
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!codec)
		codec = codec_new();
	struct bytes record = { data, size };
	struct event event;
	struct link link, quick;
	enum decode_result quickly = link_decode(record, &quick);
	enum decode_result result = event_decode(codec, record, &event, &link);

	/* The quick one takes all that the whole one takes, and never says less of what is wrong
	 * with the record around. */
	assert(result != DECODE_OK || quickly == DECODE_OK);
	assert(quickly != DECODE_BROKEN || result == DECODE_BROKEN);
	assert(quickly != DECODE_UNKNOWN || result != DECODE_OK);
	if (quickly == DECODE_OK)
		once_check(record, &quick);
	/* A mark is nothing but its link. */
	if (quickly == DECODE_OK && quick.is_mark)
		assert(result == DECODE_OK || record.size > EVENT_SIZE_MAX);
	if (result == DECODE_OK) {
		assert(record.size <= EVENT_SIZE_MAX);
		assert(plain_message(&pinion__v1__event_record__descriptor, record));
		assert(links_equal(&quick, &link));
		assert(link.is_mark == (event.kind == EVENT_none));
		link_check(record, &link);
		if (!link.is_mark)
			contract_check(&event);
		written_check(&event, &link);
	}
	print_check(record, result, &event, &link);
	return 0;
}
