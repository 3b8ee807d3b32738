/* SPDX-License-Identifier: Apache-2.0 */
/* pinion-sim: worlds from seeds, in one thread, on a virtual clock. */
#include "checks.h"
#include "tasks.h"
#include "world.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"usage: pinion-sim --seed N [--steps M] [--swarm] [--worlds W] [--crashes C] [--loud]\n"
	"\n"
	"Runs the world of seed N: shards, their owners, clients, a log and a store, in one thread "
	"on\n"
	"a virtual clock, with whatever can go wrong, for M turns (4000) a shard; then checks\n"
	"everything. A violation ends it with exit code 1 and the line that reproduces it.\n"
	"\n"
	"  --swarm      each seed draws which faults it knows, and how often\n"
	"  --worlds W   the W worlds of the seeds from N on\n"
	"  --crashes C  worlds until C crashes were survived\n"
	"  --loud       says everything that happens\n";

static struct {
	uint64_t seed;
	int64_t steps, worlds, crashes;
	bool is_swarm, is_loud;
} options = { .steps = 4000 };

/* Everything random in a shard comes from the seed. */
static const char *random_name(void)
{
	return "seed";
}

static uint32_t random_word(void)
{
	return (uint32_t)draw((uint64_t)1 << 32);
}

static void random_bytes(void *const at, const size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)at)[i] = (uint8_t)draw(256);
}

static void on_bug(int signal_number)
{
	char line[200];
	int size = snprintf(line, sizeof line,
		"signal %d: reproduce with: pinion-sim --seed %" PRIu64 " --steps %" PRId64
		"%s --loud\n",
		signal_number, ground.seed, options.steps, options.is_swarm ? " --swarm" : "");
	ssize_t written = write(STDERR_FILENO, line, (size_t)size);
	_exit(written == size ? 1 : 2);
}

static bool options_take(int count, char **arguments)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "steps", required_argument, NULL, 'm' },
		{ "swarm", no_argument, NULL, 'w' },
		{ "worlds", required_argument, NULL, 'n' },
		{ "crashes", required_argument, NULL, 'c' },
		{ "loud", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	bool has_seed = false;
	int option;
	while ((option = getopt_long(count, arguments, "", long_options, NULL)) != -1) {
		char nothing = '\0', *end = &nothing;
		switch (option) {
		case 's':
			options.seed = strtoull(optarg, &end, 10);
			has_seed = true;
			break;
		case 'm':
			options.steps = strtoll(optarg, &end, 10);
			break;
		case 'n':
			options.worlds = strtoll(optarg, &end, 10);
			break;
		case 'c':
			options.crashes = strtoll(optarg, &end, 10);
			break;
		case 'w':
			options.is_swarm = true;
			break;
		case 'l':
			options.is_loud = true;
			break;
		default:
			return false;
		}
		if (*end != '\0')
			return false;
	}
	return has_seed && optind == count && options.steps > 0;
}

static void totals_print(double seconds)
{
	const struct world_totals *t = &world_totals;
	const struct checks_totals *c = &checks_totals;
	printf("%" PRIu64 " worlds from seed %" PRIu64 ", %" PRIu64 " crashes survived (%" PRIu64
	       " in recovery), %" PRIu64 " lives, %" PRIu64 " usurped, %" PRIu64
	       " stops for the clock, %" PRIu64 " for inputs, %" PRIu64 " clocks restarted\n",
		t->worlds, options.seed, t->crashes, t->crashes_in_recovery, t->lives, t->usurped,
		t->clock_stops, t->input_stops, t->clock_restarts);
	printf("%" PRIu64 " commands, %" PRIu64 " events checked, %" PRIu64 " void, %" PRIu64
	       " marks, %" PRIu64 " void, %" PRIu64 " checkpoints compared, %" PRIu64
	       " steps, %" PRIu64 " days of virtual time\n",
		t->commands, c->events, c->void_events, c->marks, c->void_marks, c->checkpoints,
		ground.steps, t->virtual_s / 86400);
	printf("%" PRIu64 " starts refused on a log that was shortened, %" PRIu64
	       " looks at what it rests on, %" PRIu64 " stops for that, %" PRIu64
	       " stops of processes while it did not answer, %" PRIu64 " promotions\n",
		t->shortened, t->looks, t->log_stops, t->stops_while_deaf, t->promotions);
	printf("%" PRIu64 " remittances credited, %" PRIu64 " refused, %" PRIu64
	       " times one of them came again\n",
		c->remittances[0], c->remittances[1], c->remittances[2]);
	printf("%.1f s, %.0f crashes a minute\n", seconds, (double)t->crashes * 60 / seconds);
	for (int i = 0; i < INJECTIONS; i++)
		printf("  %-24s %" PRIu64 "\n", injection_name((enum injection)i),
			ground.injected[i]);
	for (int i = 0; i < STEPS; i++)
		if (crashes_at[i] > 0)
			printf("  crash at %-15s %" PRIu64 "\n", step_name((enum step)i),
				crashes_at[i]);
}

static bool is_more_wanted(void)
{
	if (options.crashes > 0)
		return world_totals.crashes < (uint64_t)options.crashes;
	return world_totals.worlds < (uint64_t)(options.worlds > 0 ? options.worlds : 1);
}

int main(int count, char **arguments)
{
	if (!options_take(count, arguments)) {
		(void)fputs(usage, stderr);
		return 2;
	}
	/* Memory of shards comes and goes: huge pages would be zeroed for a few rows. */
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
	static struct randombytes_implementation random = {
		.implementation_name = random_name, .random = random_word, .buf = random_bytes
	};
	(void)randombytes_set_implementation(&random);
	if (sodium_init() < 0)
		return 2;
	(void)signal(SIGABRT, on_bug);
	(void)signal(SIGSEGV, on_bug);
	(void)signal(SIGBUS, on_bug);

	struct timespec began, now;
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	ground.is_loud = options.is_loud;
	while (is_more_wanted())
		world_run(options.seed + world_totals.worlds, options.is_swarm, options.steps);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	totals_print(
		(double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9);
	return 0;
}
