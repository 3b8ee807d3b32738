/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of holds. */
#include "maker.h"

#include <assert.h>

struct event golden_prelude_hold_created(
	int n, const struct id *hold, int64_t amount, int64_t pending)
{
	struct event event = golden_outcome(EVENT_hold_created, n);
	event.command_id = *hold;
	event.balances[0] = golden_balance("alice/main", 0, 10000, pending, 0);
	event.balances[1] = golden_balance("bob/main", 0, 0, 0, pending);
	event.balance_count = 2;
	golden_post(&event, LAYER_pending, RAIL_book, amount);
	event.hold_created = (struct event_hold_created){
		.hold_id = *hold,
		.reason = golden_text_of("card_purchase"),
		.expires_at_ms = GOLDEN_HOLD_EXPIRES_MS,
	};
	return event;
}

static struct event hold_created(void)
{
	struct id hold = golden_id(GOLDEN_FIRST_MS + 9000, 9);
	struct event event = golden_prelude_hold_created(9, &hold, 1000, 3500);
	event.hold_created.expires_at_ms += 7;
	return event;
}

static void held_and_paid(struct event *event)
{
	event->effects[0].posting.layer = LAYER_posted;
	for (int i = 0; i < 2; i++) {
		struct balances *b = &event->balances[i].balances;
		struct amount *pending = i == 0 ? &b->debits_pending : &b->credits_pending;
		struct amount *posted = i == 0 ? &b->debits_posted : &b->credits_posted;
		bool fits = amount_subtract(pending, *pending, event->effects[0].posting.amount) &&
			    amount_add(posted, *posted, event->effects[0].posting.amount);
		assert(fits);
	}
}

static void reason_too_long(struct event *event)
{
	static const char long_one[] = "a_reason_that_no_row_has_any_room_for";
	text64_set(&event->hold_created.reason, long_one, sizeof long_one - 1);
}

const struct golden_rule hold_created_v1_golden = { .make = hold_created,
	.unsound = UNSOUND_LIST(UNSOUND(held_and_paid), UNSOUND(reason_too_long)) };

/* Of the 25.00 held, 20.00 are taken. */
static struct event hold_captured(void)
{
	struct event event = golden_outcome(EVENT_hold_captured, 9);
	event.party = golden_text_of("alice");
	event.initiator = INITIATOR_third_party;
	event.balances[0] = golden_balance("alice/main", 2000, 10000, 0, 0);
	event.balances[1] = golden_balance("bob/main", 0, 2000, 0, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_pending_lifted, RAIL_book, 2500);
	golden_post(&event, LAYER_posted, RAIL_book, 2000);
	event.hold_captured = (struct event_hold_captured){
		.hold_id = golden_hold_id(),
		.released = amount_of(500),
		.currency = CURRENCY_USD,
	};
	return event;
}

/* All three that end a hold begin with its id. */
static void hold_unknown(struct event *event)
{
	event->hold_captured.hold_id.at[15] ^= 1;
}

static void captured_before_it_is_lifted(struct event *event)
{
	struct effect lifted = event->effects[0];
	event->effects[0] = event->effects[1];
	event->effects[1] = lifted;
}

const struct golden_rule hold_captured_v1_golden = { .make = hold_captured,
	.unsound = UNSOUND_LIST(UNSOUND(hold_unknown), UNSOUND(captured_before_it_is_lifted)) };

static void hold_lifted(struct event *event)
{
	event->balances[0] = golden_balance("alice/main", 0, 10000, 0, 0);
	event->balances[1] = golden_balance("bob/main", 0, 0, 0, 0);
	event->balance_count = 2;
	golden_post(event, LAYER_pending_lifted, RAIL_book, 2500);
}

static struct event hold_released(void)
{
	struct event event = golden_outcome(EVENT_hold_released, 9);
	hold_lifted(&event);
	event.hold_released = (struct event_hold_released){
		.hold_id = golden_hold_id(),
	};
	return event;
}

const struct golden_rule hold_released_v1_golden = { .make = hold_released,
	.unsound = UNSOUND_LIST(UNSOUND(hold_unknown)) };

static struct event hold_expired(void)
{
	struct event event = golden_timers_event(EVENT_hold_expired, GOLDEN_HOLD_EXPIRES_MS);
	event.timer.kind = TIMER_KIND_hold_expiry;
	event.timer.id = golden_hold_id();
	hold_lifted(&event);
	event.hold_expired = (struct event_hold_expired){
		.hold_id = golden_hold_id(),
		.reason = golden_text_of("card_purchase"),
	};
	return event;
}

const struct golden_rule hold_expired_v1_golden = { .make = hold_expired,
	.unsound = UNSOUND_LIST(UNSOUND(hold_unknown)) };
