/* SPDX-License-Identifier: Apache-2.0 */
/* pinion follow: keep a copy of the shards' state, until told to stop. */
#include "main/from_snapshot.h"
#include "main/help.h"
#include "main/journal.h"
#include "main/main.h"
#include "main/owners.h"
#include "main/status.h"
#include "main/stop.h"
#include "main/supervisor.h"
#include "shard/thread.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATUS_EVERY_MS = 10000, LOOK_MS = 100 };

/* The owner would find its store held. */
static bool state_check(const struct options *options)
{
	char own[PATH_SIZE_MAX];
	if (!options->state) {
		complain("where is the state to be? Give --state DIR: a folder of its own, not the "
			 "processor's");
		return false;
	}
	if (!options_is_embedded(options))
		return true;
	(void)snprintf(own, sizeof own, "%s/state", options->ledger + strlen("embedded:"));
	char *given = realpath(options->state, NULL), *owners = realpath(own, NULL);
	bool is_its_own = !given || !owners || strcmp(given, owners) != 0;
	free(given);
	free(owners);
	if (!is_its_own)
		complain("--state %s is where the processor has its state: give another folder",
			options->state);
	return is_its_own;
}

static int follow(struct owners *owners, const sigset_t *signals)
{
	struct status status;
	int64_t said_ms = clock_monotonic_ms(), told_ns = clock_monotonic_ns();
	bool is_said = false;
	status_new(&status, owners, NULL);
	for (;;) {
		int got = sigtimedwait(
			signals, NULL, &(struct timespec){ .tv_nsec = LOOK_MS * 1000000L });
		status_look(&status);
		if (stop_is_asked())
			break;
		if (owners_ended(owners)) {
			journal_say(LEVEL_error, NO_SHARD, "stops: no shard is left");
			break;
		}
		if (!is_said && status_followed(&status) == owners->count) {
			is_said = true;
			journal_say(LEVEL_info, NO_SHARD, "follows: %zu shard%s", owners->count,
				owners->count == 1 ? "" : "s");
			supervisor_tell("READY=1");
		}
		int64_t every_ns = supervisor_every_ns();
		if (every_ns > 0 && clock_monotonic_ns() - told_ns >= every_ns) {
			told_ns = clock_monotonic_ns();
			if (status_progress(&status))
				supervisor_tell("WATCHDOG=1");
		}
		int64_t waited_ms = clock_monotonic_ms() - said_ms;
		if (got == SIGUSR1 || waited_ms >= STATUS_EVERY_MS) {
			status_say_followed(&status, (double)waited_ms / 1000);
			said_ms += waited_ms;
		}
	}
	supervisor_tell("STOPPING=1");
	status_free(&status);
	return owners_stop(owners);
}

int main_follow(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_follow,
		    OPTION_LEDGER | OPTION_STATE | OPTION_SHARD | OPTION_MEMORY | OPTION_SERVER |
			    OPTION_CHECKPOINT,
		    count, arguments, &exit_code))
		return exit_code;
	if (!state_check(&options))
		return EXIT_USAGE;
	journal_begin(options.log_is_json ? JOURNAL_json : JOURNAL_text);
	sigset_t signals;
	stop_watch_beside(&signals);

	struct log *log;
	struct owners owners;
	exit_code = ledger_open(&options, LOG_USE, &log);
	if (exit_code == 0)
		exit_code = owners_new(&owners, &options, log);
	if (exit_code != 0)
		return exit_code;
	if (options.from_snapshot)
		exit_code = owners_from_snapshot(&owners, options.from_snapshot);
	if (exit_code == 0) {
		stop_guard(log);
		owners_follow(&owners);
		exit_code = follow(&owners, &signals);
		stop_guard(NULL);
	}
	owners_free(&owners);
	return exit_code;
}
