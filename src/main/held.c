/* SPDX-License-Identifier: Apache-2.0 */
#include "main/held.h"

#include "main/journal.h"
#include "shard/thread.h"

#include <inttypes.h>

static void since_text(int64_t since_ms, char ret[TIME_TEXT_MAX])
{
	time_text(&(struct timespec){ .tv_sec = since_ms / 1000,
			  .tv_nsec = since_ms % 1000 * 1000000 },
		ret);
}

static void input_look(
	struct held *held, uint32_t shard, enum log_stream s, const struct shard_status *status)
{
	char since[TIME_TEXT_MAX];
	int64_t since_ms = status->held_since_ms[s];
	if (held->since_ms[s] != 0 && held->since_ms[s] != since_ms) {
		since_text(held->since_ms[s], since);
		journal_say(LEVEL_info, (long)shard,
			"shard %" PRIu32 ": %s is read again from offset %" PRId64
			" on: the Kafka transaction that held it since %s has ended",
			shard, log_stream_name(s), held->offset[s], since);
		held->since_ms[s] = 0;
	}
	if (since_ms == 0 || held->since_ms[s] != 0 ||
		clock_host_ms() - since_ms < HELD_SAY_AFTER_MS)
		return;
	held->since_ms[s] = since_ms;
	held->offset[s] = status->held_offset[s];
	since_text(since_ms, since);
	journal_say(LEVEL_warning, (long)shard,
		"shard %" PRIu32 ": %s is held by an open Kafka transaction since %s: nothing from "
		"offset %" PRId64 " on (%" PRId64
		" behind) can be read until the upstream that left it open commits or aborts it, "
		"or its transaction.timeout.ms is over",
		shard, log_stream_name(s), since, held->offset[s], status->lag[s]);
}

void held_look(struct held *held, uint32_t shard, const struct shard_status *status)
{
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		input_look(held, shard, s, status);
}

bool held_add(const struct held *held, uint32_t shard, FILE *line)
{
	bool is_any = false;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		char since[TIME_TEXT_MAX];
		if (held->since_ms[s] == 0)
			continue;
		since_text(held->since_ms[s], since);
		(void)fprintf(line,
			", %s of shard %" PRIu32
			" held by an open Kafka transaction since %s from offset %" PRId64 " on",
			log_stream_name(s), shard, since, held->offset[s]);
		is_any = true;
	}
	return is_any;
}
