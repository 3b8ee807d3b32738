/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: scratch memory, and the way from bytes to protobuf-c's structs.
 *
 * protobuf-c allocates from an arena in the codec that is emptied before each record and has an
 * end: what would need more is refused, so no record can make the process grow.
 */
#ifndef WIRE_CODEC_H
#define WIRE_CODEC_H

#include "wire/strict.h"
#include "wire/text.h"
#include "wire/wire.h"

#include <assert.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

enum { ARENA_SIZE = 64 * 1024 };

struct codec {
	ProtobufCAllocator allocator;
	struct id_maker ids;
	size_t used;
	uint8_t record[COMMAND_SIZE_MAX];                /* what json_command_parse has made */
	_Alignas(max_align_t) uint8_t arena[ARENA_SIZE]; /* zero from `used` on */
};

/* Zeroed, until the arena is emptied; NULL where it is full. */
void *codec_take(struct codec *codec, size_t size);
void codec_empty(struct codec *codec);

/* Of a record that strict_check found in order; empties the arena first. NULL where the arena is
 * too small. */
ProtobufCMessage *codec_unpack(
	struct codec *codec, const ProtobufCMessageDescriptor *descriptor, struct bytes record);

/* Room for texts, which stand without NUL in the nouns and with one in protobuf-c's structs. */
enum { TEXTS_SIZE = 20 * 104 };

struct texts {
	size_t used;
	char at[TEXTS_SIZE];
};

static inline char *texts_put(struct texts *texts, const char *at, size_t size)
{
	assert(size < TEXTS_SIZE - texts->used);
	char *text = texts->at + texts->used;
	if (size != 0)
		memcpy(text, at, size);
	text[size] = '\0';
	texts->used += size + 1;
	return text;
}

/* Too long a text can't be written: it would be another one. */
static inline char *texts_put64(struct texts *texts, const struct text64 *text)
{
	assert(text->size <= sizeof text->at && !memchr(text->at, '\0', text->size));
	return texts_put(texts, text->at, text->size);
}

static inline char *texts_put_account(struct texts *texts, const struct account_id *id)
{
	return texts_put(texts, id->at, id->size);
}

static inline char *texts_put_currency(struct texts *texts, enum currency currency)
{
	return texts_put(texts, currency_name(currency), currency == CURRENCY_none ? 0 : 3);
}

/* Lends; protobuf-c's packing does not write. */
static inline ProtobufCBinaryData binary_of(const void *at, size_t size)
{
	ProtobufCBinaryData binary = { .len = size };
	memcpy(&binary.data, &at, sizeof at);
	return binary;
}

static inline ProtobufCBinaryData binary_of_id(const struct id *id)
{
	return binary_of(id->at, id_is_absent(id) ? 0 : sizeof id->at);
}

static inline void text64_of(struct text64 *ret, const char *text)
{
	text64_set(ret, text, strlen(text));
}

/* The greatest size of a well-formed record of this kind (bounds.c). */
size_t command_bound(enum command_kind kind);
size_t event_bound(enum event_kind kind);

#endif
