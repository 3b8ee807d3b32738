/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

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
	(void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
	va_end(arguments);
}

void fault_clear(struct fault *fault)
{
	*fault = (struct fault){ 0 };
}
