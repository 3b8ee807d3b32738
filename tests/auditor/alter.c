/* SPDX-License-Identifier: Apache-2.0 */
#include "alter.h"

#include <assert.h>
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
	PART(PLAIN, effect_count), PART(PLAIN, balance_count), { 0 } };
static const struct part of_effect[] = { PART(PLAIN, effects[0].posting.debit),
	PART(PLAIN, effects[0].posting.credit), PART(PLAIN, effects[0].posting.layer),
	PART(PLAIN, effects[0].posting.rail), PART(PLAIN, effects[0].posting.forced),
	PART(PLAIN, effects[0].posting.amount), { 0 } };
static const struct part of_balance[] = { PART(ACCOUNT, balances[0].account),
	PART(PLAIN, balances[0].currency), PART(PLAIN, balances[0].balances), { 0 } };

static const struct part of_ledger_opened[] = { PART(PLAIN, ledger_opened.shard),
	PART(PLAIN, ledger_opened.shards), PART(PLAIN, ledger_opened.format),
	PART(PLAIN, ledger_opened.id_too_old_ms), PART(PLAIN, ledger_opened.id_too_new_ms), { 0 } };
static const struct part of_command_rejected[] = { PART(PLAIN, command_rejected.reject),
	PART(TEXT, command_rejected.detail), PART(PLAIN, command_rejected.first_sequence),
	PART(PLAIN, command_rejected.required), PART(PLAIN, command_rejected.available),
	PART(PLAIN, command_rejected.currency), { 0 } };
static const struct part of_command_repeated[] = { PART(PLAIN, command_repeated.first_sequence),
	PART(PLAIN, command_repeated.first_outcome), PART(PLAIN, command_repeated.first_reject),
	{ 0 } };
static const struct part of_command_ids_dropped[] = { PART(PLAIN, command_ids_dropped.before_ms),
	{ 0 } };
static const struct part of_inputs_restarted[] = { PART(PLAIN, inputs_restarted.topic),
	PART(PLAIN, inputs_restarted.expected_offset),
	PART(PLAIN, inputs_restarted.expected_digest),
	PART(PLAIN, inputs_restarted.expected_command_id), PART(PLAIN, inputs_restarted.offset),
	PART(PLAIN, inputs_restarted.digest), PART(PLAIN, inputs_restarted.command_id), { 0 } };
static const struct part of_clock_restarted[] = { PART(PLAIN, clock_restarted.left_ms),
	PART(PLAIN, clock_restarted.command_ids_from_ms), { 0 } };
static const struct part of_party_opened[] = { PART(TEXT, party_opened.party),
	PART(PLAIN, party_opened.kind), { 0 } };
static const struct part of_account_opened[] = { PART(ACCOUNT, account_opened.account),
	PART(PLAIN, account_opened.currency), PART(PLAIN, account_opened.account_class),
	PART(PLAIN, account_opened.floor), { 0 } };
static const struct part of_account_closed[] = { PART(ACCOUNT, account_closed.account), { 0 } };
static const struct part of_funds_received[] = { PART(ACCOUNT, funds_received.to_account),
	PART(PLAIN, funds_received.amount), PART(PLAIN, funds_received.currency),
	PART(PLAIN, funds_received.rail), PART(TEXT, funds_received.rail_reference), { 0 } };
static const struct part of_transfer_posted[] = { PART(ACCOUNT, transfer_posted.from_account),
	PART(ACCOUNT, transfer_posted.to_account), PART(PLAIN, transfer_posted.amount),
	PART(PLAIN, transfer_posted.currency), { 0 } };
static const struct part of_hold_created[] = { PART(PLAIN, hold_created.hold_id),
	PART(ACCOUNT, hold_created.from_account), PART(ACCOUNT, hold_created.to_account),
	PART(PLAIN, hold_created.amount), PART(PLAIN, hold_created.currency),
	PART(TEXT, hold_created.reason), PART(PLAIN, hold_created.expires_at_ms), { 0 } };
static const struct part of_hold_captured[] = { PART(PLAIN, hold_captured.hold_id),
	PART(ACCOUNT, hold_captured.from_account), PART(ACCOUNT, hold_captured.to_account),
	PART(PLAIN, hold_captured.captured), PART(PLAIN, hold_captured.released),
	PART(PLAIN, hold_captured.currency), { 0 } };
static const struct part of_hold_released[] = { PART(PLAIN, hold_released.hold_id),
	PART(ACCOUNT, hold_released.from_account), PART(ACCOUNT, hold_released.to_account),
	PART(PLAIN, hold_released.released), PART(PLAIN, hold_released.currency), { 0 } };
static const struct part of_hold_expired[] = { PART(PLAIN, hold_expired.hold_id),
	PART(ACCOUNT, hold_expired.from_account), PART(ACCOUNT, hold_expired.to_account),
	PART(PLAIN, hold_expired.released), PART(PLAIN, hold_expired.currency),
	PART(TEXT, hold_expired.reason), { 0 } };
static const struct part of_ticked[] = { PART(PLAIN, ticked.timers_fired), { 0 } };

static const struct part *body_parts(enum event_kind kind)
{
	switch (kind) {
#define EVENT(number, name, file) \
	case EVENT_##name:        \
		return of_##name;
#include "ledger/events.def"
#undef EVENT
	case EVENT_none:
		break;
	}
	assert(false);
	return of_ticked;
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
	parts_alter(altering, auditor, event, body_parts(event->kind), 0);
	for (size_t i = 0; i < event->effect_count; i++)
		parts_alter(altering, auditor, event, of_effect, i * sizeof event->effects[0]);
	for (size_t i = 0; i < event->balance_count; i++)
		parts_alter(altering, auditor, event, of_balance, i * sizeof event->balances[0]);
}
