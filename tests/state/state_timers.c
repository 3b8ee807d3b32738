/* SPDX-License-Identifier: Apache-2.0 */
/* Timers against a sorted list: whatever is in memory, in rows or in the store only, the earliest
 * due one is found. */
#include "model_store.h"

#include "state/keys.h"
#include "state/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "least_state.h"

struct fixture {
	void *memory;
	struct state *state;
	struct model_store truth; /* timers that are set; in key order, so by (due, id) */
	struct model_store store;
	uint64_t random;
	uint32_t made;
	size_t loads;
	struct sealed sealed;
	bool is_copied; /* sealed, and not yet in the store */
};

static int setup(void **ret)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->state = least_state(&f->memory);
	f->random = 11;
	*ret = f;
	return 0;
}

static int teardown(void **given)
{
	struct fixture *f = *given;
	model_store_free(&f->truth);
	model_store_free(&f->store);
	free(f->memory);
	free(f);
	return 0;
}

static void seal_step(struct fixture *f, size_t rows_max)
{
	if (!state_is_sealing(f->state)) {
		state_seal_begin(f->state);
	} else if (f->is_copied) {
		model_store_take(&f->store, &f->sealed);
		state_sealed_stored(f->state);
		f->is_copied = false;
	} else {
		f->is_copied = state_seal_step(f->state, rows_max, &f->sealed);
	}
}

static void seal_all(struct fixture *f)
{
	state_batch_begin(f->state);
	while (state_is_sealing(f->state)) /* one that goes on already */
		seal_step(f, 1000);
	do {
		seal_step(f, 1000);
	} while (state_is_sealing(f->state));
}

static void restart(struct fixture *f)
{
	seal_all(f);
	model_store_restart(&f->store, state_head(f->state), f->state);
}

static void room(struct fixture *f)
{
	if (!state_reserve_event(f->state))
		seal_all(f);
	assert_true(state_reserve_event(f->state));
}

static void set(struct fixture *f, int64_t due_ms)
{
	struct timer timer = { .kind = TIMER_KIND_hold_expiry, .due_ms = due_ms };
	uint32_t made = ++f->made * 2654435761u; /* ids in no order */
	memcpy(timer.id.at, &made, sizeof made);
	room(f);
	mutate_timer_set(f->state, &timer);
	struct state_key key = timer_key(&timer);
	static const uint8_t value[VALUE_SIZE_timer];
	model_store_put(&f->truth, (struct bytes){ key.at, key.size },
		(struct bytes){ value, sizeof value });
}

static struct timer timer_at(const struct fixture *f, size_t i)
{
	struct timer timer;
	assert_true(timer_unkey(
		(struct bytes){ f->truth.rows[i]->key.at, f->truth.rows[i]->key.size }, &timer));
	return timer;
}

static void clear(struct fixture *f, size_t i)
{
	struct timer timer = timer_at(f, i);
	struct state_key key = f->truth.rows[i]->key;
	room(f);
	mutate_timer_clear(f->state, &timer);
	model_store_put(&f->truth, (struct bytes){ key.at, key.size }, (struct bytes){ NULL, 0 });
}

static enum answer due(struct fixture *f, int64_t now_ms, struct timer *ret)
{
	for (;;) {
		enum answer answer = view_timer_due(f->state, now_ms, ret);
		assert_int_equal(answer == ANSWER_NOT_LOADED, view_is_missing(f->state));
		if (answer != ANSWER_NOT_LOADED)
			return answer;
		f->loads++;
		if (!model_store_load(&f->store, f->state)) {
			seal_all(f);
			assert_true(model_store_load(&f->store, f->state));
		}
	}
}

/* All that are due, in order; each is cleared as its event would do. */
static size_t fire(struct fixture *f, int64_t now_ms, size_t most)
{
	struct timer timer, first;
	size_t count = 0;
	for (; count < most && due(f, now_ms, &timer) == ANSWER_PRESENT; count++) {
		assert_true(f->truth.count > 0);
		first = timer_at(f, 0);
		assert_int_equal(timer_compare(&timer, &first), 0);
		assert_int_equal(timer.kind, TIMER_KIND_hold_expiry);
		assert_true(timer.due_ms <= now_ms);
		assert_true(state_timer_due_ms(f->state) <= timer.due_ms);
		clear(f, 0);
	}
	if (count < most && f->truth.count > 0) {
		first = timer_at(f, 0);
		assert_true(first.due_ms > now_ms);
		assert_true(state_timer_due_ms(f->state) <= first.due_ms);
	}
	return count;
}

static void random_against_list(void **given)
{
	struct fixture *f = *given;
	int64_t now = 1000000;
	size_t fired = 0;
	for (size_t i = 0; i < 60000; i++) {
		uint32_t what = random_below(&f->random, 1000);
		if (what < 600)
			set(f, now + 1 +
					random_below(&f->random,
						random_below(&f->random, 4) ? 1000000 : 100));
		else if (what < 850 && f->truth.count > 0)
			clear(f, random_below(&f->random, (uint32_t)f->truth.count));
		else if (what < 990)
			fired += fire(f, now += random_below(&f->random, 60),
				1 + random_below(&f->random, 40));
		else if (what < 999)
			seal_step(f, random_below(&f->random, 100));
		else if (random_below(&f->random, 4) == 0)
			restart(f);
	}
	fired += fire(f, now + 2000000, SIZE_MAX);
	assert_int_equal(f->truth.count, 0);
	assert_true(fired > 10000);
	assert_true(f->loads > 50);
	seal_all(f);
	assert_int_equal(f->store.count, 0);
}

static void more_than_memory_holds(void **given)
{
	struct fixture *f = *given;
	enum { COUNT = 2 * TIMERS_IN_MEMORY_MAX + 1000 };
	for (int i = 0; i < COUNT; i++)
		set(f, 1 + (int64_t)(i * 7919LL % COUNT)); /* some of one time, in no order */
	assert_int_equal(f->truth.count, COUNT);
	assert_int_equal(fire(f, 0, SIZE_MAX), 0);
	size_t fired = fire(f, COUNT / 2, SIZE_MAX);
	assert_int_equal(fired, COUNT / 2);
	for (int i = 0; i < 100; i++)
		set(f, COUNT / 2 + 1); /* between what memory has and what it has not */
	restart(f);
	assert_int_equal(fire(f, COUNT / 2, SIZE_MAX), 0);
	assert_int_equal(fire(f, COUNT, SIZE_MAX), COUNT - COUNT / 2 + 100);
	assert_true(f->loads > COUNT / 2 / TIMERS_LOAD_MAX);
}

static void all_of_one_time(void **given)
{
	struct fixture *f = *given;
	enum { COUNT = TIMERS_IN_MEMORY_MAX + 5000 };
	for (int i = 0; i < COUNT; i++)
		set(f, 5000);
	assert_int_equal(fire(f, 4999, SIZE_MAX), 0);
	assert_int_equal(fire(f, 5000, 100), 100);
	restart(f);
	assert_int_equal(fire(f, 4999, SIZE_MAX), 0);
	assert_int_equal(fire(f, 5000, SIZE_MAX), COUNT - 100);
}

/* One that was cleared in memory only: the store does not know it yet. */
static void cleared_before_the_store_knows(void **given)
{
	struct fixture *f = *given;
	struct timer timer;
	for (int i = 1; i <= 10; i++)
		set(f, i);
	restart(f);
	for (int i = 0; i < 5; i++)
		clear(f, 0);
	set(f, 3);
	assert_int_equal(due(f, 100, &timer), ANSWER_PRESENT);
	assert_int_equal(timer.due_ms, 3);
	assert_int_equal(fire(f, 100, SIZE_MAX), 6);
	assert_int_equal(due(f, INT64_MAX, &timer), ANSWER_ABSENT);
	assert_int_equal(state_timer_due_ms(f->state), INT64_MAX);
}

static void none_at_all(void **given)
{
	struct fixture *f = *given;
	struct timer timer;
	assert_int_equal(state_timer_due_ms(f->state), INT64_MAX);
	assert_int_equal(due(f, INT64_MAX, &timer), ANSWER_ABSENT);
	restart(f);
	assert_int_equal(due(f, 1, &timer), ANSWER_ABSENT);
	assert_int_equal(state_timer_due_ms(f->state), INT64_MAX);
	assert_int_equal(f->loads, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(random_against_list),
		TEST(more_than_memory_holds),
		TEST(all_of_one_time),
		TEST(cleared_before_the_store_knows),
		TEST(none_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
