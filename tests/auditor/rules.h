/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: which check of a command fails first. */
#ifndef TESTS_AUDITOR_RULES_H
#define TESTS_AUDITOR_RULES_H

#include "rule.h"

void request_make(struct request *ret, const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, int64_t now_ms);

/* The check that fails; of reject none: all are passed, or it is a repeat. */
struct check rules_check(const struct request *request, bool *ret_is_repeat);

/* From the checks of objects on an outcome is final for its id. */
bool reject_is_final(enum reject reject);

#endif
