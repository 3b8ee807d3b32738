/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	(void)state;
	return amount_compare(event->hold_created.amount, amount_of(ACCOUNT_TOTAL_MAX)) <= 0;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_hold_created *e = &event->hold_created;
	struct hold hold = {
		.id = e->hold_id,
		.status = HOLD_STATUS_open,
		.from_account = e->from_account,
		.to_account = e->to_account,
		.currency = e->currency,
		.amount = e->amount,
		.expires_at_ms = e->expires_at_ms,
		.reason = e->reason,
	};
	mutate_hold(state, &hold);
	struct timer timer = {
		.kind = TIMER_KIND_hold_expiry,
		.due_ms = e->expires_at_ms,
		.id = e->hold_id,
	};
	mutate_timer_set(state, &timer);
}

const struct event_rule hold_created_v1_rule = { .is_sound = is_sound, .change = change };
