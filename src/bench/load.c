/* SPDX-License-Identifier: Apache-2.0 */
/* Latency under a load that does not wait for its answers: from when a transfer was due to when its
 * event was verified, so that what a pause holds up counts in full. */
#include "bench/bench.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* What a load has counted. */
struct load {
	struct lanes lanes;
	struct watch watch;
	struct histogram latency;
	int64_t *base; /* by shard: verified before */
	int64_t *done; /* by shard: counted */
	int64_t last_ns;
};

/* The n-th event of a shard answers its n-th transfer. *ret_is_done: all are answered. */
static void answers_count(struct load *load, struct owners *owners, bool *ret_is_done)
{
	*ret_is_done = true;
	for (uint32_t i = 0; i < load->lanes.count; i++) {
		const struct lane *lane = &load->lanes.at[i];
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		int64_t at_ns = now_ns(), answered = status.verified_sequence - load->base[i];
		for (; load->done[i] < answered && load->done[i] < lane->count; load->done[i]++) {
			double due_ns = (double)load->done[i] * lane->interval_ns;
			histogram_add(&load->latency, at_ns - lane->begun_ns - (int64_t)due_ns);
			load->last_ns = at_ns;
		}
		*ret_is_done &= load->done[i] == lane->count;
	}
}

static void load_report(struct bench *bench, const struct load *load,
	const struct sync_probe *probe, int percent, double rate)
{
	const struct histogram *latency = &load->latency, *sync = &probe->histogram;
	double reached = per_second(latency->count, load->last_ns - load->lanes.at[0].begun_ns);
	double pause_ms = (double)load->watch.pause_ns / 1e6;
	char label[32];
	(void)snprintf(label, sizeof label, "load %d %%", percent);
	struct report *report = &bench->report;
	report_line(report, label,
		"%.0f/s due, %.0f/s verified; p50 %.2f, p99 %.2f, p99.9 %.2f, max %.2f ms", rate,
		reached, histogram_ms(latency, 0.5), histogram_ms(latency, 0.99),
		histogram_ms(latency, 0.999), histogram_ms(latency, 1));
	report_line(report, "",
		"disk sync beside it p50 %.2f, p99 %.2f ms; %" PRId64
		" checkpoints, longest pause %.0f ms, %" PRId64 " recoveries",
		histogram_ms(sync, 0.5), histogram_ms(sync, 0.99), load->watch.checkpoints,
		pause_ms, load->watch.recoveries);
	report_open(report, NULL, '{');
	report_number(report, "percent", percent, 0);
	report_number(report, "due_per_s", rate, 0);
	report_number(report, "verified_per_s", reached, 0);
	report_number(report, "p50_ms", histogram_ms(latency, 0.5), 3);
	report_number(report, "p99_ms", histogram_ms(latency, 0.99), 3);
	report_number(report, "p999_ms", histogram_ms(latency, 0.999), 3);
	report_number(report, "max_ms", histogram_ms(latency, 1), 3);
	report_number(report, "sync_p50_ms", histogram_ms(sync, 0.5), 3);
	report_number(report, "sync_p99_ms", histogram_ms(sync, 0.99), 3);
	report_number(report, "checkpoints", (double)load->watch.checkpoints, 0);
	report_number(report, "longest_pause_ms", pause_ms, 1);
	report_number(report, "recoveries", (double)load->watch.recoveries, 0);
	report_close(report, '}');
}

/* The checkpoints that the step before left to be made are not this one's. */
static bool stored_await(struct owners *owners)
{
	struct watch watch;
	watch_begin(&watch, owners, NULL, "");
	while (watch.stored < watch.verified) {
		watch.moved_ns = now_ns(); /* nothing is to be verified: that is no stall */
		if (!watch_step(&watch))
			return false;
	}
	return true;
}

static int load_run(struct bench *bench, struct owners *owners, struct load *load, double rate)
{
	bool is_done = false;
	for (uint32_t i = 0; i < bench->keys.shards; i++) {
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		load->base[i] = status.verified_sequence;
	}
	if (lanes_start(&load->lanes, &bench->keys, bench->log, rate, bench->options->seconds,
		    &bench->fault) != 0)
		return fault_exit(&bench->fault);
	while (!is_done && !lanes_failed(&load->lanes) && watch_step(&load->watch))
		answers_count(load, owners, &is_done);
	watch_end(&load->watch);
	return is_done ? EXIT_DONE : EXIT_FAULT;
}

int bench_load(struct bench *bench, struct owners *owners, int percent)
{
	struct load *load = calloc(1, sizeof *load);
	struct sync_probe *probe = calloc(1, sizeof *probe);
	double rate = bench->rate * percent / 100;
	char phase[32];
	assert(load && probe);
	load->base = calloc(bench->keys.shards, sizeof *load->base);
	load->done = calloc(bench->keys.shards, sizeof *load->done);
	assert(load->base && load->done);

	int exit_code = stored_await(owners) ? EXIT_DONE : EXIT_FAULT;
	if (exit_code == EXIT_DONE) {
		(void)snprintf(phase, sizeof phase, "load %d", percent);
		sync_probe_start(probe, bench->disk);
		watch_begin(&load->watch, owners, bench->progress, phase);
		exit_code = load_run(bench, owners, load, rate);
		sync_probe_stop(probe);
	}
	if (exit_code == EXIT_DONE) {
		load_report(bench, load, probe, percent, rate);
		bench->transfers_sent += load->latency.count;
	}
	if (lanes_join(&load->lanes, &bench->fault) != 0)
		exit_code = fault_exit(&bench->fault);
	free(load->base);
	free(load->done);
	free(load);
	free(probe);
	return exit_code;
}
