/* SPDX-License-Identifier: Apache-2.0 */
/* What the shards have verified, and the longest time in which that was nothing. */
#include "bench/bench.h"

#include <inttypes.h>
#include <time.h>

int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void bucket_put(struct watch *watch, int64_t at_ns)
{
	if (watch->file)
		(void)fprintf(watch->file, "%s\t%" PRId64 "\t%" PRId64 "\n", watch->phase,
			(at_ns - watch->begun_ns) / 1000000,
			watch->verified - watch->verified_first);
}

/* False: one has ended. */
static bool shards_look(struct watch *watch)
{
	bool is_ended = false;
	int64_t stored = 0, verified = 0;
	watch->recoveries = 0;
	for (size_t i = 0; i < watch->owners->count; i++) {
		struct shard_status status;
		shard_status(watch->owners->shards[i], &status);
		verified += status.verified_sequence;
		stored += status.stored_sequence;
		watch->recoveries += status.restarts;
		is_ended |= status.is_ended;
	}
	int64_t at_ns = now_ns();
	/* A bucket's line says what was verified when it ended: this look is after that. */
	for (; at_ns >= watch->bucket_ns; watch->bucket_ns += (int64_t)BUCKET_MS * 1000000)
		bucket_put(watch, watch->bucket_ns);
	if (at_ns - watch->moved_ns > watch->pause_ns)
		watch->pause_ns = at_ns - watch->moved_ns;
	if (verified != watch->verified)
		watch->moved_ns = at_ns;
	if (stored != watch->stored)
		watch->checkpoints++;
	watch->verified = verified;
	watch->stored = stored;
	return !is_ended;
}

void watch_begin(struct watch *watch, struct owners *owners, FILE *file, const char *phase)
{
	int64_t at_ns = now_ns();
	*watch = (struct watch){
		.owners = owners,
		.phase = phase,
		.begun_ns = at_ns,
		.moved_ns = at_ns,
		.bucket_ns = INT64_MAX,
	};
	(void)shards_look(watch);
	watch->verified_first = watch->verified;
	watch->checkpoints = 0;
	watch->pause_ns = 0;
	watch->bucket_ns = at_ns + (int64_t)BUCKET_MS * 1000000;
	watch->file = file;
}

bool watch_step(struct watch *watch)
{
	if (!shards_look(watch)) {
		complain("a shard has ended, see above");
		return false;
	}
	if (now_ns() - watch->moved_ns > (int64_t)STALLED_S * 1000000000) {
		complain("nothing was verified for %d s", STALLED_S);
		return false;
	}
	(void)nanosleep(&(struct timespec){ .tv_nsec = WATCH_STEP_NS }, NULL);
	return true;
}

void watch_end(struct watch *watch)
{
	bucket_put(watch, now_ns());
	if (watch->file)
		(void)fflush(watch->file);
}
