/* SPDX-License-Identifier: Apache-2.0 */
#include "hearing.h"

#include "tasks.h"

#include <assert.h>

enum { PROCESSES = 3 };

static struct {
	struct log log;
	struct log_simulated logs[PROCESSES];
	uint32_t deaf_to; /* calls */
	int64_t deaf_until_ns, bound_ns;
} hearing;

void hearing_begin(const struct log *log)
{
	hearing.log = *log;
	hearing.bound_ns = draw_between(1, 60000) * NS_PER_MS;
	hearing_deafen(0, 0);
	for (int process = -1; process < PROCESSES - 1; process++)
		hearing_open(process);
}

struct log_simulated *hearing_log(int process)
{
	assert(process >= -1 && process < PROCESSES - 1);
	return &hearing.logs[process + 1];
}

struct log *broker_log(int process)
{
	return &hearing_log(process)->log;
}

void hearing_open(int process)
{
	struct log_simulated *log = hearing_log(process);
	*log = (struct log_simulated){ .log = hearing.log };
	for (uint32_t s = 0; s < HEARING_SHARDS_MAX; s++)
		log->hangs_since_ns[s] = INT64_MAX;
}

void hearing_deafen(uint32_t calls, int64_t until_ns)
{
	hearing.deaf_to = calls;
	hearing.deaf_until_ns = until_ns;
}

bool hearing_is_deaf(uint32_t call)
{
	return (hearing.deaf_to & call) && ground.now_ns < hearing.deaf_until_ns;
}

int64_t hearing_bound_ns(void)
{
	return hearing.bound_ns;
}

void hearing_give_up_at(int process, int64_t monotonic_ms)
{
	struct log_simulated *log = hearing_log(process);
	log_give_up_at(&log->log, monotonic_ms);
	task_wake(log);
}

bool is_heard(struct log *base, uint32_t shard, enum call call)
{
	struct log_simulated *log = (struct log_simulated *)base;
	int64_t bound_ms = (ground.now_ns + hearing.bound_ns) / NS_PER_MS;
	bool is_alive = true, is_late = false;
	if (!hearing_is_deaf(call))
		return true;

	/* A look is no shard's, and for what its relay sends a shard does not wait. */
	bool is_shards = call != CALL_CHECK && !task_is("relay");
	if (is_shards) {
		log->hangs_since_ns[shard] = ground.now_ns;
		log->hangs[shard] = call;
	}
	while (is_alive && !is_late && hearing_is_deaf(call)) {
		int64_t until_ns = log_deadline(base, bound_ms) * NS_PER_MS;
		int64_t heard_ns = hearing.deaf_until_ns;
		is_late = ground.now_ns >= until_ns;
		if (!is_late)
			is_alive = step_wait(
				STEP_hangs, log, until_ns < heard_ns ? until_ns : heard_ns);
	}
	if (is_shards)
		log->hangs_since_ns[shard] = INT64_MAX;
	return is_alive && !is_late;
}
