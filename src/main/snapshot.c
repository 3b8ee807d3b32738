/* SPDX-License-Identifier: Apache-2.0 */
/* pinion snapshot: copies of the shards' stores, as they stand at their last checkpoints. */
#include "shard/snapshot.h"
#include "main/help.h"
#include "main/main.h"
#include "main/named.h"
#include "main/owners.h"
#include "store/aside.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void taken_print(const struct snapshot *snapshot)
{
	char hash[2 * HASH_SIZE + 1];
	(void)sodium_bin2hex(hash, sizeof hash, snapshot->place.hash.at, HASH_SIZE);
	(void)printf("shard %" PRIu32 ": copied at head %" PRIu32 ":%" PRId64 ":%s\n",
		snapshot->shard, snapshot->shard, snapshot->place.sequence, hash);
}

static int shard_take(const struct options *options, struct log *log, uint32_t shard,
	const char *folder, struct fault *fault)
{
	char state[PATH_SIZE_MAX], path[PATH_SIZE_MAX];
	struct snapshot snapshot;
	(void)options_state_path(options, shard, state);
	(void)snprintf(path, sizeof path, "%s/%" PRIu32, folder, shard);
	int error = snapshot_take(state, path, &snapshot, fault);
	if (error == FAULT_MISSING) {
		fault_clear(fault);
		return FAULT(fault, error,
			"shard %" PRIu32 " has no checkpoint in '%s': there is nothing to copy yet",
			shard, state);
	}
	if (!error)
		error = snapshot_compare(&snapshot, log, shard, fault);
	if (!error)
		taken_print(&snapshot);
	return error;
}

static int shards_take(const struct options *options, struct log *log, struct fault *fault)
{
	struct aside aside;
	size_t count = options->shard_count ? options->shard_count : log_shards(log);
	int error = aside_begin(&aside, options->argument, fault);
	if (!error && mkdir(aside.folder, 0777) != 0)
		error = FAULT(fault, FAULT_IO, "making the folder '%s': %s", aside.folder,
			strerror(errno));
	for (size_t i = 0; i < count && !error; i++)
		error = shard_take(options, log,
			options->shard_count ? options->shard[i] : (uint32_t)i, aside.folder,
			fault);
	if (!error)
		error = aside_place(&aside, fault);
	if (!error)
		(void)printf("snapshot %s is whole: %zu shard%s\n", aside.place, count,
			count == 1 ? "" : "s");
	aside_end(&aside);
	return error;
}

/* With what is put behind it, it must fit a path. */
static bool folder_check(const char *folder)
{
	if (!folder || folder[0] == '\0') {
		complain("snapshot wants one DIR: see `pinion snapshot --help`");
		return false;
	}
	if (strlen(folder) + sizeof ".unfinished/whole/4294967295/store" > PATH_SIZE_MAX) {
		complain("the path of the snapshot is too long: use a shorter one");
		return false;
	}
	return true;
}

int main_snapshot(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_snapshot,
		    OPTION_LEDGER | OPTION_STATE | OPTION_STATE_NEEDED | OPTION_SHARD |
			    OPTION_ARGUMENT,
		    count, arguments, &exit_code))
		return exit_code;
	if (!folder_check(options.argument))
		return EXIT_USAGE;
	struct log *log;
	exit_code = ledger_open(&options, LOG_USE, &log);
	if (exit_code != 0)
		return exit_code;
	struct fault fault = { 0 };
	if (!named_shards_check(&options, log_shards(log)))
		exit_code = EXIT_USAGE;
	else if (options_state_is_elsewhere(&options, log_shards(log)))
		exit_code = EXIT_FAULT;
	else if (shards_take(&options, log, &fault))
		exit_code = fault_exit(&fault);
	if (fault.code == FAULT_SETTINGS || fault.code == FAULT_MISSING)
		exit_code = EXIT_REFUSED;
	log_close(log);
	return exit_code;
}
