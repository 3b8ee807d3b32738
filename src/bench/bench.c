/* SPDX-License-Identifier: Apache-2.0 */
/* pinion bench: transfers between accounts, through everything that a payment goes through.
 *
 *   set up    accounts are opened and funded, by commands, through the processor
 *   rate      transfers stand on the log, durable; then the processor takes them: first input to
 *             last verified event
 *   load      transfers come at a share of that rate, whatever becomes of them; from when each was
 *             due to when it was verified
 *   clients   instead of these two: each client sends a batch, awaits every outcome, sends the next
 *   raw       the same records through the same log without the processor: the limit
 *   restart   kill -9 under load, until live again
 *   verify    everything is rebuilt from the log and compared: the replay rate
 */
#include "bench/bench.h"
#include "main/help.h"
#include "main/main.h"
#include "main/verify.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int bench_owners_begin(struct bench *bench, struct owners *owners)
{
	/* The log stays open over all steps: owners_free would close it. */
	int exit_code = owners_new(owners, bench->options, bench->log);
	if (exit_code != EXIT_DONE) {
		bench->log = NULL;
		return exit_code;
	}
	owners_start(owners);
	if (owners_await_live(owners))
		return EXIT_DONE;
	exit_code = bench_owners_end(owners);
	return exit_code != EXIT_DONE ? exit_code : EXIT_FAULT;
}

int bench_owners_end(struct owners *owners)
{
	int exit_code = owners_stop(owners);
	owners->log = NULL;
	owners_free(owners);
	return exit_code;
}

/* --- Bytes on disk --- */

static int64_t folder_size;

static int file_add(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (kind == FTW_F)
		folder_size += stat->st_size;
	return 0;
}

static int64_t folder_bytes(const char *path)
{
	folder_size = 0;
	(void)nftw(path, file_add, 16, FTW_PHYS);
	return folder_size;
}

struct disk_bytes {
	int64_t log; /* 0 on Kafka: it is the broker's */
	int64_t state;
};

static struct disk_bytes disk_bytes(const struct bench *bench)
{
	struct disk_bytes bytes = { 0 };
	char path[PATH_SIZE_MAX];
	if (options_is_embedded(bench->options)) {
		(void)snprintf(
			path, sizeof path, "%s/log", bench->options->ledger + strlen("embedded:"));
		bytes.log = folder_bytes(path);
	}
	for (uint32_t shard = 0; shard < bench->keys.shards; shard++)
		if (options_state_path(bench->options, shard, path))
			bytes.state += folder_bytes(path);
	return bytes;
}

static void bytes_report(
	struct bench *bench, const struct disk_bytes *before, const struct disk_bytes *after)
{
	double transfers = (double)bench->transfers_sent;
	if (bench->transfers_sent == 0)
		return;
	double log = (double)(after->log - before->log) / transfers;
	double state = (double)(after->state - before->state) / transfers;
	if (options_is_embedded(bench->options))
		report_line(&bench->report, "bytes on disk",
			"log %.1f (command and event), state %.1f a transfer", log, state);
	else
		report_line(&bench->report, "bytes on disk",
			"state %.1f a transfer (the log's are the broker's)", state);
	if (options_is_embedded(bench->options))
		report_number(&bench->report, "log_bytes_per_transfer", log, 1);
	report_number(&bench->report, "state_bytes_per_transfer", state, 1);
}

/* At most, until now: the processor's and the client's together. */
static void memory_report(struct bench *bench)
{
	struct rusage used = { 0 };
	(void)getrusage(RUSAGE_SELF, &used);
	report_line(&bench->report, "memory",
		"%ld MiB resident at most; rows may take %zu, RocksDB's cache %d",
		used.ru_maxrss / 1024, bench->options->memory_bytes >> 20, STORE_CACHE_BYTES >> 20);
	report_number(&bench->report, "resident_mib", (double)used.ru_maxrss / 1024, 0);
}

/* --- The steps --- */

static int loads(struct bench *bench, struct owners *owners)
{
	static const int usual[] = { 50, 70, 90 };
	const struct options *options = bench->options;
	const int *percents = options->load_count > 0 ? options->loads : usual;
	size_t count = options->load_count > 0 ? options->load_count : 3;
	int exit_code = EXIT_DONE;
	report_open(&bench->report, "loads", '[');
	/* A shard's n-th event answers its n-th transfer only where none comes from elsewhere. */
	if (bench->keys.cross > 0)
		count = 0;
	for (size_t i = 0; i < count && exit_code == EXIT_DONE && options->seconds > 0; i++)
		exit_code = bench_load(bench, owners, percents[i]);
	report_close(&bench->report, ']');
	return exit_code;
}

static int measure(struct bench *bench)
{
	struct owners owners;
	struct disk_bytes before = disk_bytes(bench);
	int exit_code = bench_owners_begin(bench, &owners);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (bench->options->clients > 0) {
		exit_code = bench_clients(bench, &owners);
	} else {
		exit_code = bench_rate(bench, &owners);
		if (exit_code == EXIT_DONE)
			exit_code = loads(bench, &owners);
	}
	int ended = bench_owners_end(&owners);
	if (exit_code != EXIT_DONE || ended != EXIT_DONE)
		return exit_code != EXIT_DONE ? exit_code : ended;
	memory_report(bench);
	struct disk_bytes after = disk_bytes(bench);
	bytes_report(bench, &before, &after);
	return EXIT_DONE;
}

static int verify(struct bench *bench)
{
	struct verify_figures figures;
	int exit_code = ledger_verify(bench->options, true, &figures);
	if (exit_code != EXIT_DONE)
		return exit_code;
	double rate = per_second(figures.events, figures.replay_ns);
	report_line(&bench->report, "replay",
		"%.0f events/s from the log into a new store, with all checks; a shard at a time",
		rate);
	report_line(&bench->report, "books",
		"verified: %" PRId64 " events, %" PRId64 " transfers posted", figures.events,
		figures.transfers);
	report_number(&bench->report, "replay_per_s", rate, 0);
	report_number(&bench->report, "events", (double)figures.events, 0);
	report_number(&bench->report, "transfers_posted", (double)figures.transfers, 0);
	if (figures.transfers < bench->transfers_sent) {
		complain("only %" PRId64 " of %" PRId64
			 " transfers were posted, the others were refused: that measures "
			 "something else. Was the ledger used before?",
			figures.transfers, bench->transfers_sent);
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}

static void settings_report(struct bench *bench)
{
	const struct options *options = bench->options;
	struct report *report = &bench->report;
	bool is_embedded = options_is_embedded(options);
	const char *durability =
		is_embedded ? "synced to disk" : "acks=all, the broker's own flush";
	report_line(report, "log", "%s, %s, %" PRIu32 " shard%s; %.0f %% of transfers between two",
		is_embedded ? "embedded" : "Kafka", durability, bench->keys.shards,
		bench->keys.shards == 1 ? "" : "s", 100 * bench->keys.cross);
	report_line(report, "load",
		"%" PRId64 " accounts (%s), %" PRId64 " transfers, a checkpoint every %d ms",
		options->accounts, keys_name(options->keys), options->transfers,
		options->checkpoint_ms);
	report_text(report, "log", is_embedded ? "embedded" : "kafka");
	report_text(report, "durability", durability);
	report_number(report, "shards", bench->keys.shards, 0);
	report_number(report, "accounts", (double)options->accounts, 0);
	report_text(report, "keys", keys_name(options->keys));
	report_number(report, "cross", bench->keys.cross, 3);
	report_number(report, "transfers", (double)options->transfers, 0);
	report_number(report, "memory_mib", (double)(options->memory_bytes >> 20), 0);
	report_number(report, "checkpoint_ms", options->checkpoint_ms, 0);
}

static int steps(struct bench *bench)
{
	settings_report(bench);
	int exit_code = bench_setup(bench);
	if (exit_code == EXIT_DONE)
		exit_code = measure(bench);
	if (exit_code == EXIT_DONE && bench->options->is_raw)
		exit_code = bench_raw(bench);
	if (exit_code != EXIT_DONE)
		return exit_code;
	/* From here on others hold it. */
	log_close(bench->log);
	bench->log = NULL;
	if (bench->options->restarts > 0)
		exit_code = bench_restart(bench);
	return exit_code == EXIT_DONE ? verify(bench) : exit_code;
}

static bool options_agree(const struct options *options)
{
	if (options->clients > 0 && (options->is_raw || options->restarts > 0)) {
		complain("--raw and --restarts are measured against the rate, which --clients "
			 "leaves out: give the one or the other");
		return false;
	}
	return true;
}

static int bench_begin(struct bench *bench)
{
	const struct options *options = bench->options;
	uint32_t shards = log_shards(bench->log);
	if (options->accounts < 2 * (int64_t)shards) {
		complain("--accounts wants 2 for each of the %" PRIu32 " shards at least", shards);
		return EXIT_USAGE;
	}
	int exit_code = bench_fresh_check(bench, bench->log, options->ledger);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (options->progress && !(bench->progress = fopen(options->progress, "we"))) {
		complain("can't write %s: %s", options->progress, strerror(errno));
		return EXIT_USAGE;
	}
	keys_init(&bench->keys, options->keys, options->accounts, shards, randombytes_random());
	bench->keys.cross = shards > 1 ? options->cross : 0;
	if (options_is_embedded(options))
		(void)snprintf(bench->disk, sizeof bench->disk, "%s",
			options->ledger + strlen("embedded:"));
	else
		(void)snprintf(bench->disk, sizeof bench->disk, "%s",
			options->state ? options->state : "");
	bench->inputs_first = calloc(shards, sizeof *bench->inputs_first);
	bench->events_first = calloc(shards, sizeof *bench->events_first);
	assert(bench->inputs_first && bench->events_first);
	report_begin(&bench->report, options->is_json);
	return EXIT_DONE;
}

int main_bench(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_bench,
		    OPTION_LEDGER | OPTION_STATE | OPTION_STATE_NEEDED | OPTION_MEMORY |
			    OPTION_CHECKPOINT | OPTION_BENCH,
		    count, arguments, &exit_code))
		return exit_code;
	if (!options_agree(&options))
		return EXIT_USAGE;
	struct bench bench = { .options = &options };
	exit_code = ledger_open(&options, LOG_OWN, &bench.log);
	if (exit_code != EXIT_DONE)
		return exit_code;
	exit_code = bench_begin(&bench);
	if (exit_code == EXIT_DONE) {
		exit_code = steps(&bench);
		report_line(&bench.report, "ledger", "what was made up for this stays in %s",
			options.ledger);
		report_end(&bench.report, exit_code == EXIT_DONE);
	}
	log_close(bench.log);
	if (bench.progress)
		(void)fclose(bench.progress);
	free(bench.inputs_first);
	free(bench.events_first);
	return exit_code;
}
