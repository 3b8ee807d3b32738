/* SPDX-License-Identifier: Apache-2.0 */
/* A line of JSON to the record of a command, by the contract's descriptors.
 *
 * jansson has refused duplicate keys, lone surrogates, NUL, and what follows the object, before
 * anything is looked at.
 */
#include "wire/json.h"

#include "wire/codec.h"
#include "wire/json_syntax.h"

#include "pinion/v1/command.pb-c.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

struct parse {
	struct codec *codec;
	char *error;
};

/* Where a value stands: "transfer_create" + "amount". */
struct place {
	const char *message; /* "" at the top */
	const char *field;
};

static bool __attribute__((format(printf, 2, 3)))
fail(const struct parse *parse, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(parse->error, JSON_ERROR_SIZE, format, arguments);
	va_end(arguments);
	/* What the line held goes to terminals and logs: nothing but plain characters. */
	for (char *c = parse->error; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return false;
}

static bool fail_at(const struct parse *parse, struct place place, const char *what)
{
	const char *point = place.message[0] == '\0' ? "" : ".";
	return fail(parse, "%s%s%.64s: %s", place.message, point, place.field, what);
}

static void *take(struct parse *parse, size_t size)
{
	void *taken = codec_take(parse->codec, size);
	if (!taken)
		fail(parse, "the line is too long for a command");
	return taken;
}

static void *message_new(struct parse *parse, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = take(parse, descriptor->sizeof_message);
	if (message)
		descriptor->message_init(message);
	return message;
}

static char *text_take(struct parse *parse, const json_t *value)
{
	size_t size = json_string_length(value);
	char *text = take(parse, size + 1);
	if (text)
		memcpy(text, json_string_value(value), size);
	return text;
}

static bool text_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	if (!json_is_string(value))
		return fail_at(parse, place, "a text is expected");
	char *text = text_take(parse, value);
	if (text)
		memcpy(ret, &text, sizeof text);
	return text != NULL;
}

static struct id id_fresh(struct codec *codec)
{
	struct timespec now;
	int result = clock_gettime(CLOCK_REALTIME, &now);
	assert(result == 0);
	return id_make(&codec->ids, now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000);
}

/* "$booking": a fresh id, the same one wherever this codec meets the name again. */
static bool id_of_name(struct parse *parse, struct place place, const json_t *value, struct id *ret)
{
	struct codec *codec = parse->codec;
	struct text64 name;
	text64_set(&name, json_string_value(value) + 1, json_string_length(value) - 1);
	if (name.size == 0 || !text_is_reference(&name))
		return fail_at(
			parse, place, "after the $ comes a name, 1 to 64 of [A-Za-z0-9_.:-]");
	for (size_t i = 0; i < codec->named_id_count; i++)
		if (text64_equal(&codec->named_ids[i].name, &name)) {
			*ret = codec->named_ids[i].id;
			return true;
		}
	if (codec->named_id_count == NAMED_IDS_MAX)
		return fail_at(parse, place, "there are 1024 names for ids already");
	if (!codec->named_ids) {
		codec->named_ids = calloc(NAMED_IDS_MAX, sizeof *codec->named_ids);
		assert(codec->named_ids);
	}
	*ret = id_fresh(codec);
	codec->named_ids[codec->named_id_count++] = (struct named_id){ name, *ret };
	return true;
}

/* All bytes in commands are ids. */
static bool id_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	struct id *id = take(parse, sizeof *id);
	if (!id)
		return false;
	if (json_is_string(value) && json_string_value(value)[0] == '$') {
		if (!id_of_name(parse, place, value, id))
			return false;
	} else if (!json_is_string(value) ||
		   !id_from_text(id, json_string_value(value), json_string_length(value)))
		return fail_at(parse, place,
			"a UUID is expected, like \"0190b6f0-5c1e-7a3b-8f00-2b1d8c0e4a11\"");
	ProtobufCBinaryData binary = { sizeof id->at, id->at };
	memcpy(ret, &binary, sizeof binary);
	return true;
}

static bool int64_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	static const char expected[] = "a whole number is expected, or its digits as text";
	int64_t number = json_integer_value(value);
	if (json_is_string(value)) {
		const char *text = json_string_value(value);
		size_t size = json_string_length(value), digits = strspn(text, "0123456789");
		if (size == 0 || size > 19 || digits != size || (text[0] == '0' && size > 1))
			return fail_at(parse, place, expected);
		for (size_t i = 0; i < size; i++)
			if (__builtin_mul_overflow(number, INT64_C(10), &number) ||
				__builtin_add_overflow(number, (int64_t)(text[i] - '0'), &number))
				return fail_at(parse, place, "above 2^63 - 1");
	} else if (!json_is_integer(value)) {
		return fail_at(parse, place, expected);
	}
	memcpy(ret, &number, sizeof number);
	return true;
}

static bool uint32_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	int64_t number;
	if (!int64_parse(parse, place, value, &number))
		return false;
	if (number < 0 || number > UINT32_MAX)
		return fail_at(parse, place, "a whole number from 0 to 4294967295 is expected");
	memcpy(ret, &(uint32_t){ (uint32_t)number }, sizeof(uint32_t));
	return true;
}

static bool bool_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	if (!json_is_boolean(value))
		return fail_at(parse, place, "true or false is expected");
	protobuf_c_boolean truth = json_is_true(value);
	memcpy(ret, &truth, sizeof truth);
	return true;
}

/* The names of value 0 end in UNSPECIFIED; what stands before it is every name's prefix. */
static size_t enum_prefix_size(const ProtobufCEnumDescriptor *descriptor)
{
	return strlen(descriptor->values[0].name) - strlen("UNSPECIFIED");
}

static bool enum_parse(struct parse *parse, struct place place,
	const ProtobufCEnumDescriptor *descriptor, const json_t *value, void *ret)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	size_t prefix = enum_prefix_size(descriptor);
	char names[160] = "";
	size_t size = 0;
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		const ProtobufCEnumValue *candidate = &descriptor->values[i];
		const char *name = candidate->name + prefix;
		bool is_short = strcasecmp(name, text) == 0 &&
				strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
		if (is_short || strcmp(candidate->name, text) == 0) {
			memcpy(ret, &candidate->value, sizeof candidate->value);
			return true;
		}
		if (i != 0 && size < sizeof names)
			size += (size_t)snprintf(names + size, sizeof names - size, "%s%s",
				size == 0 ? "" : ", ", name);
	}
	for (char *c = names; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return fail(parse, "%s%s%s: one of these is expected: %s", place.message,
		place.message[0] == '\0' ? "" : ".", place.field, names);
}

/* The name of one arm. */
static bool choice_parse(struct parse *parse, struct place place,
	const ProtobufCMessageDescriptor *descriptor, const json_t *value, void *ret)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	const ProtobufCFieldDescriptor *arm =
		protobuf_c_message_descriptor_get_field_by_name(descriptor, text);
	if (!arm) {
		char names[160] = "";
		size_t size = 0;
		for (unsigned i = 0; i < descriptor->n_fields && size < sizeof names; i++)
			size += (size_t)snprintf(names + size, sizeof names - size, "%s%s",
				i == 0 ? "" : ", ", descriptor->fields[i].name);
		return fail(parse, "%s.%s: one of these is expected: %s", place.message,
			place.field, names);
	}
	ProtobufCMessage *choice = message_new(parse, descriptor);
	ProtobufCMessage *chosen = choice ? message_new(parse, arm->descriptor) : NULL;
	if (!chosen)
		return false;
	int id = (int)arm->id;
	memcpy((char *)choice + arm->quantifier_offset, &id, sizeof id);
	memcpy((char *)choice + arm->offset, &chosen, sizeof chosen);
	memcpy(ret, &choice, sizeof choice);
	return true;
}

static bool amount_parse(struct parse *parse, struct place place, const json_t *value, void *ret)
{
	struct money money;
	if (!json_is_string(value))
		return fail_at(parse, place, "a text like \"12.50 USD\" is expected");
	const char *wrong =
		money_from_text(&money, json_string_value(value), json_string_length(value));
	if (wrong)
		return fail_at(parse, place, wrong);
	Pinion__V1__Amount *amount = message_new(parse, &pinion__v1__amount__descriptor);
	char *currency = take(parse, 4);
	if (!amount || !currency)
		return false;
	memcpy(currency, currency_name(money.currency), 4);
	amount->minor = amount_minor(money.amount);
	amount->currency = currency;
	memcpy(ret, &amount, sizeof amount);
	return true;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the descriptors, which name no message within itself.
 */

static bool message_parse(
	struct parse *parse, const char *name, const json_t *object, ProtobufCMessage *message);

static bool body_parse(struct parse *parse, const ProtobufCFieldDescriptor *field,
	const json_t *value, ProtobufCMessage *message)
{
	int *arm = (int *)(void *)((char *)message + field->quantifier_offset);
	if (*arm != 0) {
		const ProtobufCFieldDescriptor *other = protobuf_c_message_descriptor_get_field(
			message->descriptor, (unsigned)*arm);
		return fail(parse, "%s and %s: a command has one body", other->name, field->name);
	}
	if (!json_is_object(value))
		return fail(parse, "%s: an object is expected", field->name);
	ProtobufCMessage *body = message_new(parse, field->descriptor);
	if (!body)
		return false;
	*arm = (int)field->id;
	memcpy((char *)message + field->offset, &body, sizeof body);
	return message_parse(parse, field->name, value, body);
}

static bool field_parse(struct parse *parse, const char *name, const json_t *value,
	const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	struct place place = { name, field->name };
	void *ret = (char *)message + field->offset;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return body_parse(parse, field, value, message);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return text_parse(parse, place, value, ret);
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return id_parse(parse, place, value, ret);
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return enum_parse(parse, place, field->descriptor, value, ret);
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		return bool_parse(parse, place, value, ret);
	if (field->type == PROTOBUF_C_TYPE_INT64)
		return int64_parse(parse, place, value, ret);
	if (field->type == PROTOBUF_C_TYPE_UINT32)
		return uint32_parse(parse, place, value, ret);
	if (field->descriptor == &pinion__v1__amount__descriptor)
		return amount_parse(parse, place, value, ret);
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;
	assert(codec_is_choice(descriptor));
	return choice_parse(parse, place, descriptor, value, ret);
}

static bool message_parse(
	struct parse *parse, const char *name, const json_t *object, ProtobufCMessage *message)
{
	/* Only read; jansson's iterators have no const form. */
	json_t *fields;
	memcpy(&fields, &object, sizeof fields);
	const char *key;
	json_t *value;
	json_object_foreach(fields, key, value)
	{
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(message->descriptor, key);
		if (!field)
			return fail_at(parse, (struct place){ name, key },
				name[0] == '\0' ? "no command and no field of this name"
						: "no field of this name");
		if (!field_parse(parse, name, value, field, message))
			return false;
	}
	return true;
}

/* NOLINTEND(misc-no-recursion) */

/* The account whose party decides: the one debited, else the one that the body is about. */
static const char *account_of_body(const ProtobufCMessage *body, const char **ret_field)
{
	static const char *const names[] = { "from_account", "account", "to_account" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(body->descriptor, names[i]);
		if (!field)
			continue;
		const char *account;
		memcpy(&account, (const char *)body + field->offset, sizeof account);
		*ret_field = names[i];
		return account;
	}
	return NULL;
}

static bool party_fill(struct parse *parse, Pinion__V1__Command *command)
{
	if (command->party[0] != '\0' ||
		command_has_no_party((enum command_kind)command->body_case))
		return true;
	const char *name = command_name((enum command_kind)command->body_case);
	const char *field = NULL;
	/* All arms are messages, so any of them is where the body stands. */
	const char *account = command_is_of_shard((enum command_kind)command->body_case)
				      ? NULL
				      : account_of_body(&command->tick->base, &field);
	if (!account)
		return fail(parse, "party: must be given with %s", name);
	const char *slash = strchr(account, '/');
	if (!slash || slash == account)
		return fail(parse, "%s.%s: \"party/name\" is expected, or `party` must be given",
			name, field);
	size_t size = (size_t)(slash - account);
	char *party = take(parse, size + 1);
	if (!party)
		return false;
	memcpy(party, account, size);
	command->party = party;
	return true;
}

static bool id_fill(struct parse *parse, Pinion__V1__Command *command)
{
	if (command->id.len != 0 || command_is_of_shard((enum command_kind)command->body_case))
		return true;
	struct id *id = take(parse, sizeof *id);
	if (!id)
		return false;
	*id = id_fresh(parse->codec);
	command->id = (ProtobufCBinaryData){ sizeof id->at, id->at };
	return true;
}

static bool command_parse(struct parse *parse, const json_t *object, struct json_command *ret)
{
	if (!json_is_object(object))
		return fail(parse, "a JSON object is expected");
	Pinion__V1__Command *command = message_new(parse, &pinion__v1__command__descriptor);
	if (!command || !message_parse(parse, "", object, &command->base))
		return false;
	if (command->body_case == PINION__V1__COMMAND__BODY__NOT_SET)
		return fail(
			parse, "no command: a body is expected, like \"transfer_create\":{...}");
	if (!party_fill(parse, command) || !id_fill(parse, command))
		return false;
	size_t size = protobuf_c_message_get_packed_size(&command->base);
	if (size > COMMAND_SIZE_MAX)
		return fail(parse, "the command is %zu bytes long; at most %d are taken", size,
			COMMAND_SIZE_MAX);
	protobuf_c_message_pack(&command->base, parse->codec->record);

	enum command_kind kind = (enum command_kind)command->body_case;
	*ret = (struct json_command){
		.record = { parse->codec->record, size },
		.party = { (const uint8_t *)command->party, strlen(command->party) },
		.kind = kind,
		.topic = command_topic(kind),
	};
	if (command->id.len == sizeof ret->id.at)
		memcpy(ret->id.at, command->id.data, sizeof ret->id.at);
	return true;
}

int json_command_parse(struct codec *codec, const char *line, size_t size, struct json_command *ret,
	char error[JSON_ERROR_SIZE])
{
	struct parse parse = { codec, error };
	codec_empty(codec);
	json_error_t wrong;
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &wrong);
	if (!object) {
		char said[JSON_ERROR_SIZE];
		json_syntax_say(line, size, &wrong, said, sizeof said);
		fail(&parse, "%s", said);
		return -1;
	}
	bool is_parsed = command_parse(&parse, object, ret);
	json_decref(object);
	return is_parsed ? 0 : -1;
}
