/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 4217 currencies by their numeric codes. */
#ifndef LEDGER_CURRENCY_H
#define LEDGER_CURRENCY_H

#include <stddef.h>
#include <stdint.h>

enum currency {
	CURRENCY_none = 0,
#define CURRENCY(code, number, exponent) CURRENCY_##code = (number),
#include "ledger/currencies.def"
#undef CURRENCY
};

/* CURRENCY_none where there is none of that name (three capital letters). */
enum currency currency_by_name(const char *at, size_t size);

/* "USD"; "" for CURRENCY_none. */
const char *currency_name(enum currency currency);

/* Digits after the decimal point: 2 for USD, 0 for JPY. */
unsigned currency_exponent(enum currency currency);

#endif
