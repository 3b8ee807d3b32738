/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/currency.h"

#include <assert.h>
#include <string.h>

struct currency_entry {
	char name[4];
	uint16_t number;
	uint8_t exponent;
};

/* In alphabetic order, as in the list itself. */
static const struct currency_entry currencies[] = {
#define CURRENCY(code, number, exponent) { #code, number, exponent },
#include "ledger/currencies.def"
#undef CURRENCY
};
enum { CURRENCY_COUNT = sizeof currencies / sizeof currencies[0] };

/* Two numbers alike would not compile: duplicate case value. */
static const struct currency_entry *currency_entry_of(enum currency currency)
{
	switch (currency) {
#define CURRENCY(code, number, exponent)                                                \
	case CURRENCY_##code: {                                                         \
		static const struct currency_entry entry = { #code, number, exponent }; \
		return &entry;                                                          \
	}
#include "ledger/currencies.def"
#undef CURRENCY
	case CURRENCY_none:
		break;
	}
	static const struct currency_entry none = { "", 0, 0 };
	return &none;
}

static inline uint32_t letters_of(const char *at)
{
	return (uint32_t)(uint8_t)at[0] << 16 | (uint32_t)(uint8_t)at[1] << 8 | (uint8_t)at[2];
}

enum currency currency_by_name(const char *at, size_t size)
{
	if (size != 3)
		return CURRENCY_none;
	/* Without a call in the loop: each event names four. */
	uint32_t wanted = letters_of(at);
	size_t low = 0, high = CURRENCY_COUNT;
	while (low < high) {
		size_t middle = (low + high) / 2;
		uint32_t letters = letters_of(currencies[middle].name);
		if (letters == wanted)
			return (enum currency)currencies[middle].number;
		if (wanted < letters)
			high = middle;
		else
			low = middle + 1;
	}
	return CURRENCY_none;
}

const char *currency_name(enum currency currency)
{
	return currency_entry_of(currency)->name;
}

unsigned currency_exponent(enum currency currency)
{
	return currency_entry_of(currency)->exponent;
}
