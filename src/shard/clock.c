/* SPDX-License-Identifier: Apache-2.0 */
/* Engine time against the host's clock. It only ever goes on, so one record under a clock that is
 * days ahead takes it there, and from then on every command with a true id would be refused as too
 * old. So an owner decides nothing while engine time is far ahead of its host's clock, and where
 * engine time is what is wrong, the operator has it set back: that is an event. */
#include "shard/internal.h"

#include <inttypes.h>

static int64_t engine_time_ms(const struct shard *shard)
{
	return state_head(shard->replica.state)->engine_time_ms;
}

int clock_compare(struct shard *shard, int64_t host_ms)
{
	int64_t ahead_ms = engine_time_ms(shard) - host_ms;
	if (ahead_ms <= CLOCK_AHEAD_MAX_MS)
		return 0;
	return FAULT(&shard->fault, FAULT_CLOCK,
		"shard %" PRIu32 ": engine time, %" PRId64 ", is %" PRId64
		" s ahead of this host's clock: new commands would be refused as id_too_old, so "
		"none is decided. If this host's clock is wrong, mend it and start again. If it is "
		"right, engine time ran ahead under a wrong clock: start once with pinion run "
		"--restart-clock "
		"%" PRIu32 ":%" PRId64 ", which sets it back to this host's clock",
		shard->config.shard, engine_time_ms(shard), ahead_ms / 1000, shard->config.shard,
		engine_time_ms(shard));
}

static bool restart_is_wanted(const struct shard *shard, int64_t host_ms)
{
	const struct shard_config *config = &shard->config;
	for (size_t i = 0; i < config->clock_restart_count; i++) {
		const struct clock_restart *restart = &config->clock_restarts[i];
		if (restart->shard != config->shard)
			continue;
		if (restart->engine_time_ms == engine_time_ms(shard) &&
			host_ms < engine_time_ms(shard))
			return true;
		shard_diag(shard,
			"--restart-clock %" PRIu32 ":%" PRId64
			" does nothing: engine time is %" PRId64,
			restart->shard, restart->engine_time_ms, engine_time_ms(shard));
	}
	return false;
}

int clock_enter(struct shard *shard)
{
	int64_t host_ms = clock_host_ms();
	if (host_ms < 0 || !restart_is_wanted(shard, host_ms))
		return clock_compare(shard, host_ms);

	/* With an empty generation there is room for its rows. */
	int error = checkpointer_complete(shard);
	if (error)
		return error;
	state_batch_begin(shard->replica.state);
	int64_t left_ms = engine_time_ms(shard);
	struct event event;
	if (!engine_restart_clock(shard->replica.state, host_ms, &event))
		return FAULT(&shard->fault, FAULT_SETTINGS,
			"shard %" PRIu32 " needs more memory than %zu bytes: see --memory",
			shard->config.shard, shard->config.memory_bytes);
	shard->batch = &shard->batches[0];
	shard->batch->count = shard->batch->used = 0;
	batch_add(shard, &event);
	error = shard_flush(shard);
	if (!error)
		shard_diag(shard,
			"engine time was set back from %" PRId64 " to %" PRId64 ", by %" PRId64
			" s. Ids from before %" PRId64 " stay refused as too old",
			left_ms, host_ms, (left_ms - host_ms) / 1000,
			event.clock_restarted.command_ids_from_ms);
	return error;
}
