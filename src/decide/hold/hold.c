/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hold/hold.h"

#include "decide/posting.h"

#include <assert.h>

enum reject check_hold(const struct state *state, const struct decision *decision,
	const struct id *hold_id, struct hold *ret_hold, struct account *ret_from,
	struct account *ret_to)
{
	enum answer answer = view_hold(state, hold_id, ret_hold);
	if (answer == ANSWER_NOT_LOADED)
		return REJECT_not_loaded;
	if (answer == ANSWER_ABSENT ||
		!account_id_is_of(&ret_hold->from_account, &decision->command->party))
		return REJECT_hold_not_found;
	enum answer from_answer = view_account(state, &ret_hold->from_account, ret_from);
	enum answer to_answer = view_account(state, &ret_hold->to_account, ret_to);
	assert(from_answer != ANSWER_ABSENT && to_answer != ANSWER_ABSENT);
	return view_is_missing(state) ? REJECT_not_loaded : REJECT_none;
}

enum reject hold_status_check(const struct hold *hold, int64_t engine_time_ms)
{
	switch (hold->status) {
	case HOLD_STATUS_captured:
		return REJECT_hold_is_captured;
	case HOLD_STATUS_released:
		return REJECT_hold_is_released;
	case HOLD_STATUS_expired:
		return REJECT_hold_is_expired;
	case HOLD_STATUS_open:
	case HOLD_STATUS_none:
		break;
	}
	return engine_time_ms >= hold->expires_at_ms ? REJECT_hold_is_expired : REJECT_none;
}

void hold_lift(struct event *ret_event, const struct hold *hold, const struct account *from,
	const struct account *to)
{
	struct posting_request lift = {
		.debit = from,
		.credit = to,
		.amount = hold->amount,
		.layer = LAYER_pending_lifted,
		.rail = RAIL_book,
	};
	enum reject reject = posting_add(ret_event, &lift);
	assert(reject == REJECT_none);
}
