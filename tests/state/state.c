/* SPDX-License-Identifier: Apache-2.0 */
/* The rows against naive ones, in the least memory there may be: an answer is right or "not
 * loaded", and nothing is evicted that the store does not hold. */
#include "model_store.h"

#include "state/keys.h"
#include "state/mutate.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "least_state.h"

enum { KEYS = 60000, STEPS = 400000, VALUE_SIZE = 52 };

struct fixture {
	void *memory;
	struct state *state;
	struct model_store truth;    /* what was put, all of it */
	struct model_store store;    /* what was acknowledged */
	struct model_store boundary; /* the truth when the seal began */
	struct model_store copied;   /* the store with the sealed rows, once all are copied */
	bool is_copied;
	uint64_t random;
	size_t evicted;
	size_t no_room;
	size_t seals;
};

static struct bytes bytes_of(const struct state_key *key)
{
	return (struct bytes){ key->at, key->size };
}

static int setup(void **ret)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->state = least_state(&f->memory);
	f->random = 7;
	*ret = f;
	return 0;
}

static int teardown(void **given)
{
	struct fixture *f = *given;
	model_store_free(&f->truth);
	model_store_free(&f->store);
	model_store_free(&f->boundary);
	model_store_free(&f->copied);
	free(f->memory);
	free(f);
	return 0;
}

static struct state_key key_of_number(uint32_t number)
{
	if (number % 4 == 0) {
		struct id id = id_floor_of_time(1000000 + number);
		return state_key_of(key_command_row(&id));
	}
	if (number % 4 == 1) {
		struct id id = { { 0 } };
		memcpy(id.at, &number, sizeof number);
		return state_key_of(key_hold(&id));
	}
	char text[64];
	struct account_id account;
	int size = snprintf(text, sizeof text, "party-%u/%s", number,
		number % 4 == 2 ? "main" : "an-account-with-a-long-name");
	bool parsed = account_id_parse(&account, text, (size_t)size);
	assert_true(parsed);
	return state_key_of(key_account(&account));
}

static void stored(struct fixture *f)
{
	struct model_store old = f->store;
	assert_true(f->is_copied);
	f->store = f->copied;
	f->copied = old;
	f->is_copied = false;
	state_sealed_stored(f->state);
	assert_false(state_is_sealing(f->state));
}

static void seal_begin(struct fixture *f)
{
	state_seal_begin(f->state);
	model_store_copy(&f->boundary, &f->truth);
	f->seals++;
}

/* The sealed rows over the store are the state at the boundary, whatever changed while they were
 * copied. */
static void seal_step(struct fixture *f, size_t rows_max)
{
	struct sealed sealed;
	if (f->is_copied || !state_seal_step(f->state, rows_max, &sealed))
		return;
	model_store_copy(&f->copied, &f->store);
	model_store_take(&f->copied, &sealed);
	f->is_copied = true;
	assert_int_equal(f->copied.count, f->boundary.count);
	assert_int_equal(model_store_differs_at(&f->copied, &f->boundary), f->boundary.count);
}

static void seal_all(struct fixture *f)
{
	if (!state_is_sealing(f->state))
		seal_begin(f);
	while (!f->is_copied)
		seal_step(f, 1000);
	stored(f);
}

static bool rows_equal(const struct model_row *a, const struct model_row *b)
{
	if (!a || !b)
		return a == b;
	return a->value_size == b->value_size && memcmp(a->value, b->value, a->value_size) == 0;
}

static void find(struct fixture *f, uint32_t number)
{
	struct state_key key = key_of_number(number);
	const struct model_row *is = model_store_find(&f->truth, bytes_of(&key));
	const struct model_row *was = model_store_find(&f->store, bytes_of(&key));
	const uint8_t *value = NULL;
	switch (rows_find(f->state->rows, row_key_of(&key), &value)) {
	case ANSWER_PRESENT:
		assert_non_null(is);
		assert_memory_equal(value, is->value, is->value_size);
		break;
	case ANSWER_ABSENT:
		assert_null(is);
		break;
	case ANSWER_NOT_LOADED:
		assert_true(rows_equal(is, was)); /* else it was dirty, or not acknowledged */
		f->evicted++;
		struct bytes loaded = { NULL, 0 };
		if (was)
			loaded = (struct bytes){ was->value, was->value_size };
		state_missing_clear(f->state);
		if (state_load(f->state, &key, loaded))
			assert_int_equal(rows_find(f->state->rows, row_key_of(&key), &value),
				is ? ANSWER_PRESENT : ANSWER_ABSENT);
		break;
	}
}

static void put(struct fixture *f, uint32_t number, bool is_delete)
{
	struct state_key key = key_of_number(number);
	uint8_t value[VALUE_SIZE];
	size_t size = table_value_size_max(key.at[0]);
	if (size > sizeof value)
		size = 1 + random_below(&f->random, sizeof value);
	for (size_t i = 0; i < size; i++)
		value[i] = (uint8_t)random_below(&f->random, 256);
	if (!state_reserve_event(f->state)) {
		f->no_room++;
		state_batch_begin(f->state);
		seal_all(f);
		if (!state_reserve_event(f->state))
			seal_all(f); /* what was dirtied while the first went on */
		assert_true(state_reserve_event(f->state));
	}
	rows_put(f->state->rows, row_key_of(&key), is_delete ? NULL : value, is_delete ? 0 : size);
	model_store_put(&f->truth, bytes_of(&key),
		(struct bytes){ is_delete ? NULL : value, is_delete ? 0 : size });
}

static void random_against_model(void **given)
{
	struct fixture *f = *given;
	for (size_t step = 0; step < STEPS; step++) {
		/* Some rows are hot, most are not. */
		uint32_t number =
			random_below(&f->random, random_below(&f->random, 2) ? 500 : KEYS);
		uint32_t what = random_below(&f->random, 1000);
		if (what < 450)
			find(f, number);
		else if (what < 900)
			put(f, number, random_below(&f->random, 5) == 0);
		else if (what < 990)
			state_batch_begin(f->state);
		else if (!state_is_sealing(f->state) && random_below(&f->random, 40) == 0)
			seal_begin(f);
		else if (f->is_copied && random_below(&f->random, 10) == 0)
			stored(f);
		if (state_is_sealing(f->state) && random_below(&f->random, 4) == 0)
			seal_step(f, random_below(&f->random, 20));
	}
	seal_all(f);
	seal_all(f);
	assert_int_equal(model_store_differs_at(&f->store, &f->truth), f->truth.count);
	assert_true(f->evicted > 10000);
	assert_true(f->seals > 10);
}

static void number_put(struct fixture *f, uint32_t number, uint8_t value)
{
	struct state_key key = key_of_number(number);
	uint8_t bytes[VALUE_SIZE] = { value };
	size_t size = table_value_size_max(key.at[0]);
	assert_true(state_reserve_event(f->state));
	rows_put(
		f->state->rows, row_key_of(&key), bytes, size < sizeof bytes ? size : sizeof bytes);
}

static int number_find(struct fixture *f, uint32_t number)
{
	struct state_key key = key_of_number(number);
	const uint8_t *value;
	switch (rows_find(f->state->rows, row_key_of(&key), &value)) {
	case ANSWER_PRESENT:
		return *value;
	case ANSWER_ABSENT:
		return -1;
	case ANSWER_NOT_LOADED:
		break;
	}
	return -2;
}

static int number_stored(const struct model_store *store, uint32_t number)
{
	struct state_key key = key_of_number(number);
	const struct model_row *row = model_store_find(store, bytes_of(&key));
	return row ? row->value[0] : -1;
}

static void seal_is_the_boundary(void **given)
{
	struct fixture *f = *given;
	struct sealed sealed;
	for (uint32_t number = 2; number <= 14; number += 4)
		number_put(f, number, 1);
	mutate_head(f->state)->sequence = 5;
	state_seal_begin(f->state);
	assert_true(state_is_sealing(f->state));
	assert_int_equal(state_dirty_bytes(f->state), 0);

	number_put(f, 2, 2); /* before its turn */
	struct state_key key = key_of_number(6);
	rows_put(f->state->rows, row_key_of(&key), NULL, 0);
	assert_false(state_seal_step(f->state, 3, &sealed));
	number_put(f, 10, 2); /* after its turn */
	number_put(f, 18, 2); /* new */
	mutate_head(f->state)->sequence = 9;
	assert_true(state_seal_step(f->state, 3, &sealed));
	assert_int_equal(sealed.head.sequence, 5);
	assert_int_equal(sealed.row_count, 4);
	model_store_take(&f->store, &sealed);
	for (uint32_t number = 2; number <= 14; number += 4)
		assert_int_equal(number_stored(&f->store, number), 1);
	assert_int_equal(number_stored(&f->store, 18), -1);
	state_sealed_stored(f->state);

	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 100, &sealed));
	assert_int_equal(sealed.head.sequence, 9);
	model_store_take(&f->store, &sealed);
	assert_int_equal(number_stored(&f->store, 2), 2);
	assert_int_equal(number_stored(&f->store, 6), -1);
	assert_int_equal(number_stored(&f->store, 10), 2);
	assert_int_equal(number_stored(&f->store, 14), 1);
	assert_int_equal(number_stored(&f->store, 18), 2);
	state_sealed_stored(f->state);

	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 0, &sealed)); /* nothing changed: nothing is sealed */
	assert_int_equal(sealed.row_count, 0);
	state_sealed_stored(f->state);
}

/* Holds take more room in memory than in a seal. Puts them until there is no room; returns how many
 * there are in all. */
static uint32_t fill(struct fixture *f, uint32_t count)
{
	while (state_reserve_event(f->state)) {
		number_put(f, 4 * count + 1, (uint8_t)count);
		count++;
		assert_true(count < 1000000);
	}
	return count;
}

static void assert_all_there(struct fixture *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(number_find(f, 4 * i + 1), (uint8_t)i);
}

static void no_room_and_recovery(void **given)
{
	struct fixture *f = *given;
	struct sealed sealed;
	uint32_t first = fill(f, 0);
	assert_true(first > 1000);
	assert_true(state_dirty_bytes(f->state) <= state_dirty_bytes_max(f->state));
	state_batch_begin(f->state);
	assert_false(state_reserve_event(f->state)); /* dirty, so a new batch does not help */
	assert_all_there(f, first);

	/* Sealed, copied, but not acknowledged: still not a row may go. */
	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, SIZE_MAX, &sealed));
	uint32_t second = fill(f, first);
	assert_true(second > first);
	state_batch_begin(f->state);
	assert_false(state_reserve_event(f->state));
	assert_all_there(f, second);

	state_batch_begin(f->state);
	model_store_take(&f->store, &sealed);
	state_sealed_stored(f->state);
	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, SIZE_MAX, &sealed));
	model_store_take(&f->store, &sealed);
	state_sealed_stored(f->state);
	assert_true(state_reserve_event(f->state));
	for (uint32_t i = 0; i < second; i++)
		assert_int_equal(number_stored(&f->store, 4 * i + 1), (uint8_t)i);

	/* Now the clean ones go, and what is gone is not loaded, never absent. */
	uint32_t third = fill(f, second);
	assert_true(third > second);
	bool is_evicted = false;
	for (uint32_t i = 0; i < second; i++) {
		int found = number_find(f, 4 * i + 1);
		assert_true(found == (uint8_t)i || found == -2);
		is_evicted |= found == -2;
	}
	assert_true(is_evicted);
}

static void used_rows_stay_for_the_batch(void **given)
{
	struct fixture *f = *given;
	uint8_t value[VALUE_SIZE] = { 9 };
	uint32_t count = 0;
	struct state_key key = key_of_number(2);
	state_batch_begin(f->state);
	while (state_load(f->state, &key, (struct bytes){ value, sizeof value })) {
		count++;
		key = key_of_number(4 * count + 2);
		assert_true(count < 1000000);
	}
	assert_true(count > 10000);
	assert_false(state_reserve_event(f->state));
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(number_find(f, 4 * i + 2), 9);
	state_batch_begin(f->state);
	assert_true(state_load(f->state, &key, (struct bytes){ value, sizeof value }));
	assert_true(state_reserve_event(f->state));
}

static void missing_is_noted(void **given)
{
	struct fixture *f = *given;
	const struct state_key *keys;
	assert_int_equal(state_missing(f->state, &keys), 0);
	assert_int_equal(number_find(f, 2), -2);
	assert_int_equal(number_find(f, 2), -2);
	assert_int_equal(number_find(f, 3), -2);
	assert_int_equal(state_missing(f->state, &keys), 2);
	struct state_key key = key_of_number(2);
	assert_memory_equal(keys[0].at, key.at, key.size);
	assert_true(view_is_missing(f->state));

	/* What memory has wins over what the store says: it is newer. */
	number_put(f, 2, 1);
	uint8_t older[VALUE_SIZE] = { 7 };
	assert_true(state_load(f->state, &key, (struct bytes){ older, sizeof older }));
	assert_int_equal(number_find(f, 2), 1);
	key = key_of_number(3);
	assert_true(state_load(f->state, &key, (struct bytes){ NULL, 0 }));
	assert_int_equal(number_find(f, 3), -1);
	state_missing_clear(f->state);
	assert_false(view_is_missing(f->state));

	/* More than the list takes: it is full, and still says that something is missing. */
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 1; i <= STATE_MISSING_MAX / 2; i++)
			assert_int_equal(number_find(f, 4 * i + 2), -2);
	assert_int_equal(state_missing(f->state, &keys), STATE_MISSING_MAX / 2);
	for (uint32_t i = 1; i <= STATE_MISSING_MAX + 10; i++)
		assert_int_equal(number_find(f, 4 * i + 2), -2);
	assert_int_equal(state_missing(f->state, &keys), STATE_MISSING_MAX);
	state_missing_clear(f->state);
}

/* A command id above all that the store holds needs no look-up. */
static void new_command_ids_are_absent(void **given)
{
	struct fixture *f = *given;
	struct id stored_max = id_floor_of_time(1000400);
	struct head head = { 0 };
	state_start(f->state, &head, (struct bytes){ NULL, 0 }, &stored_max);
	assert_int_equal(number_find(f, 400), -2);
	assert_int_equal(number_find(f, 396), -2);
	assert_int_equal(number_find(f, 404), -1);
	state_missing_clear(f->state);

	number_put(f, 800, 1);
	assert_int_equal(number_find(f, 404), -1); /* the store knows nothing of it yet */
	struct sealed sealed;
	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 10, &sealed));
	assert_int_equal(number_find(f, 404), -1);
	state_sealed_stored(f->state);
	assert_int_equal(number_find(f, 404), -2);
	assert_int_equal(number_find(f, 804), -1);
	state_missing_clear(f->state);
}

static void dropped_command_ids_are_gone_from_the_store(void **given)
{
	struct fixture *f = *given;
	struct sealed sealed;
	for (uint32_t number = 400; number < 420; number += 4)
		number_put(f, number, 1);
	state_seal_begin(f->state); /* they go on to the store after the drop was decided */
	for (uint32_t number = 420; number < 440; number += 4)
		number_put(f, number, 1);
	size_t dirty = state_dirty_bytes(f->state);
	mutate_commands_drop(f->state, 1000428); /* 428 and above stay */
	assert_true(state_dirty_bytes(f->state) < dirty);
	number_put(f, 440, 1);
	assert_true(state_seal_step(f->state, 100, &sealed));
	assert_int_equal(sealed.drop_command_ids_before_ms, 0);
	model_store_take(&f->store, &sealed);
	assert_int_equal(f->store.count, 5);
	state_sealed_stored(f->state);

	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 100, &sealed));
	assert_int_equal(sealed.drop_command_ids_before_ms, 1000428);
	assert_int_equal(sealed.head.command_ids_from_ms, 1000428);
	model_store_take(&f->store, &sealed);
	state_sealed_stored(f->state);
	for (uint32_t number = 400; number <= 440; number += 4)
		assert_int_equal(number_stored(&f->store, number), number < 428 ? -1 : 1);

	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 100, &sealed));
	assert_int_equal(sealed.drop_command_ids_before_ms, 0);
	state_sealed_stored(f->state);
}

static void command_put(struct fixture *f, uint32_t number)
{
	struct state_key key = key_of_number(number);
	struct command_row row = { .sequence = 1, .outcome = EVENT_ticked };
	memcpy(row.id.at, key.at + 1, sizeof row.id.at);
	assert_true(state_reserve_event(f->state));
	mutate_command(f->state, &row);
}

/* A drop under a clock ten days ahead, and the clock set back, before anything is stored: rows of
 * today are not among what the store is told to drop. */
static void after_a_restarted_clock_new_rows_stay(void **given)
{
	struct fixture *f = *given;
	struct sealed sealed;
	command_put(f, 400);
	mutate_commands_drop(f->state, 2000000);
	assert_int_equal(state_head(f->state)->command_ids_from_ms, 2000000);
	mutate_commands_readmit(f->state);
	assert_int_equal(state_head(f->state)->command_ids_from_ms, 1000401);
	command_put(f, 404);
	state_seal_begin(f->state);
	assert_true(state_seal_step(f->state, 100, &sealed));
	assert_int_equal(sealed.drop_command_ids_before_ms, 1000401);
	model_store_take(&f->store, &sealed);
	state_sealed_stored(f->state);
	assert_int_equal(number_stored(&f->store, 400), -1);
	assert_int_not_equal(number_stored(&f->store, 404), -1);
}

static void too_little_memory(void **given)
{
	struct fixture *f = *given;
	assert_null(state_init(f->memory, STATE_MEMORY_MIN - 16));
}

static void reset_forgets(void **given)
{
	struct fixture *f = *given;
	struct ledger ledger = { .shards = 1, .format = 1 };
	assert_true(state_reserve_event(f->state));
	mutate_ledger(f->state, &ledger);
	mutate_head(f->state)->sequence = 3;
	number_put(f, 2, 1);
	assert_int_equal(number_find(f, 6), -2);
	state_seal_begin(f->state);
	state_reset(f->state);
	assert_null(view_ledger(f->state));
	assert_int_equal(state_head(f->state)->sequence, 0);
	assert_false(state_is_sealing(f->state));
	assert_false(view_is_missing(f->state));
	assert_int_equal(state_rows(f->state), 0);
	assert_int_equal(number_find(f, 2), -2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(random_against_model),
		TEST(seal_is_the_boundary),
		TEST(no_room_and_recovery),
		TEST(used_rows_stay_for_the_batch),
		TEST(missing_is_noted),
		TEST(new_command_ids_are_absent),
		TEST(dropped_command_ids_are_gone_from_the_store),
		TEST(after_a_restarted_clock_new_rows_stay),
		TEST(too_little_memory),
		TEST(reset_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
