/* SPDX-License-Identifier: Apache-2.0 */
/* Of money that arrives, and money that moves at once. */
#include "checks.h"
#include "postings.h"
#include "remittance.h"

#include "base/murmur2.h"

/* --- funds_receive --- */

static void funds_receive_read(struct request *request)
{
	request->payee = &request->command->funds_receive.to_account;
	request->money = &request->command->funds_receive.amount;
}

static bool payee_is_of_another_party(const struct request *request)
{
	return !is_of_envelopes_party(request->payee, request->command);
}

static bool rail_is_unknown(const struct request *request)
{
	int32_t rail = request->command->funds_receive.rail;
	return rail < RAIL_ach || rail > RAIL_cash;
}

static bool rail_reference_is_malformed(const struct request *request)
{
	return !is_reference(&request->command->funds_receive.rail_reference);
}

struct rail_key {
	uint8_t rail;
	struct text64 reference;
};

struct rail_page {
	struct rail_key key;
	int64_t sequence;
	int64_t received_ms;
};

static const struct page_kind rail_pages = { sizeof(struct rail_key), sizeof(struct rail_page) };

static struct rail_key rail_key(enum rail rail, const struct text64 *reference)
{
	return (struct rail_key){ (uint8_t)rail, text_key(reference) };
}

static const struct rail_page *rail_page_of(const struct request *request)
{
	const struct command_funds_receive *body = &request->command->funds_receive;
	struct rail_key key = rail_key((enum rail)body->rail, &body->rail_reference);
	return books_find(request->books, &rail_pages, &key);
}

static bool rail_reference_was_used(const struct request *request)
{
	const struct rail_page *page = rail_page_of(request);
	return page && request->now_ms - page->received_ms < 732 * (int64_t)DAY_MS;
}

static void rail_page_tell(const struct request *request, struct event_command_rejected *ret)
{
	ret->first_sequence = rail_page_of(request)->sequence;
}

static bool receipt_overflows(const struct request *request)
{
	int64_t minor = amount_minor(request->money->amount);
	struct account_id bank = account_id_platform("bank", request->money->currency);
	return is_over(books_account(request->books, &bank), DEBITS_POSTED, minor) ||
	       is_over(request->payee_page, CREDITS_POSTED, minor);
}

static void funds_receive_predict(const struct request *request, struct event *ret)
{
	const struct command_funds_receive *body = &request->command->funds_receive;
	struct account_id bank = account_id_platform("bank", body->amount.currency);
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = (enum rail)body->rail,
		.amount = body->amount.amount,
	};
	ret->kind = EVENT_funds_received;
	post(ret, request->books, &bank, &body->to_account, body->amount.currency, &posting);
	ret->funds_received = (struct event_funds_received){
		.rail = (enum rail)body->rail,
		.rail_reference = body->rail_reference,
	};
}

const struct command_audit funds_receive_audit = {
	.read = funds_receive_read,
	.shape =
		(const struct check[]){
			{ REJECT_payee_account_malformed, payee_is_malformed, NULL },
			{ REJECT_account_of_another_party, payee_is_of_another_party, NULL },
			{ REJECT_currency_unknown, money_has_no_currency, NULL },
			{ REJECT_amount_not_positive, amount_is_not_positive, NULL },
			{ REJECT_rail_unknown, rail_is_unknown, NULL },
			{ REJECT_rail_reference_malformed, rail_reference_is_malformed, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_payee_account_not_found, payee_is_missing, NULL },
			{ REJECT_rail_reference_used, rail_reference_was_used, rail_page_tell },
			{ REJECT_payee_account_is_closed, payee_is_closed, NULL },
			{ REJECT_payee_currency_mismatch, payee_currency_differs, NULL },
			{ REJECT_balance_overflow, receipt_overflows, NULL },
			{ 0 },
		},
	.predict = funds_receive_predict,
};

/* Where it is there already, it was received more than two years ago. */
static void funds_received_take(struct books *books, const struct event *event)
{
	const struct event_funds_received *funds = &event->funds_received;
	struct rail_key key = rail_key(funds->rail, &funds->rail_reference);
	struct rail_page *page = books_find(books, &rail_pages, &key);
	if (!page)
		page = books_add(books, &rail_pages, &key);
	page->sequence = event->sequence;
	page->received_ms = event->engine_time_ms;
}

const struct event_audit funds_received_audit = { funds_received_take };

/* --- transfer_create --- */

static void transfer_create_read(struct request *request)
{
	request->own = &request->command->transfer_create.from_account;
	request->payee = &request->command->transfer_create.to_account;
	request->money = &request->command->transfer_create.amount;
}

/* What concerns the payee is for the payee's shard to say. */
static bool payee_is_missing_here(const struct request *request)
{
	return !payee_is_elsewhere(request) && payee_is_missing(request);
}

static bool payee_is_closed_here(const struct request *request)
{
	return !payee_is_elsewhere(request) && payee_is_closed(request);
}

static bool payee_currency_differs_here(const struct request *request)
{
	return !payee_is_elsewhere(request) && payee_currency_differs(request);
}

/* To another shard money goes by way of this account. */
static struct account_id way_of(const struct request *request)
{
	const struct account_id *to = request->payee;
	return transit_account(request->money->currency,
		murmur2_partition(to->at, to->party_size, request->books->shards));
}

static bool transfer_overflows(const struct request *request)
{
	if (!payee_is_elsewhere(request))
		return payment_overflows(request, DEBITS_POSTED, CREDITS_POSTED);
	int64_t minor = amount_minor(request->money->amount);
	struct account_id way = way_of(request);
	return is_over(request->own_page, DEBITS_POSTED, minor) ||
	       is_over(books_account(request->books, &way), CREDITS_POSTED, minor);
}

static void transfer_send_predict(const struct request *request, struct event *ret)
{
	struct account_id way = way_of(request);
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = RAIL_book,
		.amount = request->money->amount,
	};
	ret->kind = EVENT_transfer_sent;
	post(ret, request->books, request->own, &way, request->money->currency, &posting);
	remittance_put(ret, request, PURPOSE_transfer);
}

static void transfer_create_predict(const struct request *request, struct event *ret)
{
	if (payee_is_elsewhere(request)) {
		transfer_send_predict(request, ret);
		return;
	}
	ret->kind = EVENT_transfer_posted;
	post_payment(ret, request, LAYER_posted);
	ret->transfer_posted.own_accounts = is_of_envelopes_party(request->payee, request->command);
}

const struct command_audit transfer_create_audit = {
	.read = transfer_create_read,
	.shape = (const struct check[]){ PAYMENT_SHAPE, { 0 } },
	.state =
		(const struct check[]){
			{ REJECT_account_not_found, own_is_missing, NULL },
			{ REJECT_payee_account_not_found, payee_is_missing_here, NULL },
			{ REJECT_account_is_closed, own_is_closed, NULL },
			{ REJECT_payee_account_is_closed, payee_is_closed_here, NULL },
			{ REJECT_currency_mismatch, own_currency_differs, NULL },
			{ REJECT_payee_currency_mismatch, payee_currency_differs_here, NULL },
			{ REJECT_balance_overflow, transfer_overflows, NULL },
			{ REJECT_balance_too_low, own_has_too_little, need_tell },
			{ 0 },
		},
	.predict = transfer_create_predict,
};

const struct event_audit transfer_posted_audit = { NULL };
const struct event_audit transfer_sent_audit = { NULL };
