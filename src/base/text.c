/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

/* Without a branch for each character: names are checked for every account of every command. */
#define YES(c) [c] = 1
static const uint8_t is_in_names[256] = {
	YES('a'),
	YES('b'),
	YES('c'),
	YES('d'),
	YES('e'),
	YES('f'),
	YES('g'),
	YES('h'),
	YES('i'),
	YES('j'),
	YES('k'),
	YES('l'),
	YES('m'),
	YES('n'),
	YES('o'),
	YES('p'),
	YES('q'),
	YES('r'),
	YES('s'),
	YES('t'),
	YES('u'),
	YES('v'),
	YES('w'),
	YES('x'),
	YES('y'),
	YES('z'),
	YES('0'),
	YES('1'),
	YES('2'),
	YES('3'),
	YES('4'),
	YES('5'),
	YES('6'),
	YES('7'),
	YES('8'),
	YES('9'),
	YES('.'),
	YES('_'),
	YES('-'),
};

bool text_is_name(const char *at, size_t size, size_t size_max)
{
	if (size == 0 || size > size_max)
		return false;
	unsigned are_all = 1;
	for (size_t i = 0; i < size; i++)
		are_all &= is_in_names[(uint8_t)at[i]];
	return are_all;
}

bool text_is_reference(const struct text64 *text)
{
	if (text->size == 0 || text->size > sizeof text->at)
		return false;
	for (size_t i = 0; i < text->size; i++) {
		char c = text->at[i];
		if (!character_is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && c != '_' &&
			c != '.' && c != ':' && c != '-')
			return false;
	}
	return true;
}

bool text_is_reason(const struct text64 *text)
{
	if (text->size == 0 || text->size > 32)
		return false;
	for (size_t i = 0; i < text->size; i++)
		if (!character_is_lower_or_digit(text->at[i]) && text->at[i] != '_')
			return false;
	return true;
}
