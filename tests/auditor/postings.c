/* SPDX-License-Identifier: Apache-2.0 */
#include "postings.h"

static void side_put(struct event *event, const struct account_id *id, enum currency currency,
	const struct account_page *page, int64_t totals[TOTALS])
{
	struct balance_after *balance = &event->balances[event->balance_count++];
	balance->account = *id;
	balance->currency = currency;
	if (page)
		memcpy(totals, page->totals, sizeof page->totals);
}

void sides_open(struct sides *sides, struct event *event, const struct books *books,
	const struct account_id *debit, const struct account_id *credit, enum currency currency)
{
	*sides = (struct sides){ .event = event };
	side_put(event, debit, currency, books_account(books, debit), sides->debited);
	side_put(event, credit, currency, books_account(books, credit), sides->credited);
}

void sides_post(struct sides *sides, enum layer layer, int64_t minor, enum rail rail)
{
	sides->event->effects[sides->event->effect_count++] = (struct effect){
		.kind = EFFECT_posting,
		.posting = {
			.debit_place = 1,
			.credit_place = 2,
			.layer = layer,
			.rail = rail,
			.amount = amount_of(minor),
		},
	};
	totals_post(sides->debited, sides->credited, layer, minor);
}

void sides_close(const struct sides *sides)
{
	sides->event->balances[0].balances = balances_of(sides->debited);
	sides->event->balances[1].balances = balances_of(sides->credited);
}

void post(struct event *event, const struct books *books, const struct account_id *debit,
	const struct account_id *credit, enum currency currency, const struct posting *posting)
{
	struct sides sides;
	sides_open(&sides, event, books, debit, credit, currency);
	sides_post(&sides, posting->layer, amount_minor(posting->amount), posting->rail);
	sides_close(&sides);
}

void post_payment(struct event *event, const struct request *request, enum layer layer)
{
	struct posting posting = {
		.layer = layer,
		.rail = RAIL_book,
		.amount = request->money->amount,
	};
	post(event, request->books, request->own, request->payee, request->money->currency,
		&posting);
}
