/* SPDX-License-Identifier: Apache-2.0 */
#include "main/status.h"

#include "main/journal.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAITED_MS_TOLD = 3000, UNDER_WAY_MS_MAX = 15 * 60000 };

void status_new(struct status *status, struct owners *owners, struct shares *shares)
{
	*status = (struct status){ .owners = owners, .shares = shares };
	status->stopped_at = calloc(owners->count, sizeof *status->stopped_at);
	status->passes = calloc(owners->count, sizeof *status->passes);
	status->held = calloc(owners->count, sizeof *status->held);
	assert(status->stopped_at && status->passes && status->held);
}

void status_free(struct status *status)
{
	free(status->stopped_at);
	free(status->passes);
	free(status->held);
}

/* False: it is neither owned nor followed here. */
static bool status_of(const struct owners *owners, size_t i, struct shard_status *ret)
{
	if (!owners->shards[i])
		return false;
	shard_status(owners->shards[i], ret);
	return true;
}

void status_look(struct status *status)
{
	status->owned = status->live = status->followed = 0;
	for (size_t i = 0; i < status->owners->count; i++) {
		struct shard_status shard;
		if (!status_of(status->owners, i, &shard)) {
			status->stopped_at[i] = (struct timespec){ 0 };
			continue;
		}
		status->owned += !shard.follows;
		status->live += shard.is_live;
		status->followed += shard.follows;
		if (shard.is_ended && status->stopped_at[i].tv_sec == 0)
			(void)clock_gettime(CLOCK_REALTIME, &status->stopped_at[i]);
		held_look(&status->held[i], status->owners->numbers[i], &shard);
	}
}

bool status_progress(struct status *status)
{
	bool is_moving = true;
	for (size_t i = 0; i < status->owners->count; i++) {
		struct shard_status shard;
		if (!status_of(status->owners, i, &shard))
			continue;
		is_moving &=
			!(shard.is_live || shard.is_following) || shard.passes != status->passes[i];
		status->passes[i] = shard.passes;
		shard_nudge(status->owners->shards[i]); /* has come round by the next look */
	}
	return is_moving;
}

static int64_t resident_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file) {
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes a number that fits. */
		if (fscanf(file, "%*s %ld", &pages) != 1)
			pages = 0;
		(void)fclose(file);
	}
	return (int64_t)pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int64_t all_add(const struct owners *owners, struct shard_status *all)
{
	int64_t unstored = 0;
	*all = (struct shard_status){ .timer_due_ms = INT64_MAX };
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status shard;
		if (!status_of(owners, i, &shard))
			continue;
		unstored += shard.verified_sequence - shard.stored_sequence;
		all->restarts += shard.restarts;
		if (shard.level0_files > all->level0_files)
			all->level0_files = shard.level0_files;
		if (shard.follows)
			continue;
		all->inputs_decided += shard.inputs_decided;
		for (int s = 0; s < LOG_INPUTS; s++)
			all->lag[s] += shard.lag[s];
		if (shard.timer_due_ms < all->timer_due_ms)
			all->timer_due_ms = shard.timer_due_ms;
		if (shard.engine_time_ms > all->engine_time_ms)
			all->engine_time_ms = shard.engine_time_ms;
	}
	return unstored;
}

/* ", stopped: shard 1 since 2026-11-28T05:10:00.000Z (why)", for each. */
static void stopped_add(const struct status *status, FILE *line)
{
	const struct owners *owners = status->owners;
	const char *before = ", stopped: ";
	for (size_t i = 0; i < status->owners->count; i++) {
		char since[TIME_TEXT_MAX];
		if (status->stopped_at[i].tv_sec == 0)
			continue;
		/* A shard that was ended with all others has no fault of its own. */
		const char *why = shard_fault(owners->shards[i])->text;
		const struct fault *lost = owners->lookout ? lookout_fault(owners->lookout) : NULL;
		if (*why == '\0' && lost)
			why = lost->text;
		time_text(&status->stopped_at[i], since);
		(void)fprintf(line, "%sshard %" PRIu32 " since %s (%s)", before, owners->numbers[i],
			since, why);
		before = ", ";
	}
}

/* ", waits: shard 0 for 12 s (for what)", for each that has waited long. */
static void waits_add(const struct owners *owners, FILE *line)
{
	const char *before = ", waits: ";
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status shard;
		if (!status_of(owners, i, &shard))
			continue;
		int64_t waited_ms = clock_monotonic_ms() - shard.waits_since_ms;
		if (shard.is_ended || !shard.waits_for || waited_ms < WAITED_MS_TOLD)
			continue;
		(void)fprintf(line, "%sshard %" PRIu32 " for %" PRId64 " s (%s)", before,
			owners->numbers[i], waited_ms / 1000, shard.waits_for);
		before = ", ";
	}
}

/* ", under way between shards 12"; more where one has waited long. Returns whether one has. */
static bool under_way_add(const struct owners *owners, FILE *line)
{
	int64_t under_way = 0, now_ms = clock_host_ms();
	bool is_late = false;
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status shard;
		if (!status_of(owners, i, &shard) || shard.follows)
			continue;
		under_way += shard.under_way;
		if (shard.under_way_ms == 0 || now_ms - shard.under_way_ms < UNDER_WAY_MS_MAX)
			continue;
		(void)fprintf(line, "%s shard %" PRIu32 " to shard %" PRIu32 " for %" PRId64 " min",
			is_late ? "," : ", ALARM, payments are not answered:", owners->numbers[i],
			shard.under_way_to, (now_ms - shard.under_way_ms) / 60000);
		is_late = true;
	}
	if (under_way > 0)
		(void)fprintf(line, ", under way between shards %" PRId64, under_way);
	return is_late;
}

/* ", follows 4 (12 events behind), 2 processes share 8 shards (host-a host-b)" */
static void shares_add(const struct status *status, FILE *line)
{
	const struct agreement *agreed;
	struct shares_figures figures;
	if (!status->shares)
		return;
	agreed = &status->shares->agreement;
	shares_count(status->shares, &figures);
	(void)fprintf(line,
		", follows %zu (%" PRId64 " behind), %zu process%s share%s %zu shard%s (",
		figures.followed, figures.behind, agreed->count, agreed->count == 1 ? "" : "es",
		agreed->count == 1 ? "s" : "", status->owners->count,
		status->owners->count == 1 ? "" : "s");
	for (size_t i = 0; i < agreed->count; i++)
		(void)fprintf(line, "%s%s", i ? " " : "", agreed->names[i]);
	(void)fprintf(line, ")%s", status->shares->is_cut_off ? ", cut off from them" : "");
}

void status_say(struct status *status, double seconds)
{
	struct shard_status all;
	int64_t unstored = all_add(status->owners, &all);
	int64_t ahead_s = all.engine_time_ms / 1000 - (int64_t)time(NULL);
	char due[64] = "none", *text = NULL;
	size_t size;
	if (all.timer_due_ms != INT64_MAX)
		(void)snprintf(due, sizeof due, "in %" PRId64 " s",
			all.timer_due_ms / 1000 - (int64_t)time(NULL));
	FILE *line = open_memstream(&text, &size);
	assert(line);
	(void)fprintf(line,
		"status: %zu of %zu shards live, %.0f/s, lag commands %" PRId64 " rails %" PRId64
		" control %" PRId64 " internal %" PRId64 ", verified - checkpoint %" PRId64
		", oldest timer due %s, level-0 files %d, memory %" PRId64
		" MiB, recoveries %d, engine time ahead %" PRId64 " s",
		status->live, status->owned,
		seconds > 0 ? (double)(all.inputs_decided - status->inputs_before) / seconds : 0.0,
		all.lag[0], all.lag[1], all.lag[2], all.lag[3], unstored, due, all.level0_files,
		resident_kib() / 1024, all.restarts, ahead_s > 0 ? ahead_s : 0);
	shares_add(status, line);
	waits_add(status->owners, line);
	stopped_add(status, line);
	bool is_well = status->live == status->owned;
	is_well &= !under_way_add(status->owners, line);
	for (size_t i = 0; i < status->owners->count; i++)
		is_well &= !held_add(&status->held[i], status->owners->numbers[i], line);
	(void)fclose(line);
	journal_say(is_well ? LEVEL_info : LEVEL_warning, NO_SHARD, "%s", text);
	free(text);
	status->inputs_before = all.inputs_decided;
}

/* --- Of a process that only follows --- */

size_t status_followed(const struct status *status)
{
	size_t count = 0;
	for (size_t i = 0; i < status->owners->count; i++) {
		struct shard_status shard;
		shard_status(status->owners->shards[i], &shard);
		count += shard.is_following;
	}
	return count;
}

void status_say_followed(struct status *status, double seconds)
{
	const struct owners *owners = status->owners;
	int64_t events = 0, lag = 0, engine_time_ms = 0;
	struct shard_status all;
	int64_t unstored = all_add(owners, &all);
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status shard;
		shard_status(owners->shards[i], &shard);
		events += shard.verified_sequence;
		lag += shard.event_lag;
		if (shard.engine_time_ms > engine_time_ms)
			engine_time_ms = shard.engine_time_ms;
	}
	char time[TIME_TEXT_MAX], *text = NULL;
	size_t size, followed = status_followed(status);
	struct timespec engine_time = { engine_time_ms / 1000, engine_time_ms % 1000 * 1000000 };
	time_text(&engine_time, time);
	FILE *line = open_memstream(&text, &size);
	assert(line);
	(void)fprintf(line,
		"status: %zu of %zu shards followed, at event %" PRId64
		", %.0f/s, lag events %" PRId64 ", engine time %s, verified - checkpoint %" PRId64
		", level-0 files %d, memory %" PRId64 " MiB, recoveries %d",
		followed, owners->count, events,
		seconds > 0 && status->events_before > 0
			? (double)(events - status->events_before) / seconds
			: 0.0,
		lag, engine_time_ms == 0 ? "none" : time, unstored, all.level0_files,
		resident_kib() / 1024, all.restarts);
	waits_add(owners, line);
	stopped_add(status, line);
	(void)fclose(line);
	journal_say(followed == owners->count ? LEVEL_info : LEVEL_warning, NO_SHARD, "%s", text);
	free(text);
	status->events_before = events;
}
