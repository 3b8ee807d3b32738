/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/lookout.h"

#include "shard/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct lookout {
	struct lookout_config config;
	struct thread *thread;
	struct monitor *monitor;
	bool is_stopping; /* under the monitor */
	_Atomic bool has_found, is_ended;
	struct fault fault; /* is the lookout's thread's until has_found */
};

static bool is_lost(int error)
{
	return error == FAULT_SETTINGS || error == FAULT_LOG || error == FAULT_MISSING;
}

/* False: asked to end meanwhile. */
static bool rest(struct lookout *lookout, int rest_ms)
{
	int64_t until_ms = clock_monotonic_ms() + rest_ms;
	monitor_enter(lookout->monitor);
	for (int64_t now_ms = clock_monotonic_ms(); !lookout->is_stopping && now_ms < until_ms;
		now_ms = clock_monotonic_ms())
		monitor_wait_ms(lookout->monitor, (int)(until_ms - now_ms));
	bool goes_on = !lookout->is_stopping;
	monitor_leave(lookout->monitor);
	return goes_on;
}

/* What can't be looked at now the shards find out themselves. */
static bool finds(struct lookout *lookout)
{
	for (int look = 1;; look++) {
		fault_clear(&lookout->fault);
		if (!is_lost(log_check(lookout->config.log, &lookout->fault)))
			return false;
		if (look == LOG_CHECK_LOOKS)
			return true;
		if (!rest(lookout, lookout->config.again_ms))
			return false;
	}
}

static void shards_stop(struct lookout *lookout)
{
	const struct lookout_config *config = &lookout->config;
	char line[64 + sizeof lookout->fault.text];
	(void)snprintf(line, sizeof line, "ALARM: all shards are stopped: %s", lookout->fault.text);
	config->diag(config->context, line);
	for (size_t i = 0; i < config->count; i++)
		if (config->shards[i])
			shard_stop(config->shards[i]);
}

static void lookout_main(void *context)
{
	struct lookout *lookout = context;
	bool has_found = false;
	while (!has_found && rest(lookout, lookout->config.every_ms))
		has_found = finds(lookout);
	atomic_store(&lookout->has_found, has_found);
	if (has_found)
		shards_stop(lookout);
	atomic_store(&lookout->is_ended, true);
}

struct lookout *lookout_start(const struct lookout_config *config)
{
	struct lookout *lookout = calloc(1, sizeof *lookout);
	assert(lookout);
	lookout->config = *config;
	lookout->monitor = monitor_new();
	lookout->thread = thread_start("lookout", 0, lookout_main, lookout);
	if (lookout->thread)
		return lookout;
	monitor_free(lookout->monitor);
	free(lookout);
	return NULL;
}

void lookout_stop(struct lookout *lookout)
{
	monitor_enter(lookout->monitor);
	lookout->is_stopping = true;
	monitor_wake(lookout->monitor);
	monitor_leave(lookout->monitor);
}

const struct fault *lookout_fault(const struct lookout *lookout)
{
	return atomic_load(&lookout->has_found) ? &lookout->fault : NULL;
}

bool lookout_is_ended(const struct lookout *lookout)
{
	return atomic_load(&lookout->is_ended);
}

bool lookout_join(struct lookout *lookout, struct fault *ret)
{
	if (!lookout)
		return false;
	thread_join(lookout->thread);
	bool has_found = atomic_load(&lookout->has_found);
	*ret = lookout->fault;
	monitor_free(lookout->monitor);
	free(lookout);
	return has_found;
}
