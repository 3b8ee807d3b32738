/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts come into memory before anybody asks: all of them, as long as half of memory was never
 * used; what memory knows better stays; and a damaged one is met. */
#include "shard/load.h"
#include "state/keys.h"
#include "state/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ACCOUNTS = 40000, STEPS_MAX = 1000 };

struct swept {
	char folder[200], path[220];
	struct fault fault;
	struct store *store;
	struct replica replica;
	struct sweep sweep;
};

static void done(const struct swept *swept, int error)
{
	if (error)
		fail_msg("%s", swept->fault.text);
}

static void store_make(struct swept *swept)
{
	const char *parent = getenv("TMPDIR");
	(void)snprintf(swept->folder, sizeof swept->folder, "%s/sweep-XXXXXX",
		parent && *parent ? parent : "/tmp");
	assert_non_null(mkdtemp(swept->folder));
	(void)snprintf(swept->path, sizeof swept->path, "%s/store", swept->folder);
	done(swept, store_open(&swept->store, swept->path, STORE_OWN, 1 << 20, &swept->fault));
}

static struct account account_of(uint32_t number)
{
	char id[16];
	struct account account = { .currency = currency_by_name("USD", 3),
		.account_class = ACCOUNT_CLASS_liability,
		.has_floor = true,
		.opened_sequence = 1 + number };
	int size = snprintf(id, sizeof id, "p%06u/main", number);
	assert_true(account_id_parse(&account.id, id, (size_t)size));
	account.balances.credits_posted = amount_of(number);
	return account;
}

/* A store of accounts; `damaged`: the number of one whose row nobody wrote. */
static void accounts_store(struct swept *swept, uint32_t damaged)
{
	static struct state_key keys[ACCOUNTS];
	static uint8_t values[ACCOUNTS][STATE_VALUE_SIZE_MAX];
	static struct store_row rows[ACCOUNTS];
	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		struct account account = account_of(i);
		keys[i] = state_key_of(key_account(&account.id));
		size_t size = account_pack(&account, values[i]);
		rows[i] = (struct store_row){
			.key = { keys[i].at, keys[i].size },
			.value = { values[i], i == damaged ? size - 1 : size },
		};
	}
	store_make(swept);
	done(swept, store_ingest(swept->store, rows, ACCOUNTS, NULL, 0, &swept->fault));
}

static struct swept *swept_new(size_t memory_bytes, uint32_t damaged)
{
	struct swept *swept = calloc(1, sizeof *swept);
	assert_non_null(swept);
	accounts_store(swept, damaged);
	done(swept, replica_init(&swept->replica, 0, memory_bytes, &swept->fault));
	swept->replica.store = swept->store;
	sweep_begin(&swept->sweep);
	return swept;
}

static void swept_free(struct swept *swept)
{
	replica_deinit(&swept->replica);
	store_close(swept->store);
	done(swept, store_destroy(swept->path, &swept->fault));
	assert_int_equal(rmdir(swept->folder), 0);
	free(swept);
}

/* How many steps it took. */
static int sweep_all(struct swept *swept)
{
	int steps = 0;
	for (; !swept->sweep.is_done; steps++) {
		assert_true(steps < STEPS_MAX);
		done(swept, sweep_step(&swept->sweep, &swept->replica));
	}
	done(swept, sweep_step(&swept->sweep, &swept->replica)); /* nothing more */
	return steps;
}

static void all_accounts_are_swept(void **unused)
{
	struct swept *swept = swept_new(64 << 20, ACCOUNTS);
	(void)unused;
	assert_true(sweep_all(swept) > 1);
	assert_int_equal(state_rows(swept->replica.state), ACCOUNTS);
	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		struct account expected = account_of(i), found;
		assert_int_equal(
			view_account(swept->replica.state, &expected.id, &found), ANSWER_PRESENT);
		assert_int_equal(found.opened_sequence, expected.opened_sequence);
		assert_int_equal(amount_minor(found.balances.credits_posted), i);
	}
	swept_free(swept);
}

/* Half of it stays for what is asked for. */
static void a_small_memory_is_not_filled(void **unused)
{
	struct swept *swept = swept_new(STATE_MEMORY_MIN, ACCOUNTS);
	struct account last = account_of(ACCOUNTS - 1), found;
	struct swept *larger;
	(void)unused;
	(void)sweep_all(swept);
	size_t rows = state_rows(swept->replica.state);
	assert_true(rows > 1000 && rows < ACCOUNTS);
	assert_int_equal(view_account(swept->replica.state, &last.id, &found), ANSWER_NOT_LOADED);
	larger = swept_new(STATE_MEMORY_MIN * 3 / 2, ACCOUNTS);
	(void)sweep_all(larger);
	assert_true(state_rows(larger->replica.state) > rows);
	swept_free(larger);
	swept_free(swept);
}

static void what_memory_knows_better_stays(void **unused)
{
	struct swept *swept = swept_new(64 << 20, ACCOUNTS);
	struct account changed = account_of(77), found;
	(void)unused;
	changed.balances.credits_posted = amount_of(123456789);
	assert_true(state_reserve_event(swept->replica.state));
	mutate_account(swept->replica.state, &changed);
	(void)sweep_all(swept);
	assert_int_equal(view_account(swept->replica.state, &changed.id, &found), ANSWER_PRESENT);
	assert_int_equal(amount_minor(found.balances.credits_posted), 123456789);
	swept_free(swept);
}

static void a_damaged_row_is_met(void **unused)
{
	struct swept *swept = swept_new(64 << 20, 5000);
	int error = 0;
	(void)unused;
	for (int steps = 0; !error && !swept->sweep.is_done; steps++)
		error = sweep_step(&swept->sweep, &swept->replica);
	assert_int_equal(error, FAULT_DAMAGED);
	assert_non_null(strstr(swept->fault.text, "is damaged: rebuild it"));
	assert_true(swept->replica.is_unreadable);
	fault_clear(&swept->fault);
	swept_free(swept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_accounts_are_swept),
		cmocka_unit_test(a_small_memory_is_not_filled),
		cmocka_unit_test(what_memory_knows_better_stays),
		cmocka_unit_test(a_damaged_row_is_met),
	};
	return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
