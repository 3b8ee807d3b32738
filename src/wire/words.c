/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words.h"

#include "wire/words/rule.h"
#include "wire/words/say.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static const struct command_words *const of_command[COMMAND_LAST + 1] = {
#define COMMAND(number, name, topic) [COMMAND_##name] = &name##_words,
#include "ledger/commands.def"
#undef COMMAND
};

static const struct event_words *const of_event[EVENT_LAST + 1] = {
#define EVENT(number, name, file) [EVENT_##name] = &name##_words,
#include "ledger/events.def"
#undef EVENT
};

static void say_command(FILE *to, const struct command *command)
{
	const struct command_words *words = of_command[command->kind];
	if (words)
		words->say(to, command);
	else
		(void)fputs("command that can't be read", to);
}

static void say_event(FILE *to, const struct event *event)
{
	const struct event_words *words = of_event[event->kind];
	if (words)
		words->say(to, event);
}

/* What a rejection or a repeat answers: it does not tell that itself. */
static void say_answered(FILE *to, const struct event *event, const struct command *command)
{
	if (command) {
		say_command(to, command);
	} else if (event->party.size != 0) {
		(void)fputs("command of ", to);
		say_text(to, &event->party);
	} else {
		(void)fprintf(to, "record %s:%" PRId64, topic_name(event->topic), event->offset);
	}
}

static void say_reference(FILE *to, const struct event *event)
{
	if (event->reference.size == 0)
		return;
	(void)fputs(" (", to);
	say_text(to, &event->reference);
	(void)fputc(')', to);
}

char *words_of_event(const struct event *event, const struct command *command)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);
	assert(to);
	bool is_rejected = event->kind == EVENT_command_rejected;
	if (is_rejected || event->kind == EVENT_command_repeated) {
		(void)fputs(is_rejected ? "REJECTED  " : "repeated  ", to);
		if (event->dry_run)
			(void)fputs("(only tried) ", to);
		say_answered(to, event, command);
		say_reference(to, event);
		say_event(to, event);
	} else {
		(void)fputs(event_is_timers(event)            ? "timer     "
			    : event->dry_run                  ? "would be  "
			    : event_is_under_way(event->kind) ? "sent      "
							      : "posted    ",
			to);
		say_event(to, event);
		say_reference(to, event);
	}
	int error = fclose(to);
	assert(error == 0 && line);
	return line;
}

char *words_of_end(const struct event *event)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);
	assert(to);
	if (event_ended_payment(event))
		say_event(to, event);
	else
		(void)fputs("it arrived", to);
	int error = fclose(to);
	assert(error == 0 && line);
	return line;
}
