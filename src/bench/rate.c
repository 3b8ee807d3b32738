/* SPDX-License-Identifier: Apache-2.0 */
/* The peak: transfers that stand on the log already, from the first input to the last verified
 * event. */
#include "bench/bench.h"

#include <inttypes.h>

enum { REST_NS = 100000000 };

struct span {
	int64_t first_ns, last_ns, batches;
};

static struct span span_of(struct owners *owners)
{
	struct span span = { .first_ns = INT64_MAX };
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		span.batches += status.batches;
		if (status.first_input_ns > 0 && status.first_input_ns < span.first_ns)
			span.first_ns = status.first_input_ns;
		if (status.verified_ns > span.last_ns)
			span.last_ns = status.verified_ns;
	}
	return span;
}

/* 0: the half was seen too late, by the steps in which it is looked for, to tell a rate. */
static double second_half(int64_t count, int64_t ns)
{
	return ns > 10 * (int64_t)WATCH_STEP_NS ? per_second(count, ns) : 0;
}

/* Payments between shards give more events than one, and are done when they are settled: when
 * nothing is under way, and stays so. */
struct rest {
	int64_t since_ns; /* 0: something moves */
};

static bool is_at_rest(struct rest *rest, struct owners *owners)
{
	int64_t now = now_ns();
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		if (status.lag[LOG_COMMANDS] > 0 || status.lag[LOG_INTERNAL] > 0 ||
			status.under_way > 0)
			rest->since_ns = now;
	}
	if (rest->since_ns == 0)
		rest->since_ns = now;
	return now - rest->since_ns > REST_NS;
}

int bench_rate(struct bench *bench, struct owners *owners)
{
	struct rest rest = { 0 };
	int64_t transfers = bench->options->transfers, half_ns = 0;
	struct watch watch;
	watch_begin(&watch, owners, bench->progress, "rate");
	/* Owners decide from the moment that they are live: what they did before the first look
	 * counts too. */
	int64_t first = bench->verified_before;
	watch.verified_first = first;
	while (watch.verified < first + transfers ||
		(bench->keys.cross > 0 && !is_at_rest(&rest, owners))) {
		if (!watch_step(&watch))
			return EXIT_FAULT;
		if (half_ns == 0 && watch.verified - first >= transfers / 2)
			half_ns = now_ns();
	}
	watch_end(&watch);
	struct span span = span_of(owners);
	bench->rate = per_second(transfers, span.last_ns - span.first_ns);
	if (bench->rate == 0) {
		complain("%" PRId64 " transfers took no time that can be told: more --transfers",
			transfers);
		return EXIT_REFUSED;
	}
	double warm = bench->keys.cross > 0
			      ? 0
			      : second_half(transfers - transfers / 2, span.last_ns - half_ns);
	double batch = span.batches > 0 ? (double)transfers / (double)span.batches : 0;
	double pause_ms = (double)watch.pause_ns / 1e6;

	struct report *report = &bench->report;
	report_line(report, "rate", "%.0f transfers/s, first input to last verified event",
		bench->rate);
	if (warm > 0)
		report_line(report, "", "%.0f transfers/s of that in the second half", warm);
	report_line(report, "",
		"%" PRId64 " checkpoints meanwhile, %.0f events a batch, longest pause %.0f ms, "
		"%" PRId64 " recoveries",
		watch.checkpoints, batch, pause_ms, watch.recoveries);
	report_number(report, "transfers_per_s", bench->rate, 0);
	if (warm > 0)
		report_number(report, "second_half_per_s", warm, 0);
	report_number(report, "events_per_batch", batch, 0);
	report_number(report, "checkpoints", (double)watch.checkpoints, 0);
	report_number(report, "longest_pause_ms", pause_ms, 1);
	report_number(report, "recoveries", (double)watch.recoveries, 0);
	return EXIT_DONE;
}
