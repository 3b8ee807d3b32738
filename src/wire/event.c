/* SPDX-License-Identifier: Apache-2.0 */
/* The arms of Event.outcome: what each may say, and where its fields go. */
#include "wire/outcome.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): members' names can't stand in any. */
#define AT(member) .offset = offsetof(struct event, member)
#define MONEY_AT(arm, amount_member) \
	AT(arm.amount_member), .second = offsetof(struct event, arm.currency)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ledger_opened */

static bool ledger_opened_is_sound(const struct event_ledger_opened *event)
{
	return !id_is_absent(&event->ledger_id) && event->shard < event->shards &&
	       event->id_too_old_ms >= 0 && event->id_too_new_ms >= 0;
}

static const struct binding ledger_opened_bindings[] = {
	{ .number = 1, .bind = BIND_ID, AT(ledger_opened.ledger_id) },
	{ .number = 2, .bind = BIND_U32, AT(ledger_opened.shard) },
	{ .number = 3, .bind = BIND_U32, AT(ledger_opened.shards) },
	{ .number = 4, .bind = BIND_U32, AT(ledger_opened.format) },
	{ .number = 5, .bind = BIND_I64, AT(ledger_opened.id_too_old_ms) },
	{ .number = 6, .bind = BIND_I64, AT(ledger_opened.id_too_new_ms) },
};

/* command_rejected */

/* What was available may be negative: a forced posting took the account there. */
static bool command_rejected_is_sound(const struct event_command_rejected *event)
{
	return reject_name(event->reject)[0] != '\0' && text64_is_sound(&event->detail) &&
	       event->first_sequence >= 0 && !amount_is_negative(event->required);
}

static const struct binding command_rejected_bindings[] = {
	{ .number = 1, .bind = BIND_ENUM, AT(command_rejected.reject) },
	{ .number = 2,
		.bind = BIND_ENUM,
		.noun = 1,
		.offset = offsetof(struct event_extra, retry) },
	{ .number = 3, .bind = BIND_TEXT64, AT(command_rejected.detail) },
	{ .number = 4, .bind = BIND_I64, AT(command_rejected.first_sequence) },
	{ .number = 5, .bind = BIND_I64, AT(command_rejected.required) },
	{ .number = 6, .bind = BIND_I64, AT(command_rejected.available) },
	{ .number = 7, .bind = BIND_CURRENCY, AT(command_rejected.currency) },
};

/* command_repeated */

static bool command_repeated_is_sound(const struct event_command_repeated *event)
{
	return event->first_sequence >= 1 && event_name(event->first_outcome)[0] != '\0' &&
	       (event->first_outcome == EVENT_command_rejected
			       ? reject_name(event->first_reject)[0] != '\0'
			       : event->first_reject == REJECT_none);
}

static const struct binding command_repeated_bindings[] = {
	{ .number = 1, .bind = BIND_I64, AT(command_repeated.first_sequence) },
	{ .number = 2, .bind = BIND_U32, AT(command_repeated.first_outcome) },
	{ .number = 3, .bind = BIND_ENUM, AT(command_repeated.first_reject) },
};

/* ticked */

static const struct binding ticked_bindings[] = {
	{ .number = 1, .bind = BIND_U32, AT(ticked.timers_fired) },
};

/* command_ids_dropped */

static const struct binding command_ids_dropped_bindings[] = {
	{ .number = 1, .bind = BIND_I64, AT(command_ids_dropped.before_ms) },
};

/* inputs_restarted */

static bool inputs_restarted_is_sound(const struct event_inputs_restarted *event)
{
	return event->topic >= TOPIC_commands && event->topic <= TOPIC_internal &&
	       event->expected_offset >= 0 && event->offset >= 0;
}

/* A digest is as long as an id, and absent alike. */
_Static_assert(sizeof(struct digest) == sizeof(struct id), "a digest is bound as an id is");
static const struct binding inputs_restarted_bindings[] = {
	{ .number = 1, .bind = BIND_ENUM, AT(inputs_restarted.topic) },
	{ .number = 2, .bind = BIND_I64, AT(inputs_restarted.expected_offset) },
	{ .number = 3, .bind = BIND_ID, AT(inputs_restarted.expected.digest) },
	{ .number = 4, .bind = BIND_ID, AT(inputs_restarted.expected.command_id) },
	{ .number = 5, .bind = BIND_I64, AT(inputs_restarted.offset) },
	{ .number = 6, .bind = BIND_ID, AT(inputs_restarted.before.digest) },
	{ .number = 7, .bind = BIND_ID, AT(inputs_restarted.before.command_id) },
};

/* clock_restarted */

static bool clock_restarted_is_sound(const struct event_clock_restarted *event)
{
	return event->left_ms >= 0 && event->command_ids_from_ms >= 0;
}

static const struct binding clock_restarted_bindings[] = {
	{ .number = 1, .bind = BIND_I64, AT(clock_restarted.left_ms) },
	{ .number = 2, .bind = BIND_I64, AT(clock_restarted.command_ids_from_ms) },
};

/* party_opened */

static bool party_opened_is_sound(const struct event_party_opened *event)
{
	return text64_is_sound(&event->party) && event->party.size != 0 &&
	       event->kind >= PARTY_KIND_person && event->kind <= PARTY_KIND_business;
}

static const struct binding party_opened_bindings[] = {
	{ .number = 1, .bind = BIND_TEXT64, AT(party_opened.party) },
	{ .number = 2, .bind = BIND_ENUM, AT(party_opened.kind) },
};

/* account_opened */

static bool account_opened_is_sound(const struct event_account_opened *event)
{
	return account_is_sound(&event->account) && event->currency != CURRENCY_none &&
	       event->account_class >= ACCOUNT_CLASS_asset &&
	       event->account_class <= ACCOUNT_CLASS_liability;
}

static const struct binding account_opened_bindings[] = {
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, AT(account_opened.account) },
	{ .number = 2, .bind = BIND_CURRENCY, AT(account_opened.currency) },
	{ .number = 3, .bind = BIND_ENUM, AT(account_opened.account_class) },
	{ .number = 4, .bind = BIND_I64, AT(account_opened.floor) },
};

/* account_closed */

static const struct binding account_closed_bindings[] = {
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, AT(account_closed.account) },
};

/* funds_received */

static bool funds_received_is_sound(const struct event_funds_received *event)
{
	return account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency) && event->rail >= RAIL_ach &&
	       event->rail <= RAIL_book && text64_is_sound(&event->rail_reference);
}

static const struct binding funds_received_bindings[] = {
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, AT(funds_received.to_account) },
	{ .number = 2, .bind = BIND_AMOUNT, MONEY_AT(funds_received, amount) },
	{ .number = 3, .bind = BIND_ENUM, AT(funds_received.rail) },
	{ .number = 4, .bind = BIND_TEXT64, AT(funds_received.rail_reference) },
};

/* transfer_posted */

static bool transfer_posted_is_sound(const struct event_transfer_posted *event)
{
	return account_is_sound(&event->from_account) && account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency);
}

static const struct binding transfer_posted_bindings[] = {
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, AT(transfer_posted.from_account) },
	{ .number = 2, .bind = BIND_ACCOUNT_ANY, AT(transfer_posted.to_account) },
	{ .number = 3, .bind = BIND_AMOUNT, MONEY_AT(transfer_posted, amount) },
};

/* hold_created */

static bool hold_created_is_sound(const struct event_hold_created *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency) && text64_is_sound(&event->reason) &&
	       event->expires_at_ms >= 0;
}

static const struct binding hold_created_bindings[] = {
	{ .number = 1, .bind = BIND_ID, AT(hold_created.hold_id) },
	{ .number = 2, .bind = BIND_ACCOUNT_ANY, AT(hold_created.from_account) },
	{ .number = 3, .bind = BIND_ACCOUNT_ANY, AT(hold_created.to_account) },
	{ .number = 4, .bind = BIND_AMOUNT, MONEY_AT(hold_created, amount) },
	{ .number = 5, .bind = BIND_TEXT64, AT(hold_created.reason) },
	{ .number = 6, .bind = BIND_I64, AT(hold_created.expires_at_ms) },
};

/* hold_captured */

static bool hold_captured_is_sound(const struct event_hold_captured *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->captured, event->currency) &&
	       !amount_is_negative(event->released);
}

static const struct binding hold_captured_bindings[] = {
	{ .number = 1, .bind = BIND_ID, AT(hold_captured.hold_id) },
	{ .number = 2, .bind = BIND_ACCOUNT_ANY, AT(hold_captured.from_account) },
	{ .number = 3, .bind = BIND_ACCOUNT_ANY, AT(hold_captured.to_account) },
	{ .number = 4, .bind = BIND_AMOUNT, MONEY_AT(hold_captured, captured) },
	{ .number = 5, .bind = BIND_AMOUNT_IF, MONEY_AT(hold_captured, released) },
};

/* hold_released */

static bool hold_released_is_sound(const struct event_hold_released *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->released, event->currency);
}

static const struct binding hold_released_bindings[] = {
	{ .number = 1, .bind = BIND_ID, AT(hold_released.hold_id) },
	{ .number = 2, .bind = BIND_ACCOUNT_ANY, AT(hold_released.from_account) },
	{ .number = 3, .bind = BIND_ACCOUNT_ANY, AT(hold_released.to_account) },
	{ .number = 4, .bind = BIND_AMOUNT, MONEY_AT(hold_released, released) },
};

/* hold_expired */

static bool hold_expired_is_sound(const struct event_hold_expired *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->released, event->currency) && text64_is_sound(&event->reason);
}

static const struct binding hold_expired_bindings[] = {
	{ .number = 1, .bind = BIND_ID, AT(hold_expired.hold_id) },
	{ .number = 2, .bind = BIND_ACCOUNT_ANY, AT(hold_expired.from_account) },
	{ .number = 3, .bind = BIND_ACCOUNT_ANY, AT(hold_expired.to_account) },
	{ .number = 4, .bind = BIND_AMOUNT, MONEY_AT(hold_expired, released) },
	{ .number = 5, .bind = BIND_TEXT64, AT(hold_expired.reason) },
};

/* All of them */

bool outcome_is_sound(const struct event *event)
{
	switch (event->kind) {
	case EVENT_none:
		return false;
	case EVENT_ticked:
		return true;
	case EVENT_ledger_opened:
		return ledger_opened_is_sound(&event->ledger_opened);
	case EVENT_command_rejected:
		return command_rejected_is_sound(&event->command_rejected);
	case EVENT_command_repeated:
		return command_repeated_is_sound(&event->command_repeated);
	case EVENT_command_ids_dropped:
		return event->command_ids_dropped.before_ms >= 0;
	case EVENT_inputs_restarted:
		return inputs_restarted_is_sound(&event->inputs_restarted);
	case EVENT_clock_restarted:
		return clock_restarted_is_sound(&event->clock_restarted);
	case EVENT_party_opened:
		return party_opened_is_sound(&event->party_opened);
	case EVENT_account_opened:
		return account_opened_is_sound(&event->account_opened);
	case EVENT_account_closed:
		return account_is_sound(&event->account_closed.account);
	case EVENT_funds_received:
		return funds_received_is_sound(&event->funds_received);
	case EVENT_transfer_posted:
		return transfer_posted_is_sound(&event->transfer_posted);
	case EVENT_hold_created:
		return hold_created_is_sound(&event->hold_created);
	case EVENT_hold_captured:
		return hold_captured_is_sound(&event->hold_captured);
	case EVENT_hold_released:
		return hold_released_is_sound(&event->hold_released);
	case EVENT_hold_expired:
		return hold_expired_is_sound(&event->hold_expired);
	}
	return false;
}

#define OUTCOME(name)                                            \
	const struct message_binding name##_binding = {          \
		.descriptor = &pinion__v1__##name##__descriptor, \
		BINDINGS_OF(name##_bindings),                    \
	}
OUTCOME(ticked);
OUTCOME(ledger_opened);
OUTCOME(command_rejected);
OUTCOME(command_repeated);
OUTCOME(command_ids_dropped);
OUTCOME(inputs_restarted);
OUTCOME(clock_restarted);
OUTCOME(party_opened);
OUTCOME(account_opened);
OUTCOME(account_closed);
OUTCOME(funds_received);
OUTCOME(transfer_posted);
OUTCOME(hold_created);
OUTCOME(hold_captured);
OUTCOME(hold_released);
OUTCOME(hold_expired);
