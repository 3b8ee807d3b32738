/* SPDX-License-Identifier: Apache-2.0 */
/* Of money between shards, on both sides of it. */
#include "remittance.h"

#include "checks.h"
#include "postings.h"

#include "base/murmur2.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { AT_ONCE_MAX = 64 };

/* --- Pages --- */

/* Another shard: all numbers up to these. */
struct route_page {
	int64_t shard;
	int64_t sent, answered;
	int64_t received, confirmed;
	int64_t refused; /* of those received and not confirmed */
};

struct number_key {
	int64_t shard;
	int64_t number;
};

/* Kept for ever, so that whatever comes of it again can be told from what came first. */
enum sent_end { UNDER_WAY, SETTLED, RETURNED };
struct sent_page {
	struct number_key key;
	struct id payment_id;
	struct id group_id;
	struct account_id from, to;
	enum currency currency;
	int64_t minor;
	enum purpose purpose;
	enum sent_end end;
};

struct received_page {
	struct number_key key;
	struct id payment_id;
	struct account_id from, to;
	enum currency currency;
	int64_t minor;
	enum reject refused; /* none: it was credited */
};

static const struct page_kind route_pages = { sizeof(int64_t), sizeof(struct route_page) };
static const struct page_kind sent_pages = { sizeof(struct number_key), sizeof(struct sent_page) };
static const struct page_kind received_pages = { sizeof(struct number_key),
	sizeof(struct received_page) };

static const struct route_page *route_of(const struct books *books, uint32_t shard)
{
	static const struct route_page nothing;
	int64_t key = shard;
	const struct route_page *page = books_find(books, &route_pages, &key);
	return page ? page : &nothing;
}

static struct route_page *route_take(struct books *books, uint32_t shard)
{
	int64_t key = shard;
	struct route_page *page = books_find(books, &route_pages, &key);
	return page ? page : books_add(books, &route_pages, &key);
}

static struct sent_page *sent_of(const struct books *books, uint32_t shard, int64_t number)
{
	struct number_key key = { shard, number };
	return books_find(books, &sent_pages, &key);
}

static const struct received_page *received_of(
	const struct books *books, uint32_t shard, int64_t number)
{
	struct number_key key = { shard, number };
	return books_find(books, &received_pages, &key);
}

struct account_id transit_account(enum currency currency, uint32_t shard)
{
	char text[64];
	int size =
		snprintf(text, sizeof text, "@transit/%s.%" PRIu32, currency_name(currency), shard);
	struct account_id id;
	bool is_parsed = account_id_parse_any(&id, text, (size_t)size);
	assert(is_parsed);
	return id;
}

static const struct account_page *transit_of(
	const struct books *books, enum currency currency, uint32_t shard)
{
	struct account_id id = transit_account(currency, shard);
	return books_account(books, &id);
}

/* --- Sending --- */

void remittance_put(struct event *event, const struct request *request, enum purpose purpose)
{
	const struct account_id *to = request->payee;
	uint32_t shard = murmur2_partition(to->at, to->party_size, request->books->shards);
	event->effects[event->effect_count++] = (struct effect){
		.kind = EFFECT_remittance,
		.remittance = {
			.shard = shard,
			.number = route_of(request->books, shard)->sent + 1,
			.from_place = 1,
			.to_account = *to,
			.amount = request->money->amount,
			.purpose = purpose,
		},
	};
}

void remittance_take(
	struct books *books, const struct event *event, const struct remittance *remittance)
{
	const struct balance_after *from = &event->balances[remittance->from_place - 1];
	struct number_key key = { remittance->shard, remittance->number };
	struct sent_page *page = books_add(books, &sent_pages, &key);
	page->payment_id = event->command_id;
	page->group_id = event->group_id;
	page->from = from->account;
	page->to = remittance->to_account;
	page->currency = from->currency;
	page->minor = amount_minor(remittance->amount);
	page->purpose = remittance->purpose;
	route_take(books, remittance->shard)->sent = remittance->number;
}

/* --- What all commands of a shard have in common --- */

static bool is_a_trial(const struct request *request)
{
	return request->command->dry_run;
}

static bool has_an_id(const struct request *request)
{
	return !id_is_absent(&request->command->id.id);
}

static bool is_no_other_shard(const struct request *request, uint32_t shard)
{
	return shard >= request->books->shards || shard == request->books->shard;
}

static void repeated_put(struct event *event, uint32_t shard, int64_t number, bool was_answer)
{
	event->kind = EVENT_remittance_repeated;
	event->remittance_repeated = (struct event_remittance_repeated){
		.shard = shard,
		.number = number,
		.was_answer = was_answer,
	};
}

#define OF_A_SHARD                                           \
	{ REJECT_dry_run_between_shards, is_a_trial, NULL }, \
	{                                                    \
		REJECT_remittance_malformed, has_an_id, NULL \
	}

/* --- remittance_deliver --- */

static void deliver_read(struct request *request)
{
	request->payee = &request->command->remittance_deliver.to_account;
	request->money = &request->command->remittance_deliver.amount;
}

static bool delivery_is_malformed(const struct request *request)
{
	const struct command_remittance_deliver *body = &request->command->remittance_deliver;
	return body->number < 1 || body->payment_id.is_malformed ||
	       id_is_absent(&body->payment_id.id) || body->from_account.size == 0 ||
	       payee_is_malformed(request) ||
	       !is_of_envelopes_party(request->payee, request->command) ||
	       money_has_no_currency(request) || amount_is_not_positive(request) ||
	       body->purpose != PURPOSE_transfer;
}

static bool home_is_no_other_shard(const struct request *request)
{
	return is_no_other_shard(request, request->command->remittance_deliver.home_shard);
}

static bool another_comes_first(const struct request *request)
{
	const struct command_remittance_deliver *body = &request->command->remittance_deliver;
	return body->number > route_of(request->books, body->home_shard)->received + 1;
}

/* Why a payment of the payee's own shard would have been refused. */
static enum reject refused_with(const struct request *request)
{
	const struct command_remittance_deliver *body = &request->command->remittance_deliver;
	const struct account_page *transit =
		transit_of(request->books, body->amount.currency, body->home_shard);
	int64_t minor = amount_minor(body->amount.amount);
	if (payee_is_missing(request))
		return REJECT_payee_account_not_found;
	if (payee_is_closed(request))
		return REJECT_payee_account_is_closed;
	if (payee_currency_differs(request))
		return REJECT_payee_currency_mismatch;
	if (is_over(transit, DEBITS_POSTED, minor) ||
		is_over(request->payee_page, CREDITS_POSTED, minor))
		return REJECT_balance_overflow;
	return REJECT_none;
}

static void received_put(const struct request *request, struct event *ret)
{
	const struct command_remittance_deliver *body = &request->command->remittance_deliver;
	struct account_id transit = transit_account(body->amount.currency, body->home_shard);
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = RAIL_book,
		.amount = body->amount.amount,
	};
	ret->kind = EVENT_payment_received;
	post(ret, request->books, &transit, &body->to_account, body->amount.currency, &posting);
	ret->payment_received = (struct event_payment_received){
		.payment_id = body->payment_id.id,
		.home_shard = body->home_shard,
		.number = body->number,
		.from_account = body->from_account,
		.purpose = (enum purpose)body->purpose,
	};
}

static void deliver_predict(const struct request *request, struct event *ret)
{
	const struct command_remittance_deliver *body = &request->command->remittance_deliver;
	if (body->number <= route_of(request->books, body->home_shard)->received) {
		repeated_put(ret, body->home_shard, body->number, false);
		return;
	}
	enum reject reason = refused_with(request);
	if (reason == REJECT_none) {
		received_put(request, ret);
		return;
	}
	ret->kind = EVENT_remittance_refused;
	ret->remittance_refused = (struct event_remittance_refused){
		.payment_id = body->payment_id.id,
		.home_shard = body->home_shard,
		.number = body->number,
		.from_account = body->from_account,
		.to_account = body->to_account,
		.amount = body->amount.amount,
		.currency = body->amount.currency,
		.reason = reason,
		.purpose = (enum purpose)body->purpose,
	};
}

const struct command_audit remittance_deliver_audit = {
	.is_of_shard = true,
	.read = deliver_read,
	.shape =
		(const struct check[]){
			OF_A_SHARD,
			{ REJECT_remittance_malformed, delivery_is_malformed, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_remittance_malformed, home_is_no_other_shard, NULL },
			{ REJECT_remittance_out_of_order, another_comes_first, NULL },
			{ 0 },
		},
	.predict = deliver_predict,
};

static struct received_page *received_take(struct books *books, uint32_t home, int64_t number)
{
	struct number_key key = { home, number };
	route_take(books, home)->received = number;
	return books_add(books, &received_pages, &key);
}

static void payment_received_take(struct books *books, const struct event *event)
{
	const struct event_payment_received *body = &event->payment_received;
	const struct posting *posting = &event->effects[0].posting;
	struct received_page *page = received_take(books, body->home_shard, body->number);
	page->payment_id = body->payment_id;
	page->from = body->from_account;
	page->to = event_credited(event, posting)->account;
	page->currency = event_credited(event, posting)->currency;
	page->minor = amount_minor(posting->amount);
}

const struct event_audit payment_received_audit = { payment_received_take };

static void remittance_refused_take(struct books *books, const struct event *event)
{
	const struct event_remittance_refused *body = &event->remittance_refused;
	struct received_page *page = received_take(books, body->home_shard, body->number);
	page->payment_id = body->payment_id;
	page->from = body->from_account;
	page->to = body->to_account;
	page->currency = body->currency;
	page->minor = amount_minor(body->amount);
	page->refused = body->reason;
	route_take(books, body->home_shard)->refused++;
}

const struct event_audit remittance_refused_audit = { remittance_refused_take };
const struct event_audit remittance_repeated_audit = { NULL };

/* --- remittance_settle --- */

static bool settling_is_malformed(const struct request *request)
{
	const struct command_remittance_settle *body = &request->command->remittance_settle;
	return body->first_number < 1 || body->last_number < body->first_number ||
	       body->last_number - body->first_number >= AT_ONCE_MAX;
}

static bool settler_is_no_other_shard(const struct request *request)
{
	return is_no_other_shard(request, request->command->remittance_settle.away_shard);
}

static bool settles_too_early(const struct request *request)
{
	const struct command_remittance_settle *body = &request->command->remittance_settle;
	const struct route_page *route = route_of(request->books, body->away_shard);
	return body->last_number > route->answered &&
	       (body->first_number > route->answered + 1 || body->last_number > route->sent);
}

static void settle_predict(const struct request *request, struct event *ret)
{
	const struct command_remittance_settle *body = &request->command->remittance_settle;
	int64_t answered = route_of(request->books, body->away_shard)->answered;
	if (body->last_number <= answered) {
		repeated_put(ret, body->away_shard, body->last_number, true);
		return;
	}
	ret->kind = EVENT_remittance_settled;
	ret->remittance_settled = (struct event_remittance_settled){
		.away_shard = body->away_shard,
		.first_number = answered + 1,
		.last_number = body->last_number,
	};
	for (int64_t number = answered + 1; number <= body->last_number; number++) {
		const struct sent_page *sent = sent_of(request->books, body->away_shard, number);
		ret->effects[ret->effect_count++] = (struct effect){
			.kind = EFFECT_settlement,
			.settlement = {
				.number = number,
				.payment_id = sent->payment_id,
				.group_id = sent->group_id,
			},
		};
	}
}

const struct command_audit remittance_settle_audit = {
	.may_lack_party = true,
	.is_of_shard = true,
	.shape =
		(const struct check[]){
			OF_A_SHARD,
			{ REJECT_remittance_malformed, settling_is_malformed, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_remittance_malformed, settler_is_no_other_shard, NULL },
			{ REJECT_remittance_out_of_order, settles_too_early, NULL },
			{ 0 },
		},
	.predict = settle_predict,
};

static void answer_take(struct books *books, uint32_t away, int64_t number, enum sent_end end)
{
	struct sent_page *sent = sent_of(books, away, number);
	assert(sent->end == UNDER_WAY);
	sent->end = end;
	route_take(books, away)->answered = number;
}

static void remittance_settled_take(struct books *books, const struct event *event)
{
	const struct event_remittance_settled *body = &event->remittance_settled;
	for (int64_t number = body->first_number; number <= body->last_number; number++)
		answer_take(books, body->away_shard, number, SETTLED);
}

const struct event_audit remittance_settled_audit = { remittance_settled_take };

/* --- remittance_return --- */

static bool return_is_malformed(const struct request *request)
{
	const struct command_remittance_return *body = &request->command->remittance_return;
	return body->number < 1 || body->reason <= 0 || body->reason > REJECT_LAST ||
	       !*reject_name((enum reject)body->reason);
}

static bool returner_is_no_other_shard(const struct request *request)
{
	return is_no_other_shard(request, request->command->remittance_return.away_shard);
}

static const struct route_page *return_route(const struct request *request)
{
	return route_of(request->books, request->command->remittance_return.away_shard);
}

static bool return_is_repeat(const struct request *request)
{
	return request->command->remittance_return.number <= return_route(request)->answered;
}

static bool returns_too_early(const struct request *request)
{
	const struct route_page *route = return_route(request);
	int64_t number = request->command->remittance_return.number;
	return !return_is_repeat(request) &&
	       (number != route->answered + 1 || number > route->sent);
}

static const struct sent_page *returned_of(const struct request *request)
{
	const struct command_remittance_return *body = &request->command->remittance_return;
	return sent_of(request->books, body->away_shard, body->number);
}

static bool returns_to_another_party(const struct request *request)
{
	return !return_is_repeat(request) &&
	       !is_of_envelopes_party(&returned_of(request)->from, request->command);
}

static bool return_overflows(const struct request *request)
{
	if (return_is_repeat(request))
		return false;
	const struct sent_page *sent = returned_of(request);
	uint32_t away = request->command->remittance_return.away_shard;
	return is_over(transit_of(request->books, sent->currency, away), DEBITS_POSTED,
		       sent->minor) ||
	       is_over(books_account(request->books, &sent->from), CREDITS_POSTED, sent->minor);
}

static void return_predict(const struct request *request, struct event *ret)
{
	const struct command_remittance_return *body = &request->command->remittance_return;
	if (return_is_repeat(request)) {
		repeated_put(ret, body->away_shard, body->number, true);
		return;
	}
	const struct sent_page *sent = returned_of(request);
	struct account_id transit = transit_account(sent->currency, body->away_shard);
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = RAIL_book,
		.amount = amount_of(sent->minor),
	};
	ret->kind = EVENT_remittance_returned;
	post(ret, request->books, &transit, &sent->from, sent->currency, &posting);
	ret->remittance_returned = (struct event_remittance_returned){
		.payment_id = sent->payment_id,
		.away_shard = body->away_shard,
		.number = body->number,
		.to_account = sent->to,
		.reason = (enum reject)body->reason,
		.purpose = sent->purpose,
	};
}

const struct command_audit remittance_return_audit = {
	.is_of_shard = true,
	.shape =
		(const struct check[]){
			OF_A_SHARD,
			{ REJECT_remittance_malformed, return_is_malformed, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_remittance_malformed, returner_is_no_other_shard, NULL },
			{ REJECT_remittance_out_of_order, returns_too_early, NULL },
			{ REJECT_remittance_malformed, returns_to_another_party, NULL },
			{ REJECT_balance_overflow, return_overflows, NULL },
			{ 0 },
		},
	.predict = return_predict,
};

static void remittance_returned_take(struct books *books, const struct event *event)
{
	const struct event_remittance_returned *body = &event->remittance_returned;
	const struct sent_page *sent = sent_of(books, body->away_shard, body->number);
	struct account_page *from = books_account(books, &sent->from);
	from->given_back += from->is_closed ? sent->minor : 0;
	answer_take(books, body->away_shard, body->number, RETURNED);
}

const struct event_audit remittance_returned_audit = { remittance_returned_take };

/* --- remittance_confirm --- */

static bool confirmation_is_malformed(const struct request *request)
{
	return request->command->remittance_confirm.number < 1;
}

static bool confirmer_is_no_other_shard(const struct request *request)
{
	return is_no_other_shard(request, request->command->remittance_confirm.home_shard);
}

static bool confirms_too_early(const struct request *request)
{
	const struct command_remittance_confirm *body = &request->command->remittance_confirm;
	return body->number > route_of(request->books, body->home_shard)->received;
}

/* At most so many at once, where some of those that are kept were refused. */
static void confirm_predict(const struct request *request, struct event *ret)
{
	const struct command_remittance_confirm *body = &request->command->remittance_confirm;
	const struct route_page *route = route_of(request->books, body->home_shard);
	if (body->number <= route->confirmed) {
		repeated_put(ret, body->home_shard, body->number, false);
		return;
	}
	int64_t most = route->refused > 0 ? route->confirmed + AT_ONCE_MAX : body->number;
	ret->kind = EVENT_remittance_confirmed;
	ret->remittance_confirmed = (struct event_remittance_confirmed){
		.home_shard = body->home_shard,
		.number = body->number < most ? body->number : most,
	};
}

const struct command_audit remittance_confirm_audit = {
	.may_lack_party = true,
	.is_of_shard = true,
	.shape =
		(const struct check[]){
			OF_A_SHARD,
			{ REJECT_remittance_malformed, confirmation_is_malformed, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_remittance_malformed, confirmer_is_no_other_shard, NULL },
			{ REJECT_remittance_out_of_order, confirms_too_early, NULL },
			{ 0 },
		},
	.predict = confirm_predict,
};

static void remittance_confirmed_take(struct books *books, const struct event *event)
{
	const struct event_remittance_confirmed *body = &event->remittance_confirmed;
	struct route_page *route = route_take(books, body->home_shard);
	while (route->confirmed < body->number)
		route->refused -=
			received_of(books, body->home_shard, ++route->confirmed)->refused !=
			REJECT_none;
}

const struct event_audit remittance_confirmed_audit = { remittance_confirmed_take };

/* --- Of one shard: its @transit accounts are its remittances --- */

struct transit {
	struct account_id id;
	int64_t debits, credits;
};

static struct transit *transit_recount(
	struct shelf *transits, enum currency currency, int64_t shard)
{
	struct account_id id = transit_account(currency, (uint32_t)shard);
	struct account_id key = { .size = id.size, .party_size = id.party_size };
	memcpy(key.at, id.at, id.size);
	struct transit *transit = shelf_find(transits, &key);
	return transit ? transit : shelf_add(transits, &key);
}

static const char *transits_compare(
	const struct books *books, struct shelf *transits, char *message, size_t size)
{
	const struct account_page *page;
	for (size_t at = 0; (page = shelf_next(&books->accounts, &at));) {
		if (page->id.party_size != 8 || memcmp(page->id.at, "@transit", 8) != 0)
			continue;
		const struct transit *recount = shelf_find(transits, &page->id);
		if (recount && page->totals[DEBITS_POSTED] == recount->debits &&
			page->totals[CREDITS_POSTED] == recount->credits)
			continue;
		(void)snprintf(message, size,
			"account %.*s: its totals are not what its remittances come to",
			page->id.size, page->id.at);
		return message;
	}
	return NULL;
}

const char *remittance_sums(const struct books *books, char *message, size_t size)
{
	struct shelf transits = shelf_of(sizeof(struct account_id), sizeof(struct transit));
	const struct sent_page *sent;
	const struct received_page *received;
	const struct shelf *shelf = books_shelf(books, &sent_pages);
	for (size_t at = 0; shelf && (sent = shelf_next(shelf, &at));) {
		struct transit *transit =
			transit_recount(&transits, sent->currency, sent->key.shard);
		transit->credits += sent->minor;
		transit->debits += sent->end == RETURNED ? sent->minor : 0;
	}
	shelf = books_shelf(books, &received_pages);
	for (size_t at = 0; shelf && (received = shelf_next(shelf, &at));)
		if (received->refused == REJECT_none)
			transit_recount(&transits, received->currency, received->key.shard)
				->debits += received->minor;
	const char *wrong = transits_compare(books, &transits, message, size);
	shelf_free(&transits);
	return wrong;
}

struct remittances_open remittances_open(const struct books *books)
{
	struct remittances_open open = { 0 };
	const struct route_page *route;
	const struct shelf *shelf = books_shelf(books, &route_pages);
	for (size_t at = 0; shelf && (route = shelf_next(shelf, &at));) {
		open.under_way += (size_t)(route->sent - route->answered);
		open.unconfirmed += (size_t)(route->received - route->confirmed);
		open.refused += (size_t)route->refused;
	}
	return open;
}

/* --- Of two shards --- */

const char *remittance_order(
	const struct books *home, const struct books *away, char *message, size_t size)
{
	const struct route_page *out = route_of(home, away->shard);
	const struct route_page *in = route_of(away, home->shard);
	if (in->received <= out->sent && out->answered <= in->received &&
		in->confirmed <= out->answered)
		return NULL;
	(void)snprintf(message, size,
		"of shard %" PRIu32 " to %" PRIu32 " %" PRId64 " were sent, %" PRId64
		" received, %" PRId64 " answered, %" PRId64 " confirmed",
		home->shard, away->shard, out->sent, in->received, out->answered, in->confirmed);
	return message;
}

static const char *remittance_wrong(
	const struct sent_page *sent, const struct received_page *received)
{
	if (!received)
		return sent->end != UNDER_WAY ? "was answered before it was received" : NULL;
	if (!id_equal(&sent->payment_id, &received->payment_id) ||
		!account_id_equal(&sent->from, &received->from) ||
		!account_id_equal(&sent->to, &received->to) ||
		sent->currency != received->currency || sent->minor != received->minor)
		return "is not what was received";
	if (sent->end == SETTLED && received->refused != REJECT_none)
		return "was refused, and is settled";
	if (sent->end == RETURNED && received->refused == REJECT_none)
		return "was credited, and is returned";
	return NULL;
}

/* Adds what is under way to `sums`, by currency. */
static const char *direction_check(const struct books *home, const struct books *away,
	struct shelf *sums, char *message, size_t size)
{
	const struct sent_page *sent;
	const char *wrong = remittance_order(home, away, message, size);
	const struct shelf *shelf = books_shelf(home, &sent_pages);
	for (size_t at = 0; !wrong && shelf && (sent = shelf_next(shelf, &at));) {
		if (sent->key.shard != away->shard)
			continue;
		const struct received_page *received =
			received_of(away, home->shard, sent->key.number);
		bool is_credited = received && received->refused == REJECT_none;
		wrong = remittance_wrong(sent, received);
		if (wrong) {
			(void)snprintf(message, size,
				"remittance %" PRId64 " of shard %" PRIu32 " to %" PRIu32 " %s",
				sent->key.number, home->shard, away->shard, wrong);
			wrong = message;
		}
		if (!is_credited && sent->end != RETURNED)
			transit_recount(sums, sent->currency, 0)->credits += sent->minor;
	}
	return wrong;
}

static int64_t transit_balance(const struct books *books, enum currency currency, uint32_t shard)
{
	const struct account_page *page = transit_of(books, currency, shard);
	return page ? page->totals[CREDITS_POSTED] - page->totals[DEBITS_POSTED] : 0;
}

static const char *under_way_check(const struct books *one, const struct books *other,
	struct shelf *sums, char *message, size_t size)
{
	const struct sent_page *sent;
	const struct books *const both[] = { one, other };
	for (size_t i = 0; i < 2; i++) {
		const struct shelf *shelf = books_shelf(both[i], &sent_pages);
		for (size_t at = 0; shelf && (sent = shelf_next(shelf, &at));) {
			int64_t stands = transit_balance(one, sent->currency, other->shard) +
					 transit_balance(other, sent->currency, one->shard);
			int64_t is = transit_recount(sums, sent->currency, 0)->credits;
			if (stands == is)
				continue;
			(void)snprintf(message, size,
				"between shards %" PRIu32 " and %" PRIu32 " %" PRId64
				" %s are under way, and %" PRId64 " stand in transit",
				one->shard, other->shard, is, currency_name(sent->currency),
				stands);
			return message;
		}
	}
	return NULL;
}

const char *remittance_pair(
	const struct books *one, const struct books *other, char *message, size_t size)
{
	struct shelf sums = shelf_of(sizeof(struct account_id), sizeof(struct transit));
	const char *wrong = direction_check(one, other, &sums, message, size);
	if (!wrong)
		wrong = direction_check(other, one, &sums, message, size);
	if (!wrong)
		wrong = under_way_check(one, other, &sums, message, size);
	shelf_free(&sums);
	return wrong;
}
