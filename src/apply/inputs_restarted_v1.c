/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_inputs_restarted_v1(struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *e = &event->inputs_restarted;
	struct head *head = mutate_head(state);
	head->input_next[e->topic] = e->offset;
	head->input_last[e->topic] = e->before;
	/* The input that timers have fired for may be gone: whichever is next gets its own. */
	head->timers_fired = 0;
	head->timers_topic = TOPIC_none;
}
