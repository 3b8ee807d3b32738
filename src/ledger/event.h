/* SPDX-License-Identifier: Apache-2.0 */
/* An event as apply sees it. Term, shard and hashes are the edge's (wire/event.h): the core neither
 * hashes nor knows its owner.
 */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include "ledger/command.h"

enum { EFFECTS_PER_EVENT_MAX = 4, BALANCES_PER_EVENT_MAX = 4 };

/* Rows of command ids are dropped once a day. */
enum { TIMER_COMMAND_IDS_EVERY_MS = 86400000 };

enum event_kind {
	EVENT_none = 0,
#define EVENT(number, version, name) EVENT_##name = (number),
#include "ledger/events.def"
#undef EVENT
};

enum timer_kind {
	TIMER_none = 0,
	TIMER_hold_expiry = 1,
	TIMER_command_ids = 2,
};

/* Ordered by (due, id). */
struct timer {
	int64_t due_ms;
	struct id id; /* of the hold; for command_ids all zero */
	enum timer_kind kind;
};

enum layer {
	LAYER_none = 0,
	LAYER_posted = 1,
	LAYER_pending = 2,
	LAYER_pending_lifted = 3,
};

/* Accounts by their place in event.balances, so that an id stands once. */
struct posting {
	uint8_t debit;
	uint8_t credit;
	enum layer layer;
	enum rail rail;
	bool forced;
	struct amount amount; /* in the currency of both */
};

/* A list of what an outcome does; postings only until remittances come. */
struct effect {
	struct posting posting;
};

/* An account that the effects touch, and its totals after all of them. */
struct balance_after {
	struct account_id account;
	enum currency currency;
	struct balances balances;
};

struct event_ledger_opened {
	struct id ledger_id;
	uint32_t shard;
	uint32_t shards;
	uint32_t format;
	int64_t id_too_old_ms;
	int64_t id_too_new_ms;
};

struct event_ticked {
	uint32_t timers_fired; /* for this tick; 0 also in events of early versions */
};

struct event_command_rejected {
	enum reject reject;
	struct text64 detail;
	int64_t first_sequence;
	struct amount required;
	struct amount available;
	enum currency currency;
};

struct event_command_repeated {
	int64_t first_sequence;
	enum event_kind first_outcome;
	enum reject first_reject;
};

struct event_command_ids_dropped {
	int64_t before_ms;
};

/* An input no longer holds what was decided: it goes on elsewhere. The witnesses are of the records
 * before the two places; absent: none is known. */
struct event_inputs_restarted {
	enum topic topic;
	int64_t expected_offset;
	struct witness expected;
	int64_t offset;
	struct witness before;
};

struct event_clock_restarted {
	int64_t left_ms;
	int64_t command_ids_from_ms;
};

struct event_party_opened {
	struct text64 party;
	enum party_kind kind;
};

struct event_account_opened {
	struct account_id account;
	enum currency currency;
	enum account_class account_class;
	struct amount floor;
};

struct event_account_closed {
	struct account_id account;
};

struct event_funds_received {
	struct account_id to_account;
	struct amount amount;
	enum currency currency;
	enum rail rail;
	struct text64 rail_reference;
};

struct event_transfer_posted {
	struct account_id from_account;
	struct account_id to_account;
	struct amount amount;
	enum currency currency;
};

struct event_hold_created {
	struct id hold_id;
	struct account_id from_account;
	struct account_id to_account;
	struct amount amount;
	enum currency currency;
	struct text64 reason;
	int64_t expires_at_ms;
};

struct event_hold_captured {
	struct id hold_id;
	struct account_id from_account;
	struct account_id to_account;
	struct amount captured;
	struct amount released;
	enum currency currency;
};

struct event_hold_released {
	struct id hold_id;
	struct account_id from_account;
	struct account_id to_account;
	struct amount released;
	enum currency currency;
};

struct event_hold_expired {
	struct id hold_id;
	struct account_id from_account;
	struct account_id to_account;
	struct amount released;
	enum currency currency;
	struct text64 reason;
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

	uint8_t effect_count;
	uint8_t balance_count;
	struct effect effects[EFFECTS_PER_EVENT_MAX];
	struct balance_after balances[BALANCES_PER_EVENT_MAX];

	union {
		struct event_ticked ticked;
		struct event_ledger_opened ledger_opened;
		struct event_command_rejected command_rejected;
		struct event_command_repeated command_repeated;
		struct event_command_ids_dropped command_ids_dropped;
		struct event_inputs_restarted inputs_restarted;
		struct event_clock_restarted clock_restarted;
		struct event_party_opened party_opened;
		struct event_account_opened account_opened;
		struct event_account_closed account_closed;
		struct event_funds_received funds_received;
		struct event_transfer_posted transfer_posted;
		struct event_hold_created hold_created;
		struct event_hold_captured hold_captured;
		struct event_hold_released hold_released;
		struct event_hold_expired hold_expired;
	};
};

const char *event_name(enum event_kind kind); /* "transfer_posted"; "" for none */

/* Of the record that an outcome answers. */
static inline struct witness event_witness(const struct event *event)
{
	return (struct witness){ event->digest, event->command_id };
}

/* What an operator did, and no input. */
static inline bool event_answers_nothing(const struct event *event)
{
	return event->kind == EVENT_ledger_opened || event->kind == EVENT_inputs_restarted ||
	       event->kind == EVENT_clock_restarted;
}

static inline bool event_is_timers(const struct event *event)
{
	return event->timer.kind != TIMER_none;
}

#endif
