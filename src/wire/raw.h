/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format, field by field, without a schema and without allocation. No byte outside
 * the record is read, whatever stands in it.
 */
#ifndef WIRE_RAW_H
#define WIRE_RAW_H

#include "base/bytes.h"

enum raw_type {
	RAW_VARINT = 0,
	RAW_FIXED64 = 1,
	RAW_BYTES = 2,
	RAW_FIXED32 = 5,
};

struct raw_reader {
	const uint8_t *at;
	const uint8_t *end;
};

struct raw_field {
	uint32_t number;
	enum raw_type type;
	uint64_t value;     /* of a varint */
	struct bytes bytes; /* of all others */
};

enum raw_result {
	RAW_FIELD,
	RAW_END,
	RAW_BROKEN, /* the reader stands at the field that could not be read */
};

static inline struct raw_reader raw_reader_of(struct bytes bytes)
{
	static const uint8_t nothing[1];
	const uint8_t *at = bytes.size == 0 ? nothing : bytes.at;
	return (struct raw_reader){ at, at + bytes.size };
}

/* False where it does not end, or does not fit into 64 bits. */
static inline bool raw_varint(struct raw_reader *reader, uint64_t *ret)
{
	const uint8_t *at = reader->at;
	if (at < reader->end && *at < 0x80) { /* most are */
		*ret = *at;
		reader->at = at + 1;
		return true;
	}
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70 && at < reader->end; shift += 7) {
		uint8_t byte = *at++;
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			reader->at = at;
			*ret = value;
			return true;
		}
	}
	return false;
}

/* Tags and sizes are at most 32 bits; in more than five bytes not even protobuf's own readers agree
 * on them. */
static inline bool raw_varint32(struct raw_reader *reader, uint64_t *ret)
{
	const uint8_t *start = reader->at;
	return raw_varint(reader, ret) && *ret <= UINT32_MAX && reader->at - start <= 5;
}

static inline bool raw_take(struct raw_reader *reader, uint64_t size, struct bytes *ret)
{
	if (size > (uint64_t)(reader->end - reader->at))
		return false;
	*ret = (struct bytes){ reader->at, (size_t)size };
	reader->at += size;
	return true;
}

static inline bool raw_value(struct raw_reader *reader, struct raw_field *field)
{
	uint64_t size;
	switch (field->type) {
	case RAW_VARINT:
		return raw_varint(reader, &field->value);
	case RAW_FIXED64:
		return raw_take(reader, 8, &field->bytes);
	case RAW_BYTES:
		return raw_varint32(reader, &size) && raw_take(reader, size, &field->bytes);
	case RAW_FIXED32:
		return raw_take(reader, 4, &field->bytes);
	}
	return false; /* groups, and what protobuf never had */
}

/* Field numbers are 1 to 2^29 - 1. */
static inline enum raw_result raw_next(struct raw_reader *reader, struct raw_field *ret)
{
	if (reader->at == reader->end)
		return RAW_END;
	struct raw_reader ahead = *reader;
	uint64_t tag;
	if (!raw_varint32(&ahead, &tag) || tag >> 3 == 0)
		return RAW_BROKEN;
	ret->number = (uint32_t)(tag >> 3);
	ret->type = (enum raw_type)(tag & 7);
	ret->value = 0;
	ret->bytes = (struct bytes){ 0 };
	if (!raw_value(&ahead, ret))
		return RAW_BROKEN;
	*reader = ahead;
	return RAW_FIELD;
}

#endif
