/* SPDX-License-Identifier: Apache-2.0 */
/* What a state knows besides its rows, compared. */
#ifndef TESTS_HEADS_H
#define TESTS_HEADS_H

#include "state/state.h"

static inline bool heads_equal(const struct head *a, const struct head *b)
{
	for (int i = 0; i <= TOPIC_COUNT; i++)
		if (a->input_next[i] != b->input_next[i] ||
			!trail_equal(&a->input_trail[i], &b->input_trail[i]))
			return false;
	return a->sequence == b->sequence && a->engine_time_ms == b->engine_time_ms &&
	       a->timers_fired == b->timers_fired && a->timers_topic == b->timers_topic &&
	       a->command_ids_from_ms == b->command_ids_from_ms &&
	       a->command_ids_gone_ms == b->command_ids_gone_ms &&
	       a->command_id_max_ms == b->command_id_max_ms &&
	       a->command_ids_due_ms == b->command_ids_due_ms;
}

#endif
