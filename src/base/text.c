/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

bool text_is_name(const char *at, size_t size, size_t size_max)
{
	if (size == 0 || size > size_max)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!character_is_lower_or_digit(at[i]) && at[i] != '.' && at[i] != '_' &&
			at[i] != '-')
			return false;
	return true;
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
