/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor against the core: the same events and the same books over random traffic and random
 * bytes. And that the auditor can fail: any bit of an event that differs is refused.
 *
 *   auditor_test [SEED [COUNT]]    random bytes of these seeds only
 */
#include "auditor/duel.h"
#include "auditor/record.h"
#include "workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MEMBERS = 8, WORKLOAD_INPUTS = 3000, WORKLOAD_SEEDS = 10, BYTES_MAX = 4096 };

static const int64_t time_first_ms = 1767225600000;
static uint64_t bytes_seed = 1, bytes_seeds = 2000;

/* --- Traffic --- */

static int64_t later(struct random *random, int64_t now_ms)
{
	uint64_t dice = random_below(random, 1000);
	return now_ms + (dice < 3           ? 86400000 * (int64_t)random_below(random, 8)
				: dice < 30 ? 3600000
					    : (int64_t)random_below(random, 500));
}

static void workload_run(uint64_t seed, const struct duel_watch *watch)
{
	struct codec *codec = codec_new();
	struct workload *workload = calloc(1, sizeof *workload);
	assert_non_null(workload);
	workload_init(workload, seed, codec, 0, 1, MEMBERS);
	workload->hold_expires_s_max = 7200;
	struct random random = { seed * 977 };
	int64_t now_ms = time_first_ms;
	struct duel *duel = duel_new(0, 1, now_ms, watch);
	bool is_even = *duel_error(duel) == '\0';
	for (size_t i = 0; i < WORKLOAD_INPUTS && is_even; i++) {
		struct work work;
		now_ms = later(&random, now_ms);
		workload_next(workload, now_ms, &work);
		enum topic topic = (enum topic)(work.stream + 1);
		duel_input(duel, topic, (int64_t)random_below(&random, 20) / 19,
			now_ms - (int64_t)random_below(&random, 2000),
			(struct bytes){ work.value, work.size });
		is_even = duel_decide(duel, topic);
		if (is_even && random_below(&random, 200) == 0)
			is_even = duel_restart(duel);
	}
	if (!is_even || !duel_compare(duel))
		fail_msg("workload of seed %llu: %s", (unsigned long long)seed, duel_error(duel));
	duel_free(duel);
	codec_free(codec);
	free(workload);
}

static void test_workload(void **unused)
{
	(void)unused;
	for (uint64_t seed = 1; seed <= WORKLOAD_SEEDS; seed++)
		workload_run(seed, NULL);
}

/* --- Bytes --- */

static size_t bytes_make(uint64_t seed, uint8_t bytes[BYTES_MAX])
{
	struct random random = { seed * 0x9e3779b97f4a7c15u };
	size_t size = random_below(&random, BYTES_MAX);
	/* Of most bytes only the common half, so that much goes well. */
	uint64_t calm = random_below(&random, 4);
	for (size_t i = 0; i < size; i++) {
		uint64_t draw = random_next(&random);
		bool is_calm = (draw >> 8) % 4 < calm;
		bytes[i] = (uint8_t)(is_calm ? draw % 192 : draw);
	}
	return size;
}

static void test_bytes(void **unused)
{
	(void)unused;
	static uint8_t bytes[BYTES_MAX];
	static char error[4096];
	struct duel_tally tally = { 0 };
	struct duel_watch watch = { .tally = &tally };
	for (uint64_t seed = bytes_seed; seed < bytes_seed + bytes_seeds; seed++) {
		size_t size = bytes_make(seed, bytes);
		if (!duel_is_even(bytes, size, &watch, error, sizeof error))
			fail_msg("bytes of seed %llu: %s", (unsigned long long)seed, error);
	}
	for (size_t i = 0; i < DUEL_EVENTS; i++)
		if (*event_name((enum event_kind)i))
			print_message("%8zu %s\n", tally.events[i], event_name((enum event_kind)i));
	for (size_t i = 0; i < DUEL_REJECTS; i++)
		if (*reject_name((enum reject)i))
			print_message("%8zu %s\n", tally.rejects[i], reject_name((enum reject)i));
}

int main(int argument_count, char **arguments)
{
	if (argument_count > 1) {
		bytes_seed = strtoull(arguments[1], NULL, 10);
		bytes_seeds = argument_count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workload),
		cmocka_unit_test(test_bytes),
	};
	return cmocka_run_group_tests_name("auditor", tests, NULL, NULL);
}
