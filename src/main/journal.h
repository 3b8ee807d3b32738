/* SPDX-License-Identifier: Apache-2.0 */
/* What a process says on standard error, a line each. Those of `run` carry time and level. */
#ifndef MAIN_JOURNAL_H
#define MAIN_JOURNAL_H

#include <stdarg.h>
#include <stddef.h>
#include <time.h>

enum level {
	LEVEL_info,
	LEVEL_warning, /* it goes on by itself, but look */
	LEVEL_error,
};

enum journal_form {
	JOURNAL_plain, /* the text alone */
	JOURNAL_text,  /* time, level, text */
	JOURNAL_json,  /* an object a line: time, level, shard where it is one's, text */
};

enum { TIME_TEXT_MAX = 32, NO_SHARD = -1 };

/* Until then all is plain. Before any thread is made. */
void journal_begin(enum journal_form form);
enum journal_form journal_form(void);

/* One line; any thread. `shard`: whose it is, or NO_SHARD. */
void journal_say(enum level level, long shard, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a line that is made already, into a buffer, without allocating: for the handler of a
 * signal. What does not fit is cut off. Returns its size. */
size_t journal_line(enum level level, long shard, const char *text, char *ret, size_t size);

/* RFC 3339, UTC, with milliseconds. */
void time_text(const struct timespec *time, char ret[TIME_TEXT_MAX]);

#endif
