/* SPDX-License-Identifier: Apache-2.0 */
/* Restart: a processor of its own (`pinion run`) takes the ledger, is sent half of the peak for
 * three seconds, and is killed (SIGKILL) in the middle of that. The time is from starting the next
 * one to its lines that say that all shards are live: process start, opening log and store,
 * fencing, and everything after the last checkpoint read again from the log.
 */
#include "bench/bench.h"
#include "shard/replica.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LOAD_S = 3,
	LIVE_TIMEOUT_S = 300,
	ARGUMENTS_MAX = 16 + 2 * SHARDS_MAX,
	STORE_CACHE = 8 << 20,
};

struct child {
	pid_t pid; /* 0: none */
	int said;  /* its standard error */
};

/* All shards by their names: it shares them with nobody. */
static size_t shards_name(const char **arguments, size_t count, uint32_t shards)
{
	static char names[SHARDS_MAX][12];
	for (uint32_t s = 0; s < shards; s++) {
		(void)snprintf(names[s], sizeof names[s], "%" PRIu32, s);
		arguments[count++] = "--shard";
		arguments[count++] = names[s];
	}
	return count;
}

static int child_start(struct child *child, const struct bench *bench)
{
	const struct options *options = bench->options;
	char memory[32], checkpoint[32];
	const char *arguments[ARGUMENTS_MAX] = { "pinion", "run", "--ledger", options->ledger,
		"--memory", memory, "--checkpoint-ms", checkpoint };
	size_t count = 8;
	(void)snprintf(memory, sizeof memory, "%zu", options->memory_bytes >> 20);
	(void)snprintf(checkpoint, sizeof checkpoint, "%d", options->checkpoint_ms);
	if (options->state) {
		arguments[count++] = "--state";
		arguments[count++] = options->state;
	}
	if (options->kafka_config) {
		arguments[count++] = "--kafka-config";
		arguments[count++] = options->kafka_config;
	}
	(void)shards_name(arguments, count, bench->keys.shards);
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	child->pid = fork();
	if (child->pid == 0) {
		char *plain[ARGUMENTS_MAX];
		memcpy(plain, arguments, sizeof plain);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execv("/proc/self/exe", plain);
		_exit(127);
	}
	(void)close(ends[1]);
	child->said = ends[0];
	return child->pid > 0 ? 0 : -1;
}

static void child_end(struct child *child, int signal_number)
{
	if (child->pid > 0) {
		(void)kill(child->pid, signal_number);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
		(void)close(child->said);
	}
	*child = (struct child){ 0 };
}

/* "shard 3: live, term 5, sequence 1234": how many have said so, and the sum of the sequences. */
static uint32_t shards_live(const char *text, int64_t *ret_events)
{
	static const char live[] = ": live, term ", sequence[] = ", sequence ";
	uint32_t count = 0;
	*ret_events = 0;
	for (const char *at = text; (at = strstr(at, live)); count++) {
		at = strstr(at, sequence);
		if (!at || !strchr(at, '\n'))
			break; /* the rest of the line is to come */
		*ret_events += strtoll(at + sizeof sequence - 1, NULL, 10);
	}
	return count;
}

/* Reads until it has said that all its shards are live. */
static bool child_await_live(struct child *child, uint32_t shards, int64_t *ret_events)
{
	char text[65536];
	size_t size = 0;
	int64_t deadline_ns = now_ns() + (int64_t)LIVE_TIMEOUT_S * 1000000000;
	while (now_ns() < deadline_ns && size < sizeof text - 1) {
		struct pollfd said = { .fd = child->said, .events = POLLIN };
		if (poll(&said, 1, 1000) <= 0)
			continue;
		ssize_t got = read(child->said, text + size, sizeof text - 1 - size);
		if (got <= 0)
			break;
		size += (size_t)got;
		text[size] = '\0';
		if (shards_live(text, ret_events) >= shards)
			return true;
	}
	complain("`pinion run` did not become live; it said: %.*s", (int)size, text);
	return false;
}

/* Sends while the child lives, and kills it under the load. */
static int load_and_kill(struct bench *bench, struct child *child)
{
	struct lanes lanes;
	struct log *log;
	int exit_code = ledger_open(bench->options, LOG_USE, &log);
	if (exit_code != EXIT_DONE)
		return exit_code;
	/* The load outlives the kill. */
	if (lanes_start(&lanes, &bench->keys, log, bench->rate / 2, 2.0 * LOAD_S, &bench->fault)) {
		log_close(log);
		return fault_exit(&bench->fault);
	}
	int64_t until_ns = now_ns() + (int64_t)LOAD_S * 1000000000;
	while (now_ns() < until_ns && !lanes_failed(&lanes))
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	bool has_failed = lanes_failed(&lanes);
	child_end(child, SIGKILL);
	/* On embedded the child was what took the sends: that they fail now is no trouble. */
	int error = lanes_join(&lanes, &bench->fault);
	log_close(log);
	if (has_failed)
		return fault_exit(&bench->fault);
	(void)error;
	fault_clear(&bench->fault);
	return EXIT_DONE;
}

/* Where the stores of all shards stand. */
static int stored_sum(const struct bench *bench, int64_t *ret_sequence)
{
	*ret_sequence = 0;
	for (uint32_t shard = 0; shard < bench->keys.shards; shard++) {
		char path[PATH_SIZE_MAX];
		struct store *store = NULL;
		struct position position = { 0 };
		struct fault fault = { 0 };
		bool is_known = options_state_path(bench->options, shard, path);
		assert(is_known);
		int error = store_open(&store, path, STORE_READ, STORE_CACHE, &fault);
		if (!error)
			error = position_read(store, &position, &fault);
		store_close(store);
		if (error && error != FAULT_MISSING)
			return fault_exit(&fault);
		*ret_sequence += position.place.sequence;
	}
	return EXIT_DONE;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void restart_report(struct bench *bench, double *times_ms, int64_t events, int64_t unstored)
{
	int count = bench->options->restarts;
	qsort(times_ms, (size_t)count, sizeof *times_ms, compare);
	double median = (times_ms[(count - 1) / 2] + times_ms[count / 2]) / 2;
	double most = times_ms[count - 1];
	report_line(&bench->report, "restart",
		"%.0f ms (median), %.0f ms (most) of %d after kill -9 under half load until live; "
		"%" PRId64 " events since genesis, up to %" PRId64 " after the last checkpoint",
		median, most, count, events, unstored);
	report_number(&bench->report, "restart_median_ms", median, 0);
	report_number(&bench->report, "restart_most_ms", most, 0);
	report_number(&bench->report, "restarts", count, 0);
	report_number(&bench->report, "events_since_genesis", (double)events, 0);
	report_number(&bench->report, "events_after_checkpoint", (double)unstored, 0);
}

static int restarts_run(struct bench *bench, struct child *child, double *times_ms)
{
	int64_t events = 0, stored = 0, unstored = 0;
	for (int i = 0; i <= bench->options->restarts; i++) {
		int exit_code = i > 0 ? load_and_kill(bench, child) : EXIT_DONE;
		if (exit_code == EXIT_DONE && i > 0)
			exit_code = stored_sum(bench, &stored);
		if (exit_code != EXIT_DONE)
			return exit_code;
		int64_t begun = now_ns();
		if (child_start(child, bench) != 0) {
			complain("can't start a process: %s", strerror(errno));
			return EXIT_FAULT;
		}
		if (!child_await_live(child, bench->keys.shards, &events))
			return EXIT_FAULT;
		if (i == 0)
			continue;
		times_ms[i - 1] = (double)(now_ns() - begun) / 1e6;
		if (events - stored > unstored)
			unstored = events - stored;
	}
	restart_report(bench, times_ms, events, unstored);
	return EXIT_DONE;
}

int bench_restart(struct bench *bench)
{
	struct child child = { 0 };
	double *times_ms = calloc((size_t)bench->options->restarts, sizeof *times_ms);
	assert(times_ms);
	int exit_code = restarts_run(bench, &child, times_ms);
	child_end(&child, exit_code == EXIT_DONE ? SIGTERM : SIGKILL);
	free(times_ms);
	return exit_code;
}
