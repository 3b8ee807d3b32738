/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/codec.h"

#include "pinion/v1/command.pb-c.h"
#include "pinion/v1/event.pb-c.h"

#include <sodium.h>
#include <stdlib.h>

/* Numbers of the contract and of the nouns are the same ones, so between them stands a cast. Of the
 * registries (commands, events, rejects) codec_new finds it out; of the short ones the compiler. */
#define SAME(noun, contract) _Static_assert((int)(noun) == (int)(contract), #noun)
SAME(TOPIC_commands, PINION__V1__TOPIC__TOPIC_COMMANDS);
SAME(TOPIC_rails, PINION__V1__TOPIC__TOPIC_RAILS);
SAME(TOPIC_control, PINION__V1__TOPIC__TOPIC_CONTROL);
SAME(TOPIC_internal, PINION__V1__TOPIC__TOPIC_INTERNAL);
SAME(ACCOUNT_CLASS_asset, PINION__V1__ACCOUNT_CLASS__ACCOUNT_CLASS_ASSET);
SAME(ACCOUNT_CLASS_liability, PINION__V1__ACCOUNT_CLASS__ACCOUNT_CLASS_LIABILITY);
SAME(PARTY_KIND_person, PINION__V1__PARTY_KIND__PARTY_KIND_PERSON);
SAME(PARTY_KIND_business, PINION__V1__PARTY_KIND__PARTY_KIND_BUSINESS);
SAME(INITIATOR_owner, PINION__V1__INITIATOR__INITIATOR_OWNER);
SAME(INITIATOR_operator, PINION__V1__INITIATOR__INITIATOR_OPERATOR);
SAME(INITIATOR_system, PINION__V1__INITIATOR__INITIATOR_SYSTEM);
SAME(INITIATOR_third_party, PINION__V1__INITIATOR__INITIATOR_THIRD_PARTY);
SAME(RAIL_ach, PINION__V1__RAIL__RAIL_ACH);
SAME(RAIL_card_network, PINION__V1__RAIL__RAIL_CARD_NETWORK);
SAME(RAIL_instant, PINION__V1__RAIL__RAIL_INSTANT);
SAME(RAIL_wire, PINION__V1__RAIL__RAIL_WIRE);
SAME(RAIL_cash, PINION__V1__RAIL__RAIL_CASH);
SAME(RAIL_book, PINION__V1__RAIL__RAIL_BOOK);
SAME(TIMER_hold_expiry, PINION__V1__TIMER_KIND__TIMER_KIND_HOLD_EXPIRY);
SAME(TIMER_command_ids, PINION__V1__TIMER_KIND__TIMER_KIND_COMMAND_IDS);
SAME(LAYER_posted, PINION__V1__LAYER__LAYER_POSTED);
SAME(LAYER_pending, PINION__V1__LAYER__LAYER_PENDING);
SAME(LAYER_pending_lifted, PINION__V1__LAYER__LAYER_PENDING_LIFTED);
SAME(RETRY_never, PINION__V1__RETRY__RETRY_NEVER);
SAME(RETRY_new_id, PINION__V1__RETRY__RETRY_NEW_ID);
SAME(RETRY_same_id, PINION__V1__RETRY__RETRY_SAME_ID);

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
#define EVENT(number, version, name)                                        \
	assert(arm_matches(&pinion__v1__event__descriptor, number, #name)); \
	events++;
#include "ledger/events.def"
#undef EVENT
#define REJECT(number, name, retry, text, advice) \
	assert(reject_matches(number, #name));    \
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
