/* SPDX-License-Identifier: Apache-2.0 */
/* What <domain>.c says of each event that is pinned, and what its makers share. */
#ifndef TESTS_GOLDEN_EVENTS_MAKER_H
#define TESTS_GOLDEN_EVENTS_MAKER_H

#include "../golden_events.h"

/* 2026-01-01T00:00:00Z; the prelude's events are a second apart. */
#define GOLDEN_FIRST_MS INT64_C(1767225600000)
#define GOLDEN_HOLD_EXPIRES_MS (GOLDEN_FIRST_MS + 3600000)
#define GOLDEN_DAY_MS INT64_C(86400000)

struct golden_rule {
	struct event (*make)(void);
	bool is_first; /* nothing stands before it */
	/* Events of its own that stand between the prelude and it; how many. NULL: none. */
	size_t (*more)(struct event *ret);
	const struct unsound *unsound; /* at least one; the last one has no name */
};

/* A golden_rule's, where it stands. */
#define UNSOUND_LIST(...)        \
	(const struct unsound[]) \
	{                        \
		__VA_ARGS__,     \
		{                \
			0        \
		}                \
	}

#define EVENT(number, name, file) extern const struct golden_rule file##_golden;
#include "ledger/events.def"
#undef EVENT

struct text64 golden_text_of(const char *at);
struct account_id golden_account(const char *at);
struct id golden_id(int64_t time_ms, uint8_t number); /* a UUIDv7 made at this time */
struct id golden_hold_id(void);                       /* of the prelude's hold */

/* An outcome of the nth second that answers a command of alice's. */
struct event golden_outcome(enum event_kind kind, int n);
/* The event after the prelude, of a timer that was due then. */
struct event golden_timers_event(enum event_kind kind, int64_t due_ms);
struct balance_after golden_balance(const char *at, int64_t debits, int64_t credits,
	int64_t debits_pending, int64_t credits_pending);
void golden_post(struct event *event, enum layer layer, enum rail rail, int64_t amount);

/* 12.50 from alice/main to carol/main, the nth payment to shard 2. */
struct event golden_transfer_sent(int n, int64_t number);

/* Those of the prelude. */
struct event golden_prelude_ledger_opened(void);
struct event golden_prelude_party_opened(int n, const char *party, enum party_kind kind);
struct event golden_prelude_account_opened(int n, const char *party, const char *at);
struct event golden_prelude_funds_received(
	int n, int64_t amount, int64_t total, const char *reference);
struct event golden_prelude_hold_created(
	int n, const struct id *hold, int64_t amount, int64_t pending);

#endif
