/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/rule.h"
#include "wire/words/say.h"

static void say_hold_create(FILE *to, const struct command *command)
{
	const struct command_hold_create *hold = &command->hold_create;
	(void)fputs("hold of ", to);
	say_money(to, &hold->amount);
	say_accounts(to, " on ", &hold->from_account, " for ", &hold->to_account);
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
}

const struct command_words hold_create_words = { say_hold_create };

static void say_hold(FILE *to, const char *before, const struct id_field *hold)
{
	if (hold->is_malformed)
		(void)fprintf(to, "%sof a malformed id", before);
	else
		say_id(to, before, &hold->id);
}

static void say_hold_capture(FILE *to, const struct command *command)
{
	(void)fputs("capture of ", to);
	if (command->hold_capture.amount.is_absent)
		(void)fputs("all that is held", to);
	else
		say_money(to, &command->hold_capture.amount);
	say_hold(to, ", hold ", &command->hold_capture.hold_id);
}

const struct command_words hold_capture_words = { say_hold_capture };

static void say_hold_release(FILE *to, const struct command *command)
{
	say_hold(to, "release of hold ", &command->hold_release.hold_id);
}

const struct command_words hold_release_words = { say_hold_release };

static void say_hold_created(FILE *to, const struct event *event)
{
	const struct event_hold_created *hold = &event->hold_created;
	(void)fputs("hold of ", to);
	say_posted(to, event, 0);
	say_sides(to, " on ", event, " for ");
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
	say_time(to, ", until ", hold->expires_at_ms);
	say_id(to, ", hold ", &hold->hold_id);
}

const struct event_words hold_created_words = { say_hold_created };

static void say_hold_captured(FILE *to, const struct event *event)
{
	const struct event_hold_captured *hold = &event->hold_captured;
	(void)fputs("capture of ", to);
	say_posted(to, event, 1);
	say_sides(to, " from ", event, " to ");
	if (amount_minor(hold->released) != 0) {
		(void)fputs(", ", to);
		say_amount(to, hold->released, hold->currency);
		(void)fputs(" released", to);
	}
	say_id(to, ", hold ", &hold->hold_id);
}

const struct event_words hold_captured_words = { say_hold_captured };

static void say_hold_released(FILE *to, const struct event *event)
{
	(void)fputs("release of ", to);
	say_posted(to, event, 0);
	say_sides(to, " on ", event, " for ");
	say_id(to, ", hold ", &event->hold_released.hold_id);
}

const struct event_words hold_released_words = { say_hold_released };

static void say_hold_expired(FILE *to, const struct event *event)
{
	const struct event_hold_expired *hold = &event->hold_expired;
	(void)fputs("end of a hold's time, ", to);
	say_posted(to, event, 0);
	say_sides(to, " released on ", event, ", which were for ");
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
	say_id(to, ", hold ", &hold->hold_id);
}

const struct event_words hold_expired_words = { say_hold_expired };
