/* SPDX-License-Identifier: Apache-2.0 */
/* Events in words and as full rows: each kind, each reject. */
#include "golden_events.h"

#include "wire/json.h"
#include "wire/words.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct golden golden_of(enum event_kind kind)
{
	struct golden golden = { 0 };
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		golden_make(i, &golden);
		if (golden.event.kind == kind)
			return golden;
	}
	fail_msg("no pinned event of kind %s", event_name(kind));
	return golden;
}

static void assert_says(const char *line, const char *wanted)
{
	assert_non_null(line);
	assert_non_null(wanted);
	if (!strstr(line, wanted))
		fail_msg("\"%s\" does not say \"%s\"", line, wanted);
}

static const struct {
	enum event_kind kind;
	const char *says;
} lines[] = {
	{ EVENT_ticked, "posted    tick" },
	{ EVENT_ledger_opened, "posted    ledger, shard " },
	{ EVENT_command_rejected, "REJECTED  " },
	{ EVENT_command_repeated, "repeated  " },
	{ EVENT_command_ids_dropped, "timer     command ids dropped that are older than " },
	{ EVENT_inputs_restarted,
		"commands goes on from offset 6 instead of 9, as an operator said" },
	{ EVENT_clock_restarted, "posted    engine time set back from " },
	{ EVENT_party_opened, "posted    party " },
	{ EVENT_account_opened, "posted    account " },
	{ EVENT_account_closed, "posted    closing of account " },
	{ EVENT_funds_received, " received by " },
	{ EVENT_transfer_posted, "posted    transfer of " },
	{ EVENT_hold_created, "posted    hold of " },
	{ EVENT_hold_captured, "posted    capture of " },
	{ EVENT_hold_released, "posted    release of " },
	{ EVENT_hold_expired, "timer     end of a hold's time, " },
};
enum { LINES = sizeof lines / sizeof lines[0] };

static void every_event_has_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		struct golden golden;
		golden_make(i, &golden);
		char *line = words_of_event(&golden.event, NULL);
		if (strlen(line) <= strlen("posted    "))
			fail_msg("%s has no words", event_name(golden.event.kind));
		for (const char *c = line; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
		free(line);
	}
	for (size_t i = 0; i < LINES; i++) {
		struct golden golden = golden_of(lines[i].kind);
		char *line = words_of_event(&golden.event, NULL);
		assert_says(line, lines[i].says);
		free(line);
	}
}

static struct event rejection(enum reject reject)
{
	struct event event = {
		.kind = EVENT_command_rejected,
		.topic = TOPIC_commands,
		.offset = 17,
		.command_rejected = { .reject = reject },
	};
	return event;
}

/* What was wrong and what to do: whole, and the latter in a sentence of its own. */
static void reject_check(enum reject reject, const char *name, const char *text, const char *advice)
{
	char wanted[512];
	struct event event = rejection(reject);
	char *line = words_of_event(&event, NULL);
	assert_true(strlen(text) > 10 && strlen(advice) > 10);
	assert_true(islower(advice[0]) && advice[strlen(advice) - 1] != '.');
	(void)snprintf(wanted, sizeof wanted, "REJECTED  record commands:17: %s: %s. %c%s%s.", name,
		text, toupper(advice[0]), advice + 1,
		reject_retry(reject) == RETRY_new_id    ? "; then send it under a new id"
		: reject_retry(reject) == RETRY_same_id ? "; then send the same again"
							: "");
	assert_string_equal(line, wanted);
	free(line);
}

static void every_reject_says_what_to_do(void **state)
{
	(void)state;
#define REJECT(number, name, retry, keeps, text, advice) \
	reject_check(REJECT_##name, #name, text, advice);
#include "ledger/rejects.def"
#undef REJECT
}

static void a_rejection_tells_what_it_answers(void **state)
{
	(void)state;
	struct event event = rejection(REJECT_balance_too_low);
	event.command_rejected.required = amount_of(9900);
	event.command_rejected.available = amount_of(4150);
	event.command_rejected.currency = CURRENCY_USD;
	text64_set(&event.reference, "order-19", 8);
	text64_set(&event.party, "bob", 3);
	struct command command = {
		.kind = COMMAND_transfer_create,
		.transfer_create = { .amount = { .amount = amount_of(9900),
					     .currency = CURRENCY_USD } },
	};
	assert_true(account_id_parse(&command.transfer_create.from_account, "bob/main", 8));
	assert_true(account_id_parse(&command.transfer_create.to_account, "cafe/main", 9));
	char *line = words_of_event(&event, &command);
	assert_string_equal(line,
		"REJECTED  transfer of 99.00 USD from bob/main to cafe/main (order-19): "
		"balance_too_low: the account's available balance would go below its floor "
		"(needed 99.00 USD, available 41.50 USD). Pay less, or wait until there is more; "
		"then send it under a new id.");
	free(line);
	line = words_of_event(&event, NULL);
	assert_says(line, "REJECTED  command of bob (order-19): balance_too_low: ");
	free(line);
}

/* Where nothing was needed, that is not said. */
static void a_rejection_tells_the_numbers_it_has(void **state)
{
	(void)state;
	struct event event = rejection(REJECT_account_not_empty);
	event.command_rejected.available = amount_of(500);
	event.command_rejected.currency = CURRENCY_USD;
	char *line = words_of_event(&event, NULL);
	assert_says(line, "account_not_empty: money stands on the account (it has 5.00 USD). Pay ");
	assert_null(strstr(line, "needed"));
	assert_null(strstr(line, "available"));
	free(line);
}

/* What is told of a command may be anything; a terminal gets plain characters only. */
static void every_command_has_its_words(void **state)
{
	(void)state;
#define COMMAND(number, command_name, topic)                                       \
	{                                                                          \
		struct command command = { .kind = COMMAND_##command_name };       \
		text64_set(&command.party, "\033[2J\nb\xff", 7);                   \
		struct event event = rejection(REJECT_party_malformed);            \
		char *line = words_of_event(&event, &command);                     \
		assert_true(strlen(line) > strlen("REJECTED  : party_malformed")); \
		assert_null(strstr(line, "can't be read"));                        \
		for (const char *c = line; *c != '\0'; c++)                        \
			assert_true(*c >= ' ' && *c <= '~');                       \
		free(line);                                                        \
	}
#include "ledger/commands.def"
#undef COMMAND
}

static json_t *row_of(struct codec *codec, const struct golden *golden)
{
	uint8_t record[EVENT_SIZE_MAX];
	size_t size = event_encode(codec, &golden->event, &golden->link, record);
	char *line = json_event_print_full(codec, (struct bytes){ record, size }, 12);
	json_error_t wrong;
	json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, &wrong);
	if (!row)
		fail_msg("%s: %s", wrong.text, line);
	free(line);
	return row;
}

/* Analysts' tools take the columns from the first rows that they see. */
static void full_rows_have_one_shape(void **state)
{
	(void)state;
	struct codec *codec = codec_new();
	struct golden golden;
	golden_make(0, &golden);
	json_t *first = row_of(codec, &golden), *value;
	const char *key;
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		golden_make(i, &golden);
		json_t *row = row_of(codec, &golden);
		const char *name = event_name(golden.event.kind);
		assert_int_equal(json_object_size(row), json_object_size(first));
		json_object_foreach(first, key, value) if (!json_object_get(row, key))
			fail_msg("%s has no %s", name, key);
		assert_string_equal(json_string_value(json_object_get(row, "outcome")), name);
		assert_true(json_is_object(json_object_get(row, name)));
		assert_int_equal(
			json_integer_value(json_object_get(row, "shard")), golden.link.shard);
		assert_true(json_is_integer(json_object_get(row, "shard")));
		json_decref(row);
	}
	json_decref(first);
	codec_free(codec);
}

static void full_rows_have_money_twice(void **state)
{
	(void)state;
	struct codec *codec = codec_new();
	struct golden golden = golden_of(EVENT_transfer_posted);
	json_t *row = row_of(codec, &golden);
	json_t *posting =
		json_object_get(json_array_get(json_object_get(row, "effects"), 0), "posting");
	assert_int_equal(json_integer_value(json_object_get(posting, "amount_minor")),
		amount_minor(golden.event.effects[0].posting.amount));
	assert_string_equal(json_string_value(json_object_get(posting, "amount")), "12.50 USD");
	assert_string_equal(
		json_string_value(json_object_get(posting, "debit_account")), "alice/main");
	size_t i;
	json_t *balance;
	assert_true(json_array_size(json_object_get(row, "balances")) > 0);
	json_array_foreach(json_object_get(row, "balances"), i, balance)
	{
		assert_true(json_is_integer(json_object_get(balance, "debits_pending_minor")));
		assert_true(json_is_string(json_object_get(balance, "debits_pending")));
	}
	json_decref(row);

	/* No amount: no text, and no currency. */
	golden = golden_of(EVENT_command_rejected);
	golden.event.command_rejected =
		(struct event_command_rejected){ .reject = REJECT_party_exists };
	row = row_of(codec, &golden);
	json_t *rejected = json_object_get(row, "command_rejected");
	assert_true(json_is_null(json_object_get(rejected, "required")));
	assert_int_equal(json_integer_value(json_object_get(rejected, "required_minor")), 0);
	assert_true(json_is_integer(json_object_get(rejected, "required_minor")));
	json_decref(row);
	codec_free(codec);
}

/* A name stands for one id, wherever this codec meets it. */
static void names_stand_for_ids(void **state)
{
	(void)state;
	static const char make[] =
		"{\"id\":\"$hold-1\",\"hold_create\":{\"from_account\":\"a/b\"}}";
	static const char end[] = "{\"party\":\"a\",\"hold_release\":{\"hold_id\":\"$hold-1\"}}";
	static const char no_name[] = "{\"id\":\"$\",\"party\":\"a\",\"party_open\":{}}";
	struct codec *codec = codec_new(), *other = codec_new();
	struct json_command json;
	struct command command;
	char error[JSON_ERROR_SIZE];
	assert_int_equal(json_command_parse(codec, make, strlen(make), &json, error), 0);
	struct id made = json.id;
	assert_int_equal(made.at[6] >> 4, 7);
	assert_int_equal(json_command_parse(codec, end, strlen(end), &json, error), 0);
	assert_false(id_equal(&json.id, &made));
	command_decode(other, json.record, &command);
	assert_true(id_equal(&command.hold_release.hold_id.id, &made));
	assert_int_equal(json_command_parse(other, make, strlen(make), &json, error), 0);
	assert_false(id_equal(&json.id, &made));
	assert_int_equal(json_command_parse(codec, no_name, strlen(no_name), &json, error), -1);
	assert_says(error, "id: after the $ comes a name");

	char line[128];
	for (int i = 1; i <= 1025; i++) {
		int size = snprintf(line, sizeof line,
			"{\"id\":\"$n%d\",\"party\":\"a\",\"party_open\":{}}", i);
		assert_int_equal(json_command_parse(codec, line, (size_t)size, &json, error),
			i < 1024 ? 0 : -1);
	}
	assert_says(error, "1024 names");
	codec_free(codec);
	codec_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_its_words),
		cmocka_unit_test(every_reject_says_what_to_do),
		cmocka_unit_test(a_rejection_tells_what_it_answers),
		cmocka_unit_test(a_rejection_tells_the_numbers_it_has),
		cmocka_unit_test(every_command_has_its_words),
		cmocka_unit_test(full_rows_have_one_shape),
		cmocka_unit_test(full_rows_have_money_twice),
		cmocka_unit_test(names_stand_for_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
