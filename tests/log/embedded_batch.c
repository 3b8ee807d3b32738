/* SPDX-License-Identifier: Apache-2.0 */
/* A batch unpacks into what was packed; no flipped bit or missing byte ever makes other records of
 * it. */
#include "log/embedded/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ENTRIES = 40 };

struct fixture {
	struct batch_packer *packer;
	struct batch_unpacker *unpacker;
	struct log_entry entries[ENTRIES];
	uint8_t bytes[ENTRIES * ENTRIES];
	uint8_t *plain;
	struct fault fault;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->plain = malloc(BATCH_ROOM);
	assert_non_null(fixture->plain);
	assert_int_equal(batch_packer_new(&fixture->packer, &fixture->fault), 0);
	assert_int_equal(batch_unpacker_new(&fixture->unpacker, &fixture->fault), 0);
	for (size_t i = 0; i < sizeof fixture->bytes; i++)
		fixture->bytes[i] = (uint8_t)(i * i >> 3);
	for (size_t i = 0; i < ENTRIES; i++)
		fixture->entries[i].value = (struct bytes){ fixture->bytes + i * ENTRIES, i };
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	batch_packer_free(fixture->packer);
	batch_unpacker_free(fixture->unpacker);
	free(fixture->plain);
	free(fixture);
	return 0;
}

/* True: unpacked, and all records are as packed. Fails the test when anything else comes out. */
static bool unpacks(struct fixture *fixture, struct bytes batch)
{
	struct batch_cursor cursor;
	size_t size;
	if (!batch_unpack(fixture->unpacker, batch, fixture->plain, &cursor, &size))
		return false;
	for (size_t i = 0; cursor.remaining > 0; i++) {
		struct bytes value;
		if (!batch_next(&cursor, &value))
			return false;
		assert_true(i < ENTRIES);
		assert_true(bytes_equal(value, fixture->entries[i].value));
	}
	assert_int_equal(cursor.time_ms, 1234567890123);
	return true;
}

static void what_was_packed_comes_out(void **state)
{
	struct fixture *fixture = *state;
	struct bytes batch = batch_pack(fixture->packer, fixture->entries, ENTRIES, 1234567890123);
	uint32_t count;
	assert_true(batch_count(batch, &count));
	assert_int_equal(count, ENTRIES);
	assert_true(unpacks(fixture, batch));
}

static void no_damage_makes_other_records(void **state)
{
	struct fixture *fixture = *state;
	struct bytes packed = batch_pack(fixture->packer, fixture->entries, ENTRIES, 1234567890123);
	uint8_t *copy = malloc(packed.size + 1);
	assert_non_null(copy);
	memcpy(copy, packed.at, packed.size);
	copy[packed.size] = 0;

	/* A changed bit that makes LZ4 repeat equal bytes from elsewhere does no harm, and is rare.
	 */
	size_t harmless = 0;
	for (size_t bit = 0; bit < 8 * packed.size; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		harmless += unpacks(fixture, (struct bytes){ copy, packed.size });
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(harmless < packed.size / 10);
	for (size_t size = 0; size < packed.size; size++)
		assert_false(unpacks(fixture, (struct bytes){ copy, size }));
	assert_false(unpacks(fixture, (struct bytes){ copy, packed.size + 1 }));
	assert_true(unpacks(fixture, (struct bytes){ copy, packed.size }));
	free(copy);
}

static void records_that_are_not_whole_are_refused(void **state)
{
	(void)state;
	static const struct {
		uint8_t at[4];
		size_t size;
		uint32_t remaining;
	} rows[] = {
		{ { 0 }, 0, 1 },                      /* nothing there */
		{ { 2, 'a' }, 2, 1 },                 /* too short */
		{ { 1, 'a', 'b' }, 3, 1 },            /* bytes behind the last record */
		{ { 0x80 }, 1, 1 },                   /* half a length */
		{ { 0x80, 0x80, 0x80, 0x01 }, 4, 1 }, /* a length no record has */
		{ { 0xff, 0xff, 0x7f, 'a' }, 4, 1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct batch_cursor cursor = {
			.rest = { rows[i].at, rows[i].size },
			.remaining = rows[i].remaining,
		};
		struct bytes value;
		assert_false(batch_next(&cursor, &value));
	}
}

static void a_batch_holds_what_the_limits_allow(void **state)
{
	(void)state;
	struct log_entry *entries = calloc(LOG_BATCH_RECORDS_MAX + 1, sizeof *entries);
	uint8_t *bytes = calloc(1, LOG_RECORD_SIZE_MAX + 1);
	assert_non_null(entries);
	assert_non_null(bytes);
	assert_int_equal(batch_fit(entries, LOG_BATCH_RECORDS_MAX + 1), LOG_BATCH_RECORDS_MAX);
	entries[0].value = (struct bytes){ bytes, LOG_RECORD_SIZE_MAX };
	assert_int_equal(batch_fit(entries, 1), 1);
	for (size_t i = 0; i < 5; i++)
		entries[i].value = (struct bytes){ bytes, LOG_RECORD_SIZE_MAX };
	assert_int_equal(batch_fit(entries, 5), LOG_BATCH_BYTES_MAX / LOG_RECORD_SIZE_MAX);
	entries[0].value.size++;
	assert_int_equal(batch_fit(entries, 2), 0);
	free(bytes);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_packed_comes_out, setup, teardown),
		cmocka_unit_test_setup_teardown(no_damage_makes_other_records, setup, teardown),
		cmocka_unit_test(records_that_are_not_whole_are_refused),
		cmocka_unit_test(a_batch_holds_what_the_limits_allow),
	};
	return cmocka_run_group_tests_name("embedded_batch", tests, NULL, NULL);
}
