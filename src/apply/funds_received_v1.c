/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_funds_received_v1(struct state *state, const struct event *event)
{
	const struct event_funds_received *e = &event->funds_received;
	apply_effects(state, event);
	struct reference reference = {
		.sequence = event->sequence,
		.engine_time_ms = event->engine_time_ms,
	};
	mutate_reference(state, e->rail, &e->rail_reference, &reference);
}
