/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

#include "ledger/restart.h"

/* It names what stands there. */
static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *e = &event->inputs_restarted;
	const struct head *head = view_head(state);
	struct witness expected = restart_expected(e);
	return e->expected_offset == head->input_next[e->topic] &&
	       witness_equal(&expected, &head->input_last[e->topic]);
}

static void change(struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *e = &event->inputs_restarted;
	struct head *head = mutate_head(state);
	head->input_next[e->topic] = e->offset;
	head->input_last[e->topic] = restart_before(e);
	/* The input that timers have fired for may be gone: whichever is next gets its own. */
	head->timers_fired = 0;
	head->timers_topic = TOPIC_none;
}

const struct event_rule inputs_restarted_v1_rule = { .is_sound = is_sound, .change = change };
