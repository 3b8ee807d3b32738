/* SPDX-License-Identifier: Apache-2.0 */
/* The operator: does what a shard that stopped says is to be done. */
#ifndef SIMULATOR_OPERATOR_H
#define SIMULATOR_OPERATOR_H

#include "shard/shard.h"

enum { SHARDS_MAX = 3, ACCEPTED_MAX = 64, FAR_AHEAD_MS = 5 * 60000 };

/* With what processes are started from now on. All zero: nothing was chosen. */
struct operator_choices {
	struct input_place accepted[ACCEPTED_MAX];
	size_t accepted_count;
	int64_t restart_at[SHARDS_MAX];            /* --restart-inputs; 0: not given */
	struct clock_restart restarts[SHARDS_MAX]; /* by shard; engine time 0: none */
};
extern struct operator_choices operator_choices;

void operator_clock_accept(uint32_t shard, const struct fault *fault);
void operator_inputs_accept(uint32_t shard, const struct fault *fault);
/* False: that is not what the shard asks for. */
bool operator_clock_restarted(uint32_t shard, const struct fault *fault);

#endif
