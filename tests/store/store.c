/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a store comes out of it, by key and in order, through checkpoints that overwrite
 * and delete. */
#include "store_fixture.h"

#include "store/handle.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static struct bytes text(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

static struct store_row put(const char *key, const char *value)
{
	return (struct store_row){ text(key), text(value) };
}

static struct store_row gone(const char *key)
{
	return (struct store_row){ text(key), END };
}

static struct store_range range(const char *from, const char *to)
{
	return (struct store_range){ text(from), text(to) };
}

static void rows_come_back_as_ingested(void **state)
{
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	struct store_row first[] = { put("a1", "one"), put("a2", ""), put("b1", "three") };
	struct store_row second[] = { put("a1", "uno"), gone("b1"), gone("b2"), put("b3", "4") };
	struct bytes keys[] = { text("b3"), text("a1"), text("a"), text("b1"), text("a2") };
	struct bytes values[5];

	(void)state;
	done(store_ingest(store, first, 3, NULL, 0, &place.fault), &place);
	done(store_ingest(store, second, 4, NULL, 0, &place.fault), &place);
	done(store_ingest(store, NULL, 0, NULL, 0, &place.fault), &place);
	for (int round = 0; round < 2; round++) {
		done(store_get_many(store, keys, 5, values, &place.fault), &place);
		assert_true(bytes_equal(values[0], text("4")));
		assert_true(bytes_equal(values[1], text("uno")));
		assert_null(values[2].at);
		assert_null(values[3].at);
		assert_non_null(values[4].at);
		assert_int_equal(values[4].size, 0);
		done(store_get_many(store, NULL, 0, NULL, &place.fault), &place);
		store_close(store);
		store = opened(&place, STORE_OWN);
	}
	store_close(store);
	place_remove(&place);
}

/* More keys than go to RocksDB in one call, in an order of their own, every third absent. */
static void many_keys_in_any_order(void **state)
{
	enum { COUNT = 5000 };
	static uint8_t at[COUNT][KEY_SIZE];
	static struct bytes keys[COUNT], values[COUNT];
	static struct store_row rows[COUNT];
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		struct bytes key = key_make(at[i], TABLE_ACCOUNT, i / 100, i);
		if (i % 3 != 0)
			rows[count++] = (struct store_row){ key, { key.at, 1 + i % KEY_SIZE } };
		keys[(size_t)i * 2477 % COUNT] = key;
	}
	done(store_ingest(store, rows, count, NULL, 0, &place.fault), &place);
	done(store_get_many(store, keys, COUNT, values, &place.fault), &place);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct bytes value = values[(size_t)i * 2477 % COUNT];
		if (i % 3 == 0)
			assert_null(value.at);
		else
			assert_true(bytes_equal(value, (struct bytes){ at[i], 1 + i % KEY_SIZE }));
	}
	store_close(store);
	place_remove(&place);
}

struct joined {
	char text[100];
	size_t rows_max;
};

static bool joined_row(void *context, struct bytes key, struct bytes value)
{
	struct joined *joined = context;
	size_t used = strlen(joined->text);

	(void)snprintf(joined->text + used, sizeof joined->text - used, "%.*s=%.*s ", (int)key.size,
		(const char *)key.at, (int)value.size, (const char *)value.at);
	return --joined->rows_max > 0;
}

static void assert_scan(struct store *store, struct place *place, struct bytes from,
	struct bytes to, size_t rows_max, const char *expected)
{
	struct joined joined = { .rows_max = rows_max };

	done(store_scan(store, from, to, joined_row, &joined, &place->fault), place);
	assert_string_equal(joined.text, expected);
}

static void scans_keep_to_their_bounds(void **state)
{
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	struct store_row rows[] = { put("a1", "1"), put("a2", "2"), put("b1", "3"), put("c", "4") };

	(void)state;
	assert_scan(store, &place, START, END, 9, "");
	done(store_ingest(store, rows, 4, NULL, 0, &place.fault), &place);
	assert_scan(store, &place, START, END, 9, "a1=1 a2=2 b1=3 c=4 ");
	assert_scan(store, &place, text("a2"), text("c"), 9, "a2=2 b1=3 ");
	assert_scan(store, &place, text("a3"), END, 9, "b1=3 c=4 ");
	assert_scan(store, &place, text("a"), text("b"), 1, "a1=1 ");
	assert_scan(store, &place, text("d"), END, 9, "");
	store_close(store);
	place_remove(&place);
}

static void ranges_go_before_the_puts_of_their_ingest(void **state)
{
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	struct store_row first[] = { put("a1", "1"), put("a2", "2"), put("a3", "3"), put("b1", "4"),
		put("b2", "5") };
	struct store_row second[] = { put("a0", "6"), put("a2", "7"), put("b3", "8") };
	struct store_range unsorted[] = { range("b2", "c"), range("a1", "a3"), range("x", "y") };
	struct store_range rest[] = { range("a", "b"), range("b", "c") };
	struct store_range nothing[] = { range("m", "n") };

	(void)state;
	done(store_ingest(store, first, 5, NULL, 0, &place.fault), &place);
	done(store_ingest(store, second, 3, unsorted, 3, &place.fault), &place);
	for (int round = 0; round < 2; round++) {
		assert_scan(store, &place, START, END, 9, "a0=6 a2=7 a3=3 b1=4 b3=8 ");
		store_close(store);
		store = opened(&place, STORE_OWN);
	}
	done(store_ingest(store, NULL, 0, nothing, 1, &place.fault), &place);
	done(store_ingest(store, NULL, 0, rest, 2, &place.fault), &place);
	assert_scan(store, &place, START, END, 9, "");
	store_close(store);
	place_remove(&place);
}

/* Rows in order of time overlap nothing: left alone, each ingest would leave a file for ever. */
static void small_files_are_joined(void **state)
{
	enum { INGESTS = 400, ROWS = 20 };
	struct place place = place_make();
	struct store *store = opened(&place, STORE_OWN);
	uint8_t keys[ROWS][KEY_SIZE];
	struct store_row rows[ROWS];
	struct bytes found[ROWS], value;

	(void)state;
	for (uint64_t n = 0; n < INGESTS; n++) {
		for (uint32_t i = 0; i < ROWS; i++)
			rows[i] = (struct store_row){ key_make(keys[i], TABLE_ID, n, i),
				{ (const uint8_t *)&n, sizeof n } };
		done(store_ingest(store, rows, ROWS, NULL, 0, &place.fault), &place);
		assert_true(store_level0_files(store) <= STORE_LEVEL0_FILES_MAX);
	}
	store_close(store);
	assert_true(files_count(place.path, ".sst") < 100);
	store = opened(&place, STORE_OWN);
	for (uint64_t n = 0; n < INGESTS; n++) {
		struct bytes names[ROWS];
		for (uint32_t i = 0; i < ROWS; i++)
			names[i] = key_make(keys[i], TABLE_ID, n, i);
		done(store_get_many(store, names, ROWS, found, &place.fault), &place);
		value = (struct bytes){ (const uint8_t *)&n, sizeof n };
		for (uint32_t i = 0; i < ROWS; i++)
			assert_true(bytes_equal(found[i], value));
	}
	store_close(store);
	place_remove(&place);
}

/* --- Speed --- */

static double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

static int account_compare(const void *a, const void *b)
{
	return memcmp(a, b, 30);
}

enum { SPEED_ACCOUNTS = 100000, SPEED_IDS = 500000, SPEED_LOOKUPS = 200000 };

struct speed {
	uint8_t accounts[SPEED_ACCOUNTS][30];
	uint8_t ids[SPEED_IDS][16];
	uint8_t values[1 << 20];
	struct store_row rows[SPEED_ACCOUNTS + SPEED_IDS];
	struct bytes keys[SPEED_LOOKUPS];
	struct bytes found[SPEED_LOOKUPS];
};

static void speed_prepare(struct speed *speed, uint64_t *seed)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof speed->values; i++)
		speed->values[i] = (uint8_t)random_next(seed);
	for (size_t i = 0; i < SPEED_ACCOUNTS; i++) {
		speed->accounts[i][0] = TABLE_ACCOUNT;
		for (size_t j = 1; j < 30; j++)
			speed->accounts[i][j] = (uint8_t)random_next(seed);
	}
	qsort(speed->accounts, SPEED_ACCOUNTS, 30, account_compare);
	for (size_t i = 0; i < SPEED_ACCOUNTS; i++)
		speed->rows[count++] = (struct store_row){ { speed->accounts[i], 30 },
			{ speed->values + random_next(seed) % (1 << 19), 90 } };
	for (uint32_t i = 0; i < SPEED_IDS; i++) {
		(void)key_make(speed->ids[i], TABLE_ID, i, (uint32_t)random_next(seed));
		memset(speed->ids[i] + KEY_SIZE, 0, 3);
		speed->rows[count++] = (struct store_row){ { speed->ids[i], 16 },
			{ speed->values + random_next(seed) % (1 << 19), 50 } };
	}
}

/* `width` 16: ids, 30: accounts, at a stride so that none comes twice. */
static double speed_lookup(struct store *store, struct place *place, struct speed *speed,
	size_t width, size_t expected)
{
	enum { AT_ONCE = 4000 };
	double begun = seconds_now();
	size_t found = 0;

	for (size_t i = 0; i < SPEED_LOOKUPS; i++) {
		if (width == 30)
			speed->keys[i].at = speed->accounts[i * 7919 % SPEED_ACCOUNTS];
		else
			speed->keys[i].at = speed->ids[i * 7919 % SPEED_IDS];
		speed->keys[i].size = width;
	}
	for (size_t i = 0; i < SPEED_LOOKUPS; i += AT_ONCE)
		done(store_get_many(
			     store, speed->keys + i, AT_ONCE, speed->found + i, &place->fault),
			place);
	for (size_t i = 0; i < SPEED_LOOKUPS; i++)
		found += speed->found[i].at != NULL;
	assert_int_equal(found, expected);
	return SPEED_LOOKUPS / (seconds_now() - begun);
}

/* Prints figures; checks that nothing is lost on the way, not how fast this machine is. */
static void speed_of_ingest_and_lookup(void **state)
{
	struct place place = place_make();
	struct speed *speed = malloc(sizeof *speed);
	struct store *store;
	uint64_t seed = 88172645463325252;
	double begun;

	(void)state;
	assert_non_null(speed);
	speed_prepare(speed, &seed);
	done(store_open(&store, place.path, STORE_OWN, 256 << 20, &place.fault), &place);
	for (int round = 0; round < 2; round++) {
		begun = seconds_now();
		done(store_ingest(
			     store, speed->rows, SPEED_ACCOUNTS + SPEED_IDS, NULL, 0, &place.fault),
			&place);
		print_message("ingest: %.0f rows/s\n",
			(SPEED_ACCOUNTS + SPEED_IDS) / (seconds_now() - begun));
	}
	for (int round = 0; round < 2; round++) {
		const char *cache = round == 0 ? "first" : "cached";
		print_message("lookup, accounts, %s: %.0f/s\n", cache,
			speed_lookup(store, &place, speed, 30, SPEED_LOOKUPS));
		print_message("lookup, ids, %s: %.0f/s\n", cache,
			speed_lookup(store, &place, speed, 16, SPEED_LOOKUPS));
	}
	for (size_t i = 0; i < SPEED_IDS; i++)
		speed->ids[i][15] = 1;
	for (int round = 0; round < 2; round++)
		print_message("lookup, absent ids, %s: %.0f/s\n", round == 0 ? "first" : "cached",
			speed_lookup(store, &place, speed, 16, 0));
	store_close(store);
	free(speed);
	place_remove(&place);
}

/* As if the process had aborted in an opening: its byte stays. */
static void opening_dies(const struct place *place)
{
	char name[sizeof place->path + 16];
	FILE *file;

	(void)snprintf(name, sizeof name, "%s/opening", place->path);
	file = fopen(name, "a");
	assert_non_null(file);
	assert_int_equal(fputc(0, file), 0);
	assert_int_equal(fclose(file), 0);
}

static void a_store_that_kills_whoever_opens_it_is_damaged(void **state)
{
	struct place place = place_make();
	struct store *store;

	(void)state;
	store_close(opened(&place, STORE_OWN));
	for (int deaths = 0; deaths < 3; deaths++) {
		store_close(opened(&place, STORE_OWN)); /* and so it begins anew */
		for (int i = 0; i < deaths; i++)
			opening_dies(&place);
	}
	opening_dies(&place);
	assert_int_equal(
		store_open(&store, place.path, STORE_OWN, 1 << 20, &place.fault), FAULT_DAMAGED);
	done(store_destroy(place.path, &place.fault), &place);
	store_close(opened(&place, STORE_OWN));
	place_remove(&place);
}

static void on_abort(int signal_number)
{
	store_note_abort();
	_exit(signal_number);
}

/* A process that comes to its end within an opening. */
static off_t opening_left(const struct place *place, int by, bool is_poor)
{
	char name[sizeof place->path + 16];
	struct stat status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct fault fault = { 0 };
		struct rlimit memory = { 32 << 20, 32 << 20 };
		(void)signal(SIGABRT, on_abort);
		if (opening_begin(place->path, &fault) < 0 ||
			(is_poor && setrlimit(RLIMIT_AS, &memory) != 0))
			_exit(1);
		(void)raise(by);
		_exit(2);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)snprintf(name, sizeof name, "%s/opening", place->path);
	assert_int_equal(stat(name, &status), 0);
	assert_int_equal(unlink(name), 0);
	return status.st_size;
}

/* Being killed is no evidence, nor is what RocksDB aborts of for want of memory. */
static void only_an_abort_counts_against_a_store(void **state)
{
	struct place place = place_make();

	(void)state;
	store_close(opened(&place, STORE_OWN));
	assert_int_equal(opening_left(&place, SIGABRT, false), 1);
	assert_int_equal(opening_left(&place, SIGKILL, false), 0);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
	assert_int_equal(opening_left(&place, SIGABRT, true), 0);
#endif
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_that_kills_whoever_opens_it_is_damaged),
		cmocka_unit_test(only_an_abort_counts_against_a_store),
		cmocka_unit_test(rows_come_back_as_ingested),
		cmocka_unit_test(many_keys_in_any_order),
		cmocka_unit_test(scans_keep_to_their_bounds),
		cmocka_unit_test(ranges_go_before_the_puts_of_their_ingest),
		cmocka_unit_test(small_files_are_joined),
		cmocka_unit_test(speed_of_ingest_and_lookup),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
