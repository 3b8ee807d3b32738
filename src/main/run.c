/* SPDX-License-Identifier: Apache-2.0 */
/* pinion run: own shards until told to stop. */
#include "main/main.h"
#include "main/owners.h"
#include "main/stop.h"

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
	"SIGUSR1.\n"
	"Exits 3 when no shard is left, such as when another owner took them.\n"
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
	"  --kafka-config FILE  librdkafka properties, name=value a line (TLS, SASL)\n";

enum { STATUS_EVERY_S = 10 };

static int64_t resident_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file) {
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes a number that fits. */
		if (fscanf(file, "%*s %ld", &pages) != 1)
			pages = 0;
		(void)fclose(file);
	}
	return (int64_t)pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void status_print(struct owners *owners, int64_t *inputs_before, double seconds)
{
	struct shard_status all = { .timer_due_ms = INT64_MAX };
	int64_t unstored = 0;
	size_t live = 0;
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		live += status.is_live;
		all.inputs_decided += status.inputs_decided;
		unstored += status.verified_sequence - status.stored_sequence;
		for (int s = 0; s < LOG_INPUTS; s++)
			all.lag[s] += status.lag[s];
		if (status.timer_due_ms < all.timer_due_ms)
			all.timer_due_ms = status.timer_due_ms;
		if (status.level0_files > all.level0_files)
			all.level0_files = status.level0_files;
		all.restarts += status.restarts;
		if (status.engine_time_ms > all.engine_time_ms)
			all.engine_time_ms = status.engine_time_ms;
	}
	int64_t ahead_s = all.engine_time_ms / 1000 - (int64_t)time(NULL);
	char due[64] = "none";
	if (all.timer_due_ms != INT64_MAX)
		(void)snprintf(due, sizeof due, "in %" PRId64 " s",
			all.timer_due_ms / 1000 - (int64_t)time(NULL));
	(void)fprintf(stderr,
		"status: %zu of %zu shards live, %.0f/s, lag commands %" PRId64 " rails %" PRId64
		" control %" PRId64 " internal %" PRId64 ", verified - checkpoint %" PRId64
		", oldest timer due %s, level-0 files %d, memory %" PRId64
		" MiB, recoveries %d, engine time ahead %" PRId64 " s\n",
		live, owners->count,
		seconds > 0 ? (double)(all.inputs_decided - *inputs_before) / seconds : 0.0,
		all.lag[0], all.lag[1], all.lag[2], all.lag[3], unstored, due, all.level0_files,
		resident_kib() / 1024, all.restarts, ahead_s > 0 ? ahead_s : 0);
	*inputs_before = all.inputs_decided;
}

static void serve(struct owners *owners, const sigset_t *signals)
{
	struct timespec last;
	(void)clock_gettime(CLOCK_MONOTONIC, &last);
	int64_t inputs_before = 0;
	bool was_live = false;
	for (;;) {
		int got = sigtimedwait(signals, NULL, &(struct timespec){ .tv_nsec = 100000000 });
		if (stop_is_asked() || owners_ended(owners))
			return;
		if (!was_live) {
			size_t live = 0;
			for (size_t i = 0; i < owners->count; i++) {
				struct shard_status status;
				shard_status(owners->shards[i], &status);
				live += status.is_live;
			}
			was_live = live == owners->count;
			if (was_live)
				(void)fprintf(
					stderr, "live: %zu shard%s\n", live, live == 1 ? "" : "s");
		}
		struct timespec now;
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		double seconds = (double)(now.tv_sec - last.tv_sec) +
				 (double)(now.tv_nsec - last.tv_nsec) / 1e9;
		if (got == SIGUSR1 || seconds >= STATUS_EVERY_S) {
			status_print(owners, &inputs_before, seconds);
			last = now;
		}
	}
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

	/* Blocked before any thread is made, so that only sigtimedwait takes them. */
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
	stop_guard(log);
	owners_start(&owners);
	owners_check(&owners);
	serve(&owners, &signals);
	exit_code = owners_stop(&owners);
	stop_guard(NULL);
	owners_free(&owners);
	return exit_code;
}
