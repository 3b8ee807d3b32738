/* SPDX-License-Identifier: Apache-2.0 */
/* The chain fields of an event's record, straight from its bytes.
 *
 * What it takes is what event_decode takes; it takes more, since it does not look into effects and
 * outcomes: a record that is valid by the chain rule must still go through event_decode before it
 * is believed.
 */
#include "wire/raw.h"
#include "wire/wire.h"

#include <assert.h>

/* Field numbers of EventRecord, ShardOpened and Event. */
enum { RECORD_EVENT = 1, RECORD_SHARD_OPENED = 2 };
enum { SHARD = 1, TERM = 2, INCARNATION = 3 };
enum { SEQUENCE = 3, PREVIOUS_HASH = 4, OPENED_HASH = 5, INPUT = 7 };
enum { COMMAND_ID = 3 }; /* of Input */
enum { MARK_FIELDS = 1 << SHARD | 1 << TERM | 1 << INCARNATION };
enum {
	EVENT_FIELDS =
		1 << SHARD | 1 << TERM | 1 << SEQUENCE | 1 << PREVIOUS_HASH | 1 << OPENED_HASH
};

static bool bytes_take(void *ret, const struct raw_field *field, size_t size)
{
	if (field->type != RAW_BYTES || field->bytes.size != size)
		return false;
	memcpy(ret, field->bytes.at, size);
	return true;
}

/* Terms and sequences begin with 1; shard 0 is written as an absent field. */
static bool shard_take(struct link *ret, const struct raw_field *field)
{
	if (field->type != RAW_VARINT || field->value > UINT32_MAX)
		return false;
	ret->shard = (uint32_t)field->value;
	return true;
}

static bool number_take(int64_t *ret, const struct raw_field *field)
{
	if (field->type != RAW_VARINT || field->value == 0 || field->value > INT64_MAX)
		return false;
	*ret = (int64_t)field->value;
	return true;
}

static bool mark_take(struct link *ret, const struct raw_field *field)
{
	if (field->number == SHARD)
		return shard_take(ret, field);
	if (field->number == TERM)
		return number_take(&ret->term, field);
	return bytes_take(ret->incarnation.at, field, sizeof ret->incarnation.at) &&
	       !id_is_absent(&ret->incarnation);
}

static bool event_take(struct link *ret, const struct raw_field *field)
{
	switch (field->number) {
	case SHARD:
		return shard_take(ret, field);
	case TERM:
		return number_take(&ret->term, field);
	case SEQUENCE:
		return number_take(&ret->sequence, field);
	case PREVIOUS_HASH:
		return bytes_take(ret->previous.at, field, HASH_SIZE);
	default:
		ret->has_opened = true;
		return bytes_take(ret->opened.at, field, HASH_SIZE);
	}
}

static enum decode_result link_take(struct bytes body, struct link *ret)
{
	struct raw_reader reader = raw_reader_of(body);
	struct raw_field field;
	unsigned seen = 0, wanted = ret->is_mark ? MARK_FIELDS : EVENT_FIELDS;
	bool has_unknown = false;
	enum raw_result result;
	while ((result = raw_next(&reader, &field)) == RAW_FIELD) {
		unsigned bit = field.number < 32 ? 1u << field.number : 0;
		if (!(bit & wanted)) {
			has_unknown = true;
			continue;
		}
		if (seen & bit || !(ret->is_mark ? mark_take : event_take)(ret, &field))
			return DECODE_BROKEN;
		seen |= bit;
	}
	unsigned optional = 1u << SHARD | (ret->is_mark ? 0 : 1u << OPENED_HASH);
	if (result == RAW_BROKEN || (seen | optional) != wanted)
		return DECODE_BROKEN;
	return has_unknown && ret->is_mark ? DECODE_UNKNOWN : DECODE_OK;
}

enum decode_result link_decode(struct bytes record, struct link *ret)
{
	struct raw_reader reader = raw_reader_of(record);
	struct raw_field field;
	bool has_body = false, has_unknown = false;
	struct bytes body = { 0 };
	*ret = (struct link){ 0 };
	enum raw_result result;
	while ((result = raw_next(&reader, &field)) == RAW_FIELD) {
		if (field.number != RECORD_EVENT && field.number != RECORD_SHARD_OPENED) {
			has_unknown = true;
			continue;
		}
		if (has_body || field.type != RAW_BYTES)
			return DECODE_BROKEN;
		has_body = true;
		ret->is_mark = field.number == RECORD_SHARD_OPENED;
		body = field.bytes;
	}
	if (result == RAW_BROKEN)
		return DECODE_BROKEN;
	if (has_unknown)
		return DECODE_UNKNOWN;
	return has_body ? link_take(body, ret) : DECODE_BROKEN;
}

/* The field with this number, of bytes; its last one, as every reader of protobuf takes it. */
static bool field_find(struct bytes message, uint32_t number, struct bytes *ret)
{
	struct raw_reader reader = raw_reader_of(message);
	struct raw_field field;
	bool is_found = false;
	enum raw_result result;
	while ((result = raw_next(&reader, &field)) == RAW_FIELD) {
		if (field.number != number || field.type != RAW_BYTES)
			continue;
		is_found = true;
		*ret = field.bytes;
	}
	return is_found && result == RAW_END;
}

bool command_id_find(struct bytes record, struct id *ret)
{
	struct bytes event, input, id;
	if (!field_find(record, RECORD_EVENT, &event) || !field_find(event, INPUT, &input) ||
		!field_find(input, COMMAND_ID, &id) || id.size != sizeof ret->at)
		return false;
	memcpy(ret->at, id.at, sizeof ret->at);
	return true;
}

void event_chain(uint8_t *record, size_t size, const struct hash *previous)
{
	struct raw_reader reader = raw_reader_of((struct bytes){ record, size });
	struct raw_field field = { 0 };
	enum raw_result result = raw_next(&reader, &field);
	assert(result == RAW_FIELD && field.number == RECORD_EVENT);
	reader = raw_reader_of(field.bytes);
	do
		result = raw_next(&reader, &field);
	while (result == RAW_FIELD && field.number != PREVIOUS_HASH);
	assert(result == RAW_FIELD && field.bytes.size == HASH_SIZE);
	memcpy(record + (field.bytes.at - record), previous->at, HASH_SIZE);
}
