/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a line that is no JSON, in our words: jansson's are those of a parser. */
#include "wire/json_syntax.h"

#include <stdio.h>
#include <string.h>

/* What the parser stood at: jansson quotes it at the end of its text. */
static void near_what(const json_error_t *found, const char **ret, int *ret_size)
{
	static const char before[] = " near '";
	const char *near = strstr(found->text, before);
	*ret = near ? near + strlen(before) : "";
	size_t size = strlen(*ret);
	*ret_size = size > 0 && (*ret)[size - 1] == '\'' ? (int)size - 1 : (int)size;
	if (*ret_size > 40)
		*ret_size = 40;
}

static const char ends_early[] =
	"the line ends before its object does: a command stands on one line, from { to }";
static const char no_zero[] = "no text holds the character \\u0000: leave it out";

/* jansson has one code for these; where its words change, the last one is said. */
static const char *syntax_advice(const char *text)
{
	static const struct {
		const char *begins, *advice;
	} known[] = {
		{ "unexpected newline", "a text is not closed: it ends with \" on its own line" },
		{ "control character",
			"a control character stands in a text: write \\t, \\n or \\u001f for it" },
		{ "invalid escape",
			"after \\ in a text comes one of \" \\ / b f n r t, or u and four "
			"hexadecimal digits" },
		{ "invalid Unicode escape",
			"after \\ in a text comes one of \" \\ / b f n r t, or u and four "
			"hexadecimal digits" },
		{ "invalid Unicode", "half of a \\u pair stands in a text: write both, or the "
				     "character itself" },
		{ "'[' or '{'", "a command is one object: its line begins with { and ends with }" },
		{ "':' expected", "after a name comes : and its value" },
		{ "'}' expected", "after a value comes , or }" },
		{ "']' expected", "after a value comes , or ]" },
		{ "string or '}'", "a name in double quotes is expected there" },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strncmp(text, known[i].begins, strlen(known[i].begins)) == 0)
			return known[i].advice;
	return "names and texts stand in double quotes; else there are numbers, true, false, {} "
	       "and []";
}

static const char *advice(const json_error_t *found)
{
	static const struct {
		enum json_error_code code;
		const char *advice;
	} known[] = {
		{ json_error_premature_end_of_input, ends_early },
		{ json_error_end_of_input_expected,
			"something follows the object: one command a line" },
		{ json_error_null_character, no_zero },
		{ json_error_null_byte_in_key, no_zero },
		{ json_error_invalid_utf8,
			"the next character is not UTF-8: save the file as UTF-8" },
		{ json_error_numeric_overflow,
			"the number is too large: whole numbers go up to 9223372036854775807, "
			"amounts are texts like \"12.50 USD\"" },
		{ json_error_stack_overflow,
			"objects or arrays stand too deep in one another: a command has two "
			"levels" },
		{ json_error_duplicate_key, "this name stands twice in one object: leave one out" },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (json_error_code(found) == known[i].code)
			return known[i].advice;
	return syntax_advice(found->text);
}

/* What can be told by the line's bytes alone; else NULL. */
static const char *encoding_advice(const char *line, size_t size)
{
	if (size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return "the line begins with a byte order mark: save the file as UTF-8 without it";
	if (memchr(line, '\0', size))
		return "the line holds bytes of zero, as UTF-16 has: save the file as UTF-8";
	return NULL;
}

void json_syntax_say(
	const char *line, size_t size, const json_error_t *found, char *ret, size_t ret_size)
{
	const char *encoding = encoding_advice(line, size), *near;
	int near_size;
	if (encoding) {
		(void)snprintf(ret, ret_size, "no JSON: %s", encoding);
		return;
	}
	/* At the line's end there is no column. */
	near_what(found, &near, &near_size);
	if (found->column == 0 || found->line > 1)
		(void)snprintf(ret, ret_size, "no JSON: %s", advice(found));
	else if (near_size > 0)
		(void)snprintf(ret, ret_size, "no JSON at column %d, near %.*s: %s", found->column,
			near_size, near, advice(found));
	else
		(void)snprintf(
			ret, ret_size, "no JSON at column %d: %s", found->column, advice(found));
}
