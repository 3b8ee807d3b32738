/* SPDX-License-Identifier: Apache-2.0 */
/* Of holds, from their making to their end. */
#include "checks.h"
#include "postings.h"

#include <assert.h>

/* --- hold_create --- */

static void hold_create_read(struct request *request)
{
	request->own = &request->command->hold_create.from_account;
	request->payee = &request->command->hold_create.to_account;
	request->money = &request->command->hold_create.amount;
}

static bool reason_is_malformed(const struct request *request)
{
	const struct text64 *reason = &request->command->hold_create.reason;
	return !is_made_of(reason->at, reason->size, 32, "_", false);
}

static bool expiry_is_out_of_range(const struct request *request)
{
	int64_t expires_in_s = request->command->hold_create.expires_in_s;
	return expires_in_s < 1 || expires_in_s > 2592000;
}

static bool hold_overflows(const struct request *request)
{
	return payment_overflows(request, DEBITS_PENDING, CREDITS_PENDING);
}

static void hold_create_predict(const struct request *request, struct event *ret)
{
	const struct command_hold_create *body = &request->command->hold_create;
	ret->kind = EVENT_hold_created;
	post_payment(ret, request, LAYER_pending);
	ret->hold_created = (struct event_hold_created){
		.hold_id = request->command->id.id,
		.reason = body->reason,
		.expires_at_ms = request->now_ms + 1000 * body->expires_in_s,
	};
}

const struct command_audit hold_create_audit = {
	.read = hold_create_read,
	.shape =
		(const struct check[]){
			PAYMENT_SHAPE,
			{ REJECT_reason_malformed, reason_is_malformed, NULL },
			{ REJECT_expiry_out_of_range, expiry_is_out_of_range, NULL },
			{ 0 },
		},
	.state = (const struct check[]){ PAYMENT_STATE(hold_overflows), { 0 } },
	.predict = hold_create_predict,
};

static void hold_created_take(struct books *books, const struct event *event)
{
	const struct event_hold_created *created = &event->hold_created;
	struct hold_page *hold = shelf_add(&books->holds, &created->hold_id);
	const struct posting *pending = &event->effects[0].posting;
	hold->from = books_account(books, &event_debited(event, pending)->account);
	hold->to = books_account(books, &event_credited(event, pending)->account);
	hold->minor = amount_minor(pending->amount);
	hold->reason = created->reason;
	hold->expires_at_ms = created->expires_at_ms;
	hold->from->open_holds++;
	hold->to->open_holds++;
	dues_put(&books->timers, (struct due){ hold->expires_at_ms, hold->id,
					 TIMER_KIND_hold_expiry, &hold->timer_place });
}

const struct event_audit hold_created_audit = { hold_created_take };

/* --- What an end of a hold has in common with the others --- */

static bool is_no_hold_id(const struct id_field *id)
{
	return id->is_malformed || id_is_absent(&id->id);
}

static bool hold_is_missing(const struct request *request)
{
	return !request->hold || !is_of_envelopes_party(&request->hold->from->id, request->command);
}

static bool hold_is_captured(const struct request *request)
{
	return request->hold->end == HOLD_CAPTURED;
}

static bool hold_is_released(const struct request *request)
{
	return request->hold->end == HOLD_RELEASED;
}

static bool hold_is_expired(const struct request *request)
{
	return request->hold->end == HOLD_EXPIRED ||
	       request->now_ms >= request->hold->expires_at_ms;
}

#define HOLD_STATE                                                   \
	{ REJECT_hold_is_captured, hold_is_captured, NULL },         \
		{ REJECT_hold_is_released, hold_is_released, NULL }, \
	{                                                            \
		REJECT_hold_is_expired, hold_is_expired, NULL        \
	}

/* All of it goes back. */
static void lift(struct event *event, const struct books *books, const struct hold_page *hold)
{
	struct posting lifted = {
		.layer = LAYER_pending_lifted,
		.rail = RAIL_book,
		.amount = amount_of(hold->minor),
	};
	post(event, books, &hold->from->id, &hold->to->id, hold->from->currency, &lifted);
}

static void hold_end(struct books *books, const struct id *id, enum hold_end end)
{
	struct hold_page *hold = books_hold(books, id);
	assert(hold->end == HOLD_OPEN);
	hold->end = end;
	hold->from->open_holds--;
	hold->to->open_holds--;
	dues_remove(&books->timers, hold->timer_place);
}

/* --- hold_capture --- */

static void hold_capture_read(struct request *request)
{
	request->money = &request->command->hold_capture.amount;
	request->hold = books_hold(request->books, &request->command->hold_capture.hold_id.id);
}

static bool captured_is_not_positive(const struct request *request)
{
	return !request->money->is_absent && amount_is_not_positive(request);
}

static bool captures_no_hold_id(const struct request *request)
{
	return is_no_hold_id(&request->command->hold_capture.hold_id);
}

static bool hold_currency_differs(const struct request *request)
{
	return !request->money->is_absent &&
	       request->money->currency != request->hold->from->currency;
}

/* Without an amount all that is held. */
static int64_t captured_minor(const struct request *request)
{
	return request->money->is_absent ? request->hold->minor
					 : amount_minor(request->money->amount);
}

static bool capture_is_above_hold(const struct request *request)
{
	return captured_minor(request) > request->hold->minor;
}

static void capture_tell(const struct request *request, struct event_command_rejected *ret)
{
	ret->required = amount_of(captured_minor(request));
	ret->available = amount_of(request->hold->minor);
	ret->currency = request->hold->from->currency;
}

static bool capture_overflows(const struct request *request)
{
	int64_t minor = captured_minor(request);
	return is_over(request->hold->from, DEBITS_POSTED, minor) ||
	       is_over(request->hold->to, CREDITS_POSTED, minor);
}

static void hold_capture_predict(const struct request *request, struct event *ret)
{
	const struct hold_page *hold = request->hold;
	int64_t minor = captured_minor(request);
	struct sides sides;
	ret->kind = EVENT_hold_captured;
	sides_open(
		&sides, ret, request->books, &hold->from->id, &hold->to->id, hold->from->currency);
	sides_post(&sides, LAYER_pending_lifted, hold->minor, RAIL_book);
	sides_post(&sides, LAYER_posted, minor, RAIL_book);
	sides_close(&sides);
	ret->hold_captured = (struct event_hold_captured){
		.hold_id = hold->id,
		.released = amount_of(hold->minor - minor),
		.currency = minor == hold->minor ? CURRENCY_none : hold->from->currency,
	};
}

const struct command_audit hold_capture_audit = {
	.read = hold_capture_read,
	.shape =
		(const struct check[]){
			{ REJECT_currency_unknown, money_has_no_currency, NULL },
			{ REJECT_amount_not_positive, captured_is_not_positive, NULL },
			{ REJECT_hold_id_malformed, captures_no_hold_id, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_hold_not_found, hold_is_missing, NULL },
			{ REJECT_currency_mismatch, hold_currency_differs, NULL },
			HOLD_STATE,
			{ REJECT_capture_above_hold, capture_is_above_hold, capture_tell },
			{ REJECT_balance_overflow, capture_overflows, NULL },
			{ 0 },
		},
	.predict = hold_capture_predict,
};

static void hold_captured_take(struct books *books, const struct event *event)
{
	hold_end(books, &event->hold_captured.hold_id, HOLD_CAPTURED);
}

const struct event_audit hold_captured_audit = { hold_captured_take };

/* --- hold_release --- */

static void hold_release_read(struct request *request)
{
	request->hold = books_hold(request->books, &request->command->hold_release.hold_id.id);
}

static bool releases_no_hold_id(const struct request *request)
{
	return is_no_hold_id(&request->command->hold_release.hold_id);
}

static void hold_release_predict(const struct request *request, struct event *ret)
{
	const struct hold_page *hold = request->hold;
	ret->kind = EVENT_hold_released;
	lift(ret, request->books, hold);
	ret->hold_released = (struct event_hold_released){
		.hold_id = hold->id,
	};
}

const struct command_audit hold_release_audit = {
	.read = hold_release_read,
	.shape =
		(const struct check[]){
			{ REJECT_hold_id_malformed, releases_no_hold_id, NULL },
			{ 0 },
		},
	.state =
		(const struct check[]){
			{ REJECT_hold_not_found, hold_is_missing, NULL },
			HOLD_STATE,
			{ 0 },
		},
	.predict = hold_release_predict,
};

static void hold_released_take(struct books *books, const struct event *event)
{
	hold_end(books, &event->hold_released.hold_id, HOLD_RELEASED);
}

const struct event_audit hold_released_audit = { hold_released_take };

/* --- The end of its time --- */

static void hold_expiry_predict(const struct books *books, const struct due *due, struct event *ret)
{
	const struct hold_page *hold = books_hold(books, &due->id);
	ret->kind = EVENT_hold_expired;
	ret->party.size = hold->from->id.party_size;
	memcpy(ret->party.at, hold->from->id.at, ret->party.size);
	lift(ret, books, hold);
	ret->hold_expired = (struct event_hold_expired){
		.hold_id = hold->id,
		.reason = hold->reason,
	};
}

const struct timer_audit hold_expiry_timer_audit = { hold_expiry_predict };

static void hold_expired_take(struct books *books, const struct event *event)
{
	hold_end(books, &event->hold_expired.hold_id, HOLD_EXPIRED);
}

const struct event_audit hold_expired_audit = { hold_expired_take };
