/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/rule.h"
#include "wire/words/say.h"

#include <inttypes.h>

static void say_route(FILE *to, const char *before, uint32_t shard, int64_t number)
{
	(void)fprintf(to, "%s shard %" PRIu32 ", number %" PRId64, before, shard, number);
}

static void say_remittance_deliver(FILE *to, const struct command *command)
{
	const struct command_remittance_deliver *c = &command->remittance_deliver;
	(void)fputs("remittance of ", to);
	say_money(to, &c->amount);
	say_accounts(to, " from ", &c->from_account, " to ", &c->to_account);
	say_route(to, ", from", c->home_shard, c->number);
}

const struct command_words remittance_deliver_words = { say_remittance_deliver };

static void say_remittance_settle(FILE *to, const struct command *command)
{
	const struct command_remittance_settle *c = &command->remittance_settle;
	say_route(to, "remittances credited by", c->away_shard, c->first_number);
	(void)fprintf(to, " to %" PRId64, c->last_number);
}

const struct command_words remittance_settle_words = { say_remittance_settle };

static void say_remittance_return(FILE *to, const struct command *command)
{
	const struct command_remittance_return *c = &command->remittance_return;
	say_route(to, "remittance refused by", c->away_shard, c->number);
}

const struct command_words remittance_return_words = { say_remittance_return };

static void say_remittance_confirm(FILE *to, const struct command *command)
{
	const struct command_remittance_confirm *c = &command->remittance_confirm;
	say_route(to, "answers confirmed by", c->home_shard, c->number);
}

const struct command_words remittance_confirm_words = { say_remittance_confirm };

static void say_payment_received(FILE *to, const struct event *event)
{
	const struct event_payment_received *e = &event->payment_received;
	(void)fputs("payment of ", to);
	say_posted(to, event, 0);
	say_accounts(to, " from ", &e->from_account, " received by ",
		&event_credited(event, &event->effects[0].posting)->account);
	say_route(to, ", from", e->home_shard, e->number);
}

const struct event_words payment_received_words = { say_payment_received };

static void say_remittance_refused(FILE *to, const struct event *event)
{
	const struct event_remittance_refused *e = &event->remittance_refused;
	(void)fputs("payment of ", to);
	say_amount(to, e->amount, e->currency);
	say_accounts(to, " from ", &e->from_account, " to ", &e->to_account);
	(void)fprintf(to, " refused: %s: %s", reject_name(e->reason), reject_text(e->reason));
	say_route(to, "; from", e->home_shard, e->number);
}

const struct event_words remittance_refused_words = { say_remittance_refused };

static void say_remittance_settled(FILE *to, const struct event *event)
{
	const struct event_remittance_settled *e = &event->remittance_settled;
	(void)fprintf(to, "%u sent to", event->effect_count);
	say_route(to, "", e->away_shard, e->first_number);
	(void)fprintf(to, " to %" PRId64 ", arrived: final", e->last_number);
}

const struct event_words remittance_settled_words = { say_remittance_settled };

static void say_remittance_returned(FILE *to, const struct event *event)
{
	const struct event_remittance_returned *e = &event->remittance_returned;
	(void)fputs("payment of ", to);
	say_posted(to, event, 0);
	say_accounts(to, " from ", &event_credited(event, &event->effects[0].posting)->account,
		" to ", &e->to_account);
	(void)fprintf(to, " given back: %s: %s", reject_name(e->reason), reject_text(e->reason));
}

const struct event_words remittance_returned_words = { say_remittance_returned };

static void say_remittance_confirmed(FILE *to, const struct event *event)
{
	const struct event_remittance_confirmed *e = &event->remittance_confirmed;
	say_route(to, "answers known by", e->home_shard, e->number);
}

const struct event_words remittance_confirmed_words = { say_remittance_confirmed };

static void say_remittance_repeated(FILE *to, const struct event *event)
{
	const struct event_remittance_repeated *e = &event->remittance_repeated;
	say_route(to, e->was_answer ? "answer again from" : "again from", e->shard, e->number);
	(void)fputs("; nothing was done again", to);
}

const struct event_words remittance_repeated_words = { say_remittance_repeated };
