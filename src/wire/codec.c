/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/codec.h"

#include "pinion/v1/command.pb-c.h"
#include "pinion/v1/event.pb-c.h"

#include <sodium.h>
#include <stdlib.h>

/* Numbers of the contract and of the nouns are the same ones, so between them stands a cast. That
 * both were made from the same contract codec_new finds out. */
static bool arm_matches(
	const ProtobufCMessageDescriptor *descriptor, unsigned number, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(descriptor, number);
	return field && strcmp(field->name, name) == 0 &&
	       (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
}

static unsigned arm_count(const ProtobufCMessageDescriptor *descriptor)
{
	unsigned count = 0;
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		count += (descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	return count;
}

bool codec_is_choice(const ProtobufCMessageDescriptor *descriptor)
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCMessageDescriptor *arm = descriptor->fields[i].descriptor;
		if (descriptor->fields[i].type != PROTOBUF_C_TYPE_MESSAGE || arm->n_fields != 0)
			return false;
	}
	return descriptor->n_fields != 0 && arm_count(descriptor) == descriptor->n_fields;
}

static bool reject_matches(int number, const char *name)
{
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value(&pinion__v1__reject__descriptor, number);
	static const char prefix[] = "REJECT_";
	return value && strncmp(value->name, prefix, sizeof prefix - 1) == 0 &&
	       strcasecmp(value->name + sizeof prefix - 1, name) == 0;
}

static void registries_check(void)
{
	unsigned commands = 0, events = 0, rejects = 0;
#define COMMAND(number, name, topic)                                          \
	assert(arm_matches(&pinion__v1__command__descriptor, number, #name)); \
	commands++;
#include "ledger/commands.def"
#undef COMMAND
#define EVENT(number, name, file)                                           \
	assert(arm_matches(&pinion__v1__event__descriptor, number, #name)); \
	events++;
#include "ledger/events.def"
#undef EVENT
#define REJECT(number, name, retry, keeps, text, advice) \
	assert(reject_matches(number, #name));           \
	rejects++;
#include "ledger/rejects.def"
#undef REJECT
	assert(commands == arm_count(&pinion__v1__command__descriptor));
	assert(events == arm_count(&pinion__v1__event__descriptor));
	assert(rejects + 1 == pinion__v1__reject__descriptor.n_values);
	binding_check(&command_binding);
	binding_check(&event_record_binding);
}

void *codec_take(struct codec *codec, size_t size)
{
	size_t step = _Alignof(max_align_t);
	if (size > ARENA_SIZE - codec->used)
		return NULL;
	void *taken = codec->arena + codec->used;
	size_t rounded = (size + step - 1) / step * step;
	codec->used = rounded > ARENA_SIZE - codec->used ? ARENA_SIZE : codec->used + rounded;
	return taken;
}

void codec_empty(struct codec *codec)
{
	memset(codec->arena, 0, codec->used);
	codec->used = 0;
}

static void *arena_alloc(void *data, size_t size)
{
	return codec_take(data, size);
}

static void arena_free(void *data, void *pointer)
{
	(void)data;
	(void)pointer;
}

ProtobufCMessage *codec_unpack(
	struct codec *codec, const ProtobufCMessageDescriptor *descriptor, struct bytes record)
{
	codec_empty(codec);
	return protobuf_c_message_unpack(descriptor, &codec->allocator, record.size, record.at);
}

struct codec *codec_new(void)
{
	int sodium = sodium_init();
	assert(sodium >= 0);
	registries_check();
	struct codec *codec = calloc(1, sizeof *codec);
	assert(codec);
	codec->allocator = (ProtobufCAllocator){ arena_alloc, arena_free, codec };
	return codec;
}

void codec_free(struct codec *codec)
{
	if (codec)
		free(codec->named_ids);
	free(codec);
}
