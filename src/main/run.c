/* SPDX-License-Identifier: Apache-2.0 */
/* pinion run: own shards until told to stop. */
#include "main/journal.h"
#include "main/main.h"
#include "main/owners.h"
#include "main/status.h"
#include "main/stop.h"
#include "main/supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: pinion run [--ledger URL] [--state DIR] [--shard S]... [OPTION]...\n"
	"\n"
	"Owns the shards (all, when none is named) and processes their commands until SIGTERM, "
	"SIGINT or\n"
	"SIGHUP: then it drains what it has decided and exits 0; what can't be drained within 9 s "
	"is left as\n"
	"it is, with 3. Says one line when all are live, and a status line every 10 s and on "
	"SIGUSR1. A shard\n"
	"that stops takes no other with it; when no shard is left, or at the end, the exit code is "
	"4 if another\n"
	"owner took one: starting again would take it back; else 3 if one stopped by a fault. "
	"Tells systemd\n"
	"(Type=notify, WatchdogSec=) where that asks.\n"
	"\n"
	"  --ledger URL         embedded:DIR or kafka://HOST:PORT[,HOST:PORT]/PREFIX (or "
	"PINION_LEDGER)\n"
	"  --state DIR          where the shards' RocksDBs stand (needed on Kafka)\n"
	"  --shard S            only this shard; may come again\n"
	"  --memory MIB         for rows in memory, of all shards together (1024, or 3/8 of the\n"
	"                       control group's limit)\n"
	"  --checkpoint-ms MS   a checkpoint at least this often (2000)\n"
	"  --refuse-input TOPIC:PARTITION:OFFSET\n"
	"                       answer this one record with refused_by_operator; may come again\n"
	"  --accept-clock TOPIC:PARTITION:OFFSET\n"
	"                       decide records up to there at the last engine time, though the "
	"log's clock\n"
	"                       ran ahead when it took them; may come again\n"
	"  --restart-inputs SHARD:SEQUENCE\n"
	"                       inputs that no longer hold what was decided go on with what "
	"stands there now;\n"
	"                       only while the shard stands at this event; may come again\n"
	"  --restart-clock SHARD:ENGINE_TIME_MS\n"
	"                       set back engine time, which ran ahead to just there, to this "
	"host's\n"
	"                       clock; where it stands elsewhere, this does nothing; may come "
	"again\n"
	"  --log-format FORMAT  of the lines on standard error: text (time, level, text), or json: "
	"an object a\n"
	"                       line\n"
	"  --kafka-config FILE  librdkafka properties, name=value a line (TLS, SASL)\n";

enum { STATUS_EVERY_S = 10 };

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
	if (!*was_live && status->live == status->owners->count) {
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

static void serve(struct status *status, const sigset_t *signals)
{
	struct timespec last, told;
	(void)clock_gettime(CLOCK_MONOTONIC, &last);
	told = last;
	bool was_live = false;
	for (;;) {
		int got = sigtimedwait(signals, NULL, &(struct timespec){ .tv_nsec = 100000000 });
		status_look(status);
		if (stop_is_asked())
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
}

int main_run(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, usage,
		    OPTION_LEDGER | OPTION_STATE | OPTION_STATE_NEEDED | OPTION_SHARD |
			    OPTION_MEMORY | OPTION_OWNER | OPTION_CHECKPOINT,
		    count, arguments, &exit_code))
		return exit_code;
	journal_begin(options.log_is_json ? JOURNAL_json : JOURNAL_text);
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	stop_watch();

	struct log *log;
	struct owners owners;
	exit_code = ledger_open(&options, LOG_OWN, &log);
	if (exit_code == 0)
		exit_code = owners_new(&owners, &options, log);
	if (exit_code != 0)
		return exit_code;
	struct status status;
	status_new(&status, &owners);
	stop_guard(log);
	owners_start(&owners);
	owners_check(&owners);
	serve(&status, &signals);
	exit_code = owners_stop(&owners);
	stop_guard(NULL);
	status_free(&status);
	owners_free(&owners);
	return exit_code;
}
