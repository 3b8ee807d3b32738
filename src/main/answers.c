/* SPDX-License-Identifier: Apache-2.0 */
#include "main/answers.h"

#include "wire/json.h"
#include "wire/words.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answers_count(struct answers *answers, const struct event *event)
{
	enum reject reject = REJECT_none;
	if (event->kind == EVENT_command_rejected)
		reject = event->command_rejected.reject;
	else if (event->kind == EVENT_command_repeated)
		reject = event->command_repeated.first_reject;
	if (reject != REJECT_none) {
		answers->rejected++;
		answers->by_reject[reject]++;
	} else if (event->kind == EVENT_command_repeated) {
		answers->repeated++;
	} else if (event->dry_run) {
		answers->tried++;
	} else {
		answers->posted++;
	}
}

static char *line_of_words(int64_t line, char *words)
{
	char *ret = NULL;
	if (asprintf(&ret, "%5" PRId64 "  %s", line, words) < 0)
		abort();
	free(words);
	return ret;
}

char *answer_print(struct answers *answers, struct codec *codec, int64_t line, struct bytes command,
	struct bytes record, int64_t offset, const struct event *event)
{
	answers_count(answers, event);
	if (answers->format == FORMAT_json)
		return json_event_print(codec, record, offset);
	if (answers->format == FORMAT_json_full)
		return json_event_print_full(codec, record, offset);
	struct command answered;
	command_decode(codec, command, &answered);
	return line_of_words(line, words_of_event(event, &answered));
}

/* An event that ends several payments is only named. */
static char *end_of_json(struct answers *answers, struct codec *codec, struct bytes record,
	int64_t offset, const struct event *event)
{
	char *ret = NULL;
	if (event_ended_payment(event))
		return answers->format == FORMAT_json_full
			       ? json_event_print_full(codec, record, offset)
			       : json_event_print(codec, record, offset);
	if (asprintf(&ret, "{\"offset\":%" PRId64 ",\"sequence\":%" PRId64 ",\"outcome\":\"%s\"}",
		    offset, event->sequence, event_name(event->kind)) < 0)
		abort();
	return ret;
}

char *answer_end(struct answers *answers, struct codec *codec, char *answer, struct bytes record,
	int64_t offset, const struct event *event)
{
	bool is_given_back = event_ended_payment(event) != NULL;
	char *ret = NULL, *end;
	answers->given_back += is_given_back;
	if (answers->format == FORMAT_words) {
		end = words_of_end(event);
		if (asprintf(&ret, "%s; %s", answer, end) < 0)
			abort();
	} else {
		size_t size = strlen(answer);
		assert(size > 0 && answer[size - 1] == '}');
		end = end_of_json(answers, codec, record, offset, event);
		assert(end);
		if (asprintf(&ret, "%.*s,\"end\":%s}", (int)size - 1, answer, end) < 0)
			abort();
	}
	free(end);
	free(answer);
	return ret;
}

char *answer_error(struct answers *answers, int64_t line, const char *error)
{
	char *ret = NULL;
	answers->errors++;
	if (answers->format == FORMAT_words) {
		if (asprintf(&ret, "%5" PRId64 "  ERROR     %s", line, error) < 0)
			abort();
		return ret;
	}
	json_t *string = json_string(error);
	char *escaped = json_dumps(string, JSON_ENCODE_ANY);
	assert(escaped);
	if (asprintf(&ret, "{\"line\":%" PRId64 ",\"error\":%s}", line, escaped) < 0)
		abort();
	free(escaped);
	json_decref(string);
	return ret;
}

void answers_summary(const struct answers *answers)
{
	if (answers->format != FORMAT_words)
		return;
	(void)printf("\n%" PRId64 " posted, %" PRId64 " repeated, %" PRId64 " rejected",
		answers->posted, answers->repeated, answers->rejected);
	const char *before = " (";
	for (int reject = 0; reject <= REJECT_LAST; reject++) {
		if (answers->by_reject[reject] == 0)
			continue;
		(void)printf("%s%" PRId64 " %s", before, answers->by_reject[reject],
			reject_name((enum reject)reject));
		before = ", ";
	}
	(void)printf("%s, %" PRId64 " that %s no command", answers->rejected > 0 ? ")" : "",
		answers->errors, answers->errors == 1 ? "is" : "are");
	if (answers->given_back > 0)
		(void)printf(", %" PRId64 " given back", answers->given_back);
	if (answers->tried > 0)
		(void)printf(", %" PRId64 " only tried", answers->tried);
	(void)printf("\n");
}
