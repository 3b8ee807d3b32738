/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/rule.h"
#include "wire/words/say.h"

#include <inttypes.h>

static void say_tick(FILE *to, const struct command *command)
{
	(void)command;
	(void)fputs("tick of the clock", to);
}

const struct command_words tick_words = { say_tick };

static void say_ticked(FILE *to, const struct event *event)
{
	(void)event;
	(void)fputs("tick of the clock", to);
}

const struct event_words ticked_words = { say_ticked };

static void say_ledger_opened(FILE *to, const struct event *event)
{
	(void)fprintf(to, "ledger, shard %" PRIu32 " of %" PRIu32, event->ledger_opened.shard,
		event->ledger_opened.shards);
	say_id(to, ", id ", &event->ledger_opened.ledger_id);
}

const struct event_words ledger_opened_words = { say_ledger_opened };

static void say_command_ids_dropped(FILE *to, const struct event *event)
{
	say_time(to, "command ids dropped that are older than ",
		event->command_ids_dropped.before_ms);
}

const struct event_words command_ids_dropped_words = { say_command_ids_dropped };

static void say_inputs_restarted(FILE *to, const struct event *event)
{
	const struct event_inputs_restarted *restarted = &event->inputs_restarted;
	(void)fprintf(to,
		"%s goes on from offset %" PRId64 " instead of %" PRId64
		", as an operator said: it no longer held what had been decided",
		topic_name(restarted->topic), restarted->offset, restarted->expected_offset);
}

const struct event_words inputs_restarted_words = { say_inputs_restarted };

static void say_clock_restarted(FILE *to, const struct event *event)
{
	say_time(to, "engine time set back from ", event->clock_restarted.left_ms);
	say_time(to, " to ", event->engine_time_ms);
}

const struct event_words clock_restarted_words = { say_clock_restarted };

static void say_advice(FILE *to, enum reject reject)
{
	static const char *const again[] = {
		[RETRY_none] = "",
		[RETRY_never] = "",
		[RETRY_new_id] = "; then send it under a new id",
		[RETRY_same_id] = "; then send the same again",
	};
	const char *advice = reject_advice(reject);
	(void)fprintf(
		to, ". %c%s%s.", advice[0] - 'a' + 'A', advice + 1, again[reject_retry(reject)]);
}

static void say_numbers(FILE *to, const struct event_command_rejected *rejected)
{
	if (rejected->detail.size != 0) {
		(void)fputs(" (", to);
		say_text(to, &rejected->detail);
		(void)fputs(")", to);
	}
	if (rejected->first_sequence != 0)
		(void)fprintf(to, " (event %" PRId64 ")", rejected->first_sequence);
	if (rejected->currency == CURRENCY_none)
		return;
	if (amount_minor(rejected->required) != 0) {
		(void)fputs(" (needed ", to);
		say_amount(to, rejected->required, rejected->currency);
		(void)fputs(", available ", to);
	} else {
		(void)fputs(" (it has ", to);
	}
	say_amount(to, rejected->available, rejected->currency);
	(void)fputs(")", to);
}

static void say_command_rejected(FILE *to, const struct event *event)
{
	const struct event_command_rejected *rejected = &event->command_rejected;
	(void)fprintf(to, ": %s: %s", reject_name(rejected->reject), reject_text(rejected->reject));
	say_numbers(to, rejected);
	say_advice(to, rejected->reject);
}

const struct event_words command_rejected_words = { say_command_rejected };

static void say_command_repeated(FILE *to, const struct event *event)
{
	const struct event_command_repeated *repeated = &event->command_repeated;
	(void)fprintf(to, ": the same came before, and event %" PRId64 " is its outcome, ",
		repeated->first_sequence);
	if (repeated->first_reject == REJECT_none)
		(void)fputs(event_name(repeated->first_outcome), to);
	else
		(void)fprintf(to, "%s", reject_name(repeated->first_reject));
	(void)fputs("; nothing was done again", to);
}

const struct event_words command_repeated_words = { say_command_repeated };
