/* SPDX-License-Identifier: Apache-2.0 */
#include "predict.h"

#include "rules.h"

#include <assert.h>

/* --- Effects and the balances after them --- */

/* The two accounts of all of an event's postings. A side without a page is the platform's, which
 * its first posting makes. */
struct sides {
	struct event *event;
	int64_t debited[TOTALS];
	int64_t credited[TOTALS];
};

static void side_put(struct event *event, const struct account_id *id, enum currency currency,
	const struct account_page *page, int64_t totals[TOTALS])
{
	struct balance_after *balance = &event->balances[event->balance_count++];
	balance->account = *id;
	balance->currency = currency;
	if (page)
		memcpy(totals, page->totals, sizeof page->totals);
}

static void sides_open(struct sides *sides, struct event *event, const struct books *books,
	const struct account_id *debit, const struct account_id *credit, enum currency currency)
{
	*sides = (struct sides){ .event = event };
	side_put(event, debit, currency, books_account(books, debit), sides->debited);
	side_put(event, credit, currency, books_account(books, credit), sides->credited);
}

static void sides_post(struct sides *sides, enum layer layer, int64_t minor, enum rail rail)
{
	sides->event->effects[sides->event->effect_count++].posting = (struct posting){
		.debit = 0,
		.credit = 1,
		.layer = layer,
		.rail = rail,
		.amount = amount_of(minor),
	};
	totals_post(sides->debited, sides->credited, layer, minor);
}

static void sides_close(const struct sides *sides)
{
	sides->event->balances[0].balances = balances_of(sides->debited);
	sides->event->balances[1].balances = balances_of(sides->credited);
}

/* One posting between two accounts. */
static void post(struct event *event, const struct books *books, const struct account_id *debit,
	const struct account_id *credit, enum currency currency, const struct posting *posting)
{
	struct sides sides;
	sides_open(&sides, event, books, debit, credit, currency);
	sides_post(&sides, posting->layer, amount_minor(posting->amount), posting->rail);
	sides_close(&sides);
}

static void lift(struct event *event, const struct books *books, const struct hold_page *hold)
{
	struct posting lifted = {
		.layer = LAYER_pending_lifted,
		.rail = RAIL_book,
		.amount = amount_of(hold->minor),
	};
	post(event, books, &hold->from->id, &hold->to->id, hold->from->currency, &lifted);
}

/* --- What goes well --- */

static void account_open(struct event *event, const struct command_account_open *body)
{
	event->kind = EVENT_account_opened;
	event->account_opened = (struct event_account_opened){
		.account = body->account,
		.currency = body->currency,
		.account_class = ACCOUNT_CLASS_liability,
		.floor = AMOUNT_ZERO,
	};
}

static void funds_receive(struct event *event, const struct request *request)
{
	const struct command_funds_receive *body = &request->command->funds_receive;
	struct account_id bank = account_id_platform("bank", body->amount.currency);
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = (enum rail)body->rail,
		.amount = body->amount.amount,
	};
	event->kind = EVENT_funds_received;
	post(event, request->books, &bank, &body->to_account, body->amount.currency, &posting);
	event->funds_received = (struct event_funds_received){
		.to_account = body->to_account,
		.amount = body->amount.amount,
		.currency = body->amount.currency,
		.rail = (enum rail)body->rail,
		.rail_reference = body->rail_reference,
	};
}

static void transfer_create(struct event *event, const struct request *request)
{
	const struct command_transfer_create *body = &request->command->transfer_create;
	struct posting posting = {
		.layer = LAYER_posted,
		.rail = RAIL_book,
		.amount = body->amount.amount,
	};
	event->kind = EVENT_transfer_posted;
	post(event, request->books, &body->from_account, &body->to_account, body->amount.currency,
		&posting);
	event->transfer_posted = (struct event_transfer_posted){
		.from_account = body->from_account,
		.to_account = body->to_account,
		.amount = body->amount.amount,
		.currency = body->amount.currency,
	};
}

static void hold_create(struct event *event, const struct request *request)
{
	const struct command_hold_create *body = &request->command->hold_create;
	struct posting posting = {
		.layer = LAYER_pending,
		.rail = RAIL_book,
		.amount = body->amount.amount,
	};
	event->kind = EVENT_hold_created;
	post(event, request->books, &body->from_account, &body->to_account, body->amount.currency,
		&posting);
	event->hold_created = (struct event_hold_created){
		.hold_id = request->command->id.id,
		.from_account = body->from_account,
		.to_account = body->to_account,
		.amount = body->amount.amount,
		.currency = body->amount.currency,
		.reason = body->reason,
		.expires_at_ms = request->now_ms + 1000 * body->expires_in_s,
	};
}

static void hold_capture(struct event *event, const struct request *request)
{
	const struct hold_page *hold = request->hold;
	int64_t minor = request_minor(request);
	struct sides sides;
	event->kind = EVENT_hold_captured;
	sides_open(&sides, event, request->books, &hold->from->id, &hold->to->id,
		hold->from->currency);
	sides_post(&sides, LAYER_pending_lifted, hold->minor, RAIL_book);
	sides_post(&sides, LAYER_posted, minor, RAIL_book);
	sides_close(&sides);
	event->hold_captured = (struct event_hold_captured){
		.hold_id = hold->id,
		.from_account = hold->from->id,
		.to_account = hold->to->id,
		.captured = amount_of(minor),
		.released = amount_of(hold->minor - minor),
		.currency = hold->from->currency,
	};
}

static void hold_release(struct event *event, const struct request *request)
{
	const struct hold_page *hold = request->hold;
	event->kind = EVENT_hold_released;
	lift(event, request->books, hold);
	event->hold_released = (struct event_hold_released){
		.hold_id = hold->id,
		.from_account = hold->from->id,
		.to_account = hold->to->id,
		.released = amount_of(hold->minor),
		.currency = hold->from->currency,
	};
}

static void do_it(struct event *event, const struct request *request)
{
	const struct command *command = request->command;
	switch (command->kind) {
	case COMMAND_none:
		assert(false);
		break;
	case COMMAND_tick:
		event->kind = EVENT_ticked;
		event->ticked.timers_fired = request->books->timers_fired;
		break;
	case COMMAND_party_open:
		event->kind = EVENT_party_opened;
		event->party_opened.party = command->party;
		event->party_opened.kind = (enum party_kind)command->party_open.kind;
		break;
	case COMMAND_account_open:
		account_open(event, &command->account_open);
		break;
	case COMMAND_account_close:
		event->kind = EVENT_account_closed;
		event->account_closed.account = command->account_close.account;
		break;
	case COMMAND_funds_receive:
		funds_receive(event, request);
		break;
	case COMMAND_transfer_create:
		transfer_create(event, request);
		break;
	case COMMAND_hold_create:
		hold_create(event, request);
		break;
	case COMMAND_hold_capture:
		hold_capture(event, request);
		break;
	case COMMAND_hold_release:
		hold_release(event, request);
		break;
	}
}

/* --- A no, and a repeat --- */

static void reject_put(struct event *event, const struct request *request, enum reject reject)
{
	struct event_command_rejected *body = &event->command_rejected;
	event->kind = EVENT_command_rejected;
	body->reject = reject;
	if (reject < REJECT_refused_by_operator)
		body->detail = request->command->refusal_detail;
	if (reject == REJECT_id_reused)
		body->first_sequence = request->earlier->sequence;
	if (reject == REJECT_rail_reference_used)
		body->first_sequence = request->rail_reference->sequence;
	if (reject == REJECT_capture_above_hold) {
		body->required = amount_of(request_minor(request));
		body->available = amount_of(request->hold->minor);
		body->currency = request->hold->from->currency;
	}
	if (reject == REJECT_balance_too_low || reject == REJECT_account_not_empty) {
		body->available = amount_of(page_available(request->own_page));
		body->currency = request->own_page->currency;
	}
	if (reject == REJECT_balance_too_low)
		body->required = amount_of(request_minor(request));
}

static void repeat_put(struct event *event, const struct command_page *earlier)
{
	event->kind = EVENT_command_repeated;
	event->command_repeated = (struct event_command_repeated){
		.first_sequence = earlier->sequence,
		.first_outcome = earlier->outcome,
		.first_reject = earlier->reject,
	};
}

/* Who asked: of what is malformed nothing. */
static void envelope_put(struct event *event, const struct command *command)
{
	event->has_command_id = !command->id.is_malformed && !id_is_absent(&command->id.id);
	if (event->has_command_id)
		event->command_id = command->id.id;
	event->digest = command->digest;
	if (is_party_name(&command->party))
		event->party = command->party;
	if (command->initiator > INITIATOR_none && command->initiator <= INITIATOR_third_party)
		event->initiator = (enum initiator)command->initiator;
	if (!command->group_id.is_malformed)
		event->group_id = command->group_id.id;
	if (is_reference(&command->reference))
		event->reference = command->reference;
}

/* --- Timers --- */

static void timer_put(struct event *event, const struct books *books, const struct due *due)
{
	event->timer = (struct timer){ .due_ms = due->at_ms, .id = due->id };
	if (id_is_absent(&due->id)) {
		event->timer.kind = TIMER_KIND_command_ids;
		event->kind = EVENT_command_ids_dropped;
		int64_t before_ms = event->engine_time_ms - 7 * (int64_t)DAY_MS;
		event->command_ids_dropped.before_ms =
			before_ms < books->cut_off_ms ? books->cut_off_ms : before_ms;
		return;
	}
	const struct hold_page *hold = books_hold(books, &due->id);
	event->timer.kind = TIMER_KIND_hold_expiry;
	event->kind = EVENT_hold_expired;
	event->party.size = hold->from->id.party_size;
	memcpy(event->party.at, hold->from->id.at, event->party.size);
	lift(event, books, hold);
	event->hold_expired = (struct event_hold_expired){
		.hold_id = hold->id,
		.from_account = hold->from->id,
		.to_account = hold->to->id,
		.released = amount_of(hold->minor),
		.currency = hold->from->currency,
		.reason = hold->reason,
	};
}

void event_predict(const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, struct event *ret)
{
	*ret = (struct event){
		.sequence = books->sequence + 1,
		.engine_time_ms = input->record_time_ms > books->engine_time_ms
					  ? input->record_time_ms
					  : books->engine_time_ms,
		.topic = input->topic,
		.offset = input->offset,
	};
	const struct due *due = books_due(books, ret->engine_time_ms);
	if (due) {
		timer_put(ret, books, due);
		return;
	}
	struct request request;
	bool is_repeat;
	request_make(&request, books, input, command, is_refused, ret->engine_time_ms);
	enum reject reject = rules_check(&request, &is_repeat);
	envelope_put(ret, command);
	if (is_repeat)
		repeat_put(ret, request.earlier);
	else if (reject != REJECT_none)
		reject_put(ret, &request, reject);
	else
		do_it(ret, &request);
}
