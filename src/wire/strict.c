/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/strict.h"

#include "wire/raw.h"

#include <assert.h>
#include <stdio.h>

/* The schema has no message within itself, so its depth bounds the walk; deeper is a bug in the
 * schema. */
enum { DEPTH_MAX = 8, FIELDS_MAX = 64 };

/* Where the walk stands: from a message up to the record. */
struct frame {
	const struct frame *above;
	const char *name; /* of the field that holds this message; NULL: the record itself */
	unsigned depth;
};

struct walk {
	const uint8_t *start;
	struct text64 *detail;
	bool has_unknown;
};

static void note(const struct walk *walk, const struct frame *frame, const char *last)
{
	const char *names[DEPTH_MAX];
	unsigned count = 0;
	for (; frame && frame->name; frame = frame->above)
		names[count++] = frame->name;
	char text[256];
	size_t size = 0;
	while (count != 0 && size < sizeof text)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s.", names[--count]);
	if (size < sizeof text)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s", last);
	text64_set(walk->detail, text,
		size < sizeof walk->detail->at ? size : sizeof walk->detail->at);
}

static bool broken_at(const struct walk *walk, const uint8_t *at)
{
	char last[32];
	snprintf(last, sizeof last, "byte %zu", (size_t)(at - walk->start));
	note(walk, NULL, last);
	return false;
}

static bool broken_field(
	const struct walk *walk, const struct frame *frame, const char *name, const char *why)
{
	char last[96];
	snprintf(last, sizeof last, "%s: %s", name, why);
	note(walk, frame, last);
	return false;
}

/* Neither a NUL nor a byte from 0x80 on. */
static bool eight_are_ascii(const uint8_t *at)
{
	uint64_t eight;
	memcpy(&eight, at, sizeof eight);
	uint64_t less_one = eight - UINT64_C(0x0101010101010101);
	return ((eight | less_one) & UINT64_C(0x8080808080808080)) == 0;
}

bool text_is_clean(struct bytes text)
{
	const uint8_t *at = text.at, *end = text.at + text.size;
	while (at < end) {
		if (end - at >= 8 && eight_are_ascii(at)) {
			at += 8;
			continue;
		}
		uint8_t first = *at++;
		if (first < 0x80) {
			if (first == 0)
				return false;
			continue;
		}
		/* The second byte's range tells overlong forms, surrogates and what is above
		 * U+10FFFF. */
		unsigned more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
		uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
		if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) < more)
			return false;
		if (*at < low || *at > high)
			return false;
		for (unsigned i = 1; i < more; i++)
			if ((at[i] & 0xc0) != 0x80)
				return false;
		at += more;
	}
	return true;
}

/* Fields mostly come in their order, so the one after the last is tried before the search. */
static const ProtobufCFieldDescriptor *field_find(
	const ProtobufCMessageDescriptor *descriptor, uint32_t number, unsigned *next)
{
	const ProtobufCFieldDescriptor *field = NULL;
	if (*next < descriptor->n_fields && descriptor->fields[*next].id == number)
		field = &descriptor->fields[*next];
	else
		field = protobuf_c_message_descriptor_get_field(descriptor, number);
	if (field)
		*next = (unsigned)(field - descriptor->fields) + 1;
	return field;
}

static bool varint_fits(ProtobufCType type, uint64_t value)
{
	int64_t number = (int64_t)value;
	if (type == PROTOBUF_C_TYPE_BOOL)
		return value <= 1;
	if (type == PROTOBUF_C_TYPE_UINT32)
		return value <= UINT32_MAX;
	if (type == PROTOBUF_C_TYPE_ENUM)
		return number >= INT32_MIN && number <= INT32_MAX;
	assert(type == PROTOBUF_C_TYPE_INT64);
	return true;
}

static bool type_is_bytes(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
	       type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool walk_message(struct walk *walk, const struct frame *frame,
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);

static bool walk_value(struct walk *walk, const struct frame *frame,
	const ProtobufCFieldDescriptor *field, const struct raw_field *raw)
{
	if (raw->type != (type_is_bytes(field->type) ? RAW_BYTES : RAW_VARINT))
		return broken_field(walk, frame, field->name, "not of this field's type");
	if (raw->type == RAW_VARINT) {
		if (!varint_fits(field->type, raw->value))
			return broken_field(walk, frame, field->name, "number too wide");
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_STRING && !text_is_clean(raw->bytes))
		return broken_field(walk, frame, field->name, "not UTF-8, or holds NUL");
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		struct frame inner = { frame, field->name, frame->depth + 1 };
		return walk_message(walk, &inner, field->descriptor, raw->bytes);
	}
	return true;
}

static void unknown_note(struct walk *walk, const struct frame *frame, uint32_t number)
{
	if (walk->has_unknown)
		return;
	walk->has_unknown = true;
	char last[16];
	snprintf(last, sizeof last, "%u", number);
	note(walk, frame, last);
}

static bool walk_message(struct walk *walk, const struct frame *frame,
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes)
{
	assert(frame->depth < DEPTH_MAX && descriptor->n_fields <= FIELDS_MAX);
	struct raw_reader reader = raw_reader_of(bytes);
	struct raw_field raw;
	uint64_t seen = 0;
	bool has_arm = false; /* no message has more than one oneof */
	unsigned next = 0;

	enum raw_result result;
	while ((result = raw_next(&reader, &raw)) == RAW_FIELD) {
		const ProtobufCFieldDescriptor *field = field_find(descriptor, raw.number, &next);
		if (!field) {
			unknown_note(walk, frame, raw.number);
			continue;
		}
		uint64_t bit = UINT64_C(1) << (field - descriptor->fields);
		if (field->label != PROTOBUF_C_LABEL_REPEATED) {
			if (seen & bit)
				return broken_field(walk, frame, field->name, "comes twice");
			seen |= bit;
		}
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (has_arm)
				return broken_field(walk, frame, field->name,
					"one of two that exclude each other");
			has_arm = true;
		}
		if (!walk_value(walk, frame, field, &raw))
			return false;
	}
	return result == RAW_END || broken_at(walk, reader.at);
}

enum strict_result strict_check(const ProtobufCMessageDescriptor *descriptor, struct bytes record,
	struct text64 *ret_detail)
{
	struct walk walk = { .start = raw_reader_of(record).at, .detail = ret_detail };
	struct frame frame = { .above = NULL };
	if (!walk_message(&walk, &frame, descriptor, record))
		return STRICT_BROKEN;
	return walk.has_unknown ? STRICT_UNKNOWN : STRICT_OK;
}
