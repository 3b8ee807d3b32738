/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	(void)state;
	return event->effect_count == 1 && event->effects[0].posting.layer == LAYER_pending;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_hold_created *e = &event->hold_created;
	const struct posting *posting = &event->effects[0].posting;
	const struct balance_after *from = event_debited(event, posting);
	struct hold hold = {
		.id = e->hold_id,
		.status = HOLD_STATUS_open,
		.from_account = from->account,
		.to_account = event_credited(event, posting)->account,
		.currency = from->currency,
		.amount = posting->amount,
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
