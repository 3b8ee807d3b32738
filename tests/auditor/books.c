/* SPDX-License-Identifier: Apache-2.0 */
#include "books.h"

#include "remittance.h"
#include "rules.h"

#include <assert.h>
#include <stdlib.h>

void books_init(struct books *books, uint32_t shard, uint32_t shards)
{
	*books = (struct books){ .shard = shard, .shards = shards };
	books->accounts = shelf_of(sizeof(struct account_id), sizeof(struct account_page));
	books->holds = shelf_of(sizeof(struct id), sizeof(struct hold_page));
	books->commands = shelf_of(sizeof(struct id), sizeof(struct command_page));
	books->paid = shelf_of(sizeof(struct id), sizeof(struct id));
}

void books_free(struct books *books)
{
	shelf_free(&books->accounts);
	shelf_free(&books->holds);
	shelf_free(&books->commands);
	shelf_free(&books->paid);
	for (size_t i = 0; i < books->own_count; i++)
		shelf_free(&books->own[i].shelf);
	free(books->own);
	dues_free(&books->timers);
	dues_free(&books->command_ids);
}

struct text64 text_key(const struct text64 *text)
{
	struct text64 key = { 0 };
	assert(text->size <= sizeof key.at);
	key.size = text->size;
	memcpy(key.at, text->at, text->size);
	return key;
}

static struct account_id account_key(const struct account_id *id)
{
	struct account_id key = { .size = id->size, .party_size = id->party_size };
	memcpy(key.at, id->at, id->size);
	return key;
}

struct account_page *books_account(const struct books *books, const struct account_id *id)
{
	struct account_id key = account_key(id);
	return shelf_find(&books->accounts, &key);
}

struct account_page *books_account_add(struct books *books, const struct account_id *id)
{
	struct account_id key = account_key(id);
	return shelf_add(&books->accounts, &key);
}

struct hold_page *books_hold(const struct books *books, const struct id *id)
{
	return shelf_find(&books->holds, id);
}

struct command_page *books_command(const struct books *books, const struct id *id)
{
	return shelf_find(&books->commands, id);
}

static struct shelf *own_shelf(const struct books *books, const struct page_kind *kind)
{
	for (size_t i = 0; i < books->own_count; i++)
		if (books->own[i].kind == kind)
			return &books->own[i].shelf;
	return NULL;
}

const struct shelf *books_shelf(const struct books *books, const struct page_kind *kind)
{
	return own_shelf(books, kind);
}

void *books_find(const struct books *books, const struct page_kind *kind, const void *key)
{
	const struct shelf *shelf = own_shelf(books, kind);
	return shelf ? shelf_find(shelf, key) : NULL;
}

void *books_add(struct books *books, const struct page_kind *kind, const void *key)
{
	struct shelf *shelf = own_shelf(books, kind);
	if (!shelf) {
		books->own = realloc(books->own, (books->own_count + 1) * sizeof *books->own);
		assert(books->own);
		books->own[books->own_count] =
			(struct own_shelf){ kind, shelf_of(kind->key_size, kind->page_size) };
		shelf = &books->own[books->own_count++].shelf;
	}
	return shelf_add(shelf, key);
}

const struct due *books_due(const struct books *books, int64_t now_ms)
{
	if (books->timers.count == 0 || books->timers_fired == TIMERS_PER_INPUT_MAX)
		return NULL;
	const struct due *first = &books->timers.at[0];
	return first->at_ms <= now_ms ? first : NULL;
}

void totals_post(int64_t debited[TOTALS], int64_t credited[TOTALS], enum layer layer, int64_t minor)
{
	bool is_posted = layer == LAYER_posted;
	assert(layer != LAYER_none);
	debited[is_posted ? DEBITS_POSTED : DEBITS_PENDING] +=
		layer == LAYER_pending_lifted ? -minor : minor;
	credited[is_posted ? CREDITS_POSTED : CREDITS_PENDING] +=
		layer == LAYER_pending_lifted ? -minor : minor;
}

struct balances balances_of(const int64_t totals[TOTALS])
{
	return (struct balances){
		.debits_posted = amount_of(totals[DEBITS_POSTED]),
		.credits_posted = amount_of(totals[CREDITS_POSTED]),
		.debits_pending = amount_of(totals[DEBITS_PENDING]),
		.credits_pending = amount_of(totals[CREDITS_PENDING]),
	};
}

/* --- What came as predicted is written down --- */

static struct account_page *page_of(struct books *books, const struct balance_after *balance)
{
	struct account_page *page = books_account(books, &balance->account);
	if (!page) { /* the platform's: made by the first posting that names it */
		page = books_account_add(books, &balance->account);
		page->currency = balance->currency;
	}
	return page;
}

static void posting_take(
	struct books *books, const struct event *event, const struct posting *posting)
{
	totals_post(page_of(books, event_debited(event, posting))->totals,
		page_of(books, event_credited(event, posting))->totals, posting->layer,
		amount_minor(posting->amount));
}

static void effects_take(struct books *books, const struct event *event)
{
	for (size_t i = 0; i < event->effect_count; i++) {
		const struct effect *effect = &event->effects[i];
		if (effect->kind == EFFECT_posting)
			posting_take(books, event, &effect->posting);
		else if (effect->kind == EFFECT_remittance)
			remittance_take(books, event, &effect->remittance);
	}
}

static void command_take(struct books *books, const struct event *event)
{
	enum reject reject = event->kind == EVENT_command_rejected ? event->command_rejected.reject
								   : REJECT_none;
	/* Up to and including the id's own checks nothing is kept. */
	if (!event->has_command_id || event->kind == EVENT_command_repeated ||
		(reject != REJECT_none && !reject_is_final(reject)))
		return;
	if (event->effect_count > 0)
		(void)shelf_add(&books->paid, &event->command_id);
	struct command_page *page = shelf_add(&books->commands, &event->command_id);
	page->digest = event->digest;
	page->sequence = event->sequence;
	page->outcome = event->kind;
	page->reject = reject;
	int64_t made_ms = id_time_ms(&page->id);
	dues_put(&books->command_ids, (struct due){ .at_ms = made_ms, .id = page->id });
	if (made_ms > books->newest_id_ms)
		books->newest_id_ms = made_ms;
}

bool books_has_paid(const struct books *books, const struct event *event)
{
	return event->effect_count > 0 && event->has_command_id && !event->dry_run &&
	       shelf_find(&books->paid, &event->command_id);
}

void books_take(struct books *books, const struct event *event)
{
	books->sequence = event->sequence;
	books->engine_time_ms = event->engine_time_ms;
	if (!event->dry_run)
		effects_take(books, event);
	const struct event_audit *audit = event_audit(event->kind);
	if (audit->take && !event->dry_run)
		audit->take(books, event);
	if (event_is_timers(event)) {
		books->timers_fired++;
	} else if (event->topic != TOPIC_none) {
		books->timers_fired = 0;
		if (!event->dry_run)
			command_take(books, event);
	} else if (event->kind == EVENT_inputs_restarted) {
		books->timers_fired = 0; /* for an input that may be gone */
	}
}
