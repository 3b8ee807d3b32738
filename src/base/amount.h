/* SPDX-License-Identifier: Apache-2.0 */
/* Money: minor units in a type of its own, so that it can't be mixed with counts, and overflow
 * can't pass unseen.
 *
 * Only base/amount.* touches .minor (a test says so). Amounts are >= 0 on the wire; differences may
 * be negative.
 */
#ifndef BASE_AMOUNT_H
#define BASE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct amount {
	int64_t minor;
};

#define AMOUNT_ZERO ((struct amount){ 0 })

static inline struct amount amount_of(int64_t minor)
{
	return (struct amount){ minor };
}

static inline int64_t amount_minor(struct amount a)
{
	return a.minor;
}

/* False, and *ret untouched, where the result does not fit. */
static inline bool __attribute__((warn_unused_result))
amount_add(struct amount *ret, struct amount a, struct amount b)
{
	int64_t sum;
	if (__builtin_add_overflow(a.minor, b.minor, &sum))
		return false;
	ret->minor = sum;
	return true;
}

static inline bool __attribute__((warn_unused_result))
amount_subtract(struct amount *ret, struct amount a, struct amount b)
{
	int64_t difference;
	if (__builtin_sub_overflow(a.minor, b.minor, &difference))
		return false;
	ret->minor = difference;
	return true;
}

/* Negative, zero, positive as a is below, equal to, above b. */
static inline int amount_compare(struct amount a, struct amount b)
{
	return (a.minor > b.minor) - (a.minor < b.minor);
}

static inline bool amount_is_zero(struct amount a)
{
	return a.minor == 0;
}

static inline bool amount_is_positive(struct amount a)
{
	return a.minor > 0;
}

static inline bool amount_is_negative(struct amount a)
{
	return a.minor < 0;
}

#endif
