/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies counted by size: below 128 ns exactly, above in 128 steps for each power of two. */
#include "bench/bench.h"

#include <assert.h>

enum { STEP_BITS = 7 };
static_assert(HISTOGRAM_STEPS == 1 << STEP_BITS, "a power of two is cut into so many steps");

static size_t slot_of(int64_t ns)
{
	uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
	if (value < HISTOGRAM_STEPS)
		return (size_t)value;
	int power = 63 - __builtin_clzll(value);
	return (size_t)(power - STEP_BITS) * HISTOGRAM_STEPS +
	       (size_t)(value >> (power - STEP_BITS));
}

/* The greatest value that is counted there. */
static int64_t slot_max(size_t slot)
{
	if (slot < HISTOGRAM_STEPS)
		return (int64_t)slot;
	size_t shift = slot / HISTOGRAM_STEPS - 1;
	return (int64_t)((slot % HISTOGRAM_STEPS + HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
	size_t slot = slot_of(ns);
	assert(slot < HISTOGRAM_SLOTS);
	histogram->slots[slot]++;
	histogram->count++;
	if (ns > histogram->max)
		histogram->max = ns;
}

double histogram_ms(const struct histogram *histogram, double share)
{
	int64_t before = (int64_t)(share * (double)histogram->count), seen = 0;
	if (before >= histogram->count)
		return (double)histogram->max / 1e6;
	for (size_t slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
		seen += histogram->slots[slot];
		if (seen <= before)
			continue;
		int64_t ns = slot_max(slot);
		return (double)(ns < histogram->max ? ns : histogram->max) / 1e6;
	}
	return 0;
}
