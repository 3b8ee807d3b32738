/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/binding.h"

#include <assert.h>

static bool type_fits(const ProtobufCFieldDescriptor *field, enum bind bind)
{
	ProtobufCType type = field->type;
	switch (bind) {
	case BIND_NOTHING:
		return true;
	case BIND_ENUM:
		return type == PROTOBUF_C_TYPE_ENUM;
	case BIND_U32:
		return type == PROTOBUF_C_TYPE_UINT32;
	case BIND_I64:
		return type == PROTOBUF_C_TYPE_INT64;
	case BIND_BOOL:
		return type == PROTOBUF_C_TYPE_BOOL;
	case BIND_TEXT64:
	case BIND_ACCOUNT:
	case BIND_ACCOUNT_ANY:
	case BIND_CURRENCY:
	case BIND_LENT:
		return type == PROTOBUF_C_TYPE_STRING;
	case BIND_ID:
	case BIND_ID_FIELD:
	case BIND_DIGEST_IF:
	case BIND_HASH_IF:
		return type == PROTOBUF_C_TYPE_BYTES;
	case BIND_AMOUNT:
	case BIND_AMOUNT_IF:
	case BIND_MONEY:
	case BIND_MESSAGE:
	case BIND_ARM:
	case BIND_CHOICE:
	case BIND_LIST:
		return type == PROTOBUF_C_TYPE_MESSAGE;
	}
	return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the descriptors. */
void binding_check(const struct message_binding *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	assert(message->count == descriptor->n_fields);
	assert(message->count - message->arms <= 64); /* the reader has a bit for each */
	for (size_t i = 0; i < message->count; i++) {
		const struct binding *binding = &message->bindings[i];
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		bool is_arm = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
		assert(binding->number == field->id && type_fits(field, binding->bind));
		assert((binding->bind == BIND_ARM) == (i >= message->count - message->arms));
		assert(is_arm || binding->bind != BIND_ARM);
		assert(arm_place(message, field->id) == (binding->bind == BIND_ARM ? i + 1 : 0));
		assert((field->label == PROTOBUF_C_LABEL_REPEATED) == (binding->bind == BIND_LIST));
		assert(binding->noun < BINDING_NOUNS);
		if (!binding->message)
			continue;
		assert(binding->message->descriptor == field->descriptor);
		binding_check(binding->message);
	}
}
