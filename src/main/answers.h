/* SPDX-License-Identifier: Apache-2.0 */
/* What submit prints: an answer for each line, and for people a summary at the end. */
#ifndef MAIN_ANSWERS_H
#define MAIN_ANSWERS_H

#include "main/options.h"
#include "wire/wire.h"

struct answers {
	enum format format; /* words, json or json_full */
	int64_t posted, repeated, rejected, errors;
	int64_t tried;      /* commands that only asked what their outcome would be */
	int64_t given_back; /* payments that did not arrive; they were posted first */
	int64_t by_reject[REJECT_LAST + 1];
};

/* From the heap. `event` is what `record` was decoded to, and `command` the record that it
 * answers. */
char *answer_print(struct answers *answers, struct codec *codec, int64_t line, struct bytes command,
	struct bytes record, int64_t offset, const struct event *event);

/* The answer to a payment that was under way, `answer`, with how it ended. Takes it, and gives
 * another one from the heap. */
char *answer_end(struct answers *answers, struct codec *codec, char *answer, struct bytes record,
	int64_t offset, const struct event *event);

/* Of a line that is no command. From the heap. */
char *answer_error(struct answers *answers, int64_t line, const char *error);

/* For people only: "2 posted, 0 repeated, 1 rejected (1 balance_too_low), 0 that are no command".
 */
void answers_summary(const struct answers *answers);

#endif
