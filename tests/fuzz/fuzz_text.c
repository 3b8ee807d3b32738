/* SPDX-License-Identifier: Apache-2.0 */
/* Small texts and amounts: money and ids as people write them, names, UTF-8; and arithmetic, next
 * to the same in 128 bits. The first 16 bytes are two numbers, all that follows is a text. */
#include "plain.h"

#include "ledger/account.h"
#include "wire/text.h"
#include "wire/utf8.h"

__extension__ typedef __int128 wide;

static bool fits(wide value)
{
	return value >= INT64_MIN && value <= INT64_MAX;
}

static void amounts_check(int64_t a, int64_t b)
{
	struct amount x = amount_of(a), y = amount_of(b), result = amount_of(77);
	wide sum = (wide)a + b, difference = (wide)a - b;
	bool is_added = amount_add(&result, x, y);
	assert(is_added == fits(sum));
	assert(amount_minor(result) == (is_added ? (int64_t)sum : 77));
	result = amount_of(77);
	bool is_subtracted = amount_subtract(&result, x, y);
	assert(is_subtracted == fits(difference));
	assert(amount_minor(result) == (is_subtracted ? (int64_t)difference : 77));
	int order = amount_compare(x, y);
	assert((order < 0) == (difference < 0) && (order > 0) == (difference > 0));
	assert(amount_is_zero(x) == (a == 0));
	assert(amount_is_positive(x) == (a > 0));
	assert(amount_is_negative(x) == (a < 0));
}

/* Totals are never negative, and bounded. */
static void available_check(int64_t a, int64_t b)
{
	int64_t debits = (int64_t)((uint64_t)a >> 2), credits = (int64_t)((uint64_t)b >> 2);
	struct balances balances = {
		.debits_posted = amount_of(debits),
		.credits_posted = amount_of(credits),
		.debits_pending = amount_of(credits / 3),
		.credits_pending = amount_of(debits / 5),
	};
	struct amount asset = account_available(ACCOUNT_CLASS_asset, &balances);
	struct amount liability = account_available(ACCOUNT_CLASS_liability, &balances);
	assert((wide)amount_minor(asset) == (wide)debits - credits - debits / 5);
	assert((wide)amount_minor(liability) == (wide)credits - debits - credits / 3);
}

/* What is printed parses to the same; a negative one is only ever printed. */
static void money_print_check(int64_t minor, enum currency currency)
{
	char text[MONEY_TEXT_SIZE];
	money_to_text(amount_of(minor), currency, text);
	size_t size = strlen(text);
	assert(size < sizeof text);
	struct money money;
	const char *wrong = money_from_text(&money, text, size);
	assert((wrong == NULL) == (minor >= 0));
	if (wrong)
		return;
	assert(amount_minor(money.amount) == minor);
	assert(money.currency == currency && !money.is_absent);
}

/* Digit by digit, in 128 bits. */
static void money_check(const char *at, size_t size)
{
	struct money money;
	if (money_from_text(&money, at, size) != NULL)
		return;
	unsigned exponent = currency_exponent(money.currency), decimals = 0;
	bool is_past_point = false;
	wide value = 0;
	assert(size > 4 && at[size - 4] == ' ');
	assert(memcmp(at + size - 3, currency_name(money.currency), 3) == 0);
	for (size_t i = 0; i < size - 4; i++) {
		if (at[i] == '.') {
			assert(!is_past_point);
			is_past_point = true;
			continue;
		}
		assert(at[i] >= '0' && at[i] <= '9');
		value = value * 10 + (at[i] - '0');
		assert(fits(value));
		decimals += is_past_point;
	}
	assert(decimals <= exponent);
	for (; decimals < exponent; decimals++)
		value *= 10;
	assert(value == amount_minor(money.amount));
	money_print_check(amount_minor(money.amount), money.currency);
}

static void id_check(const char *at, size_t size)
{
	struct id id;
	if (!id_from_text(&id, at, size))
		return;
	char text[ID_TEXT_SIZE];
	id_to_text(&id, text);
	assert(size == ID_TEXT_SIZE - 1);
	for (size_t i = 0; i < size; i++)
		assert(text[i] == at[i] || (at[i] >= 'A' && at[i] <= 'F' && text[i] == at[i] + 32));
}

static void account_check(const char *at, size_t size)
{
	struct account_id id, any;
	bool is_members = account_id_parse(&id, at, size);
	bool is_any = account_id_parse_any(&any, at, size);
	assert(!is_members || (is_any && account_id_equal(&id, &any)));
	assert(is_members || id.size == 0);
	assert(is_any || any.size == 0);
	if (!is_any)
		return;
	assert(any.size == size && memcmp(any.at, at, size) == 0);
	assert(account_id_is_platform(&any) == !is_members);
	assert(any.at[any.party_size] == '/');
	assert(any.party_size >= 1 && any.party_size <= PARTY_SIZE_MAX);
	assert(size - any.party_size - 1 >= 1);
	assert(size - any.party_size - 1 <= ACCOUNT_NAME_SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = { data, size };
	int64_t a = fuzz_take_i64(&input), b = fuzz_take_i64(&input);
	amounts_check(a, b);
	available_check(a, b);
	static const enum currency some[] = { CURRENCY_JPY, CURRENCY_USD, CURRENCY_KWD };
	money_print_check(a, some[(uint64_t)b % 3]);

	/* On the heap alone, as the whole input is. */
	const char *text = (const char *)input.at;
	money_check(text, input.size);
	id_check(text, input.size);
	account_check(text, input.size);
	assert(text_is_clean(input) == plain_text(input));
	return 0;
}
