/* SPDX-License-Identifier: Apache-2.0 */
/* pinion run: own shards until told to stop. */
#include "main/from_snapshot.h"
#include "main/help.h"
#include "main/journal.h"
#include "main/main.h"
#include "main/owners.h"
#include "main/shares.h"
#include "main/status.h"
#include "main/stop.h"
#include "main/supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	STATUS_EVERY_S = 10,
	STEP_MS = 100,
	SHARES_STEP_MS = 20, /* what others do is answered soon */
};

static double seconds_since(const struct timespec *then)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* Says once that all are live, and the supervisor whenever it is due and there is progress. */
static void live_tell(struct status *status, bool *was_live, struct timespec *told)
{
	int64_t every_ns = supervisor_every_ns();
	bool are_live = status->shares ? shares_are_live(status->shares)
				       : status->live == status->owners->count;
	if (!*was_live && are_live) {
		*was_live = true;
		journal_say(LEVEL_info, NO_SHARD, "live: %zu shard%s", status->live,
			status->live == 1 ? "" : "s");
		supervisor_tell("READY=1");
	}
	if (every_ns > 0 && seconds_since(told) * 1e9 >= (double)every_ns) {
		(void)clock_gettime(CLOCK_MONOTONIC, told);
		if (status_progress(status))
			supervisor_tell("WATCHDOG=1");
	}
}

/* 0, or the exit code with which it can't go on. */
static int serve(struct status *status, const sigset_t *signals)
{
	struct timespec last, told;
	(void)clock_gettime(CLOCK_MONOTONIC, &last);
	told = last;
	bool was_live = false;
	int exit_code = 0;
	long step_ms = status->shares ? SHARES_STEP_MS : STEP_MS;
	for (;;) {
		int got = sigtimedwait(
			signals, NULL, &(struct timespec){ .tv_nsec = step_ms * 1000000 });
		if (status->shares && !stop_is_asked())
			exit_code = shares_step(status->shares);
		status_look(status);
		if (stop_is_asked() || exit_code != 0)
			break;
		if (owners_ended(status->owners)) {
			journal_say(LEVEL_error, NO_SHARD, "stops: no shard is left");
			break;
		}
		live_tell(status, &was_live, &told);
		double seconds = seconds_since(&last);
		if (got == SIGUSR1 || seconds >= STATUS_EVERY_S) {
			status_say(status, seconds);
			(void)clock_gettime(CLOCK_MONOTONIC, &last);
		}
	}
	supervisor_tell("STOPPING=1");
	return exit_code;
}

/* Owns what it is given, or its share, until it is asked to stop. */
static int own(struct owners *owners, const struct options *options, const sigset_t *signals)
{
	struct shares shares;
	struct status status;
	int exit_code = EXIT_DONE;
	stop_guard(owners->log);
	if (owners->are_shared)
		exit_code = shares_begin(&shares, options, owners);
	else
		owners_start(owners);
	if (exit_code == EXIT_DONE) {
		status_new(&status, owners, owners->are_shared ? &shares : NULL);
		owners_check(owners);
		exit_code = serve(&status, signals);
		status_free(&status);
	}
	if (owners->are_shared && exit_code == EXIT_DONE && stop_is_asked())
		shares_give(&shares);
	int stopped = owners_stop(owners);
	if (owners->are_shared)
		shares_end(&shares);
	stop_guard(NULL);
	return exit_code ? exit_code : stopped;
}

int main_run(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_run,
		    OPTION_LEDGER | OPTION_STATE | OPTION_STATE_NEEDED | OPTION_SHARD |
			    OPTION_MEMORY | OPTION_OWNER | OPTION_SERVER | OPTION_CHECKPOINT,
		    count, arguments, &exit_code))
		return exit_code;
	journal_begin(options.log_is_json ? JOURNAL_json : JOURNAL_text);
	sigset_t signals;
	stop_watch_beside(&signals);

	struct log *log;
	struct owners owners;
	exit_code = ledger_open(&options, LOG_OWN, &log);
	if (exit_code != 0)
		return exit_code;
	bool are_shared = options.shard_count == 0 && log_has_groups(log);
	if (options.is_standby_given && !are_shared) {
		complain("--standby is for shards that processes share out among themselves: on "
			 "Kafka, and without --shard");
		log_close(log);
		return EXIT_USAGE;
	}
	exit_code = are_shared ? owners_new_to_share(&owners, &options, log)
			       : owners_new(&owners, &options, log);
	if (exit_code != 0)
		return exit_code;
	if (options.from_snapshot)
		exit_code = owners_from_snapshot(&owners, options.from_snapshot);
	if (exit_code != 0) {
		owners_free(&owners);
		return exit_code;
	}
	exit_code = own(&owners, &options, &signals);
	owners_free(&owners);
	return exit_code;
}
