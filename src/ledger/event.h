/* SPDX-License-Identifier: Apache-2.0 */
/* An event as apply sees it. Term, shard and hashes are the edge's (wire/event.h): the core neither
 * hashes nor knows its owner.
 */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include "ledger/command.h"
#include "ledger/event_bodies.h"

#include <stddef.h>
#include <string.h>

enum { EFFECTS_PER_EVENT_MAX = 64, BALANCES_PER_EVENT_MAX = 64 };

/* How many one answer settles, and one confirmation looks through, at most. */
enum { REMITTANCES_AT_ONCE_MAX = EFFECTS_PER_EVENT_MAX };

/* Rows of command ids are dropped once a day. */
enum { TIMER_COMMAND_IDS_EVERY_MS = 86400000 };

/* Ordered by (due, id, kind). */
struct timer {
	int64_t due_ms;
	struct id id; /* of the hold; for command_ids all zero */
	enum timer_kind kind;
};

/* Accounts by their place among event.balances, from 1, so that an id stands once. */
struct posting {
	uint32_t debit_place;
	uint32_t credit_place;
	enum layer layer;
	enum rail rail;
	bool forced;
	struct amount amount; /* in the currency of both */
};

/* Money on its way to a party of another shard. */
struct remittance {
	uint32_t shard;
	uint32_t from_place;
	int64_t number;
	struct amount amount;
	enum purpose purpose;
	struct account_id to_account;
};

/* Of a remittance that arrived. */
struct settlement {
	int64_t number;
	struct id payment_id;
	struct id group_id; /* may be absent */
};

/* The numbers of the arms of Effect.effect. */
enum effect_kind {
	EFFECT_none = 0,
	EFFECT_posting = 1,
	EFFECT_remittance = 2,
	EFFECT_settlement = 3,
	EFFECT_LAST = EFFECT_settlement
};

/* What an outcome does. */
struct effect {
	enum effect_kind kind;
	union {
		struct posting posting;
		struct remittance remittance;
		struct settlement settlement;
	};
};

/* An account that the effects touch, and its totals after all of them. */
struct balance_after {
	struct account_id account;
	enum currency currency;
	struct balances balances;
};

struct event {
	enum event_kind kind;
	int64_t sequence;
	int64_t engine_time_ms;

	/* What it answers. In a timer's event: topic and offset of the input whose time fired it,
	 * and `timer`. In ledger_opened, inputs_restarted and clock_restarted: nothing, topic is
	 * none. */
	enum topic topic;
	int64_t offset;
	struct timer timer; /* kind none: this is an outcome */
	bool has_command_id;
	struct id command_id;
	struct digest digest;
	struct text64 party; /* absent where it was malformed */
	enum initiator initiator;
	struct id group_id;
	struct text64 reference;
	bool dry_run; /* what it would be: nothing changes */

	union {
#include "ledger/event_members.def"
	};

	/* Last, so that room for many costs those nothing that have few: nobody clears or copies
	 * what stands past the counts (event_clear). */
	uint8_t effect_count;
	uint8_t balance_count;
	struct effect effects[EFFECTS_PER_EVENT_MAX];
	struct balance_after balances[BALANCES_PER_EVENT_MAX];
};

/* All that is zero until it is said: an event begins with this. */
static inline void event_clear(struct event *ret)
{
	memset(ret, 0, offsetof(struct event, effects));
}

/* Is each value of its outcome one that its field can have? NULL, or the field that is wrong, in
 * the contract's names. Whether it follows from what came before is another question (apply). */
const char *event_body_wrong(const struct event *event);

/* The payment that this event ends, where it is about no other: else NULL. Others end by its
 * settlements. */
const struct id *event_ended_payment(const struct event *event);

/* The accounts of a posting, whose places are sound. */
static inline const struct balance_after *event_debited(
	const struct event *event, const struct posting *posting)
{
	return &event->balances[posting->debit_place - 1];
}

static inline const struct balance_after *event_credited(
	const struct event *event, const struct posting *posting)
{
	return &event->balances[posting->credit_place - 1];
}

static inline bool posting_places_are_sound(
	const struct event *event, const struct posting *posting)
{
	return posting->debit_place - 1 < event->balance_count &&
	       posting->credit_place - 1 < event->balance_count &&
	       posting->debit_place != posting->credit_place;
}

/* Of the record that an outcome answers. */
static inline struct witness event_witness(const struct event *event)
{
	return (struct witness){ event->digest, event->command_id };
}

static inline bool event_is_timers(const struct event *event)
{
	return event->timer.kind != TIMER_KIND_none;
}

#endif
