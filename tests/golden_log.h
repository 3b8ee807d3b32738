/* SPDX-License-Identifier: Apache-2.0 */
/* A whole small log that is pinned, and what the golden tests share. */
#ifndef TESTS_GOLDEN_LOG_H
#define TESTS_GOLDEN_LOG_H

#include "model_store.h"

enum { GOLDEN_PATH_SIZE = 400, GOLDEN_TEXT_SIZE = 1 << 18 };

struct golden_text {
	size_t used;
	char at[GOLDEN_TEXT_SIZE];
};

void golden_put(struct golden_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void golden_put_hex(struct golden_text *text, const uint8_t *at, size_t size);
/* One line; `at` moves behind it. */
size_t golden_unhex(const char **at, uint8_t *ret, size_t capacity);
void golden_put_rows(
	struct golden_text *text, const struct head *head, const struct model_store *store);

void golden_path(const char *name, const char *ending, char ret[GOLDEN_PATH_SIZE]);
bool golden_is_missing(const char *name, const char *ending);
char *golden_read(const char *name, const char *ending);
/* With what was released; writes it where it is missing and updates are wanted. */
void golden_compare(const char *name, const char *ending, const char *text);

/* log_v1.hex: a record a line, of two owners and with void ones between. Its events as `pinion
 * tail` prints them, and the rows and digest of the state, never change. */
void golden_log_check(bool updates);

#endif
