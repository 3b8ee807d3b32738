/* SPDX-License-Identifier: Apache-2.0 */
/* Two shards as verify sees them: they fit each other, or one is behind; and each way in which
 * their rows contradict each other is said. */
#include "main/between.h"
#include "main/options.h"

#include "ledger/platform.h"
#include "state/table_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* These before cmocka, which needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SHARDS = 2, ROWS_MAX = 32, SENT = 6 };

/* What one shard holds about the other one. */
struct held {
	struct route route;
	int64_t transit; /* credits - debits */
	int64_t outbox[SENT + 1];
	bool refused[SENT + 1];
	struct account_id transit_id;
};

static char said[2048];

void complain(const char *format, ...)
{
	va_list arguments;
	size_t size = strlen(said);
	va_start(arguments, format);
	(void)vsnprintf(said + size, sizeof said - size, format, arguments);
	va_end(arguments);
}

/* Shard 0 sent six of 100 each; shard 1 took five and refused the fifth; of those two are answered
 * and one is confirmed. So 100 are back on their way, and 100 on their way there. */
static void world_make(struct held held[SHARDS])
{
	memset(held, 0, SHARDS * sizeof *held);
	held[0].route = (struct route){ .shard = 1, .sent = 6, .answered = 2 };
	held[1].route = (struct route){ .shard = 0, .received = 5, .confirmed = 1, .refused = 1 };
	for (int number = 3; number <= 6; number++)
		held[0].outbox[number] = 100;
	held[1].refused[5] = true;
	held[0].transit = 600;
	held[1].transit = -400;
	for (uint32_t i = 0; i < SHARDS; i++)
		held[i].transit_id = account_id_transit(CURRENCY_USD, 1 - i);
}

static struct id payment_id(int64_t number)
{
	return (struct id){ { 7, (uint8_t)number } };
}

struct some_rows {
	struct store_row at[ROWS_MAX];
	uint8_t keys[ROWS_MAX][STORE_KEY_SIZE_MAX];
	uint8_t values[ROWS_MAX][512];
	size_t count;
};

static uint8_t *value_at(struct some_rows *rows)
{
	assert_true(rows->count < ROWS_MAX);
	return rows->values[rows->count];
}

static void row_add(struct some_rows *rows, struct bytes key, size_t value_size)
{
	memcpy(rows->keys[rows->count], key.at, key.size);
	rows->at[rows->count] = (struct store_row){ { rows->keys[rows->count], key.size },
		{ rows->values[rows->count], value_size } };
	rows->count++;
}

static struct bytes key_of(const struct state_key *key)
{
	return (struct bytes){ key->at, key->size };
}

static void account_add(struct some_rows *rows, const struct held *held)
{
	struct account account = account_platform_new(&held->transit_id, CURRENCY_USD);
	uint8_t key[1 + ACCOUNT_ID_SIZE_MAX] = { TABLE_account };
	memcpy(key + 1, account.id.at, account.id.size);
	account.balances.credits_posted = amount_of(1000 + held->transit);
	account.balances.debits_posted = amount_of(1000);
	row_add(rows, (struct bytes){ key, 1U + account.id.size },
		account_pack(&account, value_at(rows)));
}

/* In the order of their keys. */
static void rows_make(struct some_rows *rows, const struct held *held)
{
	rows->count = 0;
	account_add(rows, held);
	struct state_key key = key_route(held->route.shard);
	row_add(rows, key_of(&key), route_pack(&held->route, value_at(rows)));
	for (int64_t number = 1; number <= SENT; number++) {
		struct outbox sent = { .payment_id = payment_id(number),
			.currency = CURRENCY_USD,
			.amount = amount_of(held->outbox[number]),
			.purpose = PURPOSE_transfer };
		if (held->outbox[number] == 0)
			continue;
		key = key_outbox(held->route.shard, number);
		row_add(rows, key_of(&key), outbox_pack(&sent, value_at(rows)));
	}
	for (int64_t number = 1; number <= SENT; number++) {
		struct refusal refusal = { .payment_id = payment_id(number),
			.reason = REJECT_payee_account_not_found };
		if (!held->refused[number])
			continue;
		key = key_refusal(held->route.shard, number);
		row_add(rows, key_of(&key), refusal_pack(&refusal, value_at(rows)));
	}
}

/* The first step that found something; NONE: all is well. */
enum found { NONE, ROWS, BEHIND, SUMS };

/* A shard's store, in a folder of its own. */
struct shop {
	char folder[200];
	char path[220];
	struct store *store;
	struct fault fault;
};

static void done(int error, const struct shop *shop)
{
	if (error < 0)
		fail_msg("%s", shop->fault.text);
}

static void shop_open(struct shop *shop, const struct held *held)
{
	static struct some_rows rows;
	const char *parent = getenv("TMPDIR");
	*shop = (struct shop){ .store = NULL };
	(void)snprintf(shop->folder, sizeof shop->folder, "%s/pinion-between-XXXXXX",
		parent ? parent : "/tmp");
	assert_non_null(mkdtemp(shop->folder));
	(void)snprintf(shop->path, sizeof shop->path, "%.200s/store", shop->folder);
	done(store_open(&shop->store, shop->path, STORE_OWN, 8 << 20, &shop->fault), shop);
	rows_make(&rows, held);
	done(store_ingest(shop->store, rows.at, rows.count, NULL, 0, &shop->fault), shop);
}

static void shop_close(struct shop *shop)
{
	store_close(shop->store);
	done(store_destroy(shop->path, &shop->fault), shop);
	assert_int_equal(rmdir(shop->folder), 0);
}

static enum found step(struct between *between, struct shop shops[SHARDS], uint32_t *ret_behind)
{
	for (uint32_t i = 0; i < SHARDS; i++) {
		bool fits;
		done(between_read(between, i, shops[i].store, &fits, &shops[i].fault), &shops[i]);
		if (!fits)
			return ROWS;
	}
	for (*ret_behind = 0; *ret_behind < SHARDS; (*ret_behind)++)
		if (between_is_behind(between, *ret_behind)) {
			between_say_behind(between, *ret_behind);
			return BEHIND;
		}
	for (uint32_t i = 0; i < SHARDS; i++)
		done(between_add(between, i, shops[i].store, &shops[i].fault), &shops[i]);
	return between_adds_up(between, true) ? NONE : SUMS;
}

static enum found look(const struct held held[SHARDS], uint32_t *ret_behind)
{
	struct shop shops[SHARDS];
	said[0] = '\0';
	for (uint32_t i = 0; i < SHARDS; i++)
		shop_open(&shops[i], &held[i]);
	struct between *between = between_new(SHARDS);
	enum found found = step(between, shops, ret_behind);
	between_free(between);
	for (uint32_t i = 0; i < SHARDS; i++)
		shop_close(&shops[i]);
	return found;
}

static void finds(const struct held held[SHARDS], enum found wanted, const char *text)
{
	uint32_t behind;
	enum found found = look(held, &behind);
	if (found != wanted || !strstr(said, text))
		fail_msg("found %d, not %d: it says \"%s\", not \"%s\"", found, wanted, said, text);
}

static void what_fits_is_found_to_fit(void **state)
{
	struct held held[SHARDS];
	(void)state;
	world_make(held);
	finds(held, NONE, "");
	assert_string_equal(said, "");
}

/* It is told by whoever knows more; which of the two is then read on. */
static void who_is_behind_is_told(void **state)
{
	struct held held[SHARDS];
	uint32_t behind;
	(void)state;
	world_make(held);
	held[0].route.sent = 4; /* but five were received */
	held[0].outbox[5] = held[0].outbox[6] = 0;
	assert_int_equal(look(held, &behind), BEHIND);
	assert_int_equal(behind, 0);
	assert_non_null(strstr(said, "shard 1 received number 5 from shard 0, which has sent 4 "));

	world_make(held);
	held[0].route.answered = 6; /* but five were received */
	memset(held[0].outbox, 0, sizeof held[0].outbox);
	assert_int_equal(look(held, &behind), BEHIND);
	assert_int_equal(behind, 1);
	assert_non_null(strstr(said, "shard 0 has an answer to number 6 from shard 1, which has "
				     "received 5 "));

	world_make(held);
	held[1].route.confirmed = 4; /* but two are answered */
	assert_int_equal(look(held, &behind), BEHIND);
	assert_int_equal(behind, 0);
	assert_non_null(strstr(said, "shard 1 dropped its answers up to number 4, but shard 0 has "
				     "those up to 2 "));
}

static void rows_that_contradict_each_other_are_told(void **state)
{
	struct held held[SHARDS];
	(void)state;
	world_make(held);
	held[0].outbox[4] = 0;
	finds(held, ROWS, "shard 0: its outbox has 3 payments to shard 1, but 4 are not answered");
	world_make(held);
	held[0].outbox[2] = 100;
	finds(held, ROWS, "shard 0: its outbox has number 2 to shard 1, which is answered");
	world_make(held);
	held[1].refused[4] = true;
	finds(held, ROWS, "shard 1: it keeps 2 refusals of shard 0, but its route says 1");
	world_make(held);
	held[1].refused[6] = true;
	held[1].route.refused = 2;
	finds(held, ROWS, "shard 1: it keeps a refusal of number 6 from shard 0");
	world_make(held);
	held[0].route.answered = 7;
	finds(held, ROWS, "shard 0: its route to shard 1 has more answers than payments");
	world_make(held);
	held[0].route.shard = 0; /* itself */
	finds(held, ROWS, "shard 0: it has a route to shard 0, and there is no such other shard");
	world_make(held);
	held[0].transit_id = account_id_transit(CURRENCY_USD, SHARDS);
	finds(held, ROWS, "shard 0: @transit/USD.2 is the account of no other shard");
}

static void sums_that_differ_are_told(void **state)
{
	struct held held[SHARDS];
	(void)state;
	world_make(held);
	held[1].transit -= 1; /* a cent more was credited */
	finds(held, SUMS,
		"shards 0 and 1: their accounts of @transit in USD hold -1 minor units more");
	world_make(held);
	held[0].outbox[6] = 99;
	finds(held, SUMS, "in USD hold 1 minor units more than is under way between them");
	world_make(held);
	held[1].refused[5] = false; /* so the fifth was credited, by its rows */
	held[1].route.refused = 0;
	finds(held, SUMS, "in USD hold 100 minor units more than is under way between them");
	world_make(held);
	held[1].transit = held[0].transit = 0; /* nothing there, though something is under way */
	finds(held, SUMS, "in USD hold -200 minor units more than is under way between them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_found_to_fit),
		cmocka_unit_test(who_is_behind_is_told),
		cmocka_unit_test(rows_that_contradict_each_other_are_told),
		cmocka_unit_test(sums_that_differ_are_told),
	};
	return cmocka_run_group_tests_name("between", tests, NULL, NULL);
}
