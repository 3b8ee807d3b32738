/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/words/say.h"

#include "wire/text.h"
#include "wire/words.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

/* Goes to terminals: nothing but plain characters. */
static void say_plain(FILE *to, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void)fputc(at[i] < ' ' || at[i] > '~' ? '?' : at[i], to);
}

void say_text(FILE *to, const struct text64 *text)
{
	if (text->size <= sizeof text->at)
		say_plain(to, text->at, text->size);
	else
		(void)fputs("a text that is too long", to);
}

void say_account(FILE *to, const struct account_id *account)
{
	if (account->size == 0)
		(void)fputs("an account that is none", to);
	else
		say_plain(to, account->at, account->size);
}

void say_accounts(FILE *to, const char *before, const struct account_id *from, const char *between,
	const struct account_id *account_to)
{
	(void)fputs(before, to);
	say_account(to, from);
	(void)fputs(between, to);
	say_account(to, account_to);
}

void say_sides(FILE *to, const char *before, const struct event *event, const char *between)
{
	const struct posting *posting = &event->effects[0].posting;
	say_accounts(to, before, &event_debited(event, posting)->account, between,
		&event_credited(event, posting)->account);
}

void say_posted(FILE *to, const struct event *event, unsigned place)
{
	assert(place < event->effect_count);
	const struct posting *posting = &event->effects[place].posting;
	say_amount(to, posting->amount, event_debited(event, posting)->currency);
}

void say_amount(FILE *to, struct amount amount, enum currency currency)
{
	char text[MONEY_TEXT_SIZE];
	if (currency == CURRENCY_none) {
		(void)fprintf(to, "%" PRId64 " of no known currency", amount_minor(amount));
		return;
	}
	money_to_text(amount, currency, text);
	(void)fputs(text, to);
}

void say_money(FILE *to, const struct money *money)
{
	if (money->is_absent)
		(void)fputs("no amount", to);
	else
		say_amount(to, money->amount, money->currency);
}

void say_id(FILE *to, const char *before, const struct id *id)
{
	char text[ID_TEXT_SIZE];
	id_to_text(id, text);
	(void)fprintf(to, "%s%s", before, text);
}

void time_to_text(int64_t time_ms, char ret[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	if (!gmtime_r(&seconds, &parts) ||
		strftime(ret, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
		(void)snprintf(ret, TIME_TEXT_SIZE, "%" PRId64 " ms", time_ms);
}

void say_time(FILE *to, const char *before, int64_t time_ms)
{
	char text[TIME_TEXT_SIZE];
	time_to_text(time_ms, text);
	(void)fprintf(to, "%s%s", before, text);
}
