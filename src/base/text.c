/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

/* Without a branch for each character: names are checked for every account of every command. */
static inline unsigned is_between(char c, char first, char last)
{
	return (uint8_t)(c - first) <= (uint8_t)(last - first);
}

bool text_is_name(const char *at, size_t size, size_t size_max)
{
	if (size == 0 || size > size_max)
		return false;
	unsigned are_all = 1;
	for (size_t i = 0; i < size; i++)
		are_all &= is_between(at[i], 'a', 'z') | is_between(at[i], '0', '9') |
			   is_between(at[i], '-', '.') | (at[i] == '_');
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
