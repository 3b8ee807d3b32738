/* SPDX-License-Identifier: Apache-2.0 */
#include "main/owners.h"

#include "main/journal.h"
#include "main/limits.h"
#include "main/named.h"
#include "main/waiting.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int ledger_open(const struct options *options, enum log_mode mode, struct log **ret)
{
	struct log_config config = options_log_config(options, mode);
	struct fault fault = { 0 };
	if (mode == LOG_OWN) {
		int exit_code =
			limits_check(options, options->shard_count ? options->shard_count : 1);
		if (exit_code != 0)
			return exit_code;
	}
	if (log_open(ret, &config, &fault))
		return fault_exit(&fault);
	log_notice_say(*ret);
	return 0;
}

static bool begins(const char *said, const char *with)
{
	return strncmp(said, with, strlen(with)) == 0;
}

/* What a shard says besides its role, and that it came to it, is out of the ordinary. */
static enum level level_of(const char *said)
{
	if (begins(said, "live, ") || begins(said, "follows, ") || begins(said, "is to own it") ||
		begins(said, "goes on as a follower"))
		return LEVEL_info;
	return begins(said, "STOPPED") || begins(said, "ALARM") ? LEVEL_error : LEVEL_warning;
}

static void diag(void *context, const char *line)
{
	const uint32_t *shard = context;
	const char *said = strstr(line, ": ");
	journal_say(level_of(said ? said + 2 : line), (long)*shard, "%s", line);
}

static bool folder_make(const char *path)
{
	char part[PATH_SIZE_MAX];
	(void)snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return mkdir(part, 0755) == 0 || errno == EEXIST;
}

static size_t places_copy(
	const struct place_option *from, size_t count, struct input_place to[PLACES_MAX])
{
	for (size_t i = 0; i < count; i++)
		to[i] = (struct input_place){ from[i].shard, from[i].stream, from[i].offset };
	return count;
}

static int owner_prepare(
	struct owners *owners, const struct options *options, size_t i, uint32_t shard)
{
	if (!options_state_path(options, shard, owners->paths[i])) {
		complain("where is the state? Give --state DIR: it holds a RocksDB per shard");
		return EXIT_USAGE;
	}
	if (!folder_make(owners->paths[i])) {
		complain("can't make the folder %s: %s", owners->paths[i], strerror(errno));
		return EXIT_FAULT;
	}
	owners->numbers[i] = shard;
	owners->configs[i] = (struct shard_config){
		.log = owners->log,
		.shard = shard,
		.state_path = owners->paths[i],
		.memory_bytes = limits_memory(options) / owners->count,
		.store_cache_bytes = limits_cache() / owners->count,
		.checkpoint_ms = options->checkpoint_ms,
		.read_back_ms = 10000,
		.live_well_ms = 10000,
		.refused = owners->refused,
		.refused_count = options->refused_count,
		.clock_accepted = owners->clock_accepted,
		.clock_accepted_count = options->clock_accepted_count,
		.restart_inputs_at = options->restart_inputs_at[shard],
		.clock_restarts = owners->clock_restarts,
		.clock_restart_count = options->clock_restart_count,
		.follows_when_overtaken = owners->are_shared,
		.diag = diag,
		.context = &owners->numbers[i],
	};
	return 0;
}

struct shard *owners_make(struct owners *owners, size_t i)
{
	owners->shards[i] = shard_new(&owners->configs[i]);
	return owners->shards[i];
}

static size_t owners_count(const struct options *options, const struct log *log)
{
	return options->shard_count ? options->shard_count : log_shards(log);
}

/* What an answer stands on must not become less unseen. */
static int replication_check(const struct options *options, struct log *log)
{
	struct fault fault = { 0 };
	int error = shard_replication_check(log, 0, &fault);
	if (error != FAULT_SETTINGS || !options->accepts_fewer_replicas)
		return error ? fault_exit(&fault) : EXIT_DONE;
	journal_say(LEVEL_warning, NO_SHARD, "accepted: %s", fault.text);
	return EXIT_DONE;
}

/* Whether these may be owned, and all of them can live at once. The log is theirs from then on,
 * also on failure. */
static int owners_check_all(struct owners *owners, const struct options *options, struct log *log)
{
	int exit_code = named_shards_check(options, log_shards(log)) ? EXIT_DONE : EXIT_USAGE;
	if (exit_code == 0)
		exit_code = limits_check(options, owners_count(options, log));
	if (exit_code == 0)
		exit_code = replication_check(options, log);
	if (exit_code == 0)
		return 0;
	*owners = (struct owners){ .log = log };
	owners_free(owners);
	return exit_code;
}

static int owners_prepare(
	struct owners *owners, const struct options *options, struct log *log, bool are_shared)
{
	*owners = (struct owners){ .log = log, .are_shared = are_shared };
	owners->count = owners_count(options, log);
	owners->shards = calloc(owners->count, sizeof(struct shard *));
	owners->configs = calloc(owners->count, sizeof *owners->configs);
	owners->numbers = calloc(owners->count, sizeof *owners->numbers);
	owners->paths = calloc(owners->count, sizeof *owners->paths);
	assert(owners->shards && owners->configs && owners->numbers && owners->paths);
	(void)places_copy(options->refused, options->refused_count, owners->refused);
	(void)places_copy(
		options->clock_accepted, options->clock_accepted_count, owners->clock_accepted);
	for (size_t i = 0; i < options->clock_restart_count; i++)
		owners->clock_restarts[i] =
			(struct clock_restart){ options->clock_restarts[i].shard,
				options->clock_restarts[i].engine_time_ms };
	for (size_t i = 0; i < owners->count; i++) {
		uint32_t shard = options->shard_count ? options->shard[i] : (uint32_t)i;
		int exit_code = owner_prepare(owners, options, i, shard);
		if (exit_code != 0) {
			owners_free(owners);
			return exit_code;
		}
	}
	return 0;
}

int owners_new_one_by_one(struct owners *owners, const struct options *options, struct log *log)
{
	int exit_code = owners_prepare(owners, options, log, false);
	for (size_t i = 0; exit_code == 0 && i < owners->count; i++)
		(void)owners_make(owners, i);
	return exit_code;
}

int owners_new(struct owners *owners, const struct options *options, struct log *log)
{
	int exit_code = owners_check_all(owners, options, log);
	return exit_code ? exit_code : owners_new_one_by_one(owners, options, log);
}

int owners_new_to_share(struct owners *owners, const struct options *options, struct log *log)
{
	int exit_code = owners_check_all(owners, options, log);
	return exit_code ? exit_code : owners_prepare(owners, options, log, true);
}

void owners_start(struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		shard_start(owners->shards[i]);
}

void owners_follow(struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		shard_follow(owners->shards[i]);
}

static void lost_say(void *context, const char *line)
{
	(void)context;
	journal_say(LEVEL_error, NO_SHARD, "%s", line);
}

void owners_check(struct owners *owners)
{
	struct lookout_config config = {
		.log = owners->log,
		.shards = owners->shards,
		/* Those that come and go are stopped by the main thread, which looks whether they
		 * must. */
		.count = owners->are_shared ? 0 : owners->count,
		.every_ms = LOG_CHECK_EVERY_MS,
		.again_ms = LOG_CHECK_AGAIN_MS,
		.diag = lost_say,
	};
	owners->lookout = lookout_start(&config);
	if (!owners->lookout)
		complain("no thread to look at the log's settings with: they are not looked at "
			 "again");
}

bool owners_await_live(struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++) {
		waiting_for("for shard %zu of this ledger to be live: it reads its log", i);
		for (;;) {
			struct shard_status status;
			shard_status(owners->shards[i], &status);
			if (status.is_live)
				break;
			if (status.is_ended) {
				waiting_ends();
				return false;
			}
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		}
	}
	waiting_ends();
	return true;
}

bool owners_ended(const struct owners *owners)
{
	size_t ended = 0;
	if (owners->are_shared && owners->lookout && lookout_fault(owners->lookout))
		return true;
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status status;
		if (!owners->shards[i])
			continue;
		shard_status(owners->shards[i], &status);
		if (!status.is_ended)
			return false;
		ended++;
	}
	return ended > 0;
}

int owners_stop(struct owners *owners)
{
	int exit_code = EXIT_DONE;
	struct fault lost;
	for (size_t i = 0; i < owners->count; i++)
		if (owners->shards[i])
			shard_stop(owners->shards[i]);
	if (owners->lookout)
		lookout_stop(owners->lookout);
	for (size_t i = 0; i < owners->count; i++) {
		if (!owners->shards[i] || shard_join(owners->shards[i]) == 0)
			continue;
		/* To start again would take that one back: this is what a supervisor must know. */
		int ended = fault_exit(shard_fault(owners->shards[i]));
		if (exit_code != EXIT_OTHER_OWNER)
			exit_code = ended;
	}
	bool has_lost = lookout_join(owners->lookout, &lost);
	owners->lookout = NULL;
	if (!has_lost)
		return exit_code;
	int ended = fault_exit(&lost);
	return exit_code == EXIT_OTHER_OWNER ? exit_code : ended;
}

void owners_free(struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		shard_free(owners->shards[i]);
	free(owners->shards);
	free(owners->configs);
	free(owners->numbers);
	free(owners->paths);
	log_close(owners->log);
	*owners = (struct owners){ 0 };
}
