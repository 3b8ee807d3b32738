/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf read a second time, byte by byte, with nothing of src/wire in it: what a record must be
 * for every reader to see the same in it. */
#ifndef TESTS_FUZZ_PLAIN_H
#define TESTS_FUZZ_PLAIN_H

#include "fuzz.h"

#include <protobuf-c/protobuf-c.h>

__extension__ typedef unsigned __int128 plain_wide;

/* A code point at a time, as RFC 3629 has it; no NUL. */
static inline bool plain_text(struct bytes text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	for (size_t i = 0; i < text.size;) {
		uint8_t first = text.at[i++];
		unsigned more = first < 0x80             ? 0
				: (first & 0xe0) == 0xc0 ? 1
				: (first & 0xf0) == 0xe0 ? 2
				: (first & 0xf8) == 0xf0 ? 3
							 : 4;
		if (first == 0 || more == 4 || text.size - i < more)
			return false;
		uint32_t point = more == 0 ? first : first & (0x3fu >> more);
		for (unsigned n = 0; n < more; n++, i++) {
			if ((text.at[i] & 0xc0) != 0x80)
				return false;
			point = point << 6 | (text.at[i] & 0x3f);
		}
		if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
			return false;
	}
	return true;
}

/* Of at most so many bytes: tags and sizes have five, all others ten. */
static inline bool plain_varint(struct bytes *rest, unsigned bytes_max, uint64_t *ret)
{
	plain_wide value = 0;
	for (unsigned shift = 0; shift < 7 * bytes_max; shift += 7) {
		if (rest->size == 0)
			return false;
		uint8_t byte = fuzz_take_u8(rest);
		value |= (plain_wide)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = (uint64_t)value;
			return value <= UINT64_MAX;
		}
	}
	return false;
}

struct plain_field {
	unsigned number;
	unsigned type;
	uint64_t value;     /* of type 0 */
	struct bytes bytes; /* of all others */
};

static inline bool plain_next(struct bytes *rest, struct plain_field *ret)
{
	uint64_t tag, value = 0;
	if (!plain_varint(rest, 5, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return false;
	unsigned type = tag & 7;
	if (type == 1 || type == 5)
		value = type == 1 ? 8 : 4;
	else if (!(type == 0 || type == 2) || !plain_varint(rest, type == 2 ? 5 : 10, &value))
		return false;
	*ret = (struct plain_field){ .number = (unsigned)(tag >> 3), .type = type };
	if (type == 0)
		ret->value = value;
	else if (value <= rest->size)
		ret->bytes = fuzz_take(rest, (size_t)value);
	else
		return false;
	return true;
}

/* Every field known, of its type, in its range, and there once; one arm of a oneof at most. */
static inline bool plain_message(const ProtobufCMessageDescriptor *descriptor, struct bytes rest)
{
	bool seen[64] = { false }, has_arm = false;
	while (rest.size != 0) {
		struct plain_field read;
		if (!plain_next(&rest, &read))
			return false;
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(descriptor, read.number);
		if (!field)
			return false;
		size_t place = (size_t)(field - descriptor->fields);
		bool is_arm = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
		if ((seen[place] && field->label != PROTOBUF_C_LABEL_REPEATED) ||
			(is_arm && has_arm))
			return false;
		seen[place] = true;
		has_arm = has_arm || is_arm;

		int64_t number = (int64_t)read.value;
		bool is_number =
			field->type == PROTOBUF_C_TYPE_INT64 ||
			(field->type == PROTOBUF_C_TYPE_BOOL && read.value <= 1) ||
			(field->type == PROTOBUF_C_TYPE_UINT32 && read.value <= UINT32_MAX) ||
			(field->type == PROTOBUF_C_TYPE_ENUM && number == (int32_t)number);
		if (read.type == 0 && is_number)
			continue;
		bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
		bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
		if (read.type != 2 ||
			!(is_text || is_message || field->type == PROTOBUF_C_TYPE_BYTES))
			return false;
		if ((is_text && !plain_text(read.bytes)) ||
			(is_message && !plain_message(field->descriptor, read.bytes)))
			return false;
	}
	return true;
}

#endif
