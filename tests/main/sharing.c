/* SPDX-License-Identifier: Apache-2.0 */
/* Who should own and follow which shard: for all numbers of processes up to seven, with names drawn
 * again and again, and whoever of them is gone. */
#include "main/sharing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS_MAX = 7, SHARDS_MAX = 64, DEPTH = 4, DRAWS = 12 };

typedef char member_name[LOG_MEMBER_NAME_MAX];

static const uint32_t shard_counts[] = { 1, 2, 3, 7, 8, 16, 63, 64 };
enum { SHARD_COUNTS = sizeof shard_counts / sizeof shard_counts[0] };

static int names_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void names_draw(member_name *names, size_t count, int draw)
{
	for (size_t m = 0; m < count; m++)
		(void)snprintf(names[m], sizeof names[m], "host-%d-%04x", (int)(m * 7919) % 10,
			(unsigned)((m + 1) * 40503 + (size_t)draw * 30011) & 0xffff);
	qsort(names, count, sizeof *names, names_compare);
}

static void names_without(member_name *names, size_t count, const char *gone, member_name *ret)
{
	size_t n = 0;
	for (size_t m = 0; m < count; m++)
		if (strcmp(names[m], gone) != 0)
			memcpy(ret[n++], names[m], sizeof *ret);
	assert_int_equal(n, count - 1);
}

/* Everything is owned, evenly, and each place of a line is another process. */
static void lines_are_sound(const int *lines, size_t count, uint32_t shards)
{
	size_t loads[MEMBERS_MAX] = { 0 }, places = count < DEPTH ? count : DEPTH;
	for (uint32_t s = 0; s < shards; s++) {
		const int *line = &lines[(size_t)s * DEPTH];
		for (size_t k = 0; k < DEPTH; k++) {
			assert_true(
				k < places ? line[k] >= 0 && line[k] < (int)count : line[k] == -1);
			for (size_t j = 0; j < k && k < places; j++)
				assert_int_not_equal(line[j], line[k]);
		}
		loads[line[0]]++;
	}
	for (size_t m = 0; m < count; m++)
		assert_true(loads[m] <= (shards + count - 1) / count);
}

/* Once one is gone, each of its shards is owned by who followed it first, and so on down the line.
 * Returns how many others moved. */
static size_t gone_try(
	member_name *names, size_t count, uint32_t shards, const int *lines, const char *gone)
{
	static int after[SHARDS_MAX * DEPTH];
	member_name left[MEMBERS_MAX];
	size_t others = 0;
	names_without(names, count, gone, left);
	sharing_lines(left, count - 1, shards, DEPTH, after);
	for (uint32_t s = 0; s < shards; s++) {
		const int *line = &lines[(size_t)s * DEPTH], *then = &after[(size_t)s * DEPTH];
		if (strcmp(names[line[0]], gone) != 0) {
			others += strcmp(left[then[0]], names[line[0]]) != 0;
			continue;
		}
		for (size_t k = 0; k + 1 < DEPTH && line[k + 1] >= 0; k++)
			assert_string_equal(left[then[k]], names[line[k + 1]]);
	}
	return others;
}

static void a_death_moves_each_shard_to_its_follower(void **state)
{
	static int lines[SHARDS_MAX * DEPTH];
	member_name names[MEMBERS_MAX];
	size_t others = 0, all = 0;
	(void)state;
	for (size_t count = 1; count <= MEMBERS_MAX; count++)
		for (size_t n = 0; n < SHARD_COUNTS * (size_t)DRAWS; n++) {
			uint32_t shards = shard_counts[n / DRAWS];
			names_draw(names, count, (int)(n % DRAWS));
			sharing_lines(names, count, shards, DEPTH, lines);
			lines_are_sound(lines, count, shards);
			for (size_t m = 0; count > 1 && m < count; m++) {
				others += gone_try(names, count, shards, lines, names[m]);
				all += shards;
			}
		}
	/* Shares stay even, so some others move too, but few. */
	assert_true(others > 0 && others < all / 12);
}

static void nobody_owns_nothing(void **state)
{
	int lines[2 * DEPTH];
	(void)state;
	sharing_lines(NULL, 0, 2, DEPTH, lines);
	for (int i = 0; i < 2 * DEPTH; i++)
		assert_int_equal(lines[i], -1);
}

/* Processes of two versions share the shards while a fleet is upgraded: they must agree. */
static void the_answer_stays_what_it_was(void **state)
{
	static member_name names[] = { "alpha-00000001", "beta-00000002", "gamma-00000003" };
	static const int wanted[8][2] = { { 2, 1 }, { 0, 1 }, { 1, 2 }, { 0, 2 }, { 0, 1 },
		{ 2, 0 }, { 1, 2 }, { 2, 1 } };
	int lines[8 * 2];
	(void)state;
	sharing_lines(names, 3, 8, 2, lines);
	for (int s = 0; s < 8; s++)
		for (int k = 0; k < 2; k++)
			assert_int_equal(lines[s * 2 + k], wanted[s][k]);
}

/* --- What holds --- */

static struct log_members members_of(
	member_name *names, size_t count, unsigned looks, bool is_stable)
{
	return (struct log_members){
		.names = names, .count = count, .looks = looks, .is_stable = is_stable
	};
}

static bool holds(struct agreement *agreement, struct log_members members, int64_t now_ms)
{
	return agreement_holds(agreement, &members, now_ms);
}

static void names_hold_when_seen_twice_at_rest(void **state)
{
	member_name two[] = { "a", "b" }, one[] = { "a" };
	struct agreement agreement = { 0 };
	(void)state;
	assert_false(holds(&agreement, members_of(two, 2, 0, true), 0)); /* nobody looked yet */
	assert_false(holds(&agreement, members_of(two, 2, 1, true), 10));
	assert_false(holds(&agreement, members_of(two, 2, 1, true), 20)); /* no other look */
	assert_true(holds(&agreement, members_of(two, 2, 2, true), 30));
	agreement.is_used = true;
	assert_true(holds(&agreement, members_of(two, 2, 3, true), 40));
	assert_true(agreement.is_used);
	/* Only seemingly gone. */
	assert_false(holds(&agreement, members_of(one, 1, 4, true), 50));
	assert_false(agreement.is_used);
	assert_false(holds(&agreement, members_of(two, 2, 5, true), 60));
	assert_true(holds(&agreement, members_of(two, 2, 6, true), 70));
	/* Gone. */
	assert_false(holds(&agreement, members_of(one, 1, 7, true), 80));
	assert_true(holds(&agreement, members_of(one, 1, 8, true), 90));
	agreement_free(&agreement);
}

static void names_that_wait_for_the_dead_hold_after_a_second(void **state)
{
	member_name two[] = { "a", "b" };
	struct agreement agreement = { 0 };
	(void)state;
	for (unsigned look = 1; look <= 9; look++)
		assert_false(
			holds(&agreement, members_of(two, 2, look, false), 100 * (int64_t)look));
	assert_false(holds(&agreement, members_of(two, 2, 10, true), 1000)); /* at rest once */
	assert_false(holds(&agreement, members_of(two, 2, 11, false), 1099));
	assert_true(holds(&agreement, members_of(two, 2, 12, false), 1100));
	agreement_free(&agreement);
}

static void who_was_there_before_changes_nothing(void **state)
{
	member_name two[] = { "a", "b" }, three[] = { "a", "b", "c" };
	struct agreement agreement = { 0 };
	struct log_members members = members_of(two, 2, 1, false);
	(void)state;
	members.was_there = true;
	assert_false(holds(&agreement, members, 10));
	members.looks++;
	assert_true(holds(&agreement, members, 20));
	members = members_of(three, 3, 3, false);
	members.was_there = true;
	assert_false(holds(&agreement, members, 30));
	members.looks++;
	assert_false(holds(&agreement, members, 40)); /* somebody else came since */
	agreement_free(&agreement);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_moves_each_shard_to_its_follower),
		cmocka_unit_test(nobody_owns_nothing),
		cmocka_unit_test(the_answer_stays_what_it_was),
		cmocka_unit_test(names_hold_when_seen_twice_at_rest),
		cmocka_unit_test(names_that_wait_for_the_dead_hold_after_a_second),
		cmocka_unit_test(who_was_there_before_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
