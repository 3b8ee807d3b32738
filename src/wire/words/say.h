/* SPDX-License-Identifier: Apache-2.0 */
/* The nouns in words: what the words of all commands and events are made of. */
#ifndef WIRE_WORDS_SAY_H
#define WIRE_WORDS_SAY_H

#include "ledger/event.h"

#include <stdio.h>

void say_text(FILE *to, const struct text64 *text);
void say_account(FILE *to, const struct account_id *account);
void say_accounts(FILE *to, const char *before, const struct account_id *from, const char *between,
	const struct account_id *account_to);
/* The accounts of an event's postings: all of those that are told in words have the same two. */
void say_sides(FILE *to, const char *before, const struct event *event, const char *between);
/* What its posting at this place moves. */
void say_posted(FILE *to, const struct event *event, unsigned place);
void say_amount(FILE *to, struct amount amount, enum currency currency);
void say_money(FILE *to, const struct money *money);
void say_id(FILE *to, const char *before, const struct id *id);
void say_time(FILE *to, const char *before, int64_t time_ms);

#endif
