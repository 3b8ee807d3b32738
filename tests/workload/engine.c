/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

static struct command tick(struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = workload_command(workload, COMMAND_tick, party, now_ms);
	command.initiator = INITIATOR_system;
	return command;
}

const struct rare_traffic engine_rare_traffic[] = { { tick }, { 0 } };
