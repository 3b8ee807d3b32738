/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/utf8.h"

#include <string.h>

/* Neither a NUL nor a byte from 0x80 on. */
static bool eight_are_ascii(const uint8_t *at)
{
	uint64_t eight;
	memcpy(&eight, at, sizeof eight);
	uint64_t less_one = eight - UINT64_C(0x0101010101010101);
	return ((eight | less_one) & UINT64_C(0x8080808080808080)) == 0;
}

bool text_is_clean(struct bytes text)
{
	const uint8_t *at = text.at, *end = text.at + text.size;
	while (at < end) {
		if (end - at >= 8 && eight_are_ascii(at)) {
			at += 8;
			continue;
		}
		uint8_t first = *at++;
		if (first < 0x80) {
			if (first == 0)
				return false;
			continue;
		}
		/* The second byte's range tells overlong forms, surrogates and what is above
		 * U+10FFFF. */
		unsigned more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
		uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
		if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) < more)
			return false;
		if (*at < low || *at > high)
			return false;
		for (unsigned i = 1; i < more; i++)
			if ((at[i] & 0xc0) != 0x80)
				return false;
		at += more;
	}
	return true;
}
