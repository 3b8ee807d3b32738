/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that does not fit ends behind a whole word. */
static void word_cut(char *text)
{
	static const char mark[] = " ...";
	char *blank = strrchr(text, ' ');
	size_t room = sizeof((struct fault *)NULL)->text - sizeof mark;
	size_t at = blank && (size_t)(blank - text) < room ? (size_t)(blank - text) : room;
	memcpy(text + at, mark, sizeof mark);
}

void fault_note(struct fault *fault, const char *file, int line, int code, const char *format, ...)
{
	assert(code < 0);
	if (fault->code != 0)
		return;
	fault->code = code;
	fault->file = file;
	fault->line = line;

	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
	if (size >= (int)sizeof fault->text)
		word_cut(fault->text);
}

void fault_clear(struct fault *fault)
{
	*fault = (struct fault){ 0 };
}
