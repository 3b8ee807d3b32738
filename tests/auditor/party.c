/* SPDX-License-Identifier: Apache-2.0 */
/* Of parties and their accounts. */
#include "checks.h"

/* --- party_open --- */

struct party_page {
	struct text64 party;
};

static const struct page_kind party_pages = { sizeof(struct text64), sizeof(struct party_page) };

static bool kind_is_unknown(const struct request *request)
{
	int32_t kind = request->command->party_open.kind;
	return kind != PARTY_KIND_person && kind != PARTY_KIND_business;
}

static bool party_is_there(const struct request *request)
{
	struct text64 key = text_key(&request->command->party);
	return books_find(request->books, &party_pages, &key);
}

static void party_open_predict(const struct request *request, struct event *ret)
{
	ret->kind = EVENT_party_opened;
	ret->party_opened.party = request->command->party;
	ret->party_opened.kind = (enum party_kind)request->command->party_open.kind;
}

const struct command_audit party_open_audit = {
	.shape =
		(const struct check[]){
			{ REJECT_party_kind_unknown, kind_is_unknown, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_party_exists, party_is_there, NULL },
			{ 0 },
		},
	.predict = party_open_predict,
};

static void party_opened_take(struct books *books, const struct event *event)
{
	struct text64 key = text_key(&event->party_opened.party);
	(void)books_add(books, &party_pages, &key);
}

const struct event_audit party_opened_audit = { party_opened_take };

/* --- account_open --- */

static void account_open_read(struct request *request)
{
	request->own = &request->command->account_open.account;
}

static bool class_is_unsupported(const struct request *request)
{
	int32_t class = request->command->account_open.account_class;
	return class != ACCOUNT_CLASS_none && class != ACCOUNT_CLASS_liability;
}

static bool currency_is_unknown(const struct request *request)
{
	return request->command->account_open.currency == CURRENCY_none;
}

static bool party_is_missing(const struct request *request)
{
	return !party_is_there(request);
}

static bool account_is_there(const struct request *request)
{
	return request->own_page;
}

static void account_open_predict(const struct request *request, struct event *ret)
{
	const struct command_account_open *body = &request->command->account_open;
	ret->kind = EVENT_account_opened;
	ret->account_opened = (struct event_account_opened){
		.account = body->account,
		.currency = body->currency,
		.account_class = ACCOUNT_CLASS_liability,
		.floor = AMOUNT_ZERO,
	};
}

const struct command_audit account_open_audit = {
	.read = account_open_read,
	.shape =
		(const struct check[]){
			{ REJECT_account_malformed, own_is_malformed, NULL },
			{ REJECT_account_of_another_party, own_is_of_another_party, NULL },
			{ REJECT_account_class_unsupported, class_is_unsupported, NULL },
			{ REJECT_currency_unknown, currency_is_unknown, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_party_not_found, party_is_missing, NULL },
			{ REJECT_account_exists, account_is_there, NULL },
			{ 0 },
		},
	.predict = account_open_predict,
};

static void account_opened_take(struct books *books, const struct event *event)
{
	const struct event_account_opened *opened = &event->account_opened;
	books_account_add(books, &opened->account)->currency = opened->currency;
}

const struct event_audit account_opened_audit = { account_opened_take };

/* --- account_close --- */

static void account_close_read(struct request *request)
{
	request->own = &request->command->account_close.account;
}

static bool account_has_holds(const struct request *request)
{
	return request->own_page->open_holds != 0;
}

static bool account_is_not_empty(const struct request *request)
{
	const int64_t *totals = request->own_page->totals;
	return totals[CREDITS_POSTED] != totals[DEBITS_POSTED];
}

static void account_close_predict(const struct request *request, struct event *ret)
{
	ret->kind = EVENT_account_closed;
	ret->account_closed.account = request->command->account_close.account;
}

const struct command_audit account_close_audit = {
	.read = account_close_read,
	.shape =
		(const struct check[]){
			{ REJECT_account_malformed, own_is_malformed, NULL },
			{ REJECT_account_of_another_party, own_is_of_another_party, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_account_not_found, own_is_missing, NULL },
			{ REJECT_account_is_closed, own_is_closed, NULL },
			{ REJECT_account_has_holds, account_has_holds, NULL },
			{ REJECT_account_not_empty, account_is_not_empty, available_tell },
			{ 0 },
		},
	.predict = account_close_predict,
};

static void account_closed_take(struct books *books, const struct event *event)
{
	books_account(books, &event->account_closed.account)->is_closed = true;
}

const struct event_audit account_closed_audit = { account_closed_take };
