/* SPDX-License-Identifier: Apache-2.0 */
#include "state/rows.h"

#include "base/pack.h"
#include "state/journal.h"
#include "state/keys.h"

#include <assert.h>

enum { SEALED_ROW_SIZE_MIN = 29, SEAL_AHEAD = 8 };

/* Rows of one table have values of one size at most, so a row that was absent can become present
 * where it is. */
static size_t block_size_of(uint8_t table, size_t key_size)
{
	size_t size = sizeof(struct row) + key_size + table_value_size_max(table);
	size = (size + ROWS_PLACE_UNIT - 1) & ~(size_t)(ROWS_PLACE_UNIT - 1);
	return size < STATE_ROW_BYTES_MIN ? STATE_ROW_BYTES_MIN : size;
}

static size_t block_size(const struct row *block)
{
	if (block->flags & ROW_TAKEN)
		return block_size_of(block->bytes[0], block->key_size);
	return (size_t)block->hash * ROWS_PLACE_UNIT;
}

static void block_set_free(struct row *block, size_t size)
{
	*block = (struct row){ .hash = (uint32_t)(size / ROWS_PLACE_UNIT) };
}

static size_t row_sealed_size(const struct row *row)
{
	return 4u + row->key_size + row->value_size;
}

__extension__ typedef unsigned __int128 wide;

/* Folded multiply. */
static uint64_t hash_fold(uint64_t hash, const uint8_t *word_at, size_t size)
{
	uint64_t word = 0;
	memcpy(&word, word_at, size);
	wide product = (wide)(hash ^ word) * 0xd6e8feb86659fd93u;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Over 8 bytes at a time, the last ones again where they are fewer: a copy of a size that only the
 * caller knows would be a call. Only speed depends on it: an answer never does. */
static uint32_t key_hash(struct row_key key)
{
	const uint8_t *p = key.at, *end = p + key.size;
	uint64_t hash = 0x9e3779b97f4a7c15u ^ (uint64_t)key.size << 8 ^ key.table;

	if (key.size < 8)
		return (uint32_t)hash_fold(hash, p, key.size);
	for (; end - p > 8; p += 8)
		hash = hash_fold(hash, p, 8);
	hash = hash_fold(hash, end - 8, 8);
	return (uint32_t)(hash ^ hash >> 32);
}

bool rows_init(struct rows *rows, uint8_t *memory, size_t size)
{
	/* All but the keys of missing rows, which are many and count for nothing yet. */
	memset(rows, 0, offsetof(struct rows, missing));
	memset(rows->missing_slots, 0, sizeof rows->missing_slots);
	rows->missing_count = 0;
	rows->generation = 1;
	rows->batch = 1;

	/* A third for sealing and the lists of dirty rows, an eighth for the index, the rest for
	 * rows. */
	size_t slots = 1024;
	while (slots * 2 * sizeof(struct slot) <= size / 6)
		slots *= 2;
	size_t seal_size = size / 4 & ~(size_t)15;
	size_t places_max = seal_size / SEALED_ROW_SIZE_MIN;
	size_t places_size = (places_max * sizeof(uint32_t) + 15) & ~(size_t)15;
	size_t fixed = slots * sizeof(struct slot) + seal_size + 2 * places_size;
	if (size < STATE_MEMORY_MIN / 2 || fixed >= size)
		return false;

	rows->slots = (struct slot *)(void *)memory;
	rows->slot_mask = slots - 1;
	memset(rows->slots, 0, slots * sizeof(struct slot));
	memory += slots * sizeof(struct slot);
	rows->seal = memory;
	rows->seal_size = seal_size;
	memory += seal_size;
	rows->dirty.at = (uint32_t *)(void *)memory;
	memory += places_size;
	rows->sealing.at = (uint32_t *)(void *)memory;
	memory += places_size;
	rows->places_max = places_max;
	rows->arena = memory;
	rows->arena_size = (size - fixed) & ~(size_t)15;
	rows->gap_begin = 0;
	rows->gap_end = 0;

	struct row *whole = (struct row *)(void *)rows->arena;
	assert(rows->arena_size / ROWS_PLACE_UNIT <= UINT32_MAX);
	block_set_free(whole, rows->arena_size);
	return true;
}

static void slot_remove(struct rows *rows, const struct row *row)
{
	size_t i = row->hash & rows->slot_mask;
	uint32_t place = row_place(rows, row);
	while (rows->slots[i].place != place)
		i = (i + 1) & rows->slot_mask;

	/* Close the hole: move back what would no longer be found past it. */
	for (size_t j = i;;) {
		j = (j + 1) & rows->slot_mask;
		if (rows->slots[j].place == 0)
			break;
		size_t home = rows->slots[j].hash & rows->slot_mask;
		if (((j - home) & rows->slot_mask) >= ((j - i) & rows->slot_mask)) {
			rows->slots[i] = rows->slots[j];
			i = j;
		}
	}
	rows->slots[i].place = 0;
	rows->row_count--;
}

static bool row_is(const struct row *row, struct row_key key)
{
	return row->key_size == 1 + key.size && row->bytes[0] == key.table &&
	       memcmp(row->bytes + 1, key.at, key.size) == 0;
}

static struct row *row_find(const struct rows *rows, struct row_key key, uint32_t hash)
{
	for (size_t i = hash & rows->slot_mask; rows->slots[i].place != 0;
		i = (i + 1) & rows->slot_mask) {
		if (rows->slots[i].hash != hash)
			continue;
		struct row *row = row_at(rows, rows->slots[i].place);
		if (row_is(row, key))
			return row;
	}
	return NULL;
}

static void missing_note(struct rows *rows, struct row_key row_key, uint32_t hash)
{
	enum { MASK = 2 * STATE_MISSING_MAX - 1 };
	if (rows->missing_count == STATE_MISSING_MAX)
		return; /* enough for once: who asked will ask again */
	struct state_key key = state_key_of(row_key);
	size_t i = hash & MASK;
	for (; rows->missing_slots[i] != 0; i = (i + 1) & MASK) {
		const struct state_key *noted = &rows->missing[rows->missing_slots[i] - 1];
		if (noted->size == key.size && memcmp(noted->at, key.at, key.size) == 0)
			return;
	}
	rows->missing[rows->missing_count++] = key;
	rows->missing_slots[i] = (uint16_t)rows->missing_count;
}

static void row_soon(const struct rows *rows, uint32_t place)
{
	const uint8_t *row = (const uint8_t *)row_at(rows, place);
	__builtin_prefetch(row);
	__builtin_prefetch(row + 64);
}

void rows_soon_index(const struct rows *rows, struct row_key key)
{
	__builtin_prefetch(&rows->slots[key_hash(key) & rows->slot_mask]);
}

void rows_soon_row(const struct rows *rows, struct row_key key)
{
	uint32_t hash = key_hash(key);
	for (size_t i = hash & rows->slot_mask; rows->slots[i].place != 0;
		i = (i + 1) & rows->slot_mask) {
		if (rows->slots[i].hash != hash)
			continue;
		row_soon(rows, rows->slots[i].place);
		return;
	}
}

bool rows_is_absent(const struct rows *rows, struct row_key key)
{
	const struct row *row = row_find(rows, key, key_hash(key));
	return row && row->flags & ROW_ABSENT;
}

enum answer rows_find(struct rows *rows, struct row_key key, const uint8_t **ret_value)
{
	uint32_t hash = key_hash(key);
	struct row *row = row_find(rows, key, hash);
	if (row) {
		row->batch = rows->batch;
		row->flags |= ROW_HOT;
		if (row->flags & ROW_ABSENT)
			return ANSWER_ABSENT;
		*ret_value = row->bytes + row->key_size;
		return ANSWER_PRESENT;
	}
	if (key.table == TABLE_command_row &&
		memcmp(key.at, rows->command_ids_stored_max.at, sizeof(struct id)) > 0)
		return ANSWER_ABSENT;
	missing_note(rows, key, hash);
	return ANSWER_NOT_LOADED;
}

static bool row_is_evictable(const struct rows *rows, const struct row *row)
{
	return !(row->flags & ROW_DIRTY) && row->generation <= rows->generation_stored &&
	       row->batch != rows->batch;
}

/* The gap is not a block while it is the gap: when the hand leaves it, it becomes a free one again.
 */
static void gap_leave(struct rows *rows)
{
	if (rows->gap_begin == rows->gap_end)
		return;
	struct row *free_block = (struct row *)(void *)(rows->arena + rows->gap_begin);
	block_set_free(free_block, rows->gap_end - rows->gap_begin);
}

/* Where the index has the row that the hand comes to next: to evict it waits for that. */
static void hand_soon(const struct rows *rows)
{
	const struct row *row = (const struct row *)(const void *)(rows->arena + rows->gap_end);
	if (rows->gap_end < rows->arena_size && row->flags & ROW_TAKEN)
		__builtin_prefetch(&rows->slots[row->hash & rows->slot_mask]);
}

bool rows_reserve(struct rows *rows, size_t bytes)
{
	/* Twice round: the first pass takes the heat away, the second evicts. */
	size_t swept = 0;
	while (rows->gap_end - rows->gap_begin < bytes) {
		if (swept > 2 * rows->arena_size)
			return false;
		if (rows->gap_end == rows->arena_size) {
			gap_leave(rows);
			rows->gap_begin = rows->gap_end = 0;
			continue;
		}
		struct row *row = (struct row *)(void *)(rows->arena + rows->gap_end);
		size_t size = block_size(row);
		swept += size;
		if (!(row->flags & ROW_TAKEN)) {
			rows->gap_end += size;
		} else if (row_is_evictable(rows, row) && !(row->flags & ROW_HOT)) {
			slot_remove(rows, row);
			rows->gap_end += size;
		} else {
			row->flags &= (uint8_t)~ROW_HOT;
			gap_leave(rows);
			rows->gap_begin = rows->gap_end += size;
		}
	}
	if (swept > 0)
		hand_soon(rows);
	return true;
}

static struct row *row_add(struct rows *rows, struct row_key key, uint32_t hash)
{
	size_t size = block_size_of(key.table, 1u + key.size);
	assert(rows->gap_end - rows->gap_begin >= size);
	struct row *row = (struct row *)(void *)(rows->arena + rows->gap_begin);
	rows->gap_begin += size;
	*row = (struct row){
		.hash = hash,
		.batch = rows->batch,
		.key_size = (uint8_t)(1 + key.size),
		.flags = ROW_TAKEN | ROW_ABSENT,
	};
	(void)pack_bytes(pack_u8(row->bytes, key.table), key.at, key.size);

	size_t i = hash & rows->slot_mask;
	while (rows->slots[i].place != 0)
		i = (i + 1) & rows->slot_mask;
	rows->slots[i] = (struct slot){ .hash = hash, .place = row_place(rows, row) };
	rows->row_count++;
	assert(rows->row_count < rows->slot_mask);
	return row;
}

/* What was cut from the gap last becomes gap again; where the hand went on since, a free block. */
void rows_take_back(struct rows *rows, struct row *row)
{
	size_t size = block_size(row), begin = (size_t)((uint8_t *)row - rows->arena);
	slot_remove(rows, row);
	if (begin + size == rows->gap_begin)
		rows->gap_begin = begin;
	else
		block_set_free(row, size);
}

static void row_set(struct row *row, const void *value, size_t value_size)
{
	assert(sizeof(struct row) + row->key_size + value_size <= block_size(row));
	row->value_size = (uint16_t)value_size;
	if (value) {
		row->flags &= (uint8_t)~ROW_ABSENT;
		memcpy(row->bytes + row->key_size, value, value_size);
	} else {
		row->flags |= ROW_ABSENT;
	}
}

/* key size u16, value size u16 (0xffff: deleted), key, value */
static void row_seal(struct rows *rows, const struct row *row)
{
	bool is_absent = row->flags & ROW_ABSENT;
	assert(rows->seal_used + row_sealed_size(row) <= rows->seal_size);
	uint8_t *p = rows->seal + rows->seal_used;
	p = pack_u16(p, row->key_size);
	p = pack_u16(p, is_absent ? UINT16_MAX : row->value_size);
	p = pack_bytes(p, row->bytes, row->key_size);
	p = pack_bytes(p, row->bytes + row->key_size, is_absent ? 0u : row->value_size);
	rows->seal_used = (size_t)(p - rows->seal);
	rows->seal_count++;
	if (row->bytes[0] == TABLE_command_row &&
		memcmp(row->bytes + 1, rows->command_ids_seal_max.at, sizeof(struct id)) > 0)
		memcpy(rows->command_ids_seal_max.at, row->bytes + 1, sizeof(struct id));
}

static void row_note(struct rows *rows, struct row_key key, uint32_t hash)
{
	struct row *row = row_find(rows, key, hash);
	bool is_new = !row;
	if (is_new)
		row = row_add(rows, key, hash);
	journal_note(rows, row, is_new);
}

void rows_put(struct rows *rows, struct row_key key, const void *value, size_t value_size)
{
	uint32_t hash = key_hash(key);
	if (rows->journal)
		row_note(rows, key, hash);
	struct row *row = row_find(rows, key, hash);
	if (!row)
		row = row_add(rows, key, hash);

	if (row->flags & ROW_DIRTY && row->generation != rows->generation) {
		row_seal(rows, row);
		row->flags &= (uint8_t)~ROW_DIRTY;
	}
	if (row->flags & ROW_DIRTY) {
		rows->dirty_bytes -= row_sealed_size(row);
	} else {
		assert(rows->dirty.count < rows->places_max);
		rows->dirty.at[rows->dirty.count++] = row_place(rows, row);
	}
	row_set(row, value, value_size);
	/* Few command ids come again: they go first, so that accounts stay. */
	row->flags |= key.table == TABLE_command_row ? ROW_DIRTY : ROW_DIRTY | ROW_HOT;
	row->batch = rows->batch;
	row->generation = rows->generation;
	rows->dirty_bytes += row_sealed_size(row);
}

void rows_drop_command_ids(struct rows *rows, const struct id *before)
{
	assert(!rows->journal);
	for (size_t i = 0; i < rows->dirty.count; i++) {
		struct row *row = row_at(rows, rows->dirty.at[i]);
		if (row->bytes[0] != TABLE_command_row ||
			memcmp(row->bytes + 1, before->at, sizeof before->at) >= 0)
			continue;
		rows->dirty_bytes -= row_sealed_size(row);
		row_set(row, NULL, 0);
		rows->dirty_bytes += row_sealed_size(row);
	}
}

bool row_is_timer(const struct row *row, struct timer *ret)
{
	if (row->bytes[0] != TABLE_timer || row->flags & ROW_ABSENT)
		return false;
	bool is_timer = timer_unkey((struct bytes){ row->bytes, row->key_size }, ret);
	assert(is_timer);
	return true;
}

void rows_each_timer(
	struct rows *rows, void (*timer)(void *context, const struct timer *), void *context)
{
	for (size_t i = 0; i <= rows->slot_mask; i++) {
		struct timer found;
		if (rows->slots[i].place != 0 &&
			row_is_timer(row_at(rows, rows->slots[i].place), &found))
			timer(context, &found);
	}
}

/* --- state.h: loading and sealing --- */

size_t state_missing(const struct state *state, const struct state_key **ret_keys)
{
	*ret_keys = state->rows->missing;
	return state->rows->missing_count;
}

void state_missing_clear(struct state *state)
{
	struct rows *rows = state->rows;
	if (rows->missing_count > 0)
		memset(rows->missing_slots, 0, sizeof rows->missing_slots);
	rows->missing_count = 0;
}

bool state_load(struct state *state, const struct state_key *key, struct bytes value)
{
	struct rows *rows = state->rows;
	struct row_key row_key = row_key_of(key);
	uint32_t hash = key_hash(row_key);
	struct row *row = row_find(rows, row_key, hash);
	if (row) {
		row->batch = rows->batch;
		return true;
	}
	if (!rows_reserve(rows, block_size_of(key->at[0], key->size)))
		return false;
	row = row_add(rows, row_key, hash);
	row->flags |= ROW_HOT;
	row_set(row, value.at, value.size);
	return true;
}

/* Until the hand has gone round once, the gap is all that was never used. */
bool state_has_room(const struct state *state)
{
	const struct rows *rows = state->rows;
	return rows->gap_end - rows->gap_begin > rows->arena_size / 2 || rows->row_count == 0;
}

void state_batch_begin(struct state *state)
{
	state->rows->batch++;
}

size_t state_dirty_bytes(const struct state *state)
{
	return state->rows->dirty_bytes;
}

/* Less than all: while a seal goes on, rows in the arena are held too. */
size_t state_dirty_bytes_max(const struct state *state)
{
	return state->rows->seal_size / 2;
}

bool state_is_sealing(const struct state *state)
{
	return state->rows->generation != state->rows->generation_stored + 1;
}

void state_seal_begin(struct state *state)
{
	struct rows *rows = state->rows;
	assert(!state_is_sealing(state) && !rows->journal);
	struct places empty = { rows->sealing.at, 0 };
	rows->sealing = rows->dirty;
	rows->dirty = empty;
	rows->sealing_next = 0;
	rows->dirty_bytes = 0;
	rows->seal_used = 0;
	rows->seal_count = 0;
	rows->generation++;

	state->sealed_head = state->head;
	state->sealed_drop_before_ms = state->drop_before_ms;
	state->drop_before_ms = 0;
}

bool state_seal_step(struct state *state, size_t rows_max, struct sealed *ret)
{
	struct rows *rows = state->rows;
	assert(state_is_sealing(state) && !rows->journal);
	for (size_t n = 0; n < rows_max && rows->sealing_next < rows->sealing.count; n++) {
		if (rows->sealing_next + SEAL_AHEAD < rows->sealing.count)
			row_soon(rows, rows->sealing.at[rows->sealing_next + SEAL_AHEAD]);
		struct row *row = row_at(rows, rows->sealing.at[rows->sealing_next++]);
		/* One that changed since was copied then, and is dirty anew. */
		if (row->generation == rows->generation)
			continue;
		row_seal(rows, row);
		row->flags &= (uint8_t)~ROW_DIRTY;
	}
	if (rows->sealing_next < rows->sealing.count)
		return false;

	*ret = (struct sealed){
		.head = state->sealed_head,
		.row_count = rows->seal_count,
		.drop_command_ids_before_ms = state->sealed_drop_before_ms,
		.rows = rows->seal,
		.rows_end = rows->seal + rows->seal_used,
	};
	return true;
}

void state_sealed_stored(struct state *state)
{
	struct rows *rows = state->rows;
	assert(state_is_sealing(state));
	assert(rows->sealing_next == rows->sealing.count);
	rows->generation_stored = rows->generation - 1;
	rows->sealing.count = 0;
	if (memcmp(rows->command_ids_seal_max.at, rows->command_ids_stored_max.at,
		    sizeof(struct id)) > 0)
		rows->command_ids_stored_max = rows->command_ids_seal_max;
}

bool sealed_next(const uint8_t **at, const uint8_t *end, struct sealed_row *ret)
{
	if (*at == end)
		return false;
	size_t key_size = unpack_u16(*at), value_size = unpack_u16(*at + 2);
	ret->key = (struct bytes){ *at + 4, key_size };
	if (value_size == UINT16_MAX)
		ret->value = (struct bytes){ NULL, 0 };
	else
		ret->value = (struct bytes){ *at + 4 + key_size, value_size };
	*at += 4 + key_size + ret->value.size;
	return true;
}

size_t state_rows(const struct state *state)
{
	return state->rows->row_count;
}
