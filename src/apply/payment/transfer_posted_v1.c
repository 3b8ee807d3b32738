/* SPDX-License-Identifier: Apache-2.0 */
/* Its posting is all that changes anything. */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	(void)state;
	if (event->effect_count != 1)
		return false;
	const struct balance_after *payee = event_credited(event, &event->effects[0].posting);
	return event->transfer_posted.own_accounts ==
	       account_id_is_of(&payee->account, &event->party);
}

const struct event_rule transfer_posted_v1_rule = { .is_sound = is_sound };
