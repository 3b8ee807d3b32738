/* SPDX-License-Identifier: Apache-2.0 */
#include "predict.h"

#include "../shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Of all that differs the first is told. */
struct comparison {
	const struct event *predicted;
	char *message;
	size_t size;
	bool differs;
};

static const char *outcome_name(const struct event *event)
{
	return event->kind == EVENT_command_rejected ? reject_name(event->command_rejected.reject)
						     : event_name(event->kind);
}

static void __attribute__((format(printf, 2, 3)))
differ(struct comparison *c, const char *format, ...)
{
	if (c->differs)
		return;
	c->differs = true;
	int used = snprintf(c->message, c->size, "event %" PRId64 ", %s of %s:%" PRId64 ": ",
		c->predicted->sequence, outcome_name(c->predicted), topic_name(c->predicted->topic),
		c->predicted->offset);
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(c->message + used, c->size - (size_t)used, format, arguments);
	va_end(arguments);
}

static void number(struct comparison *c, const char *name, int64_t predicted, int64_t came)
{
	if (predicted != came)
		differ(c, "%s: predicted %" PRId64 ", came %" PRId64, name, predicted, came);
}

static void amount(
	struct comparison *c, const char *name, struct amount predicted, struct amount came)
{
	number(c, name, amount_minor(predicted), amount_minor(came));
}

static void currency(
	struct comparison *c, const char *name, enum currency predicted, enum currency came)
{
	if (predicted != came)
		differ(c, "%s: predicted %s, came %s (%d)", name, currency_name(predicted),
			currency_name(came), (int)came);
}

static void text(struct comparison *c, const char *name, const struct text64 *predicted,
	const struct text64 *came)
{
	if (came->size > sizeof came->at)
		differ(c, "%s: came with a size of %d", name, came->size);
	else if (predicted->size != came->size || memcmp(predicted->at, came->at, came->size) != 0)
		differ(c, "%s: predicted \"%.*s\", came \"%.*s\"", name, predicted->size,
			predicted->at, came->size, came->at);
}

static void account(struct comparison *c, const char *name, const struct account_id *predicted,
	const struct account_id *came)
{
	if (came->size > sizeof came->at || !account_id_equal(predicted, came) ||
		predicted->party_size != came->party_size)
		differ(c, "%s: predicted %.*s, came %.*s (party of %d)", name, predicted->size,
			predicted->at, (int)(came->size > sizeof came->at ? 0 : came->size),
			came->at, came->party_size);
}

static void bytes16(
	struct comparison *c, const char *name, const uint8_t *predicted, const uint8_t *came)
{
	if (memcmp(predicted, came, 16) == 0)
		return;
	char texts[2][33];
	for (size_t i = 0; i < 16; i++) {
		(void)snprintf(texts[0] + 2 * i, 3, "%02x", predicted[i]);
		(void)snprintf(texts[1] + 2 * i, 3, "%02x", came[i]);
	}
	differ(c, "%s: predicted %s, came %s", name, texts[0], texts[1]);
}

static void id(
	struct comparison *c, const char *name, const struct id *predicted, const struct id *came)
{
	bytes16(c, name, predicted->at, came->at);
}

/* --- What stands around the outcome: the same for all kinds --- */

static void envelope(struct comparison *c, const struct event *predicted, const struct event *came)
{
	number(c, "sequence", predicted->sequence, came->sequence);
	number(c, "engine_time_ms", predicted->engine_time_ms, came->engine_time_ms);
	number(c, "input.topic", predicted->topic, came->topic);
	number(c, "input.offset", predicted->offset, came->offset);
	number(c, "timer.kind", predicted->timer.kind, came->timer.kind);
	number(c, "timer.due_ms", predicted->timer.due_ms, came->timer.due_ms);
	id(c, "timer.id", &predicted->timer.id, &came->timer.id);
	number(c, "has command_id", predicted->has_command_id, came->has_command_id);
	id(c, "input.command_id", &predicted->command_id, &came->command_id);
	bytes16(c, "input.digest", predicted->digest.at, came->digest.at);
	/* A record does not hold the party of a timer's event. */
	if (!event_is_timers(predicted) || came->party.size != 0)
		text(c, "input.party", &predicted->party, &came->party);
	number(c, "input.initiator", predicted->initiator, came->initiator);
	id(c, "input.group_id", &predicted->group_id, &came->group_id);
	text(c, "input.reference", &predicted->reference, &came->reference);
	number(c, "input.dry_run", predicted->dry_run, came->dry_run);
}

static void posting(struct comparison *c, const struct posting *a, const struct posting *b)
{
	number(c, "posting.debit_place", a->debit_place, b->debit_place);
	number(c, "posting.credit_place", a->credit_place, b->credit_place);
	number(c, "posting.layer", a->layer, b->layer);
	number(c, "posting.rail", a->rail, b->rail);
	number(c, "posting.forced", a->forced, b->forced);
	amount(c, "posting.amount", a->amount, b->amount);
}

static void remittance(struct comparison *c, const struct remittance *a, const struct remittance *b)
{
	number(c, "remittance.shard", a->shard, b->shard);
	number(c, "remittance.number", a->number, b->number);
	number(c, "remittance.from_place", a->from_place, b->from_place);
	account(c, "remittance.to_account", &a->to_account, &b->to_account);
	amount(c, "remittance.amount", a->amount, b->amount);
	number(c, "remittance.purpose", a->purpose, b->purpose);
}

static void settlement(struct comparison *c, const struct settlement *a, const struct settlement *b)
{
	number(c, "settlement.number", a->number, b->number);
	id(c, "settlement.payment_id", &a->payment_id, &b->payment_id);
	id(c, "settlement.group_id", &a->group_id, &b->group_id);
}

static void effect(struct comparison *c, const struct effect *predicted, const struct effect *came)
{
	number(c, "effect", predicted->kind, came->kind);
	if (c->differs)
		return;
	switch (predicted->kind) {
	case EFFECT_posting:
		posting(c, &predicted->posting, &came->posting);
		break;
	case EFFECT_remittance:
		remittance(c, &predicted->remittance, &came->remittance);
		break;
	case EFFECT_settlement:
		settlement(c, &predicted->settlement, &came->settlement);
		break;
	case EFFECT_none:
		break;
	}
}

static void effects(struct comparison *c, const struct event *predicted, const struct event *came)
{
	number(c, "effects", predicted->effect_count, came->effect_count);
	for (size_t i = 0; i < predicted->effect_count && !c->differs; i++)
		effect(c, &predicted->effects[i], &came->effects[i]);
}

static void balances(struct comparison *c, const struct event *predicted, const struct event *came)
{
	number(c, "balances", predicted->balance_count, came->balance_count);
	for (size_t i = 0; i < predicted->balance_count && !c->differs; i++) {
		const struct balance_after *a = &predicted->balances[i];
		const struct balance_after *b = &came->balances[i];
		account(c, "balance.account", &a->account, &b->account);
		currency(c, "balance.currency", a->currency, b->currency);
		amount(c, "balance.debits_posted", a->balances.debits_posted,
			b->balances.debits_posted);
		amount(c, "balance.credits_posted", a->balances.credits_posted,
			b->balances.credits_posted);
		amount(c, "balance.debits_pending", a->balances.debits_pending,
			b->balances.debits_pending);
		amount(c, "balance.credits_pending", a->balances.credits_pending,
			b->balances.credits_pending);
	}
}

/* --- The outcome --- */

/* `field` is of the one that was predicted; the other's stands at the same place. */
static void field_compare(struct comparison *c, const struct shape_field *field,
	const struct event *predicted, const struct event *came)
{
	const void *a = shape_at(predicted, field);
	const void *b = shape_at(came, field);
	switch (field->shape) {
	case SHAPE_NUMBER:
	case SHAPE_NUMBER32:
	case SHAPE_BOOL:
	case SHAPE_ENUM:
	case SHAPE_REJECT:
	case SHAPE_OUTCOME:
	case SHAPE_AMOUNT:
		number(c, field->name, shape_number(predicted, field), shape_number(came, field));
		return;
	case SHAPE_CURRENCY:
		currency(c, field->name, *(const enum currency *)a, *(const enum currency *)b);
		return;
	case SHAPE_ACCOUNT:
		account(c, field->name, a, b);
		return;
	case SHAPE_TEXT:
	case SHAPE_REASON:
		text(c, field->name, a, b);
		return;
	case SHAPE_ID:
	case SHAPE_DIGEST:
		bytes16(c, field->name, a, b);
		return;
	case SHAPE_ENUM_FIELD:
	case SHAPE_MONEY:
	case SHAPE_ID_FIELD:
		break;
	}
	assert(false); /* only commands have them */
}

static void outcome(struct comparison *c, const struct event *predicted, const struct event *came)
{
	const struct shape_field *field = event_shape(predicted->kind);
	for (; field->name; field++)
		field_compare(c, field, predicted, came);
}

const char *event_compare(
	const struct event *predicted, const struct event *came, char *message, size_t size)
{
	struct comparison c = { .predicted = predicted, .message = message, .size = size };
	if (predicted->kind != came->kind ||
		(predicted->kind == EVENT_command_rejected &&
			predicted->command_rejected.reject != came->command_rejected.reject)) {
		differ(&c, "came %s (kind %d)", outcome_name(came), (int)came->kind);
		return message;
	}
	envelope(&c, predicted, came);
	outcome(&c, predicted, came);
	effects(&c, predicted, came);
	balances(&c, predicted, came);
	return c.differs ? message : NULL;
}
