/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: what it has written down of one shard. */
#ifndef TESTS_AUDITOR_BOOKS_H
#define TESTS_AUDITOR_BOOKS_H

#include "dues.h"
#include "shelf.h"

#include "ledger/event.h"

#define TOTAL_MAX (((int64_t)1 << 62) - 1)

enum { DAY_MS = 86400000, TIMERS_PER_INPUT_MAX = 1024 };

enum total { DEBITS_POSTED, CREDITS_POSTED, DEBITS_PENDING, CREDITS_PENDING };
enum { TOTALS = 4 };

/* Pages begin with their keys, in which every byte counts. Here are those that several look at;
 * what only a domain writes down is its own (<domain>.c): it says how large, and finds it by
 * books_find. */
struct page_kind {
	size_t key_size;
	size_t page_size;
};

struct account_page {
	struct account_id id;
	enum currency currency;
	bool is_closed;
	size_t open_holds;  /* on either side */
	int64_t given_back; /* by other shards, after it was closed */
	int64_t totals[TOTALS];
};

enum hold_end { HOLD_OPEN, HOLD_CAPTURED, HOLD_RELEASED, HOLD_EXPIRED };

struct hold_page {
	struct id id;
	struct account_page *from;
	struct account_page *to;
	int64_t minor;
	struct text64 reason;
	int64_t expires_at_ms;
	enum hold_end end;
	size_t timer_place;
};

struct command_page {
	struct id id;
	struct digest digest;
	int64_t sequence;
	enum event_kind outcome;
	enum reject reject;
};

struct own_shelf {
	const struct page_kind *kind;
	struct shelf shelf;
};

struct books {
	uint32_t shard;
	uint32_t shards;
	int64_t sequence;       /* of the last event; 0 before the first */
	int64_t engine_time_ms; /* of the last event */
	unsigned timers_fired;  /* before the input that is to be decided */
	int64_t cut_off_ms;     /* ids before it are too old, whatever the time */
	int64_t gone_ms;        /* and from here to there none was ever kept */
	int64_t newest_id_ms;   /* of those that were ever kept */
	size_t cut_off_place;   /* among timers */
	struct shelf accounts;
	struct shelf holds;
	struct shelf commands;
	struct own_shelf *own; /* of the domains, as they come up */
	size_t own_count;
	struct shelf paid;       /* ids that moved money, for ever: none may again */
	struct dues timers;      /* the open holds', and the cut-off of command ids */
	struct dues command_ids; /* by the time in them: a cut-off drops the first ones */
};

void books_init(struct books *books, uint32_t shard, uint32_t shards);
void books_free(struct books *books);

/* NULL where it is not there. */
struct account_page *books_account(const struct books *books, const struct account_id *id);
struct hold_page *books_hold(const struct books *books, const struct id *id);
struct command_page *books_command(const struct books *books, const struct id *id);
void *books_find(const struct books *books, const struct page_kind *kind, const void *key);
/* All of a kind. NULL: there never was one. */
const struct shelf *books_shelf(const struct books *books, const struct page_kind *kind);

/* New ones; whoever adds them fills them in. */
struct account_page *books_account_add(struct books *books, const struct account_id *id);
void *books_add(struct books *books, const struct page_kind *kind, const void *key);

/* With zeros where it has no bytes. */
struct text64 text_key(const struct text64 *text);

/* The timer that fires next before the input that is to be decided; NULL: none does. */
const struct due *books_due(const struct books *books, int64_t now_ms);

/* What a posting does to the totals of its two sides. */
void totals_post(
	int64_t debited[TOTALS], int64_t credited[TOTALS], enum layer layer, int64_t minor);

struct balances balances_of(const int64_t totals[TOTALS]);

/* Money moves by it, and did so by its command's id before, however long ago. */
bool books_has_paid(const struct books *books, const struct event *event);

/* Writes an event down that came as predicted. */
void books_take(struct books *books, const struct event *event);

/* NULL: all adds up, see auditor_sums. */
const char *books_sums(const struct books *books, char *message, size_t size);

#endif
