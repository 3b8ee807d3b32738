/* SPDX-License-Identifier: Apache-2.0 */
/* Each command and event with all its fields set: to its record and back, a command to JSON and
 * back; and all that is printed, for tests/shapes.py, which reads the same records by protobuf's
 * own library. Then each field of an event is what it can't be. */
#include "nouns.h"

#include "wire/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 20, VALUE_SIZE = 256 };

static void hex_put(char ret[VALUE_SIZE], const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", at[i]);
}

static void money_put(char ret[VALUE_SIZE], const struct money *money)
{
	(void)snprintf(ret, VALUE_SIZE, "%" PRId64 " %s", amount_minor(money->amount),
		currency_name(money->currency));
}

/* A member as text, as tests/shapes.py says the contract's field. */
static void value_put(char ret[VALUE_SIZE], const void *noun, const struct shape_field *field)
{
	const void *at = shape_at(noun, field);
	const struct text64 *text = at;
	const struct account_id *account = at;
	switch (field->shape) {
	case SHAPE_NUMBER:
	case SHAPE_NUMBER32:
	case SHAPE_BOOL:
	case SHAPE_ENUM:
	case SHAPE_ENUM_FIELD:
	case SHAPE_REJECT:
	case SHAPE_OUTCOME:
	case SHAPE_AMOUNT:
		(void)snprintf(ret, VALUE_SIZE, "%" PRId64, shape_number(noun, field));
		return;
	case SHAPE_MONEY:
		money_put(ret, at);
		return;
	case SHAPE_CURRENCY:
		(void)snprintf(ret, VALUE_SIZE, "%s", currency_name(*(const enum currency *)at));
		return;
	case SHAPE_ACCOUNT:
		(void)snprintf(ret, VALUE_SIZE, "%.*s", account->size, account->at);
		return;
	case SHAPE_TEXT:
	case SHAPE_REASON:
		(void)snprintf(ret, VALUE_SIZE, "%.*s", text->size, text->at);
		return;
	case SHAPE_ID:
	case SHAPE_ID_FIELD:
	case SHAPE_DIGEST:
		hex_put(ret, at, sizeof(struct id));
		return;
	}
	assert(false);
}

/* What was made is what was read; each member is printed. */
static void body_print(const void *made, const void *read, const struct shape_field *fields)
{
	for (const struct shape_field *field = fields; field->name; field++) {
		char wanted[VALUE_SIZE] = "", came[VALUE_SIZE] = "";
		value_put(wanted, made, field);
		value_put(came, read, field);
		if (strcmp(wanted, came) != 0) {
			(void)fprintf(stderr, "%s: \"%s\" was written, \"%s\" read\n", field->name,
				wanted, came);
			exit(1);
		}
		(void)printf("field %s %s\n", field->name, wanted);
	}
}

static void record_print(const char *what, const char *kind, struct bytes record, char *json)
{
	(void)printf("%s %s ", what, kind);
	for (size_t i = 0; i < record.size; i++)
		(void)printf("%02x", record.at[i]);
	assert(json);
	(void)printf("\njson %s\n", json);
	free(json);
}

/* Its line as JSON is taken, and gives the same record. */
static void parse_back(struct codec *codec, struct bytes record)
{
	char *line = json_command_print(codec, record);
	assert(line);
	struct json_command parsed;
	char error[JSON_ERROR_SIZE];
	if (json_command_parse(codec, line, strlen(line), &parsed, error) != 0 ||
		!bytes_equal(parsed.record, record)) {
		(void)fprintf(stderr, "%s: not read back as it was: %s\n", line, error);
		exit(1);
	}
	free(line);
}

static void command_round(struct codec *codec, struct random *random, enum command_kind kind)
{
	struct command made = command_whole(random, kind), read;
	uint8_t at[COMMAND_SIZE_MAX];
	struct bytes record = { at, command_encode(codec, &made, at, sizeof at) };
	command_decode(codec, record, &read);
	assert(read.kind == kind && read.refusal == REJECT_none);
	record_print("command", command_name(kind), record, json_command_print(codec, record));
	body_print(&made, &read, command_shape(kind));
	parse_back(codec, record);
}

static void event_round(struct codec *codec, struct random *random, enum event_kind kind)
{
	struct event made = event_whole(random, kind), read;
	struct link link = link_random(random, &made, false), read_link;
	uint8_t at[EVENT_SIZE_MAX];
	struct bytes record = { at, event_encode(codec, &made, &link, at) };
	enum decode_result result = event_decode(codec, record, &read, &read_link);
	assert(result == DECODE_OK && read.kind == kind);
	record_print("event", event_name(kind), record, json_event_print(codec, record, 0));
	body_print(&made, &read, event_shape(kind));
}

/* --- What each field of an event can't be --- */

/* Makes a field one that the contract does not let it be; false: it may be anything. What is absent
 * is zero, and nothing but what says so may be below zero. */
static bool field_spoil(struct event *event, const struct shape_field *field, bool is_absent)
{
	uint8_t *at = (uint8_t *)event + field->offset;
	int32_t unknown = field->shape == SHAPE_ENUM ? field->greatest + 1 : INT32_MAX;
	int64_t below_zero = -1;
	switch (field->shape) {
	case SHAPE_ENUM:
	case SHAPE_REJECT:
	case SHAPE_OUTCOME:
		memset(at, 0, field->size);
		if (!is_absent)
			memcpy(at, &unknown, sizeof unknown);
		return true;
	case SHAPE_CURRENCY:
	case SHAPE_ACCOUNT:
	case SHAPE_ID:
		memset(at, 0, field->size);
		return is_absent;
	case SHAPE_TEXT:
	case SHAPE_REASON:
		memset(at, is_absent ? 0 : 0xff, 1); /* its size */
		return true;
	case SHAPE_NUMBER:
	case SHAPE_AMOUNT:
		memcpy(at, &below_zero, sizeof below_zero);
		return !is_absent && !field->may_be_negative;
	case SHAPE_NUMBER32:
	case SHAPE_BOOL:
	case SHAPE_DIGEST:
	case SHAPE_ENUM_FIELD:
	case SHAPE_MONEY:
	case SHAPE_ID_FIELD:
		break;
	}
	return false;
}

/* The check of an outcome's values says each field that is wrong, by its name, and lets through
 * what may be absent. */
static void field_check(struct event event, const struct shape_field *field, bool is_absent)
{
	if (!field_spoil(&event, field, is_absent))
		return;
	const char *wrong = event_body_wrong(&event);
	size_t size = strlen(field->name);
	static const char of_amount[] = ".currency"; /* "hold_captured.released.currency" */
	if (strchr(field->name, '.') != strrchr(field->name, '.'))
		size -= strlen(of_amount); /* the amount is what is wrong */
	bool is_named = wrong && strncmp(wrong, field->name, size) == 0 && wrong[size] == '\0';
	bool may_be = is_absent && field->may_be_absent;
	if (may_be ? !wrong : is_named)
		return;
	(void)fprintf(stderr, "%s %s: %s is said to be wrong\n", field->name,
		is_absent ? "is absent" : "is none of its values", wrong ? wrong : "nothing");
	exit(1);
}

static void event_check(struct random *random, enum event_kind kind)
{
	struct event event = event_whole(random, kind);
	for (const struct shape_field *field = event_shape(kind); field->name; field++) {
		field_check(event, field, true);
		field_check(event, field, false);
	}
}

int main(void)
{
	struct codec *codec = codec_new();
	struct random random = { 31 };
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < COMMAND_COUNT; i++)
			command_round(codec, &random, command_kinds[i]);
		for (size_t i = 0; i < EVENT_COUNT; i++)
			event_round(codec, &random, event_kinds[i]);
	}
	for (size_t i = 0; i < EVENT_COUNT; i++)
		event_check(&random, event_kinds[i]);
	codec_free(codec);
	return 0;
}
