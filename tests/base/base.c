/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts, ids, names, currencies, keys: small things at their limits. */
#include "base/amount.h"
#include "base/id.h"
#include "base/murmur2.h"
#include "base/text.h"
#include "ledger/account.h"
#include "ledger/event.h"
#include "ledger/platform.h"
#include "state/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Known values of org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own tests. */
static void murmur2_is_kafkas(void **given)
{
	static const struct {
		const char *key;
		int32_t hash;
	} known[] = {
		{ "21", -973932308 },
		{ "foobar", -790332482 },
		{ "a-little-bit-long-string", -985981536 },
		{ "a-little-bit-longer-string", -1486304829 },
		{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
		{ "abc", 479470107 },
	};
	(void)given;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(
			(int32_t)murmur2(known[i].key, strlen(known[i].key)), known[i].hash);
	/* The sign is taken off before the remainder, not after. */
	assert_int_equal(murmur2_partition("21", 2, 7), (-973932308 & 0x7fffffff) % 7);
	assert_int_equal(murmur2_partition("21", 2, 1), 0);
}

static void amounts_do_not_overflow(void **given)
{
	struct amount most = amount_of(INT64_MAX), least = amount_of(INT64_MIN);
	struct amount one = amount_of(1), result = amount_of(7);
	(void)given;
	assert_false(amount_add(&result, most, one));
	assert_false(amount_add(&result, least, amount_of(-1)));
	assert_false(amount_subtract(&result, least, one));
	assert_false(amount_subtract(&result, AMOUNT_ZERO, least));
	assert_int_equal(amount_minor(result), 7); /* untouched */
	assert_true(amount_add(&result, most, least));
	assert_int_equal(amount_minor(result), -1);
	assert_true(amount_subtract(&result, most, most));
	assert_true(amount_is_zero(result));
	assert_true(amount_compare(least, most) < 0);
	assert_true(amount_compare(most, least) > 0);
	assert_int_equal(amount_compare(one, amount_of(1)), 0);
	assert_true(amount_is_positive(one) && !amount_is_positive(AMOUNT_ZERO));
	assert_true(amount_is_negative(least) && !amount_is_negative(AMOUNT_ZERO));
}

/* With totals at their bound, no difference overflows. */
static void balances_do_not_overflow(void **given)
{
	struct amount most = amount_of(INT64_MAX / 2);
	struct balances worst = { .debits_posted = most, .debits_pending = most };
	struct balances other = { .credits_posted = most, .credits_pending = most };
	(void)given;
	assert_int_equal(
		amount_minor(account_posted(ACCOUNT_CLASS_liability, &worst)), -(INT64_MAX / 2));
	assert_int_equal(
		amount_minor(account_available(ACCOUNT_CLASS_liability, &worst)), -(INT64_MAX - 1));
	assert_int_equal(
		amount_minor(account_available(ACCOUNT_CLASS_asset, &other)), -(INT64_MAX - 1));
	assert_int_equal(
		amount_minor(account_available(ACCOUNT_CLASS_asset, &worst)), INT64_MAX / 2);
}

static void names_have_their_alphabet(void **given)
{
	char name[65];
	(void)given;
	for (int c = 0; c < 256; c++) {
		char at[1] = { (char)c };
		struct text64 text = { 0 };
		text64_set(&text, at, 1);
		bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool is_name = is_word || c == '.' || c == '_' || c == '-';
		assert_int_equal(text_is_name(at, 1, 64), is_name);
		assert_int_equal(text_is_reason(&text), is_word || c == '_');
		assert_int_equal(
			text_is_reference(&text), is_name || (c >= 'A' && c <= 'Z') || c == ':');
	}
	memset(name, 'a', sizeof name);
	assert_false(text_is_name(name, 0, 64));
	assert_true(text_is_name(name, 64, 64));
	assert_false(text_is_name(name, 65, 64));
	assert_false(text_is_name(name, 33, 32));
}

static void texts_are_never_cut(void **given)
{
	char at[65];
	struct text64 text = { 0 }, other = { 0 };
	(void)given;
	memset(at, 'a', sizeof at);
	text64_set(&text, at, 64);
	assert_int_equal(text.size, 64);
	assert_true(text_is_reference(&text));
	assert_false(text_is_reason(&text));
	text64_set(&other, at, 65);
	assert_int_equal(other.size, TEXT_TOO_LONG);
	assert_false(text_is_reference(&other));
	assert_false(text_is_reason(&other));
	assert_false(text64_equal(&text, &other));
	assert_false(text64_equal(&other, &other)); /* one that was too long is like no other */
	text64_set(&text, at, 32);
	assert_true(text_is_reason(&text));
	text64_set(&text, at, 33);
	assert_false(text_is_reason(&text));
	text64_set(&text, NULL, 0);
	assert_false(text_is_reference(&text));
}

static bool parses(const char *text, bool any)
{
	struct account_id id;
	bool parsed = any ? account_id_parse_any(&id, text, strlen(text))
			  : account_id_parse(&id, text, strlen(text));
	assert_int_equal(parsed, id.size != 0);
	return parsed;
}

static void account_ids_have_two_names(void **given)
{
	static const char *const wrong[] = { "", "/", "a", "a/", "/a", "a//b", "a/b/c", "A/b",
		"a/B", "a/b ", " a/b", "a b/c", "a/\xc3\xa9" };
	char longest[99];
	(void)given;
	assert_true(parses("alice/main", false));
	assert_true(parses("-/.", false));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_false(parses(wrong[i], false));
		assert_false(parses(wrong[i], true));
	}
	assert_false(parses("@bank/USD", false));
	assert_true(parses("@bank/USD", true));
	assert_true(parses("@transit/USD.3", true));
	assert_false(parses("@/USD", true));
	assert_false(parses("@bank/", true));

	(void)snprintf(longest, sizeof longest, "%064d/%032d", 0, 0);
	assert_true(parses(longest, false));
	(void)snprintf(longest, sizeof longest, "%065d/%031d", 0, 0);
	assert_false(parses(longest, false));
	(void)snprintf(longest, sizeof longest, "%063d/%033d", 0, 0);
	assert_false(parses(longest, false));
	(void)snprintf(longest, sizeof longest, "%064d/%033d", 0, 0);
	assert_false(parses(longest, false));
	assert_false(account_id_parse(&(struct account_id){ 0 }, "a/b\0c", 5));
}

static void platform_accounts_are_named_by_currency(void **given)
{
	struct account_id id = account_id_platform("bank", CURRENCY_USD), parsed;
	(void)given;
	assert_int_equal(id.size, 9);
	assert_memory_equal(id.at, "@bank/USD", 9);
	assert_true(account_id_parse_any(&parsed, id.at, id.size));
	assert_true(account_id_equal(&id, &parsed));
	assert_int_equal(parsed.party_size, id.party_size);
	assert_true(account_id_is_platform(&id));
	struct account bank = account_platform_new(&id, CURRENCY_USD);
	assert_int_equal(bank.account_class, ACCOUNT_CLASS_asset);
	assert_false(bank.has_floor);
	id = account_id_platform("fees", CURRENCY_JPY);
	assert_int_equal(
		account_platform_new(&id, CURRENCY_JPY).account_class, ACCOUNT_CLASS_liability);
}

static void an_account_is_of_its_party_only(void **given)
{
	struct account_id id;
	struct text64 party = { 0 };
	(void)given;
	assert_true(account_id_parse(&id, "alice/main", 10));
	text64_set(&party, "alice", 5);
	assert_true(account_id_is_of(&id, &party));
	text64_set(&party, "alic", 4);
	assert_false(account_id_is_of(&id, &party));
	text64_set(&party, "alice2", 6);
	assert_false(account_id_is_of(&id, &party));
}

static void currencies_are_sorted_and_found(void **given)
{
	static const struct {
		const char *name;
		int number;
		unsigned exponent;
	} listed[] = {
#define CURRENCY(code, number, exponent) { #code, number, exponent },
#include "ledger/currencies.def"
#undef CURRENCY
	};
	size_t count = sizeof listed / sizeof listed[0];
	unsigned exponents = 0;
	(void)given;
	assert_true(count > 140);
	for (size_t i = 0; i < count; i++) {
		enum currency currency = currency_by_name(listed[i].name, 3);
		assert_true(i == 0 || strcmp(listed[i - 1].name, listed[i].name) < 0);
		assert_true(listed[i].number > 0 && listed[i].number <= 999);
		assert_int_equal(currency, listed[i].number);
		assert_string_equal(currency_name(currency), listed[i].name);
		assert_int_equal(currency_exponent(currency), listed[i].exponent);
		exponents |= 1u << listed[i].exponent;
	}
	assert_int_equal(exponents, 1u << 0 | 1u << 2 | 1u << 3);
	assert_int_equal(currency_exponent(CURRENCY_USD), 2);
	assert_int_equal(currency_exponent(CURRENCY_JPY), 0);
	assert_int_equal(currency_exponent(CURRENCY_KWD), 3);
}

static void other_currencies_are_none(void **given)
{
	static const char *const wrong[] = { "usd", "XXX", "AAA", "ZZZ", "\0\0\0", "US ",
		"\xff\xff\xff" };
	(void)given;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(currency_by_name(wrong[i], 3), CURRENCY_none);
	assert_int_equal(currency_by_name("USDT", 4), CURRENCY_none);
	assert_int_equal(currency_by_name("US", 2), CURRENCY_none);
	assert_int_equal(currency_by_name("", 0), CURRENCY_none);
	assert_string_equal(currency_name(CURRENCY_none), "");
}

static void ids_begin_with_their_time(void **given)
{
	/* The example of RFC 9562, appendix A.6: 2022-02-22 19:22:22 UTC. */
	struct id id = { { 0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98, 0xc4, 0xdc, 0x0c,
		0x0c, 0x07, 0x39, 0x8f } };
	(void)given;
	assert_true(id_is_uuid7(&id));
	assert_int_equal(id_time_ms(&id), 1645557742000);
	struct id floor = id_floor_of_time(1645557742000);
	assert_true(memcmp(floor.at, id.at, sizeof id.at) < 0);
	floor = id_floor_of_time(1645557742001);
	assert_true(memcmp(floor.at, id.at, sizeof id.at) > 0);
	assert_int_equal(id_time_ms(&floor), 1645557742001);
	id.at[6] = 0x4c;
	assert_false(id_is_uuid7(&id));
	id.at[6] = 0x7c;
	id.at[8] = 0xc0;
	assert_false(id_is_uuid7(&id));
	id = (struct id){ { 0 } };
	assert_true(id_is_absent(&id));
	assert_false(id_is_uuid7(&id));
}

static void timer_keys_sort_by_time_then_id(void **given)
{
	static const int64_t times[] = { 0, 1, 255, 256, 65535, 65536, 4294967296, INT64_MAX - 1,
		INT64_MAX };
	struct state_key before = { 0 };
	(void)given;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		for (int j = 0; j < 3; j++) {
			struct timer timer = { .due_ms = times[i], .kind = TIMER_KIND_hold_expiry };
			timer.id.at[j == 2 ? 0 : 15] = (uint8_t)j;
			struct state_key key = timer_key(&timer);
			assert_int_equal(key.size, 26);
			if (before.size != 0)
				assert_true(memcmp(before.at, key.at, key.size) < 0);
			before = key;
			struct timer read;
			assert_true(timer_unkey((struct bytes){ key.at, key.size }, &read));
			assert_int_equal(timer_compare(&timer, &read), 0);
			assert_int_equal(read.kind, timer.kind);
		}
}

static void rows_unpack_to_what_was_packed(void **given)
{
	uint8_t value[STATE_VALUE_SIZE_MAX];
	char longest[98];
	struct account account = { 0 }, read = { 0 };
	(void)given;
	(void)snprintf(longest, sizeof longest, "%064d/%032d", 0, 0);
	assert_true(account_id_parse(&account.id, longest, 97));
	account.currency = CURRENCY_USD;
	account.account_class = ACCOUNT_CLASS_liability;
	account.is_closed = true;
	account.floor = amount_of(-5);
	account.balances =
		(struct balances){ amount_of(1), amount_of(INT64_MAX), amount_of(3), amount_of(4) };
	account.opened_sequence = 77;
	assert_int_equal(account_pack(&account, value), table_value_size_max(TABLE_account));
	read.id = account.id;
	account_unpack(value, &read);
	assert_true(read.is_closed && !read.has_floor);
	assert_int_equal(read.currency, CURRENCY_USD);
	assert_int_equal(read.opened_sequence, 77);
	assert_int_equal(amount_minor(read.floor), -5);
	assert_memory_equal(&read.balances, &account.balances, sizeof read.balances);

	struct hold hold = { .status = HOLD_STATUS_expired,
		.currency = CURRENCY_JPY,
		.amount = amount_of(INT64_MAX),
		.captured = amount_of(2),
		.expires_at_ms = 3,
		.from_account = account.id,
		.to_account = account.id },
		    hold_read = { 0 };
	text64_set(&hold.reason, longest, 32);
	assert_int_equal(hold_pack(&hold, value), table_value_size_max(TABLE_hold));
	hold_unpack(value, &hold_read);
	assert_int_equal(hold_read.status, HOLD_STATUS_expired);
	assert_true(text64_equal(&hold_read.reason, &hold.reason));
	assert_true(account_id_equal(&hold_read.from_account, &hold.from_account));
	assert_int_equal(hold_read.to_account.party_size, 64);
	assert_int_equal(hold_read.expires_at_ms, 3);
	assert_int_equal(amount_minor(hold_read.amount), INT64_MAX);
}

static void every_entry_has_its_name(void **given)
{
	(void)given;
#define COMMAND(number, name, topic)                                    \
	assert_string_equal(command_name(COMMAND_##name), #name);       \
	assert_int_equal(command_topic(COMMAND_##name), TOPIC_##topic); \
	assert_string_equal(topic_name(TOPIC_##topic), #topic);
#include "ledger/commands.def"
#undef COMMAND
#define EVENT(number, name, file) assert_string_equal(event_name(EVENT_##name), #name);
#include "ledger/events.def"
#undef EVENT
	/* What shards send each other has no id that a row could be kept for. */
#define REJECT(number, name, retry, keeps, text, advice)                           \
	assert_string_equal(reject_name(REJECT_##name), #name);                    \
	assert_string_equal(reject_text(REJECT_##name), text);                     \
	assert_string_equal(reject_advice(REJECT_##name), advice);                 \
	assert_int_equal(reject_retry(REJECT_##name), RETRY_##retry);              \
	assert_int_equal(reject_keeps_row(REJECT_##name),                          \
		(number) > 42 && REJECT_##name != REJECT_remittance_out_of_order); \
	assert_true((number) <= UINT8_MAX); /* of the command's row */
#include "ledger/rejects.def"
#undef REJECT
	assert_string_equal(rail_name(RAIL_ach), "ach");
	assert_string_equal(rail_name(RAIL_book), "book");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(murmur2_is_kafkas),
		cmocka_unit_test(amounts_do_not_overflow),
		cmocka_unit_test(balances_do_not_overflow),
		cmocka_unit_test(names_have_their_alphabet),
		cmocka_unit_test(texts_are_never_cut),
		cmocka_unit_test(account_ids_have_two_names),
		cmocka_unit_test(platform_accounts_are_named_by_currency),
		cmocka_unit_test(an_account_is_of_its_party_only),
		cmocka_unit_test(currencies_are_sorted_and_found),
		cmocka_unit_test(other_currencies_are_none),
		cmocka_unit_test(ids_begin_with_their_time),
		cmocka_unit_test(timer_keys_sort_by_time_then_id),
		cmocka_unit_test(rows_unpack_to_what_was_packed),
		cmocka_unit_test(every_entry_has_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
