/* SPDX-License-Identifier: Apache-2.0 */
/* A hold's time is over. */
#include "decide/hold/hold.h"
#include "decide/rule.h"

#include <assert.h>

static void fire(const struct state *state, const struct timer *timer, struct event *ret_event)
{
	struct hold hold;
	enum answer answer = view_hold(state, &timer->id, &hold);
	if (answer == ANSWER_NOT_LOADED)
		return;
	assert(answer == ANSWER_PRESENT && hold.status == HOLD_STATUS_open);
	struct account from = { 0 }, to = { 0 };
	answer = view_account(state, &hold.from_account, &from);
	enum answer to_answer = view_account(state, &hold.to_account, &to);
	if (view_is_missing(state))
		return;
	assert(answer == ANSWER_PRESENT && to_answer == ANSWER_PRESENT);

	hold_lift(ret_event, &hold, &from, &to);
	text64_set(&ret_event->party, from.id.at, from.id.party_size);
	ret_event->kind = EVENT_hold_expired;
	ret_event->hold_expired = (struct event_hold_expired){
		.hold_id = hold.id,
		.reason = hold.reason,
	};
}

const struct timer_rule hold_expiry_timer_rule = { .fire = fire };
