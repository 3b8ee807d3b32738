/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and money as people write them: "0190b6f0-...", "12.50 USD". What is printed parses to the
 * same. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include "base/id.h"
#include "ledger/command.h"

enum {
	ID_TEXT_SIZE = 37,    /* a UUID's text and its NUL */
	MONEY_TEXT_SIZE = 32, /* sign, 19 digits, point, space, currency, NUL */
};

/* 8-4-4-4-12 hexadecimal digits, of either case. */
bool id_from_text(struct id *ret, const char *at, size_t size);
void id_to_text(const struct id *id, char ret[ID_TEXT_SIZE]);

/* Digits, a point and at most as many decimals as the currency has, one space, ISO 4217. NULL, or
 * what is wrong. */
const char *money_from_text(struct money *ret, const char *at, size_t size);
void money_to_text(struct amount amount, enum currency currency, char ret[MONEY_TEXT_SIZE]);

/* Makes UUIDv7, each above the one before, also within one millisecond or when the clock goes back.
 * All zero at first. */
struct id_maker {
	struct id last;
};

struct id id_make(struct id_maker *maker, int64_t time_ms);

#endif
