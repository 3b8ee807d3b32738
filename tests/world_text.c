/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of an event as text: two events are the same where their texts are. */
#include "world.h"

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

static void put_effect(struct text *text, const struct effect *effect)
{
	const struct posting *p = &effect->posting;
	const struct remittance *r = &effect->remittance;
	const struct settlement *s = &effect->settlement;
	switch (effect->kind) {
	case EFFECT_posting:
		put(text, " (%u>%u layer=%d rail=%d forced=%d %" PRId64 ")", p->debit_place,
			p->credit_place, (int)p->layer, (int)p->rail, p->forced,
			amount_minor(p->amount));
		return;
	case EFFECT_remittance:
		put(text, " (%u>shard %u number=%" PRId64 " purpose=%d %" PRId64, r->from_place,
			r->shard, r->number, (int)r->purpose, amount_minor(r->amount));
		put_account(text, "to", &r->to_account);
		put(text, ")");
		return;
	case EFFECT_settlement:
		put(text, " (number=%" PRId64, s->number);
		put_hex(text, "payment", s->payment_id.at, sizeof s->payment_id.at);
		put_hex(text, "group", s->group_id.at, sizeof s->group_id.at);
		put(text, ")");
		return;
	case EFFECT_none:
		put(text, " (no effect)");
		return;
	}
}

static void put_balances(struct text *text, const struct event *event)
{
	for (uint8_t i = 0; i < event->effect_count; i++)
		put_effect(text, &event->effects[i]);
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

/* A line each of the schema's fields, whatever event it is of. */
static void put_facts(struct text *text, const struct event *event)
{
#define PUT_account(name, field) put_account(text, name, &(field))
#define PUT_amount(name, field) put_number(text, name, amount_minor(field))
#define PUT_currency(name, field) put(text, " %s=%s", name, currency_name(field))
#define PUT_digest(name, field) put_hex(text, name, (field).at, sizeof(field).at)
#define PUT_id(name, field) put_hex(text, name, (field).at, sizeof(field).at)
#define PUT_money(name, field) PUT_amount(name, field)
#define PUT_number(name, field) put_number(text, name, (int64_t)(field))
#define PUT_text(name, field) put_text(text, name, &(field))
#define EVENT_FIELD(body, member, type)  \
	if (event->kind == EVENT_##body) \
		PUT_##type(#member, event->body.member);
#include "ledger/event_fields.def"
#undef EVENT_FIELD
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
	put_facts(&text, event);
	put_balances(&text, event);
}
