/* SPDX-License-Identifier: Apache-2.0 */
#include "predict.h"

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

/* --- What stands around the outcome --- */

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
}

static void effects(struct comparison *c, const struct event *predicted, const struct event *came)
{
	number(c, "effects", predicted->effect_count, came->effect_count);
	for (size_t i = 0; i < predicted->effect_count && !c->differs; i++) {
		const struct posting *a = &predicted->effects[i].posting;
		const struct posting *b = &came->effects[i].posting;
		number(c, "posting.debit", a->debit, b->debit);
		number(c, "posting.credit", a->credit, b->credit);
		number(c, "posting.layer", a->layer, b->layer);
		number(c, "posting.rail", a->rail, b->rail);
		number(c, "posting.forced", a->forced, b->forced);
		amount(c, "posting.amount", a->amount, b->amount);
	}
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

/* --- The outcomes --- */

static void ledger_opened(struct comparison *c, const struct event_ledger_opened *predicted,
	const struct event_ledger_opened *came)
{
	id(c, "ledger_id", &predicted->ledger_id, &came->ledger_id);
	number(c, "shard", predicted->shard, came->shard);
	number(c, "shards", predicted->shards, came->shards);
	number(c, "format", predicted->format, came->format);
	number(c, "id_too_old_ms", predicted->id_too_old_ms, came->id_too_old_ms);
	number(c, "id_too_new_ms", predicted->id_too_new_ms, came->id_too_new_ms);
}

static void command_rejected(struct comparison *c, const struct event_command_rejected *predicted,
	const struct event_command_rejected *came)
{
	text(c, "detail", &predicted->detail, &came->detail);
	number(c, "first_sequence", predicted->first_sequence, came->first_sequence);
	amount(c, "required", predicted->required, came->required);
	amount(c, "available", predicted->available, came->available);
	currency(c, "currency", predicted->currency, came->currency);
}

static void command_repeated(struct comparison *c, const struct event_command_repeated *predicted,
	const struct event_command_repeated *came)
{
	number(c, "first_sequence", predicted->first_sequence, came->first_sequence);
	number(c, "first_outcome", predicted->first_outcome, came->first_outcome);
	number(c, "first_reject", predicted->first_reject, came->first_reject);
}

static void inputs_restarted(struct comparison *c, const struct event_inputs_restarted *predicted,
	const struct event_inputs_restarted *came)
{
	number(c, "topic", predicted->topic, came->topic);
	number(c, "expected_offset", predicted->expected_offset, came->expected_offset);
	bytes16(c, "expected_digest", predicted->expected_digest.at, came->expected_digest.at);
	id(c, "expected_command_id", &predicted->expected_command_id, &came->expected_command_id);
	number(c, "offset", predicted->offset, came->offset);
	bytes16(c, "digest", predicted->digest.at, came->digest.at);
	id(c, "command_id", &predicted->command_id, &came->command_id);
}

static void account_opened(struct comparison *c, const struct event_account_opened *predicted,
	const struct event_account_opened *came)
{
	account(c, "account", &predicted->account, &came->account);
	currency(c, "currency", predicted->currency, came->currency);
	number(c, "account_class", predicted->account_class, came->account_class);
	amount(c, "floor", predicted->floor, came->floor);
}

static void funds_received(struct comparison *c, const struct event_funds_received *predicted,
	const struct event_funds_received *came)
{
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "amount", predicted->amount, came->amount);
	currency(c, "currency", predicted->currency, came->currency);
	number(c, "rail", predicted->rail, came->rail);
	text(c, "rail_reference", &predicted->rail_reference, &came->rail_reference);
}

static void transfer_posted(struct comparison *c, const struct event_transfer_posted *predicted,
	const struct event_transfer_posted *came)
{
	account(c, "from_account", &predicted->from_account, &came->from_account);
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "amount", predicted->amount, came->amount);
	currency(c, "currency", predicted->currency, came->currency);
}

static void hold_created(struct comparison *c, const struct event_hold_created *predicted,
	const struct event_hold_created *came)
{
	id(c, "hold_id", &predicted->hold_id, &came->hold_id);
	account(c, "from_account", &predicted->from_account, &came->from_account);
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "amount", predicted->amount, came->amount);
	currency(c, "currency", predicted->currency, came->currency);
	text(c, "reason", &predicted->reason, &came->reason);
	number(c, "expires_at_ms", predicted->expires_at_ms, came->expires_at_ms);
}

static void hold_captured(struct comparison *c, const struct event_hold_captured *predicted,
	const struct event_hold_captured *came)
{
	id(c, "hold_id", &predicted->hold_id, &came->hold_id);
	account(c, "from_account", &predicted->from_account, &came->from_account);
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "captured", predicted->captured, came->captured);
	amount(c, "released", predicted->released, came->released);
	currency(c, "currency", predicted->currency, came->currency);
}

static void hold_released(struct comparison *c, const struct event_hold_released *predicted,
	const struct event_hold_released *came)
{
	id(c, "hold_id", &predicted->hold_id, &came->hold_id);
	account(c, "from_account", &predicted->from_account, &came->from_account);
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "released", predicted->released, came->released);
	currency(c, "currency", predicted->currency, came->currency);
}

static void hold_expired(struct comparison *c, const struct event_hold_expired *predicted,
	const struct event_hold_expired *came)
{
	id(c, "hold_id", &predicted->hold_id, &came->hold_id);
	account(c, "from_account", &predicted->from_account, &came->from_account);
	account(c, "to_account", &predicted->to_account, &came->to_account);
	amount(c, "released", predicted->released, came->released);
	currency(c, "currency", predicted->currency, came->currency);
	text(c, "reason", &predicted->reason, &came->reason);
}

static void outcome(struct comparison *c, const struct event *predicted, const struct event *came)
{
	switch (predicted->kind) {
	case EVENT_none:
		break;
	case EVENT_ticked:
		number(c, "timers_fired", predicted->ticked.timers_fired,
			came->ticked.timers_fired);
		break;
	case EVENT_ledger_opened:
		ledger_opened(c, &predicted->ledger_opened, &came->ledger_opened);
		break;
	case EVENT_command_rejected:
		command_rejected(c, &predicted->command_rejected, &came->command_rejected);
		break;
	case EVENT_command_repeated:
		command_repeated(c, &predicted->command_repeated, &came->command_repeated);
		break;
	case EVENT_command_ids_dropped:
		number(c, "before_ms", predicted->command_ids_dropped.before_ms,
			came->command_ids_dropped.before_ms);
		break;
	case EVENT_inputs_restarted:
		inputs_restarted(c, &predicted->inputs_restarted, &came->inputs_restarted);
		break;
	case EVENT_clock_restarted:
		number(c, "left_ms", predicted->clock_restarted.left_ms,
			came->clock_restarted.left_ms);
		number(c, "command_ids_from_ms", predicted->clock_restarted.command_ids_from_ms,
			came->clock_restarted.command_ids_from_ms);
		break;
	case EVENT_party_opened:
		text(c, "party", &predicted->party_opened.party, &came->party_opened.party);
		number(c, "kind", predicted->party_opened.kind, came->party_opened.kind);
		break;
	case EVENT_account_opened:
		account_opened(c, &predicted->account_opened, &came->account_opened);
		break;
	case EVENT_account_closed:
		account(c, "account", &predicted->account_closed.account,
			&came->account_closed.account);
		break;
	case EVENT_funds_received:
		funds_received(c, &predicted->funds_received, &came->funds_received);
		break;
	case EVENT_transfer_posted:
		transfer_posted(c, &predicted->transfer_posted, &came->transfer_posted);
		break;
	case EVENT_hold_created:
		hold_created(c, &predicted->hold_created, &came->hold_created);
		break;
	case EVENT_hold_captured:
		hold_captured(c, &predicted->hold_captured, &came->hold_captured);
		break;
	case EVENT_hold_released:
		hold_released(c, &predicted->hold_released, &came->hold_released);
		break;
	case EVENT_hold_expired:
		hold_expired(c, &predicted->hold_expired, &came->hold_expired);
		break;
	}
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
