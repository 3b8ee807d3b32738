/* SPDX-License-Identifier: Apache-2.0 */
/* Adds everything up by itself; nothing is believed that was counted on the way. */
#include "remittance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

enum { CURRENCIES = 1000 }; /* ISO 4217 has three digits */

struct sum {
	wide debits_posted;
	wide credits_posted;
	wide debits_pending;
	wide credits_pending;
};

static const char *account_check(
	const struct account_page *page, struct sum *sum, char *message, size_t size)
{
	const int64_t *t = page->totals;
	bool is_member = !account_id_is_platform(&page->id);
	wide available = (wide)t[CREDITS_POSTED] - t[DEBITS_POSTED] - t[DEBITS_PENDING];
	const char *wrong = NULL;
	for (size_t i = 0; i < TOTALS; i++)
		if (t[i] < 0 || t[i] > TOTAL_MAX)
			wrong = "a total is below zero or over its end";
	if (is_member && available < 0)
		wrong = "it is below its floor";
	if (page->is_closed && (available != page->given_back || t[DEBITS_PENDING] != 0 ||
				       t[CREDITS_PENDING] != 0))
		wrong = "it is closed, but not empty";
	if (wrong) {
		(void)snprintf(
			message, size, "account %.*s: %s", page->id.size, page->id.at, wrong);
		return message;
	}
	sum->debits_posted += t[DEBITS_POSTED];
	sum->credits_posted += t[CREDITS_POSTED];
	sum->debits_pending += t[DEBITS_PENDING];
	sum->credits_pending += t[CREDITS_PENDING];
	return NULL;
}

static const char *accounts_check(const struct books *books, char *message, size_t size)
{
	static _Thread_local struct sum sums[CURRENCIES];
	memset(sums, 0, sizeof sums);
	const char *wrong = NULL;
	const struct account_page *page;
	for (size_t at = 0; !wrong && (page = shelf_next(&books->accounts, &at));)
		wrong = account_check(page, &sums[page->currency], message, size);
	for (size_t i = 0; !wrong && i < CURRENCIES; i++) {
		if (sums[i].debits_posted == sums[i].credits_posted &&
			sums[i].debits_pending == sums[i].credits_pending)
			continue;
		(void)snprintf(message, size, "debits and credits of %s differ",
			currency_name((enum currency)i));
		wrong = message;
	}
	return wrong;
}

/* Each account's open holds, counted again into copies of the pages. */
struct recount {
	struct account_id id;
	const struct account_page *page;
	wide debits;
	wide credits;
	size_t holds;
};

static struct recount *recount_of(struct shelf *recounts, const struct account_page *page)
{
	struct recount *recount = shelf_find(recounts, &page->id);
	if (!recount) {
		recount = shelf_add(recounts, &page->id);
		recount->page = page;
	}
	return recount;
}

static bool has_timer(const struct books *books, const struct hold_page *hold)
{
	if (hold->timer_place >= books->timers.count)
		return false;
	const struct due *due = &books->timers.at[hold->timer_place];
	return due->place == &hold->timer_place && due->at_ms == hold->expires_at_ms &&
	       id_equal(&due->id, &hold->id);
}

static const char *holds_recount(
	const struct books *books, struct shelf *recounts, char *message, size_t size)
{
	size_t open = 0, timers = 0, cut_offs = 0;
	const struct hold_page *hold;
	for (size_t i = 0; i < books->timers.count; i++) {
		timers += books->timers.at[i].kind == TIMER_KIND_hold_expiry;
		cut_offs += books->timers.at[i].kind == TIMER_KIND_command_ids;
	}
	for (size_t at = 0; (hold = shelf_next(&books->holds, &at));) {
		if (hold->end != HOLD_OPEN)
			continue;
		open++;
		if (!has_timer(books, hold)) {
			(void)snprintf(message, size, "an open hold of %.*s has no timer",
				hold->from->id.size, hold->from->id.at);
			return message;
		}
		struct recount *from = recount_of(recounts, hold->from);
		from->debits += hold->minor;
		from->holds++;
		struct recount *to = recount_of(recounts, hold->to);
		to->credits += hold->minor;
		to->holds++;
	}
	if (timers != open || cut_offs != (books->sequence > 0)) {
		(void)snprintf(message, size, "%zu timers of %zu open holds, %zu of cut-offs",
			timers, open, cut_offs);
		return message;
	}
	return NULL;
}

static const char *pending_check(
	const struct books *books, struct shelf *recounts, char *message, size_t size)
{
	const struct account_page *page;
	for (size_t at = 0; (page = shelf_next(&books->accounts, &at));) {
		const struct recount *recount = recount_of(recounts, page);
		if (page->totals[DEBITS_PENDING] == recount->debits &&
			page->totals[CREDITS_PENDING] == recount->credits &&
			page->open_holds == recount->holds)
			continue;
		(void)snprintf(message, size,
			"account %.*s: pending %" PRId64 " and %" PRId64
			" of %zu holds, which the holds themselves are not",
			page->id.size, page->id.at, page->totals[DEBITS_PENDING],
			page->totals[CREDITS_PENDING], page->open_holds);
		return message;
	}
	return NULL;
}

const char *books_sums(const struct books *books, char *message, size_t size)
{
	struct shelf recounts = shelf_of(sizeof(struct account_id), sizeof(struct recount));
	const char *wrong = accounts_check(books, message, size);
	if (!wrong)
		wrong = holds_recount(books, &recounts, message, size);
	if (!wrong)
		wrong = pending_check(books, &recounts, message, size);
	if (!wrong)
		wrong = remittance_sums(books, message, size);
	shelf_free(&recounts);
	return wrong;
}
