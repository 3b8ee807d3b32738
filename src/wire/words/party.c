/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/rule.h"
#include "wire/words/say.h"

static const char *kind_of_party(int32_t kind)
{
	switch ((enum party_kind)kind) {
	case PARTY_KIND_person:
		return "a person";
	case PARTY_KIND_business:
		return "a business";
	case PARTY_KIND_none:
		break;
	}
	return "of no known kind";
}

static void say_party_open(FILE *to, const struct command *command)
{
	(void)fputs("party ", to);
	say_text(to, &command->party);
	(void)fprintf(to, ", %s", kind_of_party(command->party_open.kind));
}

const struct command_words party_open_words = { say_party_open };

static void say_account_open(FILE *to, const struct command *command)
{
	(void)fputs("account ", to);
	say_account(to, &command->account_open.account);
	const char *currency = currency_name(command->account_open.currency);
	(void)fprintf(to, " in %s", currency[0] == '\0' ? "no known currency" : currency);
}

const struct command_words account_open_words = { say_account_open };

static void say_account_close(FILE *to, const struct command *command)
{
	(void)fputs("closing of account ", to);
	say_account(to, &command->account_close.account);
}

const struct command_words account_close_words = { say_account_close };

static void say_party_opened(FILE *to, const struct event *event)
{
	(void)fputs("party ", to);
	say_text(to, &event->party_opened.party);
	(void)fprintf(to, ", %s", kind_of_party((int32_t)event->party_opened.kind));
}

const struct event_words party_opened_words = { say_party_opened };

static void say_account_opened(FILE *to, const struct event *event)
{
	(void)fputs("account ", to);
	say_account(to, &event->account_opened.account);
	(void)fprintf(to, " in %s", currency_name(event->account_opened.currency));
}

const struct event_words account_opened_words = { say_account_opened };

static void say_account_closed(FILE *to, const struct event *event)
{
	(void)fputs("closing of account ", to);
	say_account(to, &event->account_closed.account);
}

const struct event_words account_closed_words = { say_account_closed };
