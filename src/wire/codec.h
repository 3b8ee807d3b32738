/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: scratch memory, and the way from bytes to protobuf-c's structs, which
 * JSON is printed from and parsed into.
 *
 * protobuf-c allocates from an arena in the codec that is emptied before each record and has an
 * end: what would need more is refused, so no record can make the process grow.
 */
#ifndef WIRE_CODEC_H
#define WIRE_CODEC_H

#include "wire/binding.h"
#include "wire/strict.h"
#include "wire/text.h"
#include "wire/wire.h"

#include <assert.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

enum { ARENA_SIZE = 64 * 1024 };

/* "$booking" in a line of JSON: the id that was made for it, where it came first. */
enum { NAMED_IDS_MAX = 1024 };
struct named_id {
	struct text64 name;
	struct id id;
};

struct codec {
	ProtobufCAllocator allocator;
	struct id_maker ids;
	struct named_id *named_ids; /* NULL until one is needed */
	size_t named_id_count;
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

/* One of several, each of which is an empty message: in JSON no more than its name. */
bool codec_is_choice(const ProtobufCMessageDescriptor *descriptor);

/* The greatest size of a well-formed record of this kind (bounds.c). */
size_t command_bound(enum command_kind kind);
size_t event_bound(enum event_kind kind);

/* Where the fields of a command and of an event's record go. */
extern const struct message_binding command_binding, event_record_binding;

#endif
