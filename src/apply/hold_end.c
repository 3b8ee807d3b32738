/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/hold_end.h"

#include <assert.h>

void hold_end(struct state *state, const struct id *hold_id, enum hold_status status,
	struct amount captured)
{
	struct hold hold;
	enum answer answer = view_hold(state, hold_id, &hold);
	assert(answer == ANSWER_PRESENT && hold.status == HOLD_open);
	hold.status = status;
	hold.captured = captured;
	mutate_hold(state, &hold);
	struct timer timer = {
		.kind = TIMER_hold_expiry,
		.due_ms = hold.expires_at_ms,
		.id = *hold_id,
	};
	mutate_timer_clear(state, &timer);
}
