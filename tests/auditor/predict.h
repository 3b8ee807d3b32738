/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: the event that comes next, whole. */
#ifndef TESTS_AUDITOR_PREDICT_H
#define TESTS_AUDITOR_PREDICT_H

#include "books.h"

/* A due timer's event, or the outcome of this input. Changes nothing. */
void event_predict(const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, struct event *ret);

/* NULL, or what was predicted and what came of the first field that differs, in `message`. */
const char *event_compare(
	const struct event *predicted, const struct event *came, char *message, size_t size);

#endif
