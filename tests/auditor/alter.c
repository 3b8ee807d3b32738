/* SPDX-License-Identifier: Apache-2.0 */
#include "alter.h"

#include "../shape.h"

#include <stdio.h>
#include <stdlib.h>

enum { ALTERED_MAX = 12 }; /* events of one kind, and rejects of one number */

enum part_type { PLAIN, TEXT, ACCOUNT }; /* of the last two only the used characters count */

struct part {
	const char *name;
	enum part_type type;
	size_t offset;
	size_t size;
};

#define PART(type, member)                                                                       \
	{                                                                                        \
#member, type, offsetof(struct event, member), sizeof((struct event *)0)->member \
	}

static const struct part of_envelope[] = { PART(PLAIN, kind), PART(PLAIN, sequence),
	PART(PLAIN, engine_time_ms), PART(PLAIN, topic), PART(PLAIN, offset),
	PART(PLAIN, timer.due_ms), PART(PLAIN, timer.id), PART(PLAIN, timer.kind),
	PART(PLAIN, has_command_id), PART(PLAIN, command_id), PART(PLAIN, digest),
	PART(TEXT, party), PART(PLAIN, initiator), PART(PLAIN, group_id), PART(TEXT, reference),
	PART(PLAIN, dry_run), PART(PLAIN, effect_count), PART(PLAIN, balance_count), { 0 } };
static const struct part of_posting[] = { PART(PLAIN, effects[0].kind),
	PART(PLAIN, effects[0].posting.debit_place), PART(PLAIN, effects[0].posting.credit_place),
	PART(PLAIN, effects[0].posting.layer), PART(PLAIN, effects[0].posting.rail),
	PART(PLAIN, effects[0].posting.forced), PART(PLAIN, effects[0].posting.amount), { 0 } };
static const struct part of_remittance[] = { PART(PLAIN, effects[0].kind),
	PART(PLAIN, effects[0].remittance.shard), PART(PLAIN, effects[0].remittance.number),
	PART(PLAIN, effects[0].remittance.from_place),
	PART(ACCOUNT, effects[0].remittance.to_account), PART(PLAIN, effects[0].remittance.amount),
	PART(PLAIN, effects[0].remittance.purpose), { 0 } };
static const struct part of_settlement[] = { PART(PLAIN, effects[0].kind),
	PART(PLAIN, effects[0].settlement.number), PART(PLAIN, effects[0].settlement.payment_id),
	PART(PLAIN, effects[0].settlement.group_id), { 0 } };
static const struct part of_balance[] = { PART(ACCOUNT, balances[0].account),
	PART(PLAIN, balances[0].currency), PART(PLAIN, balances[0].balances), { 0 } };

/* Of the outcome: the contract's fields. */
static struct part part_of(const struct shape_field *field)
{
	enum part_type type = PLAIN;
	if (field->shape == SHAPE_ACCOUNT)
		type = ACCOUNT;
	else if (field->shape == SHAPE_TEXT || field->shape == SHAPE_REASON)
		type = TEXT;
	return (struct part){ field->name, type, field->offset, field->size };
}

static void part_alter(struct altering *altering, struct auditor *auditor,
	const struct event *event, const struct part *part, size_t shift)
{
	struct event other = *event;
	uint8_t *at = (uint8_t *)&other + part->offset + shift;
	size_t used = part->type == PLAIN  ? part->size
		      : part->type == TEXT ? 1 + (size_t)at[0]
					   : 2 + (size_t)at[0];
	for (size_t i = 0; i < used; i++) {
		at[i] ^= 1;
		if (!auditor_event(auditor, &other)) {
			(void)fprintf(stderr, "taken, though byte %zu of %s of a %s was changed\n",
				i, part->name, event_name(event->kind));
			abort();
		}
		at[i] ^= 1;
		altering->altered++;
	}
}

static void parts_alter(struct altering *altering, struct auditor *auditor,
	const struct event *event, const struct part *parts, size_t shift)
{
	for (; parts->name; parts++) {
		/* When an operator did it is not the auditor's to know. */
		if (event_answers_nothing(event->kind) &&
			parts->offset == offsetof(struct event, engine_time_ms))
			continue;
		part_alter(altering, auditor, event, parts, shift);
	}
}

static void body_alter(
	struct altering *altering, struct auditor *auditor, const struct event *event)
{
	const struct shape_field *field = event_shape(event->kind);
	for (; field->name; field++) {
		/* It is random: the auditor takes any. */
		if (event->kind == EVENT_ledger_opened &&
			field->offset == offsetof(struct event, ledger_opened.ledger_id))
			continue;
		struct part part = part_of(field);
		part_alter(altering, auditor, event, &part, 0);
	}
}

void event_alter(void *context, struct auditor *auditor, const struct event *event)
{
	struct altering *altering = context;
	bool is_reject = event->kind == EVENT_command_rejected;
	enum reject reject = is_reject ? event->command_rejected.reject : REJECT_none;
	if (++altering->kinds[event->kind] > ALTERED_MAX && !is_reject)
		return;
	if (++altering->rejects[reject] > ALTERED_MAX && is_reject)
		return;
	parts_alter(altering, auditor, event, of_envelope, 0);
	body_alter(altering, auditor, event);
	for (size_t i = 0; i < event->effect_count; i++) {
		enum effect_kind kind = event->effects[i].kind;
		parts_alter(altering, auditor, event,
			kind == EFFECT_posting      ? of_posting
			: kind == EFFECT_remittance ? of_remittance
						    : of_settlement,
			i * sizeof event->effects[0]);
	}
	for (size_t i = 0; i < event->balance_count; i++)
		parts_alter(altering, auditor, event, of_balance, i * sizeof event->balances[0]);
}
