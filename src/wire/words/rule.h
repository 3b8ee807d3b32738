/* SPDX-License-Identifier: Apache-2.0 */
/* What words/<domain>.c says of each command and event, for people. */
#ifndef WIRE_WORDS_RULE_H
#define WIRE_WORDS_RULE_H

#include "ledger/event.h"

#include <stdio.h>

/* "transfer of 3.50 USD from bob/main to cafe/main"; nothing of it was checked yet. */
struct command_words {
	void (*say)(FILE *to, const struct command *command);
};

#define COMMAND(number, name, topic) extern const struct command_words name##_words;
#include "ledger/commands.def"
#undef COMMAND

/* The same of what became of it. */
struct event_words {
	void (*say)(FILE *to, const struct event *event);
};

#define EVENT(number, name, file) extern const struct event_words name##_words;
#include "ledger/events.def"
#undef EVENT

#endif
