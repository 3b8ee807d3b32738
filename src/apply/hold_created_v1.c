/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_hold_created_v1(struct state *state, const struct event *event)
{
	const struct event_hold_created *e = &event->hold_created;
	apply_effects(state, event);
	struct hold hold = {
		.id = e->hold_id,
		.status = HOLD_open,
		.from_account = e->from_account,
		.to_account = e->to_account,
		.currency = e->currency,
		.amount = e->amount,
		.expires_at_ms = e->expires_at_ms,
		.reason = e->reason,
	};
	mutate_hold(state, &hold);
	struct timer timer = {
		.kind = TIMER_hold_expiry,
		.due_ms = e->expires_at_ms,
		.id = e->hold_id,
	};
	mutate_timer_set(state, &timer);
}
