/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hold/hold_end.h"

#include <assert.h>

void hold_load(const struct state *state, const struct id *hold_id)
{
	struct hold hold;
	(void)view_hold(state, hold_id, &hold);
}

bool hold_is_open(const struct state *state, const struct id *hold_id)
{
	struct hold hold;
	return view_hold(state, hold_id, &hold) == ANSWER_PRESENT &&
	       hold.status == HOLD_STATUS_open;
}

void hold_end(struct state *state, const struct id *hold_id, enum hold_status status,
	struct amount captured)
{
	struct hold hold;
	enum answer answer = view_hold(state, hold_id, &hold);
	assert(answer == ANSWER_PRESENT && hold.status == HOLD_STATUS_open);
	hold.status = status;
	hold.captured = captured;
	mutate_hold(state, &hold);
	struct timer timer = {
		.kind = TIMER_KIND_hold_expiry,
		.due_ms = hold.expires_at_ms,
		.id = *hold_id,
	};
	mutate_timer_clear(state, &timer);
}
