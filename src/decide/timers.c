/* SPDX-License-Identifier: Apache-2.0 */
/* What due timers do. They can't be refused: each gives exactly one event. */
#include "decide/checks.h"
#include "decide/decide.h"

#include <assert.h>

static void hold_expire(
	const struct state *state, const struct timer *timer, struct event *ret_event)
{
	struct hold hold;
	enum answer answer = view_hold(state, &timer->id, &hold);
	if (answer == ANSWER_NOT_LOADED)
		return;
	assert(answer == ANSWER_PRESENT && hold.status == HOLD_open);
	struct account from = { 0 }, to = { 0 };
	answer = view_account(state, &hold.from_account, &from);
	enum answer to_answer = view_account(state, &hold.to_account, &to);
	if (view_is_missing(state))
		return;
	assert(answer == ANSWER_PRESENT && to_answer == ANSWER_PRESENT);

	struct posting_request lift = {
		.debit = &from,
		.credit = &to,
		.amount = hold.amount,
		.layer = LAYER_pending_lifted,
		.rail = RAIL_book,
	};
	enum reject reject = posting_add(ret_event, &lift);
	assert(reject == REJECT_none);
	text64_set(&ret_event->party, from.id.at, from.id.party_size);
	ret_event->kind = EVENT_hold_expired;
	ret_event->hold_expired = (struct event_hold_expired){
		.hold_id = hold.id,
		.from_account = hold.from_account,
		.to_account = hold.to_account,
		.released = hold.amount,
		.currency = hold.currency,
		.reason = hold.reason,
	};
}

static void command_ids_drop(const struct state *state, struct event *ret_event)
{
	/* What is dropped is older than what id_window refuses as too old, at this engine time and
	 * any later. */
	int64_t before_ms = ret_event->engine_time_ms - view_ledger(state)->id_too_old_ms;
	ret_event->kind = EVENT_command_ids_dropped;
	/* After a restarted clock what was dropped before reaches further. */
	int64_t from_ms = view_head(state)->command_ids_from_ms;
	ret_event->command_ids_dropped.before_ms = before_ms > from_ms ? before_ms : from_ms;
}

bool decide_timer(const struct state *state, const struct input *input, const struct timer *timer,
	struct event *ret_event)
{
	*ret_event = (struct event){
		.engine_time_ms = decide_engine_time(state, input),
		.topic = input->topic,
		.offset = input->offset,
		.timer = *timer,
	};
	switch (timer->kind) {
	case TIMER_hold_expiry:
		hold_expire(state, timer, ret_event);
		break;
	case TIMER_command_ids:
		command_ids_drop(state, ret_event);
		break;
	case TIMER_none:
		assert(timer->kind != TIMER_none);
	}
	return !view_is_missing(state);
}
