/* SPDX-License-Identifier: Apache-2.0 */
/* Its effects are all that changes anything: the posting into @transit, and the remittance. */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	(void)state;
	/* A sound remittance stands behind its posting. */
	return event->effect_count == 2 && event->effects[1].kind == EFFECT_remittance &&
	       event->effects[1].remittance.purpose == PURPOSE_transfer &&
	       account_id_is_of(
		       &event_debited(event, &event->effects[0].posting)->account, &event->party);
}

const struct event_rule transfer_sent_v1_rule = { .is_sound = is_sound };
