/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static void change(struct state *state, const struct event *event)
{
	const struct event_funds_received *e = &event->funds_received;
	struct reference reference = {
		.rail = e->rail,
		.reference = e->rail_reference,
		.sequence = event->sequence,
		.engine_time_ms = event->engine_time_ms,
	};
	mutate_reference(state, &reference);
}

const struct event_rule funds_received_v1_rule = { .change = change };
