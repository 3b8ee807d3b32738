/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of money that arrives or moves. */
#include "maker.h"

struct event golden_prelude_funds_received(
	int n, int64_t amount, int64_t total, const char *reference)
{
	struct event event = golden_outcome(EVENT_funds_received, n);
	event.initiator = INITIATOR_third_party;
	event.balances[0] = golden_balance("@bank/USD", total, 0, 0, 0);
	event.balances[1] = golden_balance("alice/main", 0, total, n > 8 ? 2500 : 0, 0);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_wire, amount);
	event.funds_received = (struct event_funds_received){
		.rail = RAIL_wire,
		.rail_reference = golden_text_of(reference),
	};
	return event;
}

static struct event funds_received(void)
{
	struct event event = golden_prelude_funds_received(9, 5000, 15000, "FED-20260101-2");
	event.reference = golden_text_of("payroll-1");
	return event;
}

static void reference_absent(struct event *event)
{
	event->funds_received.rail_reference.size = 0;
}

const struct golden_rule funds_received_v1_golden = { .make = funds_received,
	.unsound = UNSOUND_LIST(UNSOUND(reference_absent)) };

static struct event transfer_posted(void)
{
	struct event event = golden_outcome(EVENT_transfer_posted, 9);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("order-17");
	event.balances[0] = golden_balance("alice/main", 1250, 10000, 2500, 0);
	event.balances[1] = golden_balance("bob/main", 0, 1250, 0, 2500);
	event.balance_count = 2;
	golden_post(&event, LAYER_posted, RAIL_book, 1250);
	return event;
}

static void payee_nowhere(struct event *event)
{
	event->effects[0].posting.credit_place = 3;
}

static void payee_is_another(struct event *event)
{
	event->transfer_posted.own_accounts = true;
}

const struct golden_rule transfer_posted_v1_golden = { .make = transfer_posted,
	.unsound = UNSOUND_LIST(UNSOUND(payee_nowhere), UNSOUND(payee_is_another)) };
