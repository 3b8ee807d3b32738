/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines and the texts in them: what is taken, what is refused and how that is said, and what
 * is printed. */
#include "codec_fixture.h"
#include "nouns.h"

#include "wire/json.h"
#include "wire/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UUID "01020304-0506-7708-890a-0b0c0d0e0f10"
#define ID "\"id\":\"" UUID "\","

/* What is parsed, and how the record that came of it is printed. */
static const struct {
	const char *line;
	const char *printed;
} good[] = {
	{ "{" ID "\"transfer_create\":{\"from_account\":\"alice/main\",\"to_account\":\"bob/main\","
	  "\"amount\":\"12.50 USD\"},\"reference\":\"order-17\"}",
		"{" ID "\"party\":\"alice\",\"reference\":\"order-17\",\"transfer_create\":{"
		"\"from_account\":\"alice/main\",\"to_account\":\"bob/main\",\"amount\":\"12.50 "
		"USD\"}}" },
	{ " {\"tick\" : {} , \"id\":\"" UUID "\"} ", "{" ID "\"tick\":{}}" },
	{ "{" ID "\"party\":\"p\",\"party_open\":{\"kind\":\"person\"}}",
		"{" ID "\"party\":\"p\",\"party_open\":{\"kind\":\"person\"}}" },
	{ "{" ID "\"account_open\":{\"account\":\"p/a\",\"currency\":\"USD\","
	  "\"account_class\":\"ACCOUNT_CLASS_ASSET\"},\"initiator\":\"third_party\"}",
		"{" ID "\"party\":\"p\",\"initiator\":\"third_party\",\"account_open\":{"
		"\"account\":\"p/a\",\"currency\":\"USD\",\"account_class\":\"asset\"}}" },
	{ "{" ID "\"account_close\":{\"account\":\"p/a\"},\"dry_run\":true}",
		"{" ID
		"\"party\":\"p\",\"dry_run\":true,\"account_close\":{\"account\":\"p/a\"}}" },
	{ "{" ID "\"funds_receive\":{\"to_account\":\"p/a\",\"amount\":\"12 JPY\",\"rail\":\"ach\","
	  "\"rail_reference\":\"r1\"},\"dry_run\":false}",
		"{" ID "\"party\":\"p\",\"funds_receive\":{\"to_account\":\"p/a\","
		"\"amount\":\"12 JPY\",\"rail\":\"ach\",\"rail_reference\":\"r1\"}}" },
	{ "{" ID "\"hold_create\":{\"from_account\":\"p/a\",\"to_account\":\"q/a\","
	  "\"amount\":\"1 KWD\",\"reason\":\"order\",\"expires_in_s\":\"60\"}}",
		"{" ID "\"party\":\"p\",\"hold_create\":{\"from_account\":\"p/a\","
		"\"to_account\":\"q/a\",\"amount\":\"1.000 KWD\",\"reason\":\"order\","
		"\"expires_in_s\":60}}" },
	{ "{" ID "\"party\":\"p\",\"hold_capture\":{\"hold_id\":\"" UUID
	  "\"},\"group_id\":\"01020304-0506-7708-890A-0B0C0D0E0F10\"}",
		"{" ID "\"party\":\"p\",\"group_id\":\"" UUID
		"\",\"hold_capture\":{\"hold_id\":\"" UUID "\"}}" },
	{ "{" ID "\"party\":\"p\",\"hold_release\":{\"hold_id\":\"" UUID "\"}}",
		"{" ID "\"party\":\"p\",\"hold_release\":{\"hold_id\":\"" UUID "\"}}" },
	/* What shards send each other has no id, and of some the party is nobody. */
	{ "{\"party\":\"q\",\"remittance_deliver\":{\"home_shard\":3,\"number\":\"7\","
	  "\"payment_id\":\"" UUID "\",\"from_account\":\"p/a\",\"to_account\":\"q/a\","
	  "\"amount\":\"1 JPY\",\"purpose\":\"transfer\"}}",
		"{\"party\":\"q\",\"remittance_deliver\":{\"home_shard\":3,\"number\":7,"
		"\"payment_id\":\"" UUID "\",\"from_account\":\"p/a\",\"to_account\":\"q/a\","
		"\"amount\":\"1 JPY\",\"purpose\":\"transfer\"}}" },
	{ "{\"remittance_settle\":{\"away_shard\":1,\"first_number\":2,\"last_number\":3}}",
		"{\"remittance_settle\":{\"away_shard\":1,\"first_number\":2,"
		"\"last_number\":3}}" },
	{ "{\"party\":\"p\",\"remittance_return\":{\"number\":2,"
	  "\"reason\":\"account_is_closed\"}}",
		"{\"party\":\"p\",\"remittance_return\":{\"number\":2,"
		"\"reason\":\"account_is_closed\"}}" },
	/* What the ledger refuses by itself passes here. */
	{ "{" ID "\"transfer_create\":{\"from_account\":\"ALICE/x\\\"\\u0007\\u00e9\","
	  "\"amount\":\"0 USD\"}}",
		"{" ID "\"party\":\"ALICE\",\"transfer_create\":{"
		"\"from_account\":\"ALICE/x\\\"\\u0007\xc3\xa9\",\"amount\":\"0.00 USD\"}}" },
	{ "{" ID "\"party\":\"\",\"account_close\":{\"account\":\"p/a/b\"}}",
		"{" ID "\"party\":\"p\",\"account_close\":{\"account\":\"p/a/b\"}}" },
	{ "{" ID "\"party\":\"q\",\"hold_create\":{\"expires_in_s\":-9223372036854775808}}",
		"{" ID "\"party\":\"q\",\"hold_create\":{\"expires_in_s\":-9223372036854775808}}" },
};

static void test_good_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct json_command command;
		char error[JSON_ERROR_SIZE] = "";
		print_message("%s\n", good[i].line);
		int result = json_command_parse(
			codec, good[i].line, strlen(good[i].line), &command, error);
		assert_string_equal(error, "");
		assert_int_equal(result, 0);
		assert_int_equal(command.topic, command_topic(command.kind));

		uint8_t record[COMMAND_SIZE_MAX];
		memcpy(record, command.record.at, command.record.size);
		struct bytes bytes = { record, command.record.size };
		struct command read;
		command_decode(codec, bytes, &read);
		assert_int_equal(read.kind, command.kind);
		assert_true(id_equal(&read.id.id, &command.id));
		char *printed = json_command_print(codec, bytes);
		assert_string_equal(printed, good[i].printed);

		/* What was printed gives the same record. */
		assert_int_equal(
			json_command_parse(codec, printed, strlen(printed), &command, error), 0);
		assert_true(bytes_equal(command.record, bytes));
		free(printed);
	}
}

#define TRANSFER(fields) "{\"transfer_create\":{" fields "}}"
#define AMOUNT(text) TRANSFER("\"from_account\":\"a/b\",\"amount\":" text)

static const struct {
	const char *line;
	const char *error; /* a part of it */
} bad[] = {
	{ "{\"party\":\"q\",\"remittance_deliver\":{\"purpose\":\"present\"}}",
		"remittance_deliver.purpose: one of these is expected: transfer" },
	{ "{\"party\":\"q\",\"remittance_deliver\":{\"purpose\":{\"transfer\":{}}}}",
		"remittance_deliver.purpose: one of these is expected: transfer" },
	{ "{\"remittance_deliver\":{\"from_account\":\"p/a\",\"to_account\":\"q/a\"}}",
		"party: must be given with remittance_deliver" },
	{ "", "no JSON: the line ends before its object does" },
	{ "null", "no JSON at column 4, near null: a command is one object" },
	{ "from,to,amount", "near from: a command is one object: its line begins with {" },
	{ "[]", "a JSON object is expected" },
	{ "[1 2]", "after a value comes , or ]" },
	{ "{\"tick\":{}} x", "no JSON at column 13, near x: something follows the object" },
	{ "{\"tick\":{}}{\"tick\":{}}", "something follows the object: one command a line" },
	{ "{\"tick\":{}", "the line ends before its object does" },
	{ "{\"tick\":{}\n", "no JSON: the line ends before its object does" },
	{ "{\"party\":\"bob\n", "a text is not closed" },
	{ "{'tick':{}}", "near ': a name in double quotes is expected there" },
	{ "{\"tick\":{},}", "near }: a name in double quotes" },
	{ "{\"tick\" {}}", "after a name comes : and its value" },
	{ "{\"party\":\"a\" \"tick\":{}}", "near \"tick\": after a value comes , or }" },
	{ "{\"party\":bob}", "near bob: names and texts stand in double quotes" },
	{ "{\"tick\":{},\"tick\":{}}", "near \"tick\": this name stands twice in one object" },
	{ "{\"tick\":{},\"reference\":\"a\",\"reference\":\"a\"}", "stands twice in one object" },
	{ "{\"tick\":{},\"reference\":\"\\ud800\"}", "half of a \\u pair" },
	{ "{\"tick\":{},\"reference\":\"\\u12\"}", "u and four hexadecimal digits" },
	{ "{\"tick\":{},\"reference\":\"\\x\"}", "after \\ in a text comes one of" },
	{ "{\"tick\":{},\"reference\":\"\t\"}", "a control character stands in a text" },
	{ "{\"tick\":{},\"reference\":\"\\u0000\"}",
		"no text holds the character \\u0000: leave it out" },
	{ "{\"re\\u0000ference\":\"\"}", "no text holds the character \\u0000: leave it out" },
	{ "{\"tick\":{},\"reference\":\"\xff\"}", "is not UTF-8: save the file as UTF-8" },
	{ "\xef\xbb\xbf{\"tick\":{}}",
		"begins with a byte order mark: save the file as UTF-8 without it" },
	{ "{}", "no command: a body is expected" },
	{ "{\"tick\":{},\"party_open\":{}}", "tick and party_open: a command has one body" },
	{ "{\"tick\":null}", "tick: an object is expected" },
	{ "{\"pay\":{}}", "pay: no command and no field of this name" },
	{ "{\"\\u001b[2J\":1}", "?[2J: no command and no field of this name" },
	{ "{\"transferCreate\":{}}", "transferCreate: no command and no field" },
	{ TRANSFER("\"from\":\"a/b\""), "transfer_create.from: no field of this name" },
	{ TRANSFER("\"to_account\":\"a/b\""), "transfer_create.from_account: \"party/name\"" },
	{ TRANSFER("\"from_account\":\"alice\""), "transfer_create.from_account: \"party/name\"" },
	{ TRANSFER("\"from_account\":7"), "transfer_create.from_account: a text is expected" },
	{ "{\"party_open\":{\"kind\":\"person\"}}", "party: must be given with party_open" },
	{ "{\"hold_capture\":{\"hold_id\":\"" UUID "\"}}",
		"party: must be given with hold_capture" },
	{ "{\"hold_release\":{}}", "party: must be given with hold_release" },
	{ "{\"id\":\"7\",\"tick\":{}}", "id: a UUID is expected" },
	{ "{\"id\":7,\"tick\":{}}", "id: a UUID is expected" },
	{ "{\"id\":\"01020304-0506-7708-890a-0b0c0d0e0f1g\",\"tick\":{}}", "id: a UUID" },
	{ "{\"id\":\"01020304-0506-7708-890a00b0c0d0e0f10\",\"tick\":{}}", "id: a UUID" },
	{ "{\"dry_run\":1,\"tick\":{}}", "dry_run: true or false is expected" },
	{ "{\"initiator\":\"boss\",\"tick\":{}}",
		"initiator: one of these is expected: owner, operator, system, third_party" },
	{ "{\"initiator\":\"OWNER\",\"tick\":{}}", "initiator: one of these" },
	{ "{\"initiator\":1,\"tick\":{}}", "initiator: one of these" },
	{ "{\"party\":\"p\",\"funds_receive\":{\"rail\":\"sepa\"}}",
		"funds_receive.rail: one of these is expected: ach, card_network, instant, wire" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":1.0}}",
		"hold_create.expires_in_s: a whole number" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":1e3}}", "a whole number" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":\"1.5\"}}", "a whole number" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":\"\"}}", "a whole number" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":\"-1\"}}", "a whole number" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":\"9223372036854775808\"}}",
		"above 2^63 - 1" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":9223372036854775808}}",
		"near 9223372036854775808: the number is too large" },
	{ "{\"party\":\"p\",\"hold_create\":{\"expires_in_s\":1e999}}", "the number is too large" },
	{ AMOUNT("12.5"), "transfer_create.amount: a text like \"12.50 USD\" is expected" },
	{ AMOUNT("{\"minor\":1250,\"currency\":\"USD\"}"), "transfer_create.amount: a text like" },
	{ AMOUNT("\"12.505 USD\""), "more decimals than its currency" },
	{ AMOUNT("\"12.0 JPY\""), "more decimals than its currency" },
	{ AMOUNT("\"12.50 XAU\""), "no ISO 4217 code" },
	{ AMOUNT("\"12.50 usd\""), "no ISO 4217 code" },
	{ AMOUNT("\"-12.50 USD\""), "an amount is written as" },
};

static void test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct json_command command;
		char error[JSON_ERROR_SIZE] = "";
		int result = json_command_parse(
			codec, bad[i].line, strlen(bad[i].line), &command, error);
		print_message("%s: %s\n", bad[i].line, error);
		assert_int_equal(result, -1);
		assert_non_null(strstr(error, bad[i].error));
	}
}

/* A line that strlen does not measure. */
static void test_line_of_utf16(void **state)
{
	(void)state;
	static const char line[] = "{\0\"\0t\0";
	struct json_command command;
	char error[JSON_ERROR_SIZE] = "";
	assert_int_equal(json_command_parse(codec, line, sizeof line, &command, error), -1);
	assert_non_null(strstr(error, "as UTF-16 has: save the file as UTF-8"));
}

static void test_deep_line(void **state)
{
	(void)state;
	struct json_command command;
	char error[JSON_ERROR_SIZE] = "", line[5000];
	memset(line, '[', sizeof line);
	assert_int_equal(json_command_parse(codec, line, sizeof line, &command, error), -1);
	assert_non_null(strstr(error, "stand too deep in one another"));
}

static void test_long_line(void **state)
{
	(void)state;
	struct json_command command;
	char error[JSON_ERROR_SIZE], *line = malloc(200000);
	assert_non_null(line);
	for (int size = 4000; size <= 100000; size += 96000) {
		int written = sprintf(line, "{\"tick\":{},\"reference\":\"%0*d\"}", size, 7);
		int result = json_command_parse(codec, line, (size_t)written, &command, error);
		assert_int_equal(result, size == 4000 ? 0 : -1);
	}
	assert_non_null(strstr(error, "too long"));
	int written = sprintf(line, "{\"tick\":{},\"reference\":\"%0*d\"}", 4090, 7);
	assert_int_equal(json_command_parse(codec, line, (size_t)written, &command, error), -1);
	assert_non_null(strstr(error, "at most 4096"));
	free(line);
}

static void test_fresh_ids(void **state)
{
	(void)state;
	static const char line[] = "{\"account_close\":{\"account\":\"p/a\"}}";
	struct id last = { { 0 } };
	for (int i = 0; i < 5000; i++) {
		struct json_command command;
		char error[JSON_ERROR_SIZE];
		assert_int_equal(
			json_command_parse(codec, line, sizeof line - 1, &command, error), 0);
		assert_true(id_is_uuid7(&command.id));
		assert_true(memcmp(command.id.at, last.at, sizeof last.at) > 0);
		assert_true(bytes_equal(command.party, (struct bytes){ (const uint8_t *)"p", 1 }));
		last = command.id;
	}
	/* The clock goes back; all free bits are used up. */
	struct id_maker maker = { 0 };
	(void)id_make(&maker, 1000);
	struct id next = id_make(&maker, 500);
	assert_int_equal(id_time_ms(&next), 1000);
	memset(maker.last.at + 6, 0xff, 10);
	maker.last.at[6] = 0x7f;
	maker.last.at[8] = 0xbf;
	next = id_make(&maker, 1000);
	assert_int_equal(id_time_ms(&next), 1001);
	assert_true(id_is_uuid7(&next));
}

static const struct {
	const char *text;
	int64_t minor; /* negative: refused */
	const char *printed;
} moneys[] = {
	{ "12.50 USD", 1250, "12.50 USD" },
	{ "12.5 USD", 1250, "12.50 USD" },
	{ "12 USD", 1200, "12.00 USD" },
	{ "0.01 USD", 1, "0.01 USD" },
	{ "0 USD", 0, "0.00 USD" },
	{ "12 JPY", 12, "12 JPY" },
	{ "0.001 KWD", 1, "0.001 KWD" },
	{ "92233720368547758.07 USD", INT64_MAX, "92233720368547758.07 USD" },
	{ "9223372036854775807 JPY", INT64_MAX, "9223372036854775807 JPY" },
	{ "92233720368547758.08 USD", -1, "" },
	{ "92233720368547759 USD", -1, "" },
	{ "9223372036854775808 JPY", -1, "" },
	{ "99999999999999999999999999 JPY", -1, "" },
	{ "", -1, "" },
	{ "USD", -1, "" },
	{ " USD", -1, "" },
	{ "12.50", -1, "" },
	{ "12.50USD", -1, "" },
	{ "12.50  USD", -1, "" },
	{ " 12.50 USD", -1, "" },
	{ "12.50 USD ", -1, "" },
	{ "12.50\tUSD", -1, "" },
	{ "12. USD", -1, "" },
	{ ".5 USD", -1, "" },
	{ "1.2.3 USD", -1, "" },
	{ "1e3 USD", -1, "" },
	{ "+1 USD", -1, "" },
	{ "-1 USD", -1, "" },
	{ "1,000 USD", -1, "" },
	{ "01 USD", -1, "" },
	{ "12.500 USD", -1, "" },
	{ "12.0 JPY", -1, "" },
	{ "12 ABC", -1, "" },
	{ "12 usd", -1, "" },
};

static void test_money(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof moneys / sizeof moneys[0]; i++) {
		struct money money;
		const char *wrong = money_from_text(&money, moneys[i].text, strlen(moneys[i].text));
		print_message("%s: %s\n", moneys[i].text, wrong ? wrong : "taken");
		assert_int_equal(wrong == NULL, moneys[i].minor >= 0);
		if (wrong)
			continue;
		char printed[MONEY_TEXT_SIZE];
		assert_int_equal(amount_minor(money.amount), moneys[i].minor);
		money_to_text(money.amount, money.currency, printed);
		assert_string_equal(printed, moneys[i].printed);
	}
	char printed[MONEY_TEXT_SIZE];
	money_to_text(amount_of(INT64_MIN), CURRENCY_KWD, printed);
	assert_string_equal(printed, "-9223372036854775.808 KWD");
}

static struct event sample_event(void)
{
	struct event event = { .kind = EVENT_transfer_posted,
		.sequence = 4,
		.engine_time_ms = 9,
		.topic = TOPIC_commands,
		.offset = 12,
		.has_command_id = true,
		.command_id = { { 1 } },
		.initiator = INITIATOR_owner,
		.effect_count = 1,
		.balance_count = 2 };
	text64_set(&event.party, "a", 1);
	account_id_parse(&event.balances[0].account, "a/m", 3);
	account_id_parse(&event.balances[1].account, "b/m", 3);
	for (int i = 0; i < 2; i++)
		event.balances[i].currency = CURRENCY_USD;
	event.balances[0].balances.debits_posted = amount_of(5);
	event.effects[0] = (struct effect){ .kind = EFFECT_posting,
		.posting = { 1, 2, LAYER_pending_lifted, RAIL_book, true, amount_of(0) } };
	return event;
}

static char *print_event(const struct event *event, const struct link *link)
{
	uint8_t record[EVENT_SIZE_MAX];
	size_t size = link->is_mark ? mark_encode(codec, link, record)
				    : event_encode(codec, event, link, record);
	return json_event_print(codec, (struct bytes){ record, size }, 0);
}

static char *print_full(const struct event *event, const struct link *link)
{
	uint8_t record[EVENT_SIZE_MAX];
	size_t size = event_encode(codec, event, link, record);
	return json_event_print_full(codec, (struct bytes){ record, size }, 0);
}

static void test_event_lines(void **state)
{
	(void)state;
	struct event event = sample_event();
	struct link link = { .shard = 1, .term = 2, .sequence = 4 };
	link.previous.at[0] = 0xab;
	char *line = print_event(&event, &link);
	assert_string_equal(line,
		"{\"offset\":0,\"shard\":1,\"term\":2,\"sequence\":4,\"previous_hash\":"
		"\"ab00000000000000000000000000000000000000000000000000000000000000\","
		"\"engine_time_ms\":9,\"input\":{\"topic\":\"commands\",\"offset\":12,"
		"\"command_id\":\"01000000-0000-0000-0000-000000000000\","
		"\"digest\":\"00000000000000000000000000000000\",\"party\":\"a\","
		"\"initiator\":\"owner\"},\"effects\":[{\"posting\":{\"debit_account\":\"a/m\","
		"\"credit_account\":\"b/m\",\"amount\":\"0.00 USD\",\"layer\":\"pending_lifted\","
		"\"rail\":\"book\",\"forced\":true}}],\"balances\":[{\"account\":\"a/m\","
		"\"currency\":\"USD\",\"debits_posted\":\"0.05 USD\","
		"\"credits_posted\":\"0.00 USD\",\"debits_pending\":\"0.00 USD\","
		"\"credits_pending\":\"0.00 USD\"},{\"account\":\"b/m\",\"currency\":\"USD\","
		"\"debits_posted\":\"0.00 USD\",\"credits_posted\":\"0.00 USD\","
		"\"debits_pending\":\"0.00 USD\",\"credits_pending\":\"0.00 USD\"}],"
		"\"transfer_posted\":{}}");
	free(line);

	event = (struct event){
		.kind = EVENT_command_rejected, .sequence = 4, .topic = TOPIC_rails
	};
	event.command_rejected = (struct event_command_rejected){ .reject = REJECT_balance_too_low,
		.required = amount_of(1250),
		.available = amount_of(-1),
		.currency = CURRENCY_USD };
	line = print_event(&event, &link);
	assert_non_null(strstr(line, "\"input\":{\"topic\":\"rails\",\"digest\":"));
	assert_non_null(strstr(line,
		"\"command_rejected\":{\"reject\":\"balance_too_low\",\"retry_hint\":\"new_id\","
		"\"required\":\"12.50 USD\",\"available\":\"-0.01 USD\",\"currency\":\"USD\"}}"));
	free(line);

	/* What was there is said, also where that is nothing, but no need where there was none. */
	event.command_rejected.required = amount_of(0);
	event.command_rejected.available = amount_of(0);
	line = print_event(&event, &link);
	assert_non_null(
		strstr(line, "\"new_id\",\"available\":\"0.00 USD\",\"currency\":\"USD\"}}"));
	free(line);

	event.kind = EVENT_command_repeated;
	event.command_repeated =
		(struct event_command_repeated){ 3, EVENT_transfer_posted, REJECT_none };
	line = print_event(&event, &link);
	assert_non_null(strstr(line, "\"command_repeated\":{\"first_sequence\":3,\"first_outcome\":"
				     "\"transfer_posted\"}}"));
	free(line);

	struct link mark = { .is_mark = true, .shard = 1, .term = 2, .incarnation = { { 1 } } };
	line = print_event(NULL, &mark);
	assert_string_equal(line,
		"{\"offset\":0,\"shard_opened\":{\"shard\":1,\"term\":2,\"incarnation\":"
		"\"01000000-0000-0000-0000-000000000000\"}}");
	free(line);
	assert_null(json_event_print(codec, (struct bytes){ (const uint8_t *)"\x08", 1 }, 0));
}

static struct event sent_event(void)
{
	struct event event = sample_event();
	event.kind = EVENT_transfer_sent;
	event.effect_count = 2;
	event.effects[0].posting.layer = LAYER_posted;
	event.effects[1] = (struct effect){ .kind = EFFECT_remittance,
		.remittance = { .shard = 3,
			.number = 7,
			.from_place = 1,
			.amount = amount_of(1250),
			.purpose = PURPOSE_transfer } };
	account_id_parse(&event.effects[1].remittance.to_account, "c/m", 3);
	return event;
}

/* Of the account that it is taken from, as a posting's. */
static void test_effects_between_shards(void **state)
{
	(void)state;
	struct event event = sent_event();
	struct link link = { .shard = 1, .term = 2, .sequence = 4 };
	char *line = print_event(&event, &link);
	assert_non_null(strstr(line, "\"layer\":\"posted\",\"rail\":\"book\",\"forced\":true}},"
				     "{\"remittance\":{\"shard\":3,\"number\":7,"
				     "\"from_account\":\"a/m\",\"to_account\":\"c/m\","
				     "\"amount\":\"12.50 USD\",\"purpose\":\"transfer\"}}],"));
	free(line);
	line = print_full(&event, &link);
	assert_non_null(strstr(line,
		"{\"posting\":null,\"remittance\":{\"shard\":3,\"number\":7,"
		"\"from_account\":\"a/m\",\"to_account\":\"c/m\",\"amount\":\"12.50 USD\","
		"\"amount_minor\":1250,\"amount_currency\":\"USD\",\"purpose\":\"transfer\"},"
		"\"settlement\":null}]"));
	free(line);

	event.kind = EVENT_remittance_settled;
	event.remittance_settled = (struct event_remittance_settled){
		.away_shard = 3, .first_number = 7, .last_number = 7
	};
	event.effect_count = 1;
	event.balance_count = 0;
	event.effects[0] = (struct effect){ .kind = EFFECT_settlement,
		.settlement = { .number = 7, .payment_id = { { 1 } } } };
	line = print_event(&event, &link);
	assert_non_null(strstr(line, "\"effects\":[{\"settlement\":{\"number\":7,"
				     "\"payment_id\":\"01000000-0000-0000-0000-000000000000\"}}],"
				     "\"remittance_settled\":{\"away_shard\":3,\"first_number\":7,"
				     "\"last_number\":7}}"));
	free(line);
}

/* Whatever was decoded prints as JSON. */
static void test_random_lines(void **state)
{
	(void)state;
	struct random random = { 9 };
	for (int i = 0; i < 2000; i++) {
		struct event event =
			event_random(&random, event_kinds[i % EVENT_COUNT], i < EVENT_COUNT);
		struct link link = link_random(&random, &event, i < EVENT_COUNT);
		char *line = print_event(&event, &link);
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(object);
		assert_non_null(json_object_get(object, event_name(event.kind)));
		json_decref(object);
		free(line);

		struct command command =
			command_random(&random, command_kinds[i % COMMAND_COUNT], false);
		uint8_t record[COMMAND_SIZE_MAX];
		size_t size = command_encode(codec, &command, record, sizeof record);
		line = json_command_print(codec, (struct bytes){ record, size });
		object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(object);
		assert_non_null(json_object_get(object, command_name(command.kind)));
		json_decref(object);
		free(line);
	}
}

/* A line damaged anywhere is taken or refused. */
static void test_damaged_lines(void **state)
{
	(void)state;
	struct random random = { 10 };
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		size_t size = strlen(good[i].line);
		for (int round = 0; round < 2000; round++) {
			char *line = malloc(size);
			assert_non_null(line);
			memcpy(line, good[i].line, size);
			size_t cut =
				random_below(&random, 4) == 0 ? random_below(&random, size) : size;
			line[random_below(&random, size)] = (char)random_next(&random);
			struct json_command command;
			char error[JSON_ERROR_SIZE] = "";
			int result = json_command_parse(codec, line, cut, &command, error);
			assert_int_equal(result == 0, error[0] == '\0');
			free(line);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_line_of_utf16),
		cmocka_unit_test(test_deep_line),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_fresh_ids),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_event_lines),
		cmocka_unit_test(test_effects_between_shards),
		cmocka_unit_test(test_random_lines),
		cmocka_unit_test(test_damaged_lines),
	};
	return cmocka_run_group_tests(tests, codec_setup, codec_teardown);
}
