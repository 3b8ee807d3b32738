/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of an event as text: two events are the same where their texts are. */
#include "world.h"

#include "ledger/restart.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct text {
	char *at;
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size =
		vsnprintf(text->at + text->used, EVENT_TEXT_SIZE - text->used, format, arguments);
	va_end(arguments);
	assert(size >= 0 && text->used + (size_t)size < EVENT_TEXT_SIZE);
	text->used += (size_t)size;
}

static void put_number(struct text *text, const char *name, int64_t number)
{
	if (number != 0)
		put(text, " %s=%" PRId64, name, number);
}

static void put_text(struct text *text, const char *name, const struct text64 *value)
{
	if (value->size != 0)
		put(text, " %s=%.*s", name, (int)value->size, value->at);
}

static void put_account(struct text *text, const char *name, const struct account_id *id)
{
	put(text, " %s=%.*s", name, (int)id->size, id->at);
}

static void put_hex(struct text *text, const char *name, const uint8_t *at, size_t size)
{
	put(text, " %s=", name);
	for (size_t i = 0; i < size; i++)
		put(text, "%02x", at[i]);
}

static void put_money(
	struct text *text, const char *name, struct amount amount, enum currency currency)
{
	put(text, " %s=%" PRId64 "%s", name, amount_minor(amount), currency_name(currency));
}

static void put_balances(struct text *text, const struct event *event)
{
	for (uint8_t i = 0; i < event->effect_count; i++) {
		const struct posting *p = &event->effects[i].posting;
		put(text, " (%u>%u layer=%d rail=%d forced=%d %" PRId64 ")", p->debit, p->credit,
			(int)p->layer, (int)p->rail, p->forced, amount_minor(p->amount));
	}
	for (uint8_t i = 0; i < event->balance_count; i++) {
		const struct balance_after *after = &event->balances[i];
		const struct balances *b = &after->balances;
		put_account(text, "account", &after->account);
		put(text, "[%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "]",
			currency_name(after->currency), amount_minor(b->debits_posted),
			amount_minor(b->credits_posted), amount_minor(b->debits_pending),
			amount_minor(b->credits_pending));
	}
}

static void put_hold(struct text *text, const struct id *id, const struct account_id *from,
	const struct account_id *to)
{
	put_hex(text, "hold_id", id->at, sizeof id->at);
	put_account(text, "from", from);
	put_account(text, "to", to);
}

static void put_witness(struct text *text, const struct witness *witness)
{
	put_hex(text, "digest", witness->digest.at, DIGEST_SIZE);
	put_hex(text, "command_id", witness->command_id.at, sizeof witness->command_id.at);
}

static void put_engines(struct text *text, const struct event *event)
{
	const struct event_ledger_opened *opened = &event->ledger_opened;
	const struct event_command_rejected *rejected = &event->command_rejected;
	const struct event_command_repeated *repeated = &event->command_repeated;
	if (event->kind == EVENT_ledger_opened) {
		put_hex(text, "ledger_id", opened->ledger_id.at, sizeof opened->ledger_id.at);
		put(text, " shard=%u/%u format=%u windows=%" PRId64 ",%" PRId64, opened->shard,
			opened->shards, opened->format, opened->id_too_old_ms,
			opened->id_too_new_ms);
	} else if (event->kind == EVENT_command_rejected) {
		put(text, " reject=%s", reject_name(rejected->reject));
		put_text(text, "detail", &rejected->detail);
		put_number(text, "first", rejected->first_sequence);
		put_money(text, "required", rejected->required, rejected->currency);
		put_money(text, "available", rejected->available, rejected->currency);
	} else if (event->kind == EVENT_command_repeated) {
		put_number(text, "first", repeated->first_sequence);
		put(text, " outcome=%s", event_name(repeated->first_outcome));
		put(text, " reject=%s", reject_name(repeated->first_reject));
	} else if (event->kind == EVENT_command_ids_dropped) {
		put_number(text, "before", event->command_ids_dropped.before_ms);
	} else if (event->kind == EVENT_inputs_restarted) {
		const struct event_inputs_restarted *restarted = &event->inputs_restarted;
		put(text, " of=%s", topic_name(restarted->topic));
		struct witness expected = restart_expected(restarted);
		struct witness before = restart_before(restarted);
		put_number(text, "expected", restarted->expected_offset);
		put_witness(text, &expected);
		put_number(text, "from", restarted->offset);
		put_witness(text, &before);
	} else if (event->kind == EVENT_clock_restarted) {
		put_number(text, "left", event->clock_restarted.left_ms);
		put_number(text, "ids_from", event->clock_restarted.command_ids_from_ms);
	}
}

static void put_holds(struct text *text, const struct event *event)
{
	if (event->kind == EVENT_hold_created) {
		const struct event_hold_created *e = &event->hold_created;
		put_hold(text, &e->hold_id, &e->from_account, &e->to_account);
		put_money(text, "amount", e->amount, e->currency);
		put_text(text, "reason", &e->reason);
		put_number(text, "expires_at_ms", e->expires_at_ms);
	} else if (event->kind == EVENT_hold_captured) {
		const struct event_hold_captured *e = &event->hold_captured;
		put_hold(text, &e->hold_id, &e->from_account, &e->to_account);
		put_money(text, "captured", e->captured, e->currency);
		put_money(text, "released", e->released, e->currency);
	} else if (event->kind == EVENT_hold_released) {
		const struct event_hold_released *e = &event->hold_released;
		put_hold(text, &e->hold_id, &e->from_account, &e->to_account);
		put_money(text, "released", e->released, e->currency);
	} else if (event->kind == EVENT_hold_expired) {
		const struct event_hold_expired *e = &event->hold_expired;
		put_hold(text, &e->hold_id, &e->from_account, &e->to_account);
		put_money(text, "released", e->released, e->currency);
		put_text(text, "reason", &e->reason);
	}
}

static void put_accounts(struct text *text, const struct event *event)
{
	if (event->kind == EVENT_party_opened) {
		put_text(text, "party", &event->party_opened.party);
		put_number(text, "kind", (int64_t)event->party_opened.kind);
	} else if (event->kind == EVENT_account_opened) {
		const struct event_account_opened *e = &event->account_opened;
		put_account(text, "account", &e->account);
		put_money(text, "floor", e->floor, e->currency);
		put_number(text, "class", (int64_t)e->account_class);
	} else if (event->kind == EVENT_account_closed) {
		put_account(text, "account", &event->account_closed.account);
	} else if (event->kind == EVENT_funds_received) {
		const struct event_funds_received *e = &event->funds_received;
		put_account(text, "to", &e->to_account);
		put_money(text, "amount", e->amount, e->currency);
		put_number(text, "rail", (int64_t)e->rail);
		put_text(text, "rail_reference", &e->rail_reference);
	} else if (event->kind == EVENT_transfer_posted) {
		const struct event_transfer_posted *e = &event->transfer_posted;
		put_account(text, "from", &e->from_account);
		put_account(text, "to", &e->to_account);
		put_money(text, "amount", e->amount, e->currency);
	}
}

void event_text(const struct event *event, char ret[EVENT_TEXT_SIZE])
{
	struct text text = { ret, 0 };
	put(&text, "%" PRId64 " %s at=%" PRId64 " input=%s:%" PRId64, event->sequence,
		event_name(event->kind), event->engine_time_ms, topic_name(event->topic),
		event->offset);
	if (event_is_timers(event)) {
		put(&text, " timer=%d due=%" PRId64, (int)event->timer.kind, event->timer.due_ms);
		put_hex(&text, "timer_id", event->timer.id.at, sizeof event->timer.id.at);
	}
	if (event->has_command_id)
		put_hex(&text, "id", event->command_id.at, sizeof event->command_id.at);
	put_hex(&text, "digest", event->digest.at, DIGEST_SIZE);
	put_text(&text, "of", &event->party);
	put_number(&text, "initiator", (int64_t)event->initiator);
	put_hex(&text, "group", event->group_id.at, sizeof event->group_id.at);
	put_text(&text, "reference", &event->reference);
	put_engines(&text, event);
	put_accounts(&text, event);
	put_holds(&text, event);
	put_balances(&text, event);
}
