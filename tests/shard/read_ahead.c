/* SPDX-License-Identifier: Apache-2.0 */
/* What read_ahead delivers is what the reader reads, by a thread of its own or without. */
#include "shard/read_ahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 30000, FEW = 100, LARGE_EVERY = 997, LARGE = 300000, FAULT_HERE = -77 };

/* Record n stands at offset 2n: as on Kafka, not every offset is one. */
struct fake {
	struct log_reader reader;
	int64_t position;
	int64_t fault_at; /* of reading from here on; -1: none */
	unsigned reads;
	bool is_silent; /* delivers nothing any more */
	uint8_t *bytes; /* of the last read; overwritten by the next */
};

static size_t size_of(int64_t n)
{
	return n % LARGE_EVERY == LARGE_EVERY - 1 ? LARGE : (size_t)(n % 400);
}

static void value_make(int64_t n, uint8_t *ret)
{
	memset(ret, (int)(n % 251), size_of(n));
	if (size_of(n) >= sizeof n)
		memcpy(ret, &n, sizeof n);
}

static int fake_read(struct log_reader *base, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *ret_count)
{
	enum { BYTES = 1 << 20 };
	struct fake *fake = (struct fake *)base;
	(void)timeout_ms;
	*ret_count = 0;
	fake->reads++;
	if (fake->is_silent || fake->reads % 5 == 0)
		return 0; /* nothing yet */
	if (fake->reads % 7 == 0)
		capacity = 3;
	free(fake->bytes);
	fake->bytes = malloc(BYTES + LARGE);
	assert_non_null(fake->bytes);
	for (size_t used = 0; *ret_count < capacity && used < BYTES;) {
		int64_t n = fake->position / 2;
		if (fake->position == fake->fault_at)
			return *ret_count > 0 ? 0 : FAULT_HERE;
		value_make(n, fake->bytes + used);
		records[(*ret_count)++] = (struct log_record){
			.offset = fake->position,
			.time_ms = n,
			.value = { fake->bytes + used, size_of(n) },
		};
		used += size_of(n);
		fake->position += 2;
	}
	return 0;
}

static int64_t fake_position(struct log_reader *base)
{
	return ((struct fake *)base)->position;
}

static const struct log_ops fake_ops = { .read = fake_read, .reader_position = fake_position };

static struct fake fake_at(int64_t first)
{
	return (struct fake){ .reader = { &fake_ops }, .position = 2 * first, .fault_at = -1 };
}

static void record_check(const struct record_chunk *chunk, size_t i, int64_t n)
{
	static uint8_t expected[LARGE];
	const struct log_record *record = &chunk->records[i];
	value_make(n, expected);
	assert_int_equal(record->offset, 2 * n);
	assert_int_equal(record->time_ms, n);
	assert_int_equal(record->value.size, size_of(n));
	assert_memory_equal(record->value.at, expected, record->value.size);
	struct hash hash = hash_of(record->value);
	assert_memory_equal(&chunk->hashes[i], &hash, sizeof hash);
}

/* Takes records from the n-th on; stops at the end, at a fault, or once `enough` are taken. Returns
 * the one after the last, or the fault. */
static int64_t take(struct read_ahead *ahead, int64_t n, int64_t enough)
{
	struct fault fault = { 0 };
	while (n < enough) {
		const struct record_chunk *chunk;
		int error = read_ahead_next(ahead, &chunk, &fault);
		if (error)
			return error;
		if (!chunk)
			break;
		for (size_t i = 0; i < chunk->count; i++)
			record_check(chunk, i, n++);
	}
	return n;
}

static void follow(struct read_ahead *ahead, int64_t first, int64_t end)
{
	struct fake fake = fake_at(first);
	read_ahead_begin(ahead, &fake.reader, 2 * end);
	assert_int_equal(ahead->thread != NULL, end - first >= MANY / 2);
	assert_true(take(ahead, first, INT64_MAX) >= end);
	read_ahead_end(ahead);
	free(fake.bytes);
}

static void test_all_records(void **unused)
{
	(void)unused;
	struct read_ahead ahead;
	read_ahead_init(&ahead, 0);
	follow(&ahead, 0, MANY);
	follow(&ahead, 5, FEW);
	follow(&ahead, MANY, (int64_t)2 * MANY);
	follow(&ahead, 7, 7); /* there already: nothing is read */
	read_ahead_deinit(&ahead);
}

/* Whoever has enough, or meets a fault of its own, ends early: the thread waits for room, or reads.
 */
static void test_ends_early(void **unused)
{
	(void)unused;
	struct read_ahead ahead;
	read_ahead_init(&ahead, 0);
	for (int64_t enough = 0; enough < MANY; enough += MANY / 10 + 1) {
		struct fake fake = fake_at(0);
		read_ahead_begin(&ahead, &fake.reader, (int64_t)2 * MANY);
		assert_true(take(&ahead, 0, enough) >= enough);
		read_ahead_end(&ahead);
		free(fake.bytes);
	}
	read_ahead_deinit(&ahead);
}

/* All that was read before it comes before it. */
static void test_faults_of_the_reader(void **unused)
{
	(void)unused;
	struct read_ahead ahead;
	read_ahead_init(&ahead, 0);
	for (int64_t end = FEW; end <= MANY; end += MANY - FEW) {
		struct fake fake = fake_at(0);
		fake.fault_at = 2 * (end - 10);
		read_ahead_begin(&ahead, &fake.reader, 2 * end);
		assert_int_equal(take(&ahead, 0, INT64_MAX), FAULT_HERE);
		assert_int_equal(fake.position, fake.fault_at);
		read_ahead_end(&ahead);
		free(fake.bytes);
	}
	read_ahead_deinit(&ahead);
}

/* It neither waits for ever nor calls that the end. */
static void test_a_log_that_delivers_nothing(void **unused)
{
	(void)unused;
	struct read_ahead ahead;
	read_ahead_init(&ahead, 3);
	for (int64_t end = FEW; end <= MANY; end += MANY - FEW) {
		struct fake fake = fake_at(0);
		struct fault fault = { 0 };
		const struct record_chunk *chunk;
		int error = 0;
		fake.is_silent = true;
		read_ahead_begin(&ahead, &fake.reader, 2 * end);
		do
			error = read_ahead_next(&ahead, &chunk, &fault);
		while (!error && chunk);
		assert_int_equal(error, FAULT_IO);
		assert_int_equal(fault.code, FAULT_IO);
		assert_non_null(strstr(fault.text, "shard 3: the log did not deliver"));
		read_ahead_end(&ahead);
	}
	read_ahead_deinit(&ahead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_records),
		cmocka_unit_test(test_ends_early),
		cmocka_unit_test(test_faults_of_the_reader),
		cmocka_unit_test(test_a_log_that_delivers_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
