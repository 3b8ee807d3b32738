/* SPDX-License-Identifier: Apache-2.0 */
/* What pinion bench computes instead of keeping: latencies by size, accounts by number. */
#include "bench/bench.h"

#include "base/murmur2.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DRAWS = 400000 };

static struct histogram *histogram_new(void)
{
	struct histogram *histogram = calloc(1, sizeof *histogram);
	assert_non_null(histogram);
	return histogram;
}

/* Never below the true value, and above it by under 1 %. */
static void near_above(double got_ms, int64_t ns)
{
	double wanted_ms = (double)ns / 1e6;
	if (got_ms < wanted_ms || got_ms > wanted_ms * 1.01)
		fail_msg("%.9f ms, wanted %.9f", got_ms, wanted_ms);
}

static void test_histogram_shares(void **unused)
{
	(void)unused;
	struct histogram *histogram = histogram_new();
	assert_true(histogram_ms(histogram, 0.5) == 0);
	for (int64_t i = 1; i <= 100000; i++)
		histogram_add(histogram, i * 1000);
	assert_int_equal(histogram->count, 100000);
	near_above(histogram_ms(histogram, 0.5), 50001000);
	near_above(histogram_ms(histogram, 0.99), 99001000);
	near_above(histogram_ms(histogram, 0.999), 99901000);
	assert_true(histogram_ms(histogram, 1) == 100.0);
	free(histogram);
}

static void test_histogram_every_size(void **unused)
{
	(void)unused;
	for (int64_t ns = 0; ns < INT64_MAX / 3; ns = ns * 3 / 2 + 1) {
		struct histogram *histogram = histogram_new();
		histogram_add(histogram, ns);
		histogram_add(histogram, INT64_MAX);
		near_above(histogram_ms(histogram, 0), ns);
		free(histogram);
	}
}

static struct keys keys_of(enum keys_kind kind, int64_t accounts, uint32_t shards)
{
	struct keys keys;
	keys_init(&keys, kind, accounts, shards, 0x1234);
	return keys;
}

static void test_parties_belong_to_their_shards(void **unused)
{
	(void)unused;
	struct keys keys = keys_of(KEYS_uniform, 1001, 7);
	int64_t total = 0;
	for (uint32_t shard = 0; shard < keys.shards; shard++) {
		total += keys_count(&keys, shard);
		for (int64_t i = 0; i < keys_count(&keys, shard); i++) {
			struct text64 party;
			keys_party(&keys, shard, i, &party);
			assert_int_equal(party.size, RUN_SIZE + 1 + 4 + 6);
			assert_int_equal(
				murmur2_partition(party.at, party.size, keys.shards), shard);
			struct account_id id = keys_account(&party), parsed;
			assert_true(account_id_parse(&parsed, id.at, id.size));
			assert_true(account_id_equal(&id, &parsed));
			assert_true(account_id_is_of(&id, &party));
		}
	}
	assert_int_equal(total, keys.accounts);
}

/* How often each account was drawn, as either side. */
static int *draws(const struct keys *keys)
{
	int64_t count = keys_count(keys, 0), from, to;
	int *drawn = calloc((size_t)count, sizeof *drawn);
	struct keys_random random = { 42 };
	assert_non_null(drawn);
	for (int i = 0; i < DRAWS; i++) {
		keys_pair(keys, 0, &random, &from, &to);
		assert_true(from >= 0 && from < count && to >= 0 && to < count && from != to);
		drawn[from]++;
		drawn[to]++;
	}
	return drawn;
}

static void test_uniform(void **unused)
{
	(void)unused;
	struct keys keys = keys_of(KEYS_uniform, 100, 1);
	int *drawn = draws(&keys);
	for (int i = 0; i < 100; i++)
		assert_in_range(drawn[i], 2 * DRAWS / 100 * 95 / 100, 2 * DRAWS / 100 * 105 / 100);
	free(drawn);
}

static void test_hot(void **unused)
{
	(void)unused;
	struct keys keys = keys_of(KEYS_hot, 100, 1);
	int *drawn = draws(&keys);
	assert_int_equal(drawn[0], DRAWS);
	for (int i = 1; i < 100; i++)
		assert_in_range(drawn[i], DRAWS / 99 * 90 / 100, DRAWS / 99 * 110 / 100);
	free(drawn);
}

static int descending(const void *a, const void *b)
{
	return *(const int *)b - *(const int *)a;
}

/* The k-th most frequent is drawn 1/k times as often as the first. The payee is drawn again where
 * it is the payer, which takes a little from the first. */
static void test_zipf(void **unused)
{
	(void)unused;
	enum { ACCOUNTS = 100000 };
	struct keys keys = keys_of(KEYS_zipf, ACCOUNTS, 1);
	int *drawn = draws(&keys);
	qsort(drawn, ACCOUNTS, sizeof *drawn, descending);
	double harmonic = 0;
	for (int k = 1; k <= ACCOUNTS; k++)
		harmonic += 1.0 / k;
	for (int k = 1; k <= 20; k++) {
		double wanted = 2.0 * DRAWS / harmonic / k;
		if (fabs(drawn[k - 1] - wanted) > wanted * 0.1)
			fail_msg("rank %d: %d draws, wanted %.0f", k, drawn[k - 1], wanted);
	}
	assert_in_range(drawn[ACCOUNTS / 2], 0, 3); /* the tail is there, and thin */
	free(drawn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram_shares),
		cmocka_unit_test(test_histogram_every_size),
		cmocka_unit_test(test_parties_belong_to_their_shards),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_hot),
		cmocka_unit_test(test_zipf),
	};
	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
