/* SPDX-License-Identifier: Apache-2.0 */
#include "model_store.h"

#include <assert.h>
#include <stdlib.h>

static int key_compare(const struct model_row *row, struct bytes key)
{
	size_t shorter = row->key.size < key.size ? row->key.size : key.size;
	int order = memcmp(row->key.at, key.at, shorter);
	return order != 0 ? order : (row->key.size > key.size) - (row->key.size < key.size);
}

void model_store_free(struct model_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		free(store->rows[i]);
	free(store->rows);
	*store = (struct model_store){ 0 };
}

static struct model_row *row_new(void)
{
	struct model_row *row = calloc(1, sizeof *row);
	assert(row);
	return row;
}

static void grow(struct model_store *store)
{
	if (store->count < store->capacity)
		return;
	store->capacity = store->capacity == 0 ? 64 : 2 * store->capacity;
	store->rows = realloc(store->rows, store->capacity * sizeof(struct model_row *));
	assert(store->rows);
}

void model_store_copy(struct model_store *ret, const struct model_store *store)
{
	model_store_free(ret);
	for (size_t i = 0; i < store->count; i++) {
		grow(ret);
		ret->rows[ret->count] = row_new();
		*ret->rows[ret->count++] = *store->rows[i];
	}
}

size_t model_store_from(const struct model_store *store, struct bytes key)
{
	size_t low = 0, high = store->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (key_compare(store->rows[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct model_row *model_store_find(const struct model_store *store, struct bytes key)
{
	size_t i = model_store_from(store, key);
	return i < store->count && key_compare(store->rows[i], key) == 0 ? store->rows[i] : NULL;
}

static void row_remove(struct model_store *store, size_t i)
{
	free(store->rows[i]);
	store->count--;
	memmove(store->rows + i, store->rows + i + 1, (store->count - i) * sizeof *store->rows);
}

void model_store_put(struct model_store *store, struct bytes key, struct bytes value)
{
	size_t i = model_store_from(store, key);
	bool is_there = i < store->count && key_compare(store->rows[i], key) == 0;
	assert(key.size <= STATE_KEY_SIZE_MAX && value.size <= STATE_VALUE_SIZE_MAX);
	if (!value.at) {
		if (is_there)
			row_remove(store, i);
		return;
	}
	if (!is_there) {
		grow(store);
		memmove(store->rows + i + 1, store->rows + i,
			(store->count - i) * sizeof *store->rows);
		store->rows[i] = row_new();
		store->count++;
		store->rows[i]->key.size = (uint8_t)key.size;
		memcpy(store->rows[i]->key.at, key.at, key.size);
	}
	store->rows[i]->value_size = (uint16_t)value.size;
	memcpy(store->rows[i]->value, value.at, value.size);
}

static struct state_key command_floor(int64_t time_ms)
{
	struct state_key key = { .size = 1 + sizeof(struct id), .at = { TABLE_command_row } };
	struct id id = id_floor_of_time(time_ms);
	memcpy(key.at + 1, id.at, sizeof id.at);
	return key;
}

void model_store_take(struct model_store *store, const struct sealed *sealed)
{
	if (sealed->drop_command_ids_before_ms != 0) {
		struct state_key before = command_floor(sealed->drop_command_ids_before_ms);
		struct state_key least = command_floor(0);
		size_t i = model_store_from(store, (struct bytes){ least.at, least.size });
		while (i < store->count &&
			key_compare(store->rows[i], (struct bytes){ before.at, before.size }) < 0)
			row_remove(store, i);
	}
	const uint8_t *at = sealed->rows;
	struct sealed_row row;
	size_t count = 0;
	for (; sealed_next(&at, sealed->rows_end, &row); count++)
		model_store_put(store, row.key, row.value);
	assert(count == sealed->row_count);
}

size_t model_store_differs_at(const struct model_store *a, const struct model_store *b)
{
	size_t i = 0;
	for (; i < a->count && i < b->count; i++) {
		const struct model_row *x = a->rows[i], *y = b->rows[i];
		if (x->key.size != y->key.size || memcmp(x->key.at, y->key.at, x->key.size) != 0 ||
			x->value_size != y->value_size ||
			memcmp(x->value, y->value, x->value_size) != 0)
			return i;
	}
	if (a->count != b->count)
		return i;
	return a->count;
}

struct id model_store_command_ids_max(const struct model_store *store)
{
	uint8_t after[1] = { TABLE_command_row + 1 };
	size_t i = model_store_from(store, (struct bytes){ after, 1 });
	struct id id = { { 0 } };
	if (i > 0 && store->rows[i - 1]->key.at[0] == TABLE_command_row)
		memcpy(id.at, store->rows[i - 1]->key.at + 1, sizeof id.at);
	return id;
}

static void timers_load(const struct model_store *store, struct state *state)
{
	struct state_key from = state_timers_from(state);
	size_t i = model_store_from(store, (struct bytes){ from.at, from.size });
	bool reached_end = true;
	for (; i < store->count && store->rows[i]->key.at[0] == TABLE_timer; i++) {
		struct state_key *key = &store->rows[i]->key;
		if (!state_timers_load(state, (struct bytes){ key->at, key->size })) {
			reached_end = false;
			break;
		}
	}
	state_timers_loaded(state, reached_end);
}

bool model_store_load(const struct model_store *store, struct state *state)
{
	const struct state_key *keys;
	size_t count = state_missing(state, &keys);
	for (size_t i = 0; i < count; i++) {
		struct bytes key = { keys[i].at, keys[i].size }, value = { NULL, 0 };
		const struct model_row *row = model_store_find(store, key);
		if (row)
			value = (struct bytes){ row->value, row->value_size };
		if (!state_load(state, &keys[i], value))
			return false;
	}
	state_missing_clear(state);
	if (state_timers_wanted(state))
		timers_load(store, state);
	return true;
}

void model_store_restart(
	const struct model_store *store, const struct head *head, struct state *state)
{
	uint8_t key[1] = { TABLE_ledger };
	const struct model_row *row = model_store_find(store, (struct bytes){ key, 1 });
	struct head copy = *head; /* it may be the state's own */
	struct id ids_max = model_store_command_ids_max(store);
	struct bytes ledger = { NULL, 0 };
	if (row)
		ledger = (struct bytes){ row->value, row->value_size };
	state_reset(state);
	state_start(state, &copy, ledger, &ids_max);
}
