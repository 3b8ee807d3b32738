/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of parties and their accounts. */
#include "maker.h"

struct event golden_prelude_party_opened(int n, const char *party, enum party_kind kind)
{
	struct event event = golden_outcome(EVENT_party_opened, n);
	event.party = golden_text_of(party);
	event.party_opened = (struct event_party_opened){ golden_text_of(party), kind };
	return event;
}

struct event golden_prelude_account_opened(int n, const char *party, const char *at)
{
	struct event event = golden_outcome(EVENT_account_opened, n);
	event.party = golden_text_of(party);
	event.account_opened = (struct event_account_opened){
		.account = golden_account(at),
		.currency = CURRENCY_USD,
		.account_class = ACCOUNT_CLASS_liability,
		.floor = AMOUNT_ZERO,
	};
	return event;
}

static struct event party_opened(void)
{
	struct event event = golden_prelude_party_opened(9, "zoe.the-2nd_", PARTY_KIND_business);
	event.reference = golden_text_of("signup-9");
	return event;
}

static void party_no_name(struct event *event)
{
	text64_set(&event->party_opened.party, "Alice", 5);
}

const struct golden_rule party_opened_v1_golden = { .make = party_opened,
	.unsound = UNSOUND_LIST(UNSOUND(party_no_name)) };

static struct event account_opened(void)
{
	struct event event = golden_prelude_account_opened(9, "bob", "bob/yen");
	event.account_opened.currency = CURRENCY_JPY;
	return event;
}

static void account_without_currency(struct event *event)
{
	event->account_opened.currency = CURRENCY_none;
}

const struct golden_rule account_opened_v1_golden = { .make = account_opened,
	.unsound = UNSOUND_LIST(UNSOUND(account_without_currency)) };

static struct event account_closed(void)
{
	struct event event = golden_outcome(EVENT_account_closed, 9);
	event.account_closed.account = golden_account("alice/spare");
	return event;
}

static void account_closed_unknown(struct event *event)
{
	event->account_closed.account.at[0] = 'z';
}

const struct golden_rule account_closed_v1_golden = { .make = account_closed,
	.unsound = UNSOUND_LIST(UNSOUND(account_closed_unknown)) };
