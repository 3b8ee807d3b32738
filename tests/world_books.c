/* SPDX-License-Identifier: Apache-2.0 */
/* What an auditor asks of the rows alone. */
#include "world.h"

#include "state/keys.h"

#include <stdio.h>

__extension__ typedef __int128 wide;

enum { CURRENCY_NUMBER_MAX = 999 };

struct books {
	const struct model_store *store;
	char *error;
	size_t error_size;
};

static bool wrong(const struct books *books, const char *what, const struct account_id *account)
{
	(void)snprintf(books->error, books->error_size, "books: %s%s%.*s", what,
		account ? ": " : "", account ? (int)account->size : 0, account ? account->at : "");
	return false;
}

static void account_of_row(const struct model_row *row, struct account *ret)
{
	(void)account_id_parse_any(
		&ret->id, (const char *)row->key.at + 1, (size_t)(row->key.size - 1));
	account_unpack(row->value, ret);
}

static void hold_of_row(const struct model_row *row, struct hold *ret)
{
	*ret = (struct hold){ 0 };
	memcpy(ret->id.at, row->key.at + 1, sizeof ret->id.at);
	hold_unpack(row->value, ret);
}

static size_t table_from(const struct model_store *store, uint8_t table)
{
	return model_store_from(store, (struct bytes){ &table, 1 });
}

static bool currencies_balance(const struct books *books)
{
	wide posted[CURRENCY_NUMBER_MAX + 1] = { 0 }, pending[CURRENCY_NUMBER_MAX + 1] = { 0 };
	size_t end = table_from(books->store, TABLE_account + 1);
	for (size_t i = table_from(books->store, TABLE_account); i < end; i++) {
		struct account account;
		account_of_row(books->store->rows[i], &account);
		const struct balances *b = &account.balances;
		if ((int)account.currency > CURRENCY_NUMBER_MAX ||
			account.currency == CURRENCY_none)
			return wrong(books, "an account without currency", &account.id);
		posted[account.currency] += amount_minor(b->debits_posted);
		posted[account.currency] -= amount_minor(b->credits_posted);
		pending[account.currency] += amount_minor(b->debits_pending);
		pending[account.currency] -= amount_minor(b->credits_pending);
		if (account.has_floor && amount_compare(account_available(account.account_class, b),
						 account.floor) < 0)
			return wrong(books, "available is below the floor", &account.id);
	}
	for (size_t i = 0; i <= CURRENCY_NUMBER_MAX; i++)
		if (posted[i] != 0 || pending[i] != 0)
			return wrong(books, "debits are not credits", NULL);
	return true;
}

static void lower(struct amount *amount, struct amount by)
{
	*amount = amount_of(amount_minor(*amount) - amount_minor(by));
}

/* What is left of each account's pending totals once every open hold is taken off: nothing. */
static bool holds_are_pending(const struct books *books)
{
	const struct model_store *store = books->store;
	size_t holds_end = table_from(store, TABLE_hold + 1);
	size_t end = table_from(store, TABLE_account + 1);
	for (size_t i = table_from(store, TABLE_account); i < end; i++) {
		struct account account;
		account_of_row(store->rows[i], &account);
		for (size_t j = table_from(store, TABLE_hold); j < holds_end; j++) {
			struct hold hold;
			hold_of_row(store->rows[j], &hold);
			if (hold.status != HOLD_STATUS_open)
				continue;
			if (account_id_equal(&hold.from_account, &account.id))
				lower(&account.balances.debits_pending, hold.amount);
			if (account_id_equal(&hold.to_account, &account.id))
				lower(&account.balances.credits_pending, hold.amount);
		}
		if (!amount_is_zero(account.balances.debits_pending) ||
			!amount_is_zero(account.balances.credits_pending))
			return wrong(books, "open holds are not pending", &account.id);
	}
	return true;
}

/* Every open hold has its deadline, and no timer stands without its cause. */
static bool holds_have_timers(const struct books *books)
{
	const struct model_store *store = books->store;
	size_t open = 0, timers = 0, cut_offs = 0;
	size_t end = table_from(store, TABLE_hold + 1);
	for (size_t i = table_from(store, TABLE_hold); i < end; i++) {
		struct hold hold;
		hold_of_row(store->rows[i], &hold);
		if (hold.status != HOLD_STATUS_open)
			continue;
		struct timer timer = {
			.due_ms = hold.expires_at_ms, .id = hold.id, .kind = TIMER_KIND_hold_expiry
		};
		struct state_key key = timer_key(&timer);
		if (!model_store_find(store, (struct bytes){ key.at, key.size }))
			return wrong(books, "an open hold without a timer", &hold.from_account);
		open++;
	}
	end = table_from(store, TABLE_timer + 1);
	for (size_t i = table_from(store, TABLE_timer); i < end; i++) {
		struct timer timer;
		const struct state_key *key = &store->rows[i]->key;
		if (!timer_unkey((struct bytes){ key->at, key->size }, &timer))
			return wrong(books, "a timer's key that is none", NULL);
		if (timer.kind == TIMER_KIND_command_ids)
			cut_offs++;
		else if (timer.kind == TIMER_KIND_hold_expiry)
			timers++;
	}
	if (timers != open)
		return wrong(books, "a timer without an open hold", NULL);
	if (cut_offs != 1)
		return wrong(
			books, "the timer of the command ids' cut-off is not there once", NULL);
	return true;
}

bool books_check(const struct model_store *store, char *ret_error, size_t error_size)
{
	struct books books = { store, ret_error, error_size };
	return currencies_balance(&books) && holds_are_pending(&books) && holds_have_timers(&books);
}
