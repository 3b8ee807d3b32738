/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words.h"

#include "wire/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- the nouns --- */

/* Goes to terminals: nothing but plain characters. */
static void say_plain(FILE *to, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void)fputc(at[i] < ' ' || at[i] > '~' ? '?' : at[i], to);
}

static void say_text(FILE *to, const struct text64 *text)
{
	if (text->size <= sizeof text->at)
		say_plain(to, text->at, text->size);
	else
		(void)fputs("a text that is too long", to);
}

static void say_account(FILE *to, const struct account_id *account)
{
	if (account->size == 0)
		(void)fputs("an account that is none", to);
	else
		say_plain(to, account->at, account->size);
}

static void say_accounts(FILE *to, const char *before, const struct account_id *from,
	const char *between, const struct account_id *account_to)
{
	(void)fputs(before, to);
	say_account(to, from);
	(void)fputs(between, to);
	say_account(to, account_to);
}

static void say_amount(FILE *to, struct amount amount, enum currency currency)
{
	char text[MONEY_TEXT_SIZE];
	if (currency == CURRENCY_none) {
		(void)fprintf(to, "%" PRId64 " of no known currency", amount_minor(amount));
		return;
	}
	money_to_text(amount, currency, text);
	(void)fputs(text, to);
}

static void say_money(FILE *to, const struct money *money)
{
	if (money->is_absent)
		(void)fputs("no amount", to);
	else
		say_amount(to, money->amount, money->currency);
}

static void say_id(FILE *to, const char *before, const struct id *id)
{
	char text[ID_TEXT_SIZE];
	id_to_text(id, text);
	(void)fprintf(to, "%s%s", before, text);
}

static void say_hold(FILE *to, const char *before, const struct id_field *hold)
{
	if (hold->is_malformed)
		(void)fprintf(to, "%sof a malformed id", before);
	else
		say_id(to, before, &hold->id);
}

void time_to_text(int64_t time_ms, char ret[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	if (!gmtime_r(&seconds, &parts) ||
		strftime(ret, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
		(void)snprintf(ret, TIME_TEXT_SIZE, "%" PRId64 " ms", time_ms);
}

static void say_time(FILE *to, const char *before, int64_t time_ms)
{
	char text[TIME_TEXT_SIZE];
	time_to_text(time_ms, text);
	(void)fprintf(to, "%s%s", before, text);
}

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

static const char *name_of_rail(int32_t rail)
{
	const char *name = rail_name((enum rail)rail);
	return name[0] == '\0' ? "no known rail" : name;
}

/* --- commands: say_<command> --- */

#define COMMAND(number, name, topic) \
	static void say_##name(FILE *to, const struct command *command);
#include "ledger/commands.def"
#undef COMMAND

static void say_tick(FILE *to, const struct command *command)
{
	(void)command;
	(void)fputs("tick of the clock", to);
}

static void say_party_open(FILE *to, const struct command *command)
{
	(void)fputs("party ", to);
	say_text(to, &command->party);
	(void)fprintf(to, ", %s", kind_of_party(command->party_open.kind));
}

static void say_account_open(FILE *to, const struct command *command)
{
	(void)fputs("account ", to);
	say_account(to, &command->account_open.account);
	const char *currency = currency_name(command->account_open.currency);
	(void)fprintf(to, " in %s", currency[0] == '\0' ? "no known currency" : currency);
}

static void say_account_close(FILE *to, const struct command *command)
{
	(void)fputs("closing of account ", to);
	say_account(to, &command->account_close.account);
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

static void say_transfer_create(FILE *to, const struct command *command)
{
	const struct command_transfer_create *transfer = &command->transfer_create;
	(void)fputs("transfer of ", to);
	say_money(to, &transfer->amount);
	say_accounts(to, " from ", &transfer->from_account, " to ", &transfer->to_account);
}

static void say_hold_create(FILE *to, const struct command *command)
{
	const struct command_hold_create *hold = &command->hold_create;
	(void)fputs("hold of ", to);
	say_money(to, &hold->amount);
	say_accounts(to, " on ", &hold->from_account, " for ", &hold->to_account);
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
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

static void say_hold_release(FILE *to, const struct command *command)
{
	say_hold(to, "release of hold ", &command->hold_release.hold_id);
}

static void say_command(FILE *to, const struct command *command)
{
	switch (command->kind) {
#define COMMAND(number, name, topic)     \
	case COMMAND_##name:             \
		say_##name(to, command); \
		return;
#include "ledger/commands.def"
#undef COMMAND
	case COMMAND_none:
		break;
	}
	(void)fputs("command that can't be read", to);
}

/* --- events: say_<event> --- */

#define EVENT(number, name, file) static void say_##name(FILE *to, const struct event *event);
#include "ledger/events.def"
#undef EVENT

static void say_ticked(FILE *to, const struct event *event)
{
	(void)event;
	(void)fputs("tick of the clock", to);
}

static void say_ledger_opened(FILE *to, const struct event *event)
{
	(void)fprintf(to, "ledger, shard %" PRIu32 " of %" PRIu32, event->ledger_opened.shard,
		event->ledger_opened.shards);
	say_id(to, ", id ", &event->ledger_opened.ledger_id);
}

static void say_party_opened(FILE *to, const struct event *event)
{
	(void)fputs("party ", to);
	say_text(to, &event->party_opened.party);
	(void)fprintf(to, ", %s", kind_of_party((int32_t)event->party_opened.kind));
}

static void say_account_opened(FILE *to, const struct event *event)
{
	(void)fputs("account ", to);
	say_account(to, &event->account_opened.account);
	(void)fprintf(to, " in %s", currency_name(event->account_opened.currency));
}

static void say_account_closed(FILE *to, const struct event *event)
{
	(void)fputs("closing of account ", to);
	say_account(to, &event->account_closed.account);
}

static void say_funds_received(FILE *to, const struct event *event)
{
	const struct event_funds_received *funds = &event->funds_received;
	say_amount(to, funds->amount, funds->currency);
	(void)fputs(" received by ", to);
	say_account(to, &funds->to_account);
	(void)fprintf(to, ", %s ", name_of_rail((int32_t)funds->rail));
	say_text(to, &funds->rail_reference);
}

static void say_transfer_posted(FILE *to, const struct event *event)
{
	const struct event_transfer_posted *transfer = &event->transfer_posted;
	(void)fputs("transfer of ", to);
	say_amount(to, transfer->amount, transfer->currency);
	say_accounts(to, " from ", &transfer->from_account, " to ", &transfer->to_account);
}

static void say_hold_created(FILE *to, const struct event *event)
{
	const struct event_hold_created *hold = &event->hold_created;
	(void)fputs("hold of ", to);
	say_amount(to, hold->amount, hold->currency);
	say_accounts(to, " on ", &hold->from_account, " for ", &hold->to_account);
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
	say_time(to, ", until ", hold->expires_at_ms);
	say_id(to, ", hold ", &hold->hold_id);
}

static void say_hold_captured(FILE *to, const struct event *event)
{
	const struct event_hold_captured *hold = &event->hold_captured;
	(void)fputs("capture of ", to);
	say_amount(to, hold->captured, hold->currency);
	say_accounts(to, " from ", &hold->from_account, " to ", &hold->to_account);
	if (amount_minor(hold->released) != 0) {
		(void)fputs(", ", to);
		say_amount(to, hold->released, hold->currency);
		(void)fputs(" released", to);
	}
	say_id(to, ", hold ", &hold->hold_id);
}

static void say_hold_released(FILE *to, const struct event *event)
{
	const struct event_hold_released *hold = &event->hold_released;
	(void)fputs("release of ", to);
	say_amount(to, hold->released, hold->currency);
	say_accounts(to, " on ", &hold->from_account, " for ", &hold->to_account);
	say_id(to, ", hold ", &hold->hold_id);
}

static void say_hold_expired(FILE *to, const struct event *event)
{
	const struct event_hold_expired *hold = &event->hold_expired;
	(void)fputs("end of a hold's time, ", to);
	say_amount(to, hold->released, hold->currency);
	say_accounts(
		to, " released on ", &hold->from_account, ", which were for ", &hold->to_account);
	(void)fputs(", ", to);
	say_text(to, &hold->reason);
	say_id(to, ", hold ", &hold->hold_id);
}

static void say_command_ids_dropped(FILE *to, const struct event *event)
{
	say_time(to, "command ids dropped that are older than ",
		event->command_ids_dropped.before_ms);
}

static void say_inputs_restarted(FILE *to, const struct event *event)
{
	const struct event_inputs_restarted *restarted = &event->inputs_restarted;
	(void)fprintf(to,
		"%s goes on from offset %" PRId64 " instead of %" PRId64
		", as an operator said: it no longer held what had been decided",
		topic_name(restarted->topic), restarted->offset, restarted->expected_offset);
}

static void say_clock_restarted(FILE *to, const struct event *event)
{
	say_time(to, "engine time set back from ", event->clock_restarted.left_ms);
	say_time(to, " to ", event->engine_time_ms);
}

/* "Pay less; then send it under a new id." */
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

/* --- the line --- */

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

static void say_event(FILE *to, const struct event *event)
{
	switch (event->kind) {
#define EVENT(number, name, file)      \
	case EVENT_##name:             \
		say_##name(to, event); \
		return;
#include "ledger/events.def"
#undef EVENT
	case EVENT_none:
		break;
	}
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
		say_answered(to, event, command);
		say_reference(to, event);
		say_event(to, event);
	} else {
		(void)fputs(event_is_timers(event) ? "timer     " : "posted    ", to);
		say_event(to, event);
		say_reference(to, event);
	}
	int error = fclose(to);
	assert(error == 0 && line);
	return line;
}
