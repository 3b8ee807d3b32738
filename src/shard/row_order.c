/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/row_order.h"

#include "base/pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES = 256, BYTE_VALUES = 256 };

void row_order_reserve(struct row_order *order, size_t count)
{
	assert(count <= UINT32_MAX);
	if (count <= order->size)
		return;
	row_order_free(order);
	order->size = count + count / 4;
	order->rows = malloc(order->size * sizeof *order->rows);
	order->ordered = malloc(order->size * sizeof *order->ordered);
	order->items = malloc(2 * order->size * sizeof *order->items);
	assert(order->rows && order->ordered && order->items);
}

void row_order_free(struct row_order *order)
{
	free(order->rows);
	free(order->ordered);
	free(order->items);
	*order = (struct row_order){ 0 };
}

static bool is_before(
	const struct store_row *rows, const struct row_item *a, const struct row_item *b)
{
	if (a->word != b->word)
		return a->word < b->word;
	return bytes_compare(rows[a->place].key, rows[b->place].key) < 0;
}

static size_t common_size(struct bytes a, struct bytes b, size_t at_most)
{
	size_t size = 0;
	while (size < at_most && size < a.size && size < b.size && a.at[size] == b.at[size])
		size++;
	return size;
}

static uint64_t word_of(struct bytes key, size_t from)
{
	uint8_t word[sizeof(uint64_t)] = { 0 };
	size_t size = key.size - from < sizeof word ? key.size - from : sizeof word;
	memcpy(word, key.at + from, size);
	return (uint64_t)unpack_i64_sorted(word);
}

static void words_set(const struct store_row *rows, struct row_item *items, size_t count)
{
	struct bytes first = rows[items[0].place].key;
	size_t common = first.size;
	for (size_t i = 1; i < count; i++)
		common = common_size(first, rows[items[i].place].key, common);
	for (size_t i = 0; i < count; i++)
		items[i].word = word_of(rows[items[i].place].key, common);
}

/* Natural merge sort: command ids come almost sorted, so most of a set is a few long runs. */
static size_t run_end(
	const struct store_row *rows, const struct row_item *items, size_t from, size_t count)
{
	size_t i = from + 1;
	while (i < count && is_before(rows, &items[i - 1], &items[i]))
		i++;
	return i;
}

struct run {
	size_t from, middle, to;
};

static void runs_merge(const struct store_row *rows, const struct row_item *items,
	const struct run *run, struct row_item *into)
{
	size_t a = run->from, b = run->middle;
	for (size_t i = run->from; i < run->to; i++)
		into[i] = b == run->to || (a < run->middle && is_before(rows, &items[a], &items[b]))
				  ? items[a++]
				  : items[b++];
}

/* One round: pairs of runs of `from` are merged into `to`. False where there is but one. */
static bool runs_halve(const struct store_row *rows, const struct row_item *from, size_t count,
	struct row_item *to)
{
	for (size_t i = 0; i < count;) {
		struct run run = { .from = i, .middle = run_end(rows, from, i, count) };
		if (i == 0 && run.middle == count)
			return false;
		run.to = run.middle < count ? run_end(rows, from, run.middle, count) : count;
		runs_merge(rows, from, &run, to);
		i = run.to;
	}
	return true;
}

static bool has_many_runs(const struct store_row *rows, const struct row_item *items, size_t count)
{
	enum { RUNS_MAX = 16 };
	size_t runs = 0;
	for (size_t i = 0; i < count && runs <= RUNS_MAX; runs++)
		i = run_end(rows, items, i, count);
	return runs > RUNS_MAX;
}

static uint8_t byte_of(const struct row_item *item, size_t byte)
{
	return (uint8_t)(item->word >> 8 * byte);
}

/* By one byte of the word; those that have the same stay in their order. */
static void items_scatter(const struct row_item *items, size_t count, size_t byte,
	const uint32_t counts[BYTE_VALUES], struct row_item *into)
{
	uint32_t next[BYTE_VALUES], from = 0;
	for (size_t value = 0; value < BYTE_VALUES; value++) {
		next[value] = from;
		from += counts[value];
	}
	for (size_t i = 0; i < count; i++)
		into[next[byte_of(&items[i], byte)]++] = items[i];
}

/* By the word, from its last byte to its first; one that is the same in all is left out. Returns
 * where they stand then: in `items` or in `other`. */
static struct row_item *items_sort_by_word(
	struct row_item *items, size_t count, struct row_item *other)
{
	uint32_t counts[sizeof items->word][BYTE_VALUES] = { { 0 } };
	for (size_t i = 0; i < count; i++)
		for (size_t byte = 0; byte < sizeof items->word; byte++)
			counts[byte][byte_of(&items[i], byte)]++;
	for (size_t byte = 0; byte < sizeof items->word; byte++) {
		if (counts[byte][byte_of(&items[0], byte)] == count)
			continue;
		items_scatter(items, count, byte, counts[byte], other);
		struct row_item *swapped = items;
		items = other;
		other = swapped;
	}
	return items;
}

/* Merging has the last word: where words are equal, keys are not. */
static const struct row_item *items_sort(
	const struct store_row *rows, struct row_item *items, size_t count, struct row_item *other)
{
	if (has_many_runs(rows, items, count)) {
		struct row_item *sorted = items_sort_by_word(items, count, other);
		other = sorted == items ? other : items;
		items = sorted;
	}
	while (runs_halve(rows, items, count, other)) {
		struct row_item *swapped = items;
		items = other;
		other = swapped;
	}
	return items;
}

/* By table first, so that each is sorted alone: command ids' long runs are not cut by account rows
 * between them. */
void row_order_sort(struct row_order *order, size_t count)
{
	size_t ends[TABLES + 1] = { 0 };
	struct row_item *items = order->items, *other = order->items + order->size;
	for (size_t i = 0; i < count; i++)
		ends[order->rows[i].key.at[0] + 1]++;
	for (int table = 0; table < TABLES; table++)
		ends[table + 1] += ends[table];
	for (size_t i = 0; i < count; i++)
		items[ends[order->rows[i].key.at[0]]++].place = (uint32_t)i;

	for (size_t from = 0, table = 0; table < TABLES; from = ends[table++]) {
		size_t n = ends[table] - from;
		if (n == 0)
			continue;
		words_set(order->rows, items + from, n);
		const struct row_item *sorted =
			items_sort(order->rows, items + from, n, other + from);
		for (size_t i = 0; i < n; i++)
			order->ordered[from + i] = order->rows[sorted[i].place];
	}
}
