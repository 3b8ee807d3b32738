/* SPDX-License-Identifier: Apache-2.0 */
/* The report: lines as things are found, or one JSON object at the end. */
#include "bench/bench.h"
#include "main/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

void report_begin(struct report *report, bool is_json)
{
	*report = (struct report){ .is_json = is_json };
	report->file = open_memstream(&report->text, &report->text_size);
	assert(report->file);
	(void)fputc('{', report->file);
}

void report_line(struct report *report, const char *label, const char *format, ...)
{
	if (report->is_json)
		return;
	va_list arguments;
	va_start(arguments, format);
	(void)printf("%-18s", label);
	(void)vprintf(format, arguments);
	(void)putchar('\n');
	(void)output_flush();
	va_end(arguments);
}

static void name_put(struct report *report, const char *name)
{
	if (report->has_before)
		(void)fputc(',', report->file);
	report->has_before = true;
	if (name)
		(void)fprintf(report->file, "\"%s\":", name);
}

void report_number(struct report *report, const char *name, double value, int decimals)
{
	name_put(report, name);
	(void)fprintf(report->file, "%.*f", decimals, value);
}

void report_text(struct report *report, const char *name, const char *value)
{
	name_put(report, name);
	(void)fprintf(report->file, "\"%s\"", value);
}

void report_open(struct report *report, const char *name, char bracket)
{
	name_put(report, name);
	(void)fputc(bracket, report->file);
	report->has_before = false;
}

void report_close(struct report *report, char bracket)
{
	(void)fputc(bracket, report->file);
	report->has_before = true;
}

void report_end(struct report *report, bool is_done)
{
	(void)fputc('}', report->file);
	(void)fclose(report->file);
	if (report->is_json && is_done)
		(void)puts(report->text);
	free(report->text);
}
