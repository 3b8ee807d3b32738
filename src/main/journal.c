/* SPDX-License-Identifier: Apache-2.0 */
#include "main/journal.h"

#include "main/options.h"
#include "wire/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 65536 };

static enum journal_form form_now = JOURNAL_plain;

void journal_begin(enum journal_form form)
{
	form_now = form;
}

enum journal_form journal_form(void)
{
	return form_now;
}

void time_text(const struct timespec *time, char ret[TIME_TEXT_MAX])
{
	struct tm utc;
	char seconds[24];
	(void)gmtime_r(&time->tv_sec, &utc);
	(void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(ret, TIME_TEXT_MAX, "%s.%03dZ", seconds, (int)(time->tv_nsec / 1000000));
}

/* As much of it as fits. It may hold what a file's name or a broker holds: yet a line stays one
 * line, and JSON stays JSON. */
static size_t text_put(const char *text, char *ret, size_t size)
{
	bool is_clean = text_is_clean((struct bytes){ (const uint8_t *)text, strlen(text) });
	bool is_json = form_now == JOURNAL_json;
	size_t used = 0;
	for (; *text && used + 8 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (is_json && (c == '"' || c == '\\')) {
			ret[used++] = '\\';
			ret[used++] = (char)c;
		} else if (c < 0x20 || c == 0x7f || (c > 0x7f && !is_clean)) {
			ret[used++] = '?';
		} else {
			ret[used++] = (char)c;
		}
	}
	ret[used] = '\0';
	return used;
}

/* "shard 3: " stands before what a shard says; as an object it is a field. */
static const char *without_shard(const char *text)
{
	const char *colon = strchr(text, ':');
	return strncmp(text, "shard ", 6) == 0 && colon && colon[1] == ' ' ? colon + 2 : text;
}

size_t journal_line(enum level level, long shard, const char *text, char *ret, size_t size)
{
	static const char *const levels[] = {
		[LEVEL_info] = "info",
		[LEVEL_warning] = "warning",
		[LEVEL_error] = "error",
	};
	char when[TIME_TEXT_MAX];
	struct timespec now;
	int used = 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	time_text(&now, when);
	if (form_now == JOURNAL_json) {
		used = snprintf(
			ret, size, "{\"time\":\"%s\",\"level\":\"%s\"", when, levels[level]);
		if (shard != NO_SHARD)
			used += snprintf(ret + used, size - (size_t)used, ",\"shard\":%ld", shard);
		used += snprintf(ret + used, size - (size_t)used, ",\"text\":\"");
		used += (int)text_put(shard == NO_SHARD ? text : without_shard(text), ret + used,
			size - (size_t)used - 4);
		memcpy(ret + used, "\"}\n", 4);
		return (size_t)used + 3;
	}
	if (form_now == JOURNAL_text) {
		used = snprintf(ret, size, "%s %-7s ", when, levels[level]);
		used += (int)text_put(text, ret + used, size - (size_t)used - 2);
		memcpy(ret + used, "\n", 2);
		return (size_t)used + 1;
	}
	used = snprintf(ret, size, "%s\n", text);
	if ((size_t)used >= size) {
		ret[size - 2] = '\n';
		used = (int)size - 1;
	}
	return (size_t)used;
}

static void say(enum level level, long shard, const char *before, const char *format, va_list list)
{
	char *text = NULL, *whole = NULL, *line = malloc(LINE_MAX_SIZE);
	if (line && vasprintf(&text, format, list) >= 0 &&
		asprintf(&whole, "%s%s", form_now == JOURNAL_json ? "" : before, text) >= 0) {
		size_t size = journal_line(level, shard, whole, line, LINE_MAX_SIZE);
		(void)fwrite(line, 1, size, stderr); /* not buffered: one write */
	}
	free(whole);
	free(text);
	free(line);
}

void journal_say(enum level level, long shard, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(level, shard, "", format, list);
	va_end(list);
}

void complain(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(LEVEL_error, NO_SHARD, "pinion: ", format, list);
	va_end(list);
}
