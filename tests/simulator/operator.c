/* SPDX-License-Identifier: Apache-2.0 */
#include "operator.h"

#include "broker.h"
#include "checks.h"
#include "clients.h"
#include "ground.h"
#include "world.h"

#include "shard/thread.h"

#include <inttypes.h>
#include <stdio.h>

struct operator_choices operator_choices;

/* "start with --accept-clock commands:0:OFFSET, where OFFSET is the last such record": for every
 * input at once, on all processes; the broker's clock is mended. */
void operator_clock_accept(uint32_t shard, const struct fault *fault)
{
	if (!strstr(fault->text, "--accept-clock"))
		violation("a stop for the clock does not say what to do: %s", fault->text);
	world_totals.clock_stops++;
	broker_clock_set(0);
	world_processes_kill();
	broker_lose_under_way(); /* the operator takes his time */
	checks_look();
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		size_t count = broker_readable(shard, s);
		while (count > 0 && broker_record(shard, s, count - 1)->time_ms <=
					    clock_host_ms() + FAR_AHEAD_MS)
			count--;
		if (count == 0)
			continue;
		int64_t offset = broker_record(shard, s, count - 1)->offset;
		checks_accept_clock(shard, s, offset);
		if (operator_choices.accepted_count == ACCEPTED_MAX)
			violation("more stops for the clock than this world has room for");
		operator_choices.accepted[operator_choices.accepted_count++] =
			(struct input_place){ shard, s, offset };
		say("the operator accepts the clock up to %s:%" PRIu32 ":%" PRId64,
			log_stream_name(s), shard, offset);
	}
}

/* "pinion run --restart-inputs SHARD:SEQUENCE", and in the supervisor's file it stays. */
void operator_inputs_accept(uint32_t shard, const struct fault *fault)
{
	uint32_t said;
	int64_t sequence;
	const char *option = strstr(fault->text, "--restart-inputs ");
	if (!option ||
		sscanf(option, "--restart-inputs %" SCNu32 ":%" SCNd64, &said, &sequence) != 2 ||
		said != shard)
		violation("shard %" PRIu32 " stopped: %s (%s:%d)", shard, fault->text, fault->file,
			fault->line);
	world_totals.input_stops++;
	say("the operator has the inputs of shard %" PRIu32 " go on at event %" PRId64, shard,
		sequence);
	operator_choices.restart_at[shard] = sequence;
}

/* "start once with --restart-clock 0:ENGINE_TIME_MS": the machines' clocks are right again, and
 * engine time is what is wrong. The option is left where it is from then on. */
bool operator_clock_restarted(uint32_t shard, const struct fault *fault)
{
	static const char option[] = "--restart-clock ";
	const char *at = strstr(fault->text, option);
	struct clock_restart restart;
	if (!at)
		return false;
	if (sscanf(at + strlen(option), "%" SCNu32 ":%" SCNd64, &restart.shard,
		    &restart.engine_time_ms) != 2 ||
		restart.shard != shard)
		violation("a stop for engine time does not say what to do: %s", fault->text);
	ground.host_ahead_ms = 0;
	world_totals.clock_restarts++;
	operator_choices.restarts[shard] = restart;
	clients_repeat(shard); /* they were told that all is too old */
	say("the operator restarts the clock of shard %" PRIu32 " at %" PRId64, shard,
		restart.engine_time_ms);
	return true;
}
