/* SPDX-License-Identifier: Apache-2.0 */
/* Short texts by value. A text that was longer than its room is kept as TEXT_TOO_LONG, never cut: a
 * cut name could be another party's. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

enum { TEXT_TOO_LONG = 255 };

struct text64 {
	uint8_t size; /* 0: absent; TEXT_TOO_LONG: longer than 64 */
	char at[64];  /* not terminated */
};

static inline void text64_set(struct text64 *text, const char *at, size_t size)
{
	if (size > sizeof text->at) {
		text->size = TEXT_TOO_LONG;
		return;
	}
	text->size = (uint8_t)size;
	if (size != 0)
		memcpy(text->at, at, size);
}

static inline bool text64_equal(const struct text64 *a, const struct text64 *b)
{
	return a->size == b->size && a->size <= sizeof a->at && memcmp(a->at, b->at, a->size) == 0;
}

static inline bool character_is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* 1 to 64 (32) of [a-z0-9._-]: a party's id, an account's name. */
bool text_is_name(const char *at, size_t size, size_t size_max);
/* 1 to 64 of [A-Za-z0-9_.:-]. */
bool text_is_reference(const struct text64 *text);
/* 1 to 32 of [a-z0-9_]. */
bool text_is_reason(const struct text64 *text);

#endif
