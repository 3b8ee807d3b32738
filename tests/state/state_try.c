/* SPDX-License-Identifier: Apache-2.0 */
/* Trying: what is undone was never there, and what is kept is what it would have been without. */
#include "model_store.h"
#include "state_picture.h"

#include "state/journal.h"
#include "state/keys.h"
#include "state/mutate.h"
#include "state/rows.h"
#include "state/try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "least_state.h"

enum { KEYS = 3000, STEPS = 60000, TIME_MS = 1000000 };

/* What a row may be before it is tried. */
enum before {
	UNKNOWN,
	ABSENT,
	CLEAN,
	DIRTY,
	DROPPED,
	TO_BE_COPIED, /* dirty, of the generation that is being sealed */
	COPIED,
	CHANGED_SINCE_COPIED,
	BEFORE_COUNT,
};

/* Two states that live the same; only the first one tries what both come to. */
struct fixture {
	void *memory[2];
	struct state *tries, *plain;
	struct model_store truth; /* of both */
	struct model_store store; /* what was acknowledged by the first */
	uint64_t random;
	uint8_t table; /* which case is on */
	enum before before;
	size_t deed;
};

static int setup(void **ret)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->tries = least_state(&f->memory[0]);
	f->plain = least_state(&f->memory[1]);
	f->random = 5;
	*ret = f;
	return 0;
}

static int teardown(void **given)
{
	struct fixture *f = *given;
	model_store_free(&f->truth);
	model_store_free(&f->store);
	free(f->memory[0]);
	free(f->memory[1]);
	free(f);
	return 0;
}

/* --- Rows of all tables --- */

static struct timer timer_of(uint32_t number)
{
	struct timer timer = { .kind = TIMER_KIND_hold_expiry, .due_ms = TIME_MS + number % 97 };
	memcpy(timer.id.at, &number, sizeof number);
	return timer;
}

static struct state_key key_of(uint8_t table, uint32_t number)
{
	struct state_key key = { .at = { table } };
	struct id id = id_floor_of_time(TIME_MS + number);
	switch (table) {
	case TABLE_ledger:
		return state_key_of(key_ledger());
	case TABLE_command_row:
		return state_key_of(key_command_row(&id));
	case TABLE_timer: {
		struct timer timer = timer_of(number);
		return timer_key(&timer);
	}
	default: /* any bytes: rows don't read them */
		key.size = (uint8_t)(1 + snprintf((char *)key.at + 1, sizeof key.at - 1,
						 "%u-and-some-more", number));
		return key;
	}
}

/* What stands in a row, but for ones that were dropped. */
static size_t row_value(
	uint8_t table, uint32_t number, uint32_t seed, uint8_t ret[STATE_VALUE_SIZE_MAX])
{
	if (table == TABLE_ledger)
		return ledger_pack(&(struct ledger){ .shards = seed, .format = 1 }, ret);
	if (table == TABLE_timer)
		return timer_pack(&(struct timer){ 0 }, ret);
	if (table == TABLE_command_row) {
		struct command_row row = { .id = id_floor_of_time(TIME_MS + number),
			.sequence = seed,
			.outcome = EVENT_ticked };
		return command_row_pack(&row, ret);
	}
	size_t size = table_value_size_max(table) - seed % 2; /* any bytes */
	memset(ret, (int)seed, size);
	return size;
}

/* As apply would: the ledger, ids and timers are more than rows. `seed` 0 drops the row. */
static void row_write(struct state *state, uint8_t table, uint32_t number, uint32_t seed)
{
	struct state_key key = key_of(table, number);
	struct timer timer = timer_of(number);
	uint8_t value[STATE_VALUE_SIZE_MAX];
	size_t size = row_value(table, number, seed, value);
	if (seed == 0) {
		rows_put(state->rows, row_key_of(&key), NULL, 0);
	} else if (table == TABLE_ledger) {
		struct ledger ledger;
		ledger_unpack(value, &ledger);
		mutate_ledger(state, &ledger);
	} else if (table == TABLE_command_row) {
		struct command_row row = { .id = id_floor_of_time(TIME_MS + number) };
		command_row_unpack(value, &row);
		mutate_command(state, &row);
	} else if (table == TABLE_timer) {
		mutate_timer_set(state, &timer);
	} else {
		rows_put(state->rows, row_key_of(&key), value, size);
	}
}

static void head_write(struct state *state, uint32_t seed)
{
	struct head *head = mutate_head(state);
	struct witness witness = { .digest = { { (uint8_t)seed } } };
	head->sequence++;
	head->engine_time_ms += seed;
	head->timers_fired = seed % 3;
	head->timers_topic = seed % 3 == 0 ? TOPIC_none : TOPIC_rails;
	head->input_next[TOPIC_commands] += seed % 5;
	head->command_ids_due_ms = seed;
	trail_add(&head->input_trail[TOPIC_commands], seed, &witness);
}

/* --- Each kind of row --- */

static void seal_all(struct state *state, struct model_store *store)
{
	struct sealed sealed;
	if (!state_is_sealing(state))
		state_seal_begin(state);
	while (!state_seal_step(state, SIZE_MAX, &sealed))
		continue;
	if (store)
		model_store_take(store, &sealed);
	state_sealed_stored(state);
}

static void before_make(struct state *state, uint8_t table, enum before before)
{
	struct state_key key = key_of(table, 1);
	struct sealed sealed;
	state_reset(state);
	mutate_commands_drop(state, 5000);
	assert_true(state_reserve_event(state));
	if (before == ABSENT)
		assert_true(state_load(state, &key, (struct bytes){ NULL, 0 }));
	if (before >= CLEAN)
		row_write(state, table, 1, 7);
	if (before == CLEAN)
		seal_all(state, NULL);
	if (before == DROPPED)
		row_write(state, table, 1, 0);
	if (before >= TO_BE_COPIED)
		state_seal_begin(state);
	if (before >= COPIED)
		assert_true(state_seal_step(state, SIZE_MAX, &sealed));
	if (before == CHANGED_SINCE_COPIED)
		row_write(state, table, 1, 8);
	head_write(state, 3);
	state_batch_begin(state);
	assert_true(state_reserve_event(state));
}

/* 0 drops, others put: one after the other, and something beside it. */
static const uint32_t deeds[][3] = { { 9 }, { 0 }, { 9, 10 }, { 9, 0 }, { 0, 9 }, { 9, 0, 11 } };
static const size_t deed_sizes[] = { 1, 1, 2, 2, 2, 3 };
enum { DEEDS = sizeof deed_sizes / sizeof deed_sizes[0] };

static void deed_do(struct state *state, uint8_t table, size_t deed)
{
	for (size_t i = 0; i < deed_sizes[deed]; i++) {
		row_write(state, table, 1, deeds[deed][i]);
		row_write(state, TABLE_account, 2, 5);
		head_write(state, 11);
		mutate_commands_readmit(state);
	}
}

static void assert_same(const struct fixture *f, const char *what)
{
	struct picture tries = picture_of(f->tries), plain = picture_of(f->plain);
	bool is_same = pictures_equal(&tries, &plain);
	picture_free(&tries);
	picture_free(&plain);
	if (!is_same)
		fail_msg("%s: table %d, before %d, deed %zu", what, f->table, (int)f->before,
			f->deed);
}

/* What goes to the store, and what is in memory later. */
static void assert_same_later(struct fixture *f)
{
	struct sealed sealed;
	for (int i = 0; i < 2; i++) {
		if (!state_is_sealing(f->tries)) {
			state_seal_begin(f->tries);
			state_seal_begin(f->plain);
		}
		assert_true(state_seal_step(f->tries, SIZE_MAX, &sealed));
		assert_true(state_seal_step(f->plain, SIZE_MAX, &sealed));
		assert_same(f, "sealed");
		state_sealed_stored(f->tries);
		state_sealed_stored(f->plain);
	}
}

static void undo_one(struct fixture *f)
{
	before_make(f->tries, f->table, f->before);
	before_make(f->plain, f->table, f->before);
	state_try_begin(f->tries);
	assert_true(state_try_has_room(f->tries));
	deed_do(f->tries, f->table, f->deed);
	state_try_undo(f->tries);
	assert_same(f, "undone");
	/* Nor does it lack anything for what comes. */
	deed_do(f->tries, f->table, 0);
	deed_do(f->plain, f->table, 0);
	assert_same(f, "changed after it was undone");
	assert_same_later(f);
}

static void keep_one(struct fixture *f)
{
	before_make(f->tries, f->table, f->before);
	before_make(f->plain, f->table, f->before);
	state_try_begin(f->tries);
	deed_do(f->tries, f->table, f->deed);
	state_try_keep(f->tries);
	deed_do(f->plain, f->table, f->deed);
	/* A timer that did not last, or was set twice, may stand in the heap or not. */
	f->tries->timers->count = f->plain->timers->count = 0;
	assert_same(f, "kept");
	assert_same_later(f);
}

static void each_kind_of_row(void **given)
{
	struct fixture *f = *given;
	for (f->table = TABLE_ledger; f->table <= TABLE_LAST; f->table++)
		for (f->before = UNKNOWN; f->before < BEFORE_COUNT; f->before++)
			for (f->deed = 0; f->deed < DEEDS; f->deed++) {
				undo_one(f);
				keep_one(f);
			}
}

/* --- Timers --- */

static void timers_come_with_keep(void **given)
{
	struct fixture *f = *given;
	struct timer timers[] = { timer_of(40), timer_of(30), timer_of(50) }, first;
	assert_true(state_reserve_event(f->tries));
	for (int keeps = 0; keeps < 2; keeps++) {
		state_try_begin(f->tries);
		for (size_t i = 0; i < 3; i++)
			mutate_timer_set(f->tries, &timers[i]);
		mutate_timer_clear(f->tries, &timers[1]);
		assert_true(state_timer_due_ms(f->tries) == INT64_MAX);
		if (keeps)
			state_try_keep(f->tries);
		else
			state_try_undo(f->tries);
		assert_true(state_timer_due_ms(f->tries) == (keeps ? TIME_MS + 40 : INT64_MAX));
	}
	assert_int_equal(view_timer_due(f->tries, TIME_MS + 90, &first), ANSWER_PRESENT);
	assert_int_equal(timer_compare(&first, &timers[0]), 0);
	mutate_timer_clear(f->tries, &first);
	assert_int_equal(view_timer_due(f->tries, TIME_MS + 90, &first), ANSWER_PRESENT);
	assert_int_equal(timer_compare(&first, &timers[2]), 0);
}

/* --- A full journal --- */

static uint32_t journal_fill(struct fixture *f, uint8_t table)
{
	uint32_t count = 0;
	while (state_try_has_room(f->tries)) {
		assert_true(state_reserve_event(f->tries));
		row_write(f->tries, table, ++count, 9);
		assert_true(count < JOURNAL_ROWS_MAX);
	}
	return count;
}

static void a_full_journal_says_so(void **given)
{
	struct fixture *f = *given;
	for (int i = TABLE_party; i <= TABLE_LAST; i++) {
		uint8_t table = (uint8_t)i;
		state_reset(f->tries);
		for (uint32_t number = 1; number < JOURNAL_ROWS_MAX; number++) {
			assert_true(state_reserve_event(f->tries));
			row_write(f->tries, table, number, 5);
		}
		assert_true(state_reserve_event(f->tries));
		struct picture before = picture_of(f->tries);
		state_try_begin(f->tries);
		assert_true(journal_fill(f, table) >= STATE_EVENT_ROWS_MAX);
		row_write(f->tries, table, 1, 10); /* what is in it needs no more room */
		assert_false(state_try_has_room(f->tries));
		state_try_undo(f->tries);
		struct picture after = picture_of(f->tries);
		assert_true(pictures_equal(&before, &after));
		picture_free(&before);
		picture_free(&after);
		state_try_begin(f->tries);
		for (uint32_t n = 0; n < JOURNAL_ROWS_MAX; n++) /* noted once */
			row_write(f->tries, table, 1, 9 + n % 2);
		assert_true(state_try_has_room(f->tries));
		state_try_undo(f->tries);
	}
}

/* --- Anything, against rows that are as plain as can be --- */

static uint8_t table_of(uint32_t number)
{
	return (uint8_t)(TABLE_party + number % (TABLE_LAST - 1));
}

static void truth_put(struct model_store *truth, uint32_t number, uint32_t seed)
{
	struct state_key key = key_of(table_of(number), number);
	uint8_t value[STATE_VALUE_SIZE_MAX];
	size_t size = row_value(key.at[0], number, seed, value);
	struct bytes bytes = { NULL, 0 };
	if (seed != 0)
		bytes = (struct bytes){ value, size };
	model_store_put(truth, (struct bytes){ key.at, key.size }, bytes);
}

/* An answer is right, or "not loaded", and then the store has it. */
static void find(struct fixture *f, const struct model_store *truth, uint32_t number)
{
	struct state_key key = key_of(table_of(number), number);
	struct bytes at = { key.at, key.size };
	const struct model_row *is = model_store_find(truth, at);
	const uint8_t *value;
	switch (rows_find(f->tries->rows, row_key_of(&key), &value)) {
	case ANSWER_PRESENT:
		assert_non_null(is);
		assert_memory_equal(value, is->value, is->value_size);
		break;
	case ANSWER_ABSENT:
		assert_null(is);
		break;
	case ANSWER_NOT_LOADED: {
		const struct model_row *was = model_store_find(&f->store, at);
		assert_true(!was == !is);
		if (was)
			assert_memory_equal(was->value, is->value, is->value_size);
		(void)model_store_load(&f->store, f->tries);
		state_missing_clear(f->tries);
		break;
	}
	}
}

static void make_room(struct fixture *f)
{
	if (state_reserve_event(f->tries))
		return;
	state_batch_begin(f->tries);
	seal_all(f->tries, &f->store);
	if (!state_reserve_event(f->tries))
		seal_all(f->tries, &f->store);
	assert_true(state_reserve_event(f->tries));
}

/* Whatever is taken of the room for rows is a row that can be found: else it would be lost for
 * ever.
 */
static void assert_no_room_is_lost(const struct rows *rows)
{
	size_t at = 0, taken = 0;
	while (at < rows->arena_size) {
		const struct row *row = (const struct row *)(const void *)(rows->arena + at);
		size_t size = (size_t)row->hash * ROWS_PLACE_UNIT;
		if (at == rows->gap_begin && rows->gap_end > at) {
			at = rows->gap_end;
			continue;
		}
		if (row->flags & ROW_TAKEN) {
			taken++;
			size = sizeof *row + row->key_size + table_value_size_max(row->bytes[0]);
			size = (size + ROWS_PLACE_UNIT - 1) / ROWS_PLACE_UNIT * ROWS_PLACE_UNIT;
			size = size < STATE_ROW_BYTES_MIN ? STATE_ROW_BYTES_MIN : size;
		}
		at += size;
	}
	assert_int_equal(at, rows->arena_size);
	assert_int_equal(taken, rows->row_count);
}

/* Rows come and go, are looked for and loaded, and the hand goes on between. */
static void try_some(struct fixture *f, struct model_store *tried)
{
	uint32_t steps = random_below(&f->random, 40);
	model_store_copy(tried, &f->truth);
	state_try_begin(f->tries);
	for (uint32_t i = 0; i < steps && state_reserve_event(f->tries); i++) {
		uint32_t number = random_below(&f->random, KEYS);
		if (random_below(&f->random, 3) == 0) {
			find(f, tried, number);
		} else {
			uint32_t seed = random_below(&f->random, 6);
			assert_true(state_try_has_room(f->tries));
			row_write(f->tries, table_of(number), number, seed);
			truth_put(tried, number, seed);
		}
	}
	if (random_below(&f->random, 2) == 0) {
		state_try_undo(f->tries);
		assert_no_room_is_lost(f->tries->rows);
		return;
	}
	state_try_keep(f->tries);
	struct model_store old = f->truth;
	f->truth = *tried;
	*tried = old;
}

static void random_against_model(void **given)
{
	struct fixture *f = *given;
	struct model_store tried = { 0 };
	struct sealed sealed;
	bool is_copied = false;
	for (size_t step = 0; step < STEPS; step++) {
		uint32_t number = random_below(&f->random, KEYS),
			 what = random_below(&f->random, 100);
		make_room(f);
		is_copied &= state_is_sealing(f->tries);
		if (what < 5) {
			try_some(f, &tried);
		} else if (what < 50) {
			find(f, &f->truth, number);
		} else if (what < 90) {
			row_write(f->tries, table_of(number), number, what % 6);
			truth_put(&f->truth, number, what % 6);
		} else if (what < 97) {
			state_batch_begin(f->tries);
		} else if (!state_is_sealing(f->tries)) {
			state_seal_begin(f->tries);
		} else if (is_copied) {
			model_store_take(&f->store, &sealed);
			state_sealed_stored(f->tries);
		}
		if (state_is_sealing(f->tries) && !is_copied)
			is_copied =
				state_seal_step(f->tries, random_below(&f->random, 20), &sealed);
	}
	seal_all(f->tries, &f->store);
	seal_all(f->tries, &f->store);
	assert_int_equal(f->store.count, f->truth.count);
	assert_int_equal(model_store_differs_at(&f->store, &f->truth), f->truth.count);
	model_store_free(&tried);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_kind_of_row),
		TEST(timers_come_with_keep),
		TEST(a_full_journal_says_so),
		TEST(random_against_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
