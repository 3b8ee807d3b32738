/* SPDX-License-Identifier: Apache-2.0 */
/* From a sealed set to a checkpoint in the store. */
#include "shard/replica.h"

#include "base/pack.h"
#include "shard/position.h"

#include <assert.h>
#include <stdlib.h>

static int row_compare(const void *a, const void *b)
{
	const struct store_row *x = a, *y = b;
	size_t size = x->key.size < y->key.size ? x->key.size : y->key.size;
	int order = memcmp(x->key.at, y->key.at, size);
	if (order != 0)
		return order;
	return (x->key.size > y->key.size) - (x->key.size < y->key.size);
}

/* Natural merge sort: command ids come almost sorted, so most of a set is a few long runs. */
static size_t run_end(const struct store_row *rows, size_t from, size_t count)
{
	size_t i = from + 1;
	while (i < count && row_compare(&rows[i - 1], &rows[i]) < 0)
		i++;
	return i;
}

static void runs_merge(
	const struct store_row *rows, size_t from, size_t middle, size_t to, struct store_row *into)
{
	size_t a = from, b = middle;
	for (size_t i = from; i < to; i++)
		into[i] = b == to || (a < middle && row_compare(&rows[a], &rows[b]) < 0)
				  ? rows[a++]
				  : rows[b++];
}

static void rows_sort(struct store_row *rows, size_t count, struct store_row *other)
{
	struct store_row *from = rows, *to = other;
	for (;;) {
		size_t runs = 0;
		for (size_t i = 0; i < count; runs++) {
			size_t middle = run_end(from, i, count);
			size_t end = middle < count ? run_end(from, middle, count) : count;
			if (runs == 0 && middle == count)
				break;
			runs_merge(from, i, middle, end, to);
			i = end;
		}
		if (runs == 0)
			break;
		struct store_row *swapped = from;
		from = to;
		to = swapped;
	}
	if (from != rows)
		memcpy(rows, from, count * sizeof *rows);
}

/* By table first, so that each is sorted alone: command ids' long runs are not cut by account rows
 * between them. */
static void rows_sort_by_table(struct store_row *rows, size_t count, struct store_row *other)
{
	size_t counts[257] = { 0 };
	for (size_t i = 0; i < count; i++)
		counts[rows[i].key.at[0] + 1]++;
	for (int table = 0; table < 256; table++)
		counts[table + 1] += counts[table];
	size_t next[256];
	memcpy(next, counts, sizeof next);
	for (size_t i = 0; i < count; i++)
		other[next[rows[i].key.at[0]]++] = rows[i];
	memcpy(rows, other, count * sizeof *rows);
	for (int table = 0; table < 256; table++)
		if (counts[table + 1] - counts[table] > 1)
			rows_sort(rows + counts[table], counts[table + 1] - counts[table], other);
}

int checkpoint_write(struct store *store, const struct sealed *sealed, const struct place *place,
	struct store_row **rows, size_t *rows_size, struct fault *fault)
{
	assert(sealed->head.sequence == place->sequence);
	size_t count = sealed->row_count + 1;
	if (*rows_size < 2 * count) {
		free(*rows);
		*rows_size = 2 * count + count / 2;
		*rows = malloc(*rows_size * sizeof **rows);
		assert(*rows);
	}

	static const uint8_t position_key[1] = { TABLE_position };
	uint8_t position_value[POSITION_SIZE];
	struct position position = { .place = *place, .head = sealed->head };
	(*rows)[0] = (struct store_row){
		.key = { position_key, sizeof position_key },
		.value = { position_value, position_pack(&position, position_value) },
	};
	const uint8_t *at = sealed->rows;
	struct sealed_row row;
	size_t n = 1;
	while (sealed_next(&at, sealed->rows_end, &row))
		(*rows)[n++] = (struct store_row){ .key = row.key, .value = row.value };
	assert(n == count);
	rows_sort_by_table(*rows, count, *rows + count);

	uint8_t from[17] = { TABLE_command }, to[17] = { TABLE_command };
	struct id before = id_floor_of_time(sealed->drop_command_ids_before_ms);
	memcpy(to + 1, before.at, sizeof before.at);
	struct store_range drop = { .from = { from, sizeof from }, .to = { to, sizeof to } };
	return store_ingest(
		store, *rows, count, &drop, sealed->drop_command_ids_before_ms > 0 ? 1 : 0, fault);
}
