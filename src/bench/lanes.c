/* SPDX-License-Identifier: Apache-2.0 */
/* Open-loop load: what is due is sent, whether or not what was sent before has been answered. */
#include "bench/bench.h"
#include "shard/thread.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { LANE_PAUSE_NS = 1000000 };

/* What is due at one time goes out together; after a slow send that is more. */
static void lane_main(void *context)
{
	struct lane *lane = context;
	int64_t sent = 0;
	while (sent < lane->count && !atomic_load(&lane->is_stopping)) {
		int64_t due =
			(int64_t)((double)(now_ns() - lane->begun_ns) / lane->interval_ns) + 1;
		if (due > lane->count)
			due = lane->count;
		if (due > sent + SEND_RECORDS)
			due = sent + SEND_RECORDS;
		if (due > sent && sender_send(&lane->sender, lane->shard, LOG_COMMANDS,
					  make_transfer, sent, due - sent) != 0) {
			atomic_store(&lane->has_failed, true);
			return;
		}
		sent = due;
		if (sent < lane->count)
			(void)nanosleep(&(struct timespec){ .tv_nsec = LANE_PAUSE_NS }, NULL);
	}
}

int lanes_start(struct lanes *lanes, const struct keys *keys, struct log *log, double rate,
	double seconds, struct fault *fault)
{
	*lanes = (struct lanes){ .count = keys->shards };
	lanes->at = calloc(lanes->count, sizeof *lanes->at);
	assert(lanes->at);
	double lane_rate = rate / (double)lanes->count;
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->at[i];
		lane->shard = i;
		lane->interval_ns = 1e9 / lane_rate;
		lane->count = (int64_t)(lane_rate * seconds) + 1;
		if (sender_open(&lane->sender, keys, log) != 0) {
			struct fault none;
			*fault = lane->sender.fault;
			(void)lanes_join(lanes, &none);
			return fault->code;
		}
	}
	int64_t begun = now_ns();
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->at[i];
		lane->begun_ns = begun;
		lane->thread = thread_start("send", i, lane_main, lane);
		assert(lane->thread);
	}
	return 0;
}

bool lanes_failed(const struct lanes *lanes)
{
	for (uint32_t i = 0; i < lanes->count; i++)
		if (atomic_load(&lanes->at[i].has_failed))
			return true;
	return false;
}

int lanes_join(struct lanes *lanes, struct fault *fault)
{
	int error = 0;
	for (uint32_t i = 0; i < lanes->count; i++)
		atomic_store(&lanes->at[i].is_stopping, true);
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->at[i];
		thread_join(lane->thread);
		if (atomic_load(&lane->has_failed) && !error) {
			*fault = lane->sender.fault;
			error = fault->code;
		}
		sender_close(&lane->sender);
	}
	free(lanes->at);
	*lanes = (struct lanes){ 0 };
	return error;
}
