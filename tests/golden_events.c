/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_events.h"

#include <assert.h>
#include <stdio.h>

/* 2026-01-01T00:00:00Z; the prelude's events are a second apart. */
static const int64_t time_first_ms = 1767225600000;
static const int64_t hold_expires_ms = 1767225600000 + 3600000;
enum { DAY_MS = 86400000 };

enum { ALICE, BOB };

static struct text64 text(const char *at)
{
	struct text64 text = { 0 };
	text64_set(&text, at, strlen(at));
	return text;
}

static struct account_id account(const char *at)
{
	struct account_id id;
	bool is_parsed = account_id_parse_any(&id, at, strlen(at));
	assert(is_parsed);
	return id;
}

/* A UUIDv7 made at this time. */
static struct id id(int64_t time_ms, uint8_t number)
{
	struct id id = id_floor_of_time(time_ms);
	for (size_t i = 6; i < sizeof id.at; i++)
		id.at[i] = (uint8_t)(number + 0x11 * i);
	id.at[6] = (uint8_t)(0x70 | (id.at[6] & 0x0f));
	id.at[8] = (uint8_t)(0x80 | (id.at[8] & 0x3f));
	return id;
}

static struct id hold_id(void)
{
	return id(time_first_ms + 8000, 8);
}

/* An outcome of the nth second that answers a command of alice's. */
static struct event outcome(enum event_kind kind, int n)
{
	struct event event = {
		.kind = kind,
		.sequence = n + 1,
		.engine_time_ms = time_first_ms + n * INT64_C(1000),
		.topic = kind == EVENT_funds_received ? TOPIC_rails : TOPIC_commands,
		.offset = n,
		.has_command_id = true,
		.command_id = id(time_first_ms + n * INT64_C(1000), (uint8_t)n),
		.party = text("alice"),
		.initiator = INITIATOR_owner,
	};
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		event.digest.at[i] = (uint8_t)(0xa0 + n + (int)i);
	return event;
}

static struct balance_after balance(const char *at, int64_t debits, int64_t credits,
	int64_t debits_pending, int64_t credits_pending)
{
	return (struct balance_after){
		.account = account(at),
		.currency = CURRENCY_USD,
		.balances = { amount_of(debits), amount_of(credits), amount_of(debits_pending),
			amount_of(credits_pending) },
	};
}

static void post(struct event *event, enum layer layer, enum rail rail, int64_t amount)
{
	event->effects[event->effect_count++].posting = (struct posting){
		.debit = 0,
		.credit = 1,
		.layer = layer,
		.rail = rail,
		.amount = amount_of(amount),
	};
}

static struct event ledger_opened(void)
{
	struct event event = {
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.engine_time_ms = time_first_ms,
		.ledger_opened = { .shard = 1,
			.shards = 4,
			.format = 1,
			.id_too_old_ms = 7 * (int64_t)DAY_MS,
			.id_too_new_ms = 300000 },
	};
	for (size_t i = 0; i < sizeof event.ledger_opened.ledger_id.at; i++)
		event.ledger_opened.ledger_id.at[i] = (uint8_t)(0x10 + i);
	return event;
}

static struct event party_opened(int n, const char *party, enum party_kind kind)
{
	struct event event = outcome(EVENT_party_opened, n);
	event.party = text(party);
	event.party_opened = (struct event_party_opened){ text(party), kind };
	return event;
}

static struct event account_opened(int n, const char *party, const char *at)
{
	struct event event = outcome(EVENT_account_opened, n);
	event.party = text(party);
	event.account_opened = (struct event_account_opened){
		.account = account(at),
		.currency = CURRENCY_USD,
		.account_class = ACCOUNT_CLASS_liability,
		.floor = AMOUNT_ZERO,
	};
	return event;
}

static struct event funds_received(int n, int64_t amount, int64_t total, const char *reference)
{
	struct event event = outcome(EVENT_funds_received, n);
	event.initiator = INITIATOR_third_party;
	event.balances[0] = balance("@bank/USD", total, 0, 0, 0);
	event.balances[1] = balance("alice/main", 0, total, n > 8 ? 2500 : 0, 0);
	event.balance_count = 2;
	post(&event, LAYER_posted, RAIL_wire, amount);
	event.funds_received = (struct event_funds_received){
		.to_account = account("alice/main"),
		.amount = amount_of(amount),
		.currency = CURRENCY_USD,
		.rail = RAIL_wire,
		.rail_reference = text(reference),
	};
	return event;
}

static struct event hold_created(int n, const struct id *hold, int64_t amount, int64_t pending)
{
	struct event event = outcome(EVENT_hold_created, n);
	event.command_id = *hold;
	event.balances[0] = balance("alice/main", 0, 10000, pending, 0);
	event.balances[1] = balance("bob/main", 0, 0, 0, pending);
	event.balance_count = 2;
	post(&event, LAYER_pending, RAIL_book, amount);
	event.hold_created = (struct event_hold_created){
		.hold_id = *hold,
		.from_account = account("alice/main"),
		.to_account = account("bob/main"),
		.amount = amount_of(amount),
		.currency = CURRENCY_USD,
		.reason = text("card_purchase"),
		.expires_at_ms = hold_expires_ms,
	};
	return event;
}

void golden_prelude(struct event ret[PRELUDE_EVENTS])
{
	struct id hold = hold_id();
	ret[0] = ledger_opened();
	ret[1] = party_opened(1, "alice", PARTY_KIND_person);
	ret[2] = party_opened(2, "bob", PARTY_KIND_business);
	ret[3] = account_opened(3, "alice", "alice/main");
	ret[4] = account_opened(4, "bob", "bob/main");
	ret[5] = account_opened(5, "alice", "alice/spare");
	ret[6] = funds_received(6, 10000, 10000, "FED-20260101-1");
	ret[7] = outcome(EVENT_command_rejected, 7);
	ret[7].command_rejected = (struct event_command_rejected){
		.reject = REJECT_balance_too_low,
		.required = amount_of(20000),
		.available = amount_of(10000),
		.currency = CURRENCY_USD,
	};
	ret[8] = hold_created(8, &hold, 2500, 2500);
}

/* --- One of each, as the event after the prelude --- */

static struct event golden_ticked(void)
{
	struct event event = outcome(EVENT_ticked, 9);
	event.topic = TOPIC_internal;
	event.offset = 0;
	event.party = (struct text64){ 0 };
	event.initiator = INITIATOR_system;
	return event;
}

static struct event golden_ledger_opened(void)
{
	return ledger_opened();
}

static struct event golden_command_rejected(void)
{
	struct event event = outcome(EVENT_command_rejected, 9);
	event.group_id = id(time_first_ms, 0x77);
	event.reference = text("order:17");
	event.command_rejected = (struct event_command_rejected){
		.reject = REJECT_rail_reference_used,
		.detail = text("funds_receive.rail_reference"),
		.first_sequence = 7,
		.required = amount_of(123456789012345),
		.available = amount_of(-42),
		.currency = CURRENCY_USD,
	};
	return event;
}

static struct event golden_command_repeated(void)
{
	struct event event = outcome(EVENT_command_repeated, 9);
	event.command_id = id(time_first_ms + 7000, 7);
	event.command_repeated = (struct event_command_repeated){
		.first_sequence = 8,
		.first_outcome = EVENT_command_rejected,
		.first_reject = REJECT_balance_too_low,
	};
	return event;
}

static struct event timers_event(enum event_kind kind, int64_t due_ms)
{
	return (struct event){
		.kind = kind,
		.sequence = PRELUDE_EVENTS + 1,
		.engine_time_ms = due_ms + 5,
		.topic = TOPIC_internal,
		.offset = 3,
		.timer = { .due_ms = due_ms },
	};
}

/* Five of the prelude's commands are too old by now, the others are not. */
static struct event golden_command_ids_dropped(void)
{
	struct event event =
		timers_event(EVENT_command_ids_dropped, time_first_ms + (int64_t)DAY_MS);
	event.timer.kind = TIMER_KIND_command_ids;
	event.command_ids_dropped.before_ms = time_first_ms + 5500;
	return event;
}

/* No cut-off has come yet: no id is gone. */
static struct event golden_clock_restarted(void)
{
	int64_t last_ms = time_first_ms + 8000;
	return (struct event){
		.kind = EVENT_clock_restarted,
		.sequence = PRELUDE_EVENTS + 1,
		.engine_time_ms = last_ms - (int64_t)10 * DAY_MS,
		.clock_restarted = { .left_ms = last_ms },
	};
}

static struct event golden_party_opened(void)
{
	struct event event = party_opened(9, "zoe.the-2nd_", PARTY_KIND_business);
	event.reference = text("signup-9");
	return event;
}

static struct event golden_account_opened(void)
{
	struct event event = account_opened(9, "bob", "bob/yen");
	event.account_opened.currency = CURRENCY_JPY;
	return event;
}

static struct event golden_account_closed(void)
{
	struct event event = outcome(EVENT_account_closed, 9);
	event.account_closed.account = account("alice/spare");
	return event;
}

static struct event golden_funds_received(void)
{
	struct event event = funds_received(9, 5000, 15000, "FED-20260101-2");
	event.reference = text("payroll-1");
	return event;
}

static struct event golden_transfer_posted(void)
{
	struct event event = outcome(EVENT_transfer_posted, 9);
	event.group_id = id(time_first_ms, 0x77);
	event.reference = text("order-17");
	event.balances[0] = balance("alice/main", 1250, 10000, 2500, 0);
	event.balances[1] = balance("bob/main", 0, 1250, 0, 2500);
	event.balance_count = 2;
	post(&event, LAYER_posted, RAIL_book, 1250);
	event.transfer_posted = (struct event_transfer_posted){
		.from_account = account("alice/main"),
		.to_account = account("bob/main"),
		.amount = amount_of(1250),
		.currency = CURRENCY_USD,
	};
	return event;
}

static struct event golden_hold_created(void)
{
	struct id hold = id(time_first_ms + 9000, 9);
	struct event event = hold_created(9, &hold, 1000, 3500);
	event.hold_created.expires_at_ms += 7;
	return event;
}

/* Of the 25.00 held, 20.00 are taken. */
static struct event golden_hold_captured(void)
{
	struct event event = outcome(EVENT_hold_captured, 9);
	event.party = text("alice");
	event.initiator = INITIATOR_third_party;
	event.balances[0] = balance("alice/main", 2000, 10000, 0, 0);
	event.balances[1] = balance("bob/main", 0, 2000, 0, 0);
	event.balance_count = 2;
	post(&event, LAYER_pending_lifted, RAIL_book, 2500);
	post(&event, LAYER_posted, RAIL_book, 2000);
	event.hold_captured = (struct event_hold_captured){
		.hold_id = hold_id(),
		.from_account = account("alice/main"),
		.to_account = account("bob/main"),
		.captured = amount_of(2000),
		.released = amount_of(500),
		.currency = CURRENCY_USD,
	};
	return event;
}

static void hold_lifted(struct event *event)
{
	event->balances[0] = balance("alice/main", 0, 10000, 0, 0);
	event->balances[1] = balance("bob/main", 0, 0, 0, 0);
	event->balance_count = 2;
	post(event, LAYER_pending_lifted, RAIL_book, 2500);
}

static struct event golden_hold_released(void)
{
	struct event event = outcome(EVENT_hold_released, 9);
	hold_lifted(&event);
	event.hold_released = (struct event_hold_released){
		.hold_id = hold_id(),
		.from_account = account("alice/main"),
		.to_account = account("bob/main"),
		.released = amount_of(2500),
		.currency = CURRENCY_USD,
	};
	return event;
}

static struct event golden_hold_expired(void)
{
	struct event event = timers_event(EVENT_hold_expired, hold_expires_ms);
	event.timer.kind = TIMER_KIND_hold_expiry;
	event.timer.id = hold_id();
	hold_lifted(&event);
	event.hold_expired = (struct event_hold_expired){
		.hold_id = hold_id(),
		.from_account = account("alice/main"),
		.to_account = account("bob/main"),
		.released = amount_of(2500),
		.currency = CURRENCY_USD,
		.reason = text("card_purchase"),
	};
	return event;
}

/* The tail of the commands was lost, from offset 6 on. */
static struct event golden_inputs_restarted(void)
{
	struct event last = outcome(EVENT_command_rejected, 8);
	struct event before = outcome(EVENT_command_rejected, 5);
	return (struct event){
		.kind = EVENT_inputs_restarted,
		.sequence = 10,
		.engine_time_ms = last.engine_time_ms,
		.inputs_restarted = { .topic = TOPIC_commands,
			.expected_offset = 9,
			.expected_digest = last.digest,
			.expected_command_id = last.command_id,
			.offset = 6,
			.digest = before.digest,
			.command_id = before.command_id },
	};
}

void golden_make(size_t i, struct golden *ret)
{
	/* An event that is not pinned here does not compile. */
	static const struct {
		const char *name;
		struct event (*make)(void);
	} makers[GOLDEN_EVENTS] = {
#define EVENT(number, name, file) { #file, golden_##name },
#include "ledger/events.def"
#undef EVENT
	};
	assert(i < GOLDEN_EVENTS && makers[i].make);
	*ret = (struct golden){ .name = makers[i].name, .event = makers[i].make() };
	ret->link = (struct link){
		.shard = 1,
		.term = 3,
		.sequence = ret->event.sequence,
		.has_opened = ret->event.kind == EVENT_ledger_opened ||
			      ret->event.kind == EVENT_transfer_posted,
	};
	for (size_t n = 0; n < HASH_SIZE; n++) {
		ret->link.previous.at[n] =
			ret->event.kind == EVENT_ledger_opened ? 0 : (uint8_t)(0x40 + n);
		ret->link.opened.at[n] = ret->link.has_opened ? (uint8_t)(0xc0 + n) : 0;
	}
}
