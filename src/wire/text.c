/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/text.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool dash_stands_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool id_from_text(struct id *ret, const char *at, size_t size)
{
	if (size != ID_TEXT_SIZE - 1)
		return false;
	struct id id;
	for (size_t i = 0; i < sizeof id.at; i++) {
		if (dash_stands_before(i) && *at++ != '-')
			return false;
		int high = hex_digit(*at++);
		int low = hex_digit(*at++);
		if (high < 0 || low < 0)
			return false;
		id.at[i] = (uint8_t)(high << 4 | low);
	}
	*ret = id;
	return true;
}

void id_to_text(const struct id *id, char ret[ID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < sizeof id->at; i++) {
		if (dash_stands_before(i))
			*ret++ = '-';
		*ret++ = digits[id->at[i] >> 4];
		*ret++ = digits[id->at[i] & 15];
	}
	*ret = '\0';
}

/* Of the digits from *at on; 0 where there is none, negative where they pass 2^63 - 1. */
static int digits_take(const char **at, const char *end, int64_t *value)
{
	int count = 0;
	while (*at < end && **at >= '0' && **at <= '9') {
		int digit = *(*at)++ - '0';
		if (__builtin_mul_overflow(*value, INT64_C(10), value) ||
			__builtin_add_overflow(*value, (int64_t)digit, value))
			return -1;
		count++;
	}
	return count;
}

const char *money_from_text(struct money *ret, const char *at, size_t size)
{
	static const char shape[] = "an amount is written as \"12.50 USD\"";
	static const char too_big[] = "the amount is above 2^63 - 1 minor units";
	const char *end = at + size;
	if (size < 5 || end[-4] != ' ')
		return shape;
	enum currency currency = currency_by_name(end - 3, 3);
	if (currency == CURRENCY_none)
		return "the currency is no ISO 4217 code in use";
	end -= 4;

	int64_t minor = 0;
	bool leads_with_zero = at[0] == '0';
	int whole = digits_take(&at, end, &minor);
	if (whole < 0)
		return too_big;
	if (whole == 0 || (leads_with_zero && whole > 1))
		return shape;
	int decimals = 0;
	if (at < end) {
		if (*at++ != '.')
			return shape;
		decimals = digits_take(&at, end, &minor);
		if (decimals < 0)
			return too_big;
		if (decimals == 0 || at != end)
			return shape;
	}
	int exponent = (int)currency_exponent(currency);
	if (decimals > exponent)
		return "the amount has more decimals than its currency";
	for (; decimals < exponent; decimals++)
		if (__builtin_mul_overflow(minor, INT64_C(10), &minor))
			return too_big;
	*ret = (struct money){ .amount = amount_of(minor), .currency = currency };
	return NULL;
}

void money_to_text(struct amount amount, enum currency currency, char ret[MONEY_TEXT_SIZE])
{
	int64_t minor = amount_minor(amount);
	const char *sign = minor < 0 ? "-" : "";
	uint64_t value = minor < 0 ? -(uint64_t)minor : (uint64_t)minor;
	uint64_t unit = 1;
	unsigned exponent = currency_exponent(currency);
	for (unsigned i = 0; i < exponent; i++)
		unit *= 10;
	int size;
	if (exponent == 0)
		size = snprintf(ret, MONEY_TEXT_SIZE, "%s%ju %s", sign, (uintmax_t)value,
			currency_name(currency));
	else
		size = snprintf(ret, MONEY_TEXT_SIZE, "%s%ju.%0*ju %s", sign,
			(uintmax_t)(value / unit), (int)exponent, (uintmax_t)(value % unit),
			currency_name(currency));
	assert(size > 0 && size < MONEY_TEXT_SIZE);
}

/* One more, in the bits behind the time that are neither version nor variant; false where they were
 * all ones. */
static bool id_count_up(struct id *id)
{
	for (int i = 15; i >= 6; i--) {
		uint8_t fixed = i == 6 ? 0xf0 : i == 8 ? 0xc0 : 0;
		uint8_t free_bits = (uint8_t)~fixed;
		bool is_full = (id->at[i] & free_bits) == free_bits;
		id->at[i] = (uint8_t)((id->at[i] & fixed) |
				      (is_full ? 0 : (id->at[i] & free_bits) + 1));
		if (!is_full)
			return true;
	}
	return false;
}

struct id id_make(struct id_maker *maker, int64_t time_ms)
{
	int64_t last_ms = id_time_ms(&maker->last);
	if (time_ms <= last_ms) {
		if (id_count_up(&maker->last))
			return maker->last;
		time_ms = last_ms + 1;
	}
	struct id id = id_floor_of_time(time_ms);
	randombytes_buf(id.at + 6, sizeof id.at - 6);
	id.at[6] = (uint8_t)((id.at[6] & 0x0f) | 0x70);
	id.at[8] = (uint8_t)((id.at[8] & 0x3f) | 0x80);
	maker->last = id;
	return id;
}
