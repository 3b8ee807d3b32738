/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON lines, in the order of their fields' numbers, by the contract's descriptors. */
#include "wire/json.h"

#include "wire/codec.h"

#include "pinion/v1/command.pb-c.h"
#include "pinion/v1/event.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct output {
	char *at;
	size_t size;
	size_t capacity;
	bool needs_comma; /* a value stands before, in this object or list */
	bool is_full;     /* what is zero too, and money's minor units beside its text */
	/* Where the postings that are being printed have their accounts. */
	Pinion__V1__Balance *const *balances;
	size_t balance_count;
};

static void put(struct output *output, const char *at, size_t size)
{
	if (output->capacity - output->size < size + 1) {
		output->capacity = 2 * output->capacity + size + 1;
		output->at = realloc(output->at, output->capacity);
		assert(output->at);
	}
	memcpy(output->at + output->size, at, size);
	output->size += size;
	output->at[output->size] = '\0';
}

static void put_text(struct output *output, const char *text)
{
	put(output, text, strlen(text));
}

static void put_quoted(struct output *output, const char *text)
{
	put(output, "\"", 1);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\') {
			put(output, "\\", 1);
			put(output, text, 1);
		} else if (c < 0x20 || c == 0x7f) {
			char escape[8];
			(void)snprintf(escape, sizeof escape, "\\u%04x", c);
			put_text(output, escape);
		} else {
			put(output, text, 1);
		}
	}
	put(output, "\"", 1);
}

static void put_int64(struct output *output, int64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRId64, value);
	put_text(output, text);
}

static void put_name(struct output *output, const char *name, size_t size)
{
	if (output->needs_comma)
		put(output, ",", 1);
	put(output, "\"", 1);
	put(output, name, size);
	put(output, "\":", 2);
	output->needs_comma = true;
}

/* A field beside another one, named after it: "amount" gives "amount_minor". */
static void put_name_beside(struct output *output, const char *name, size_t size, const char *more)
{
	put_name(output, name, size);
	output->size -= 2; /* the quote and the colon */
	put_text(output, more);
	put(output, "\":", 2);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t size = strlen(name), ending_size = strlen(ending);
	return size >= ending_size && strcmp(name + size - ending_size, ending) == 0;
}

/* A code that is none (in a command that will be refused) has no exponent: its minor units are
 * printed as they are. */
static void put_money(struct output *output, int64_t minor, const char *code)
{
	enum currency currency = currency_by_name(code, strlen(code));
	if (currency == CURRENCY_none) {
		put_text(output, "{\"minor\":");
		put_int64(output, minor);
		put_text(output, ",\"currency\":");
		put_quoted(output, code);
		put_text(output, "}");
		return;
	}
	char text[MONEY_TEXT_SIZE];
	money_to_text(amount_of(minor), currency, text);
	put_quoted(output, text);
}

static void put_bytes(struct output *output, const char *name, ProtobufCBinaryData binary)
{
	static const char digits[] = "0123456789abcdef";
	struct id id;
	if (binary.len == sizeof id.at &&
		(ends_in(name, "id") || strcmp(name, "incarnation") == 0)) {
		char text[ID_TEXT_SIZE];
		memcpy(id.at, binary.data, sizeof id.at);
		id_to_text(&id, text);
		put_quoted(output, text);
		return;
	}
	put(output, "\"", 1);
	for (size_t i = 0; i < binary.len; i++) {
		put(output, &digits[binary.data[i] >> 4], 1);
		put(output, &digits[binary.data[i] & 15], 1);
	}
	put(output, "\"", 1);
}

/* A number that has no name, as a command may hold, stays a number. */
static void put_enum(struct output *output, const ProtobufCEnumDescriptor *descriptor, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
	if (!known) {
		put_int64(output, value);
		return;
	}
	const char *zero = descriptor->values[0].name;
	char name[64];
	size_t size = 0;
	for (const char *c = known->name + strlen(zero) - strlen("UNSPECIFIED"); *c != '\0'; c++)
		if (size < sizeof name - 1)
			name[size++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	name[size] = '\0';
	put_quoted(output, name);
}

static void put_message(struct output *output, const ProtobufCMessage *message);

static const void *member_of(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

static const ProtobufCMessage *message_of(const void *member)
{
	const ProtobufCMessage *message;
	memcpy(&message, member, sizeof message);
	return message;
}

static const char *text_of(const void *member)
{
	const char *text;
	memcpy(&text, member, sizeof text);
	return text;
}

/* NULL: it is no place of a balance. */
static const Pinion__V1__Balance *balance_at(const struct output *output, uint32_t place)
{
	return place - 1 < output->balance_count ? output->balances[place - 1] : NULL;
}

static const char *currency_at(const struct output *output, uint32_t place)
{
	const Pinion__V1__Balance *balance = balance_at(output, place);
	return balance ? balance->currency : "";
}

/* Its sibling `currency`, where it has one that is set: then its `..._minor` fields are money. An
 * effect's is that of the account debited. */
static const char *currency_of_message(const struct output *output, const ProtobufCMessage *message)
{
	if (message->descriptor == &pinion__v1__posting__descriptor)
		return currency_at(output, ((const Pinion__V1__Posting *)message)->debit_place);
	if (message->descriptor == &pinion__v1__remittance__descriptor)
		return currency_at(output, ((const Pinion__V1__Remittance *)message)->from_place);
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "currency");
	if (!field)
		return "";
	return text_of(member_of(message, field->offset));
}

/* NOLINTBEGIN(misc-no-recursion): as deep as a message that strict.c let through. */

/* Text and minor units of an amount that is known, or nulls. */
static void put_money_full(
	struct output *output, const char *name, size_t size, int64_t minor, const char *code)
{
	put_name(output, name, size);
	if (currency_by_name(code, strlen(code)) == CURRENCY_none)
		put_text(output, "null");
	else
		put_money(output, minor, code);
	put_name_beside(output, name, size, "_minor");
	put_int64(output, minor);
}

/* NULL: it is absent. */
static void put_amount_full(struct output *output, const ProtobufCFieldDescriptor *field,
	const Pinion__V1__Amount *amount)
{
	size_t size = strlen(field->name);
	put_money_full(output, field->name, size, amount ? amount->minor : 0,
		amount ? amount->currency : "");
	put_name_beside(output, field->name, size, "_currency");
	put_quoted(output, amount ? amount->currency : "");
}

/* A message that is not there. */
static void put_absent(struct output *output, const ProtobufCFieldDescriptor *field)
{
	if (!output->is_full)
		return;
	if (field->descriptor == &pinion__v1__amount__descriptor) {
		put_amount_full(output, field, NULL);
		return;
	}
	put_name(output, field->name, strlen(field->name));
	put_text(output, "null");
}

static void put_member_message(struct output *output, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message)
{
	if (output->is_full && field->descriptor == &pinion__v1__amount__descriptor) {
		put_amount_full(output, field, (const Pinion__V1__Amount *)message);
		return;
	}
	put_name(output, field->name, strlen(field->name));
	if (field->descriptor != &pinion__v1__amount__descriptor) {
		put_message(output, message);
		return;
	}
	const Pinion__V1__Amount *amount = (const Pinion__V1__Amount *)message;
	put_money(output, amount->minor, amount->currency);
}

static bool is_field_of(
	const ProtobufCFieldDescriptor *field, const ProtobufCMessageDescriptor *descriptor)
{
	return (size_t)(field - descriptor->fields) < descriptor->n_fields;
}

/* Whose currency stands in no field beside it. */
static bool is_of_effect(const ProtobufCFieldDescriptor *field)
{
	return is_field_of(field, &pinion__v1__posting__descriptor) ||
	       is_field_of(field, &pinion__v1__remittance__descriptor);
}

static void put_number(struct output *output, const ProtobufCFieldDescriptor *field, int64_t value,
	const char *currency)
{
	static const char money[] = "_minor";
	size_t size = strlen(field->name) - (ends_in(field->name, money) ? strlen(money) : 0);
	bool is_money = field->name[size] != '\0';
	/* A command that is refused for another reason needs nothing, not nought of a currency. */
	bool is_no_need = value == 0 && strcmp(field->name, "required_minor") == 0;
	if (is_money && output->is_full) {
		put_money_full(output, field->name, size, value, currency);
		if (is_of_effect(field)) {
			put_name_beside(output, field->name, size, "_currency");
			put_quoted(output, currency);
		}
	} else if (is_money && currency[0] != '\0' && !is_no_need) {
		put_name(output, field->name, size);
		put_money(output, value, currency);
	} else if (value != 0 || output->is_full) {
		put_name(output, field->name, strlen(field->name));
		put_int64(output, value);
	}
}

/* A place is printed as the account that stands there: "debit_place" gives "debit_account". */
static bool put_place(struct output *output, const ProtobufCFieldDescriptor *field, uint32_t value)
{
	static const char ending[] = "_place";
	const Pinion__V1__Balance *balance = balance_at(output, value);
	if (!balance || !ends_in(field->name, ending))
		return false;
	put_name_beside(output, field->name, strlen(field->name) - strlen(ending), "_account");
	put_quoted(output, balance->account);
	return true;
}

/* `first_outcome` is the number of an arm of Event. */
static void put_uint32(struct output *output, const ProtobufCFieldDescriptor *field, uint32_t value)
{
	if ((value == 0 && !output->is_full) || put_place(output, field, value))
		return;
	put_name(output, field->name, strlen(field->name));
	const char *name = event_name((enum event_kind)value);
	if (strcmp(field->name, "first_outcome") == 0 && (value == 0 || name[0] != '\0'))
		put_quoted(output, name);
	else
		put_int64(output, value);
}

/* Numbers, texts, bytes: left out where zero, unless all is printed. */
static void put_scalar(struct output *output, const ProtobufCFieldDescriptor *field,
	const void *member, const char *currency)
{
	ProtobufCBinaryData binary;
	int64_t number = 0;
	int32_t word = 0;
	if (field->type == PROTOBUF_C_TYPE_INT64) {
		memcpy(&number, member, sizeof number);
		put_number(output, field, number, currency);
	} else if (field->type == PROTOBUF_C_TYPE_STRING) {
		if (text_of(member)[0] == '\0' && !output->is_full)
			return;
		put_name(output, field->name, strlen(field->name));
		put_quoted(output, text_of(member));
	} else if (field->type == PROTOBUF_C_TYPE_BYTES) {
		memcpy(&binary, member, sizeof binary);
		if (binary.len == 0 && !output->is_full)
			return;
		put_name(output, field->name, strlen(field->name));
		put_bytes(output, field->name, binary);
	} else {
		memcpy(&word, member, sizeof word);
		if (field->type == PROTOBUF_C_TYPE_UINT32) {
			put_uint32(output, field, (uint32_t)word);
		} else if (word != 0 || output->is_full) {
			put_name(output, field->name, strlen(field->name));
			if (field->type == PROTOBUF_C_TYPE_BOOL)
				put_text(output, word != 0 ? "true" : "false");
			else
				put_enum(output, field->descriptor, word);
		}
	}
}

static void put_list(struct output *output, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message)
{
	size_t count;
	memcpy(&count, member_of(message, field->quantifier_offset), sizeof count);
	if (count == 0 && !output->is_full)
		return;
	assert(field->type == PROTOBUF_C_TYPE_MESSAGE);
	const ProtobufCMessage *const *list;
	memcpy(&list, member_of(message, field->offset), sizeof list);
	put_name(output, field->name, strlen(field->name));
	put_text(output, "[");
	for (size_t i = 0; i < count; i++) {
		put_text(output, i == 0 ? "" : ",");
		put_message(output, list[i]);
	}
	put_text(output, "]");
}

static void put_field(struct output *output, const ProtobufCFieldDescriptor *field,
	const ProtobufCMessage *message, const char *currency)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		put_list(output, field, message);
		return;
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		unsigned arm;
		memcpy(&arm, member_of(message, field->quantifier_offset), sizeof arm);
		if (arm != field->id) {
			put_absent(output, field);
			return;
		}
	}
	const void *member = member_of(message, field->offset);
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		put_scalar(output, field, member, currency);
	else if (message_of(member))
		put_member_message(output, field, message_of(member));
	else
		put_absent(output, field);
}

static void put_fields(struct output *output, const ProtobufCMessage *message)
{
	const char *currency = currency_of_message(output, message);
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		put_field(output, &message->descriptor->fields[i], message, currency);
}

/* One arm of a choice, which says no more than its name. */
static bool put_choice(struct output *output, const ProtobufCMessage *message)
{
	unsigned arm;
	if (!codec_is_choice(message->descriptor))
		return false;
	memcpy(&arm, member_of(message, message->descriptor->fields[0].quantifier_offset),
		sizeof arm);
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(message->descriptor, arm);
	if (field)
		put_quoted(output, field->name);
	else
		put_text(output, "null");
	return true;
}

static void put_message(struct output *output, const ProtobufCMessage *message)
{
	if (put_choice(output, message)) {
		output->needs_comma = true;
		return;
	}
	put(output, "{", 1);
	output->needs_comma = false;
	if (message->descriptor == &pinion__v1__trial__descriptor) {
		const Pinion__V1__Trial *trial = (const Pinion__V1__Trial *)message;
		output->balances = trial->balances;
		output->balance_count = trial->n_balances;
	}
	put_fields(output, message);
	put(output, "}", 1);
	output->needs_comma = true;
}

/* NOLINTEND(misc-no-recursion) */

static const ProtobufCMessage *record_read(
	struct codec *codec, const ProtobufCMessageDescriptor *descriptor, struct bytes record)
{
	struct text64 detail;
	if (strict_check(descriptor, record, &detail) != STRICT_OK)
		return NULL;
	return codec_unpack(codec, descriptor, record);
}

static char *event_print(struct codec *codec, struct bytes record, int64_t offset, bool is_full)
{
	const ProtobufCMessage *message =
		record_read(codec, &pinion__v1__event_record__descriptor, record);
	if (!message)
		return NULL;
	const Pinion__V1__EventRecord *read = (const Pinion__V1__EventRecord *)message;
	bool is_event = read->record_case == PINION__V1__EVENT_RECORD__RECORD_EVENT;
	struct output output = { .is_full = is_full && is_event };
	if (is_event) {
		message = &read->event->base;
		output.balances = read->event->balances;
		output.balance_count = read->event->n_balances;
	}
	put_text(&output, "{\"offset\":");
	put_int64(&output, offset);
	output.needs_comma = true;
	if (output.is_full) {
		put_text(&output, ",\"outcome\":");
		put_quoted(&output, event_name((enum event_kind)read->event->outcome_case));
	}
	put_fields(&output, message);
	put(&output, "}", 1);
	return output.at;
}

char *json_event_print(struct codec *codec, struct bytes record, int64_t offset)
{
	return event_print(codec, record, offset, false);
}

char *json_event_print_full(struct codec *codec, struct bytes record, int64_t offset)
{
	return event_print(codec, record, offset, true);
}

char *json_command_print(struct codec *codec, struct bytes record)
{
	const ProtobufCMessage *message =
		record_read(codec, &pinion__v1__command__descriptor, record);
	if (!message)
		return NULL;
	struct output output = { 0 };
	put_message(&output, message);
	return output.at;
}
