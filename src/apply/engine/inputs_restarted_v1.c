/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

#include "ledger/restart.h"

/* It names what stands there. */
static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *e = &event->inputs_restarted;
	const struct head *head = view_head(state);
	struct witness expected = restart_expected(e);
	struct witness last = trail_last(&head->input_trail[e->topic]);
	return e->expected_offset == head->input_next[e->topic] && witness_equal(&expected, &last);
}

/* Those before the new place were decided, and stand there still: so says the event. */
static void trail_go_back(struct trail *trail, int64_t offset, const struct witness *before)
{
	const struct trail whole = *trail;
	*trail = (struct trail){ 0 };
	if (offset == 0 || witness_is_absent(before))
		return;
	for (size_t i = 0; i < trail_size(&whole) && trail_at(&whole, i)->offset < offset - 1; i++)
		trail_add(trail, trail_at(&whole, i)->offset, &trail_at(&whole, i)->witness);
	trail_add(trail, offset - 1, before);
}

static void change(struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *e = &event->inputs_restarted;
	struct head *head = mutate_head(state);
	struct witness before = restart_before(e);
	head->input_next[e->topic] = e->offset;
	trail_go_back(&head->input_trail[e->topic], e->offset, &before);
	/* The input that timers have fired for may be gone: whichever is next gets its own. */
	head->timers_fired = 0;
	head->timers_topic = TOPIC_none;
}

const struct event_rule inputs_restarted_v1_rule = { .is_sound = is_sound, .change = change };
