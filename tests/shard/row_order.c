/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a checkpoint in key order, compared with qsort's. */
#include "shard/row_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 3000, KEY_SIZE_MAX = 40 };

static uint8_t keys[ROWS_MAX][KEY_SIZE_MAX];
static uint64_t random_state = 1;

static uint32_t below(uint32_t end)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)(random_state >> 33) % end;
}

static int row_compare(const void *a, const void *b)
{
	const struct store_row *x = a, *y = b;
	size_t size = x->key.size < y->key.size ? x->key.size : y->key.size;
	int order = memcmp(x->key.at, y->key.at, size);
	return order != 0 ? order : (x->key.size > y->key.size) - (x->key.size < y->key.size);
}

/* Distinct, by qsort. */
static size_t distinct(struct store_row *rows, size_t count)
{
	size_t kept = 0;
	qsort(rows, count, sizeof *rows, row_compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || row_compare(&rows[kept - 1], &rows[i]) != 0)
			rows[kept++] = rows[i];
	return kept;
}

static void shuffle(struct store_row *rows, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = below((uint32_t)i);
		struct store_row row = rows[i - 1];
		rows[i - 1] = rows[other];
		rows[other] = row;
	}
}

/* `tables` first bytes, then `common` bytes that all share, then some of few letters: prefixes of
 * one another too. */
static void check(size_t count, uint32_t tables, size_t common)
{
	static struct store_row expected[ROWS_MAX];
	struct row_order order = { 0 };
	for (size_t i = 0; i < count; i++) {
		size_t size = 1 + common + below(KEY_SIZE_MAX - (uint32_t)common);
		keys[i][0] = (uint8_t)(1 + below(tables));
		memset(keys[i] + 1, 'c', common);
		for (size_t at = 1 + common; at < size; at++)
			keys[i][at] = (uint8_t)(below(3) * 127);
		expected[i] =
			(struct store_row){ .key = { keys[i], size }, .value = { keys[i], 1 } };
	}
	count = distinct(expected, count);
	row_order_reserve(&order, count);
	memcpy(order.rows, expected, count * sizeof *expected);
	shuffle(order.rows, count);
	row_order_sort(&order, count);
	assert_memory_equal(order.ordered, expected, count * sizeof *expected);
	row_order_free(&order);
}

static void test_as_qsort(void **unused)
{
	(void)unused;
	for (uint32_t tables = 1; tables < 5; tables++)
		for (size_t common = 0; common < 20; common += 3)
			for (size_t count = 1; count < ROWS_MAX; count = count * 3 + 1)
				check(count, tables, common);
	check(ROWS_MAX, 255, 0);
}

static void test_sorted_rows_stay(void **unused)
{
	(void)unused;
	struct row_order order = { 0 };
	row_order_reserve(&order, 100);
	for (size_t i = 0; i < 100; i++) {
		keys[i][0] = 4;
		keys[i][1] = (uint8_t)i;
		order.rows[i] = (struct store_row){ .key = { keys[i], 2 } };
	}
	row_order_sort(&order, 100);
	assert_memory_equal(order.ordered, order.rows, 100 * sizeof *order.rows);
	row_order_free(&order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_qsort),
		cmocka_unit_test(test_sorted_rows_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
