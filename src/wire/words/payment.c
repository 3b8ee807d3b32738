/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/rule.h"
#include "wire/words/say.h"

static const char *name_of_rail(int32_t rail)
{
	const char *name = rail_name((enum rail)rail);
	return name[0] == '\0' ? "no known rail" : name;
}

static void say_funds_receive(FILE *to, const struct command *command)
{
	const struct command_funds_receive *funds = &command->funds_receive;
	say_money(to, &funds->amount);
	(void)fputs(" received by ", to);
	say_account(to, &funds->to_account);
	(void)fprintf(to, ", %s ", name_of_rail(funds->rail));
	say_text(to, &funds->rail_reference);
}

const struct command_words funds_receive_words = { say_funds_receive };

static void say_transfer_create(FILE *to, const struct command *command)
{
	const struct command_transfer_create *transfer = &command->transfer_create;
	(void)fputs("transfer of ", to);
	say_money(to, &transfer->amount);
	say_accounts(to, " from ", &transfer->from_account, " to ", &transfer->to_account);
}

const struct command_words transfer_create_words = { say_transfer_create };

static void say_funds_received(FILE *to, const struct event *event)
{
	const struct event_funds_received *funds = &event->funds_received;
	say_posted(to, event, 0);
	(void)fputs(" received by ", to);
	say_account(to, &event_credited(event, &event->effects[0].posting)->account);
	(void)fprintf(to, ", %s ", name_of_rail((int32_t)funds->rail));
	say_text(to, &funds->rail_reference);
}

const struct event_words funds_received_words = { say_funds_received };

static void say_transfer_posted(FILE *to, const struct event *event)
{
	(void)fputs("transfer of ", to);
	say_posted(to, event, 0);
	say_sides(to, " from ", event, " to ");
}

const struct event_words transfer_posted_words = { say_transfer_posted };

static void say_transfer_sent(FILE *to, const struct event *event)
{
	(void)fputs("transfer of ", to);
	say_posted(to, event, 0);
	say_accounts(to, " from ", &event_debited(event, &event->effects[0].posting)->account,
		" to ", &event->effects[1].remittance.to_account);
	(void)fputs(", under way to its shard", to);
}

const struct event_words transfer_sent_words = { say_transfer_sent };
