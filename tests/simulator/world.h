/* SPDX-License-Identifier: Apache-2.0 */
/* A world: a ledger, processes that own its shards, clients, an operator, and all that may happen
 * to them, from one seed. */
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/* Runs a world for so many turns, then lets it come to rest, and checks everything. A violation
 * ends the simulation. */
void world_run(uint64_t seed, bool is_swarm, int64_t turns);

/* All that run, at once. */
void world_processes_kill(void);

/* Of all worlds together. */
struct world_totals {
	uint64_t worlds, crashes, crashes_in_recovery, lives, usurped, restarts, clock_stops,
		input_stops, clock_restarts, commands, virtual_s, shortened, looks, log_stops,
		stops_while_deaf, promotions;
};
extern struct world_totals world_totals;

#endif
