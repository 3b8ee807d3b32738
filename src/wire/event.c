/* SPDX-License-Identifier: Apache-2.0 */
/* The arms of Event.outcome: what each may say (_is_sound), how it is written (_put), how it is
 * read (_get). */
#include "wire/outcome.h"

static Pinion__V1__Amount *amount_put(struct outcome_scratch *scratch, unsigned place,
	struct amount amount, enum currency currency)
{
	Pinion__V1__Amount *ret = &scratch->amounts[place];
	pinion__v1__amount__init(ret);
	ret->minor = amount_minor(amount);
	ret->currency = texts_put_currency(scratch->texts, currency);
	return ret;
}

static bool amount_get(
	struct amount *ret, enum currency *ret_currency, const Pinion__V1__Amount *amount)
{
	if (!amount)
		return false;
	*ret = amount_of(amount->minor);
	*ret_currency = currency_of_text(amount->currency);
	return true;
}

static bool id_get(struct id *ret, ProtobufCBinaryData binary)
{
	if (binary.len != sizeof ret->at)
		return false;
	memcpy(ret->at, binary.data, sizeof ret->at);
	return true;
}

/* An account that an effect touched has been parsed with the balances. */
static bool account_get(struct account_id *ret, const char *text, const struct event *event)
{
	size_t size = strlen(text);
	for (unsigned i = 0; i < event->balance_count; i++) {
		const struct account_id *id = &event->balances[i].account;
		if (id->size == size && memcmp(id->at, text, size) == 0) {
			*ret = *id;
			return true;
		}
	}
	return account_id_parse_any(ret, text, size);
}

static char *account_put(struct outcome_scratch *scratch, const struct account_id *id)
{
	return texts_put_account(scratch->texts, id);
}

/* ledger_opened */

static bool ledger_opened_is_sound(const struct event_ledger_opened *event)
{
	return !id_is_absent(&event->ledger_id) && event->shard < event->shards &&
	       event->id_too_old_ms >= 0 && event->id_too_new_ms >= 0;
}

static void ledger_opened_put(
	const struct event_ledger_opened *event, Pinion__V1__LedgerOpened *ret)
{
	pinion__v1__ledger_opened__init(ret);
	ret->ledger_id = binary_of_id(&event->ledger_id);
	ret->shard = event->shard;
	ret->shards = event->shards;
	ret->format = event->format;
	ret->id_too_old_ms = event->id_too_old_ms;
	ret->id_too_new_ms = event->id_too_new_ms;
}

static bool ledger_opened_get(
	const Pinion__V1__LedgerOpened *record, struct event_ledger_opened *ret)
{
	ret->shard = record->shard;
	ret->shards = record->shards;
	ret->format = record->format;
	ret->id_too_old_ms = record->id_too_old_ms;
	ret->id_too_new_ms = record->id_too_new_ms;
	return id_get(&ret->ledger_id, record->ledger_id);
}

/* command_rejected */

/* What was available may be negative: a forced posting took the account there. */
static bool command_rejected_is_sound(const struct event_command_rejected *event)
{
	return reject_name(event->reject)[0] != '\0' && text64_is_sound(&event->detail) &&
	       event->first_sequence >= 0 && !amount_is_negative(event->required);
}

static void command_rejected_put(struct outcome_scratch *scratch,
	const struct event_command_rejected *event, Pinion__V1__CommandRejected *ret)
{
	pinion__v1__command_rejected__init(ret);
	ret->reject = (Pinion__V1__Reject)event->reject;
	ret->retry_hint = (Pinion__V1__Retry)reject_retry(event->reject);
	ret->detail = texts_put64(scratch->texts, &event->detail);
	ret->first_sequence = event->first_sequence;
	ret->required_minor = amount_minor(event->required);
	ret->available_minor = amount_minor(event->available);
	ret->currency = texts_put_currency(scratch->texts, event->currency);
}

static bool command_rejected_get(
	const Pinion__V1__CommandRejected *record, struct event_command_rejected *ret)
{
	ret->reject = (enum reject)record->reject;
	text64_of(&ret->detail, record->detail);
	ret->first_sequence = record->first_sequence;
	ret->required = amount_of(record->required_minor);
	ret->available = amount_of(record->available_minor);
	ret->currency = currency_of_text(record->currency);
	return (int)record->retry_hint >= RETRY_never && (int)record->retry_hint <= RETRY_same_id &&
	       (ret->currency != CURRENCY_none || record->currency[0] == '\0');
}

/* command_repeated */

static bool command_repeated_is_sound(const struct event_command_repeated *event)
{
	return event->first_sequence >= 1 && event_name(event->first_outcome)[0] != '\0' &&
	       (event->first_outcome == EVENT_command_rejected
			       ? reject_name(event->first_reject)[0] != '\0'
			       : event->first_reject == REJECT_none);
}

static void command_repeated_put(
	const struct event_command_repeated *event, Pinion__V1__CommandRepeated *ret)
{
	pinion__v1__command_repeated__init(ret);
	ret->first_sequence = event->first_sequence;
	ret->first_outcome = (uint32_t)event->first_outcome;
	ret->first_reject = (Pinion__V1__Reject)event->first_reject;
}

static bool command_repeated_get(
	const Pinion__V1__CommandRepeated *record, struct event_command_repeated *ret)
{
	ret->first_sequence = record->first_sequence;
	ret->first_outcome = (enum event_kind)record->first_outcome;
	ret->first_reject = (enum reject)record->first_reject;
	return true;
}

/* party_opened */

static bool party_opened_is_sound(const struct event_party_opened *event)
{
	return text64_is_sound(&event->party) && event->party.size != 0 &&
	       event->kind >= PARTY_KIND_person && event->kind <= PARTY_KIND_business;
}

static void party_opened_put(struct outcome_scratch *scratch,
	const struct event_party_opened *event, Pinion__V1__PartyOpened *ret)
{
	pinion__v1__party_opened__init(ret);
	ret->party = texts_put64(scratch->texts, &event->party);
	ret->kind = (Pinion__V1__PartyKind)event->kind;
}

static bool party_opened_get(const Pinion__V1__PartyOpened *record, struct event_party_opened *ret)
{
	text64_of(&ret->party, record->party);
	ret->kind = (enum party_kind)record->kind;
	return true;
}

/* account_opened */

static bool account_opened_is_sound(const struct event_account_opened *event)
{
	return account_is_sound(&event->account) && event->currency != CURRENCY_none &&
	       event->account_class >= ACCOUNT_CLASS_asset &&
	       event->account_class <= ACCOUNT_CLASS_liability;
}

static void account_opened_put(struct outcome_scratch *scratch,
	const struct event_account_opened *event, Pinion__V1__AccountOpened *ret)
{
	pinion__v1__account_opened__init(ret);
	ret->account = account_put(scratch, &event->account);
	ret->currency = texts_put_currency(scratch->texts, event->currency);
	ret->account_class = (Pinion__V1__AccountClass)event->account_class;
	ret->floor_minor = amount_minor(event->floor);
}

static bool account_opened_get(const Pinion__V1__AccountOpened *record, const struct event *event,
	struct event_account_opened *ret)
{
	ret->currency = currency_of_text(record->currency);
	ret->account_class = (enum account_class)record->account_class;
	ret->floor = amount_of(record->floor_minor);
	return account_get(&ret->account, record->account, event);
}

/* funds_received */

static bool funds_received_is_sound(const struct event_funds_received *event)
{
	return account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency) && event->rail >= RAIL_ach &&
	       event->rail <= RAIL_book && text64_is_sound(&event->rail_reference);
}

static void funds_received_put(struct outcome_scratch *scratch,
	const struct event_funds_received *event, Pinion__V1__FundsReceived *ret)
{
	pinion__v1__funds_received__init(ret);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->amount = amount_put(scratch, 0, event->amount, event->currency);
	ret->rail = (Pinion__V1__Rail)event->rail;
	ret->rail_reference = texts_put64(scratch->texts, &event->rail_reference);
}

static bool funds_received_get(const Pinion__V1__FundsReceived *record, const struct event *event,
	struct event_funds_received *ret)
{
	ret->rail = (enum rail)record->rail;
	text64_of(&ret->rail_reference, record->rail_reference);
	return account_get(&ret->to_account, record->to_account, event) &&
	       amount_get(&ret->amount, &ret->currency, record->amount);
}

/* transfer_posted */

static bool transfer_posted_is_sound(const struct event_transfer_posted *event)
{
	return account_is_sound(&event->from_account) && account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency);
}

static void transfer_posted_put(struct outcome_scratch *scratch,
	const struct event_transfer_posted *event, Pinion__V1__TransferPosted *ret)
{
	pinion__v1__transfer_posted__init(ret);
	ret->from_account = account_put(scratch, &event->from_account);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->amount = amount_put(scratch, 0, event->amount, event->currency);
}

static bool transfer_posted_get(const Pinion__V1__TransferPosted *record, const struct event *event,
	struct event_transfer_posted *ret)
{
	return account_get(&ret->from_account, record->from_account, event) &&
	       account_get(&ret->to_account, record->to_account, event) &&
	       amount_get(&ret->amount, &ret->currency, record->amount);
}

/* hold_created */

static bool hold_created_is_sound(const struct event_hold_created *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->amount, event->currency) && text64_is_sound(&event->reason) &&
	       event->expires_at_ms >= 0;
}

static void hold_created_put(struct outcome_scratch *scratch,
	const struct event_hold_created *event, Pinion__V1__HoldCreated *ret)
{
	pinion__v1__hold_created__init(ret);
	ret->hold_id = binary_of_id(&event->hold_id);
	ret->from_account = account_put(scratch, &event->from_account);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->amount = amount_put(scratch, 0, event->amount, event->currency);
	ret->reason = texts_put64(scratch->texts, &event->reason);
	ret->expires_at_ms = event->expires_at_ms;
}

static bool hold_created_get(const Pinion__V1__HoldCreated *record, const struct event *event,
	struct event_hold_created *ret)
{
	text64_of(&ret->reason, record->reason);
	ret->expires_at_ms = record->expires_at_ms;
	return id_get(&ret->hold_id, record->hold_id) &&
	       account_get(&ret->from_account, record->from_account, event) &&
	       account_get(&ret->to_account, record->to_account, event) &&
	       amount_get(&ret->amount, &ret->currency, record->amount);
}

/* hold_captured */

static bool hold_captured_is_sound(const struct event_hold_captured *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->captured, event->currency) &&
	       !amount_is_negative(event->released);
}

static void hold_captured_put(struct outcome_scratch *scratch,
	const struct event_hold_captured *event, Pinion__V1__HoldCaptured *ret)
{
	pinion__v1__hold_captured__init(ret);
	ret->hold_id = binary_of_id(&event->hold_id);
	ret->from_account = account_put(scratch, &event->from_account);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->captured = amount_put(scratch, 0, event->captured, event->currency);
	if (!amount_is_zero(event->released))
		ret->released = amount_put(scratch, 1, event->released, event->currency);
}

static bool hold_captured_get(const Pinion__V1__HoldCaptured *record, const struct event *event,
	struct event_hold_captured *ret)
{
	if (!id_get(&ret->hold_id, record->hold_id) ||
		!account_get(&ret->from_account, record->from_account, event) ||
		!account_get(&ret->to_account, record->to_account, event) ||
		!amount_get(&ret->captured, &ret->currency, record->captured))
		return false;
	enum currency currency;
	return !record->released || (amount_get(&ret->released, &currency, record->released) &&
					    currency == ret->currency);
}

/* hold_released */

static bool hold_released_is_sound(const struct event_hold_released *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->released, event->currency);
}

static void hold_released_put(struct outcome_scratch *scratch,
	const struct event_hold_released *event, Pinion__V1__HoldReleased *ret)
{
	pinion__v1__hold_released__init(ret);
	ret->hold_id = binary_of_id(&event->hold_id);
	ret->from_account = account_put(scratch, &event->from_account);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->released = amount_put(scratch, 0, event->released, event->currency);
}

static bool hold_released_get(const Pinion__V1__HoldReleased *record, const struct event *event,
	struct event_hold_released *ret)
{
	return id_get(&ret->hold_id, record->hold_id) &&
	       account_get(&ret->from_account, record->from_account, event) &&
	       account_get(&ret->to_account, record->to_account, event) &&
	       amount_get(&ret->released, &ret->currency, record->released);
}

/* hold_expired */

static bool hold_expired_is_sound(const struct event_hold_expired *event)
{
	return !id_is_absent(&event->hold_id) && account_is_sound(&event->from_account) &&
	       account_is_sound(&event->to_account) &&
	       money_is_sound(event->released, event->currency) && text64_is_sound(&event->reason);
}

static void hold_expired_put(struct outcome_scratch *scratch,
	const struct event_hold_expired *event, Pinion__V1__HoldExpired *ret)
{
	pinion__v1__hold_expired__init(ret);
	ret->hold_id = binary_of_id(&event->hold_id);
	ret->from_account = account_put(scratch, &event->from_account);
	ret->to_account = account_put(scratch, &event->to_account);
	ret->released = amount_put(scratch, 0, event->released, event->currency);
	ret->reason = texts_put64(scratch->texts, &event->reason);
}

static bool hold_expired_get(const Pinion__V1__HoldExpired *record, const struct event *event,
	struct event_hold_expired *ret)
{
	text64_of(&ret->reason, record->reason);
	return id_get(&ret->hold_id, record->hold_id) &&
	       account_get(&ret->from_account, record->from_account, event) &&
	       account_get(&ret->to_account, record->to_account, event) &&
	       amount_get(&ret->released, &ret->currency, record->released);
}

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

static void ticked_put(struct outcome_scratch *scratch, Pinion__V1__Event *ret)
{
	ret->ticked = &scratch->ticked;
	pinion__v1__ticked__init(ret->ticked);
}

static void command_ids_dropped_put(
	struct outcome_scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
	ret->command_ids_dropped = &scratch->command_ids_dropped;
	pinion__v1__command_ids_dropped__init(ret->command_ids_dropped);
	ret->command_ids_dropped->before_ms = event->command_ids_dropped.before_ms;
}

static void account_closed_put(
	struct outcome_scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
	ret->account_closed = &scratch->account_closed;
	pinion__v1__account_closed__init(ret->account_closed);
	ret->account_closed->account = account_put(scratch, &event->account_closed.account);
}

void outcome_put(struct outcome_scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
#define ARM(name) (ret->name = &scratch->name)
	ret->outcome_case = (Pinion__V1__Event__OutcomeCase)event->kind;
	switch (event->kind) {
	case EVENT_none:
		break;
	case EVENT_ticked:
		ticked_put(scratch, ret);
		break;
	case EVENT_ledger_opened:
		ledger_opened_put(&event->ledger_opened, ARM(ledger_opened));
		break;
	case EVENT_command_rejected:
		command_rejected_put(scratch, &event->command_rejected, ARM(command_rejected));
		break;
	case EVENT_command_repeated:
		command_repeated_put(&event->command_repeated, ARM(command_repeated));
		break;
	case EVENT_command_ids_dropped:
		command_ids_dropped_put(scratch, event, ret);
		break;
	case EVENT_party_opened:
		party_opened_put(scratch, &event->party_opened, ARM(party_opened));
		break;
	case EVENT_account_opened:
		account_opened_put(scratch, &event->account_opened, ARM(account_opened));
		break;
	case EVENT_account_closed:
		account_closed_put(scratch, event, ret);
		break;
	case EVENT_funds_received:
		funds_received_put(scratch, &event->funds_received, ARM(funds_received));
		break;
	case EVENT_transfer_posted:
		transfer_posted_put(scratch, &event->transfer_posted, ARM(transfer_posted));
		break;
	case EVENT_hold_created:
		hold_created_put(scratch, &event->hold_created, ARM(hold_created));
		break;
	case EVENT_hold_captured:
		hold_captured_put(scratch, &event->hold_captured, ARM(hold_captured));
		break;
	case EVENT_hold_released:
		hold_released_put(scratch, &event->hold_released, ARM(hold_released));
		break;
	case EVENT_hold_expired:
		hold_expired_put(scratch, &event->hold_expired, ARM(hold_expired));
		break;
	}
#undef ARM
}

bool outcome_get(const Pinion__V1__Event *record, struct event *ret)
{
	switch (ret->kind) {
	case EVENT_none:
		return false;
	case EVENT_ticked:
		return true;
	case EVENT_ledger_opened:
		return ledger_opened_get(record->ledger_opened, &ret->ledger_opened);
	case EVENT_command_rejected:
		return command_rejected_get(record->command_rejected, &ret->command_rejected);
	case EVENT_command_repeated:
		return command_repeated_get(record->command_repeated, &ret->command_repeated);
	case EVENT_command_ids_dropped:
		ret->command_ids_dropped.before_ms = record->command_ids_dropped->before_ms;
		return true;
	case EVENT_party_opened:
		return party_opened_get(record->party_opened, &ret->party_opened);
	case EVENT_account_opened:
		return account_opened_get(record->account_opened, ret, &ret->account_opened);
	case EVENT_account_closed:
		return account_get(
			&ret->account_closed.account, record->account_closed->account, ret);
	case EVENT_funds_received:
		return funds_received_get(record->funds_received, ret, &ret->funds_received);
	case EVENT_transfer_posted:
		return transfer_posted_get(record->transfer_posted, ret, &ret->transfer_posted);
	case EVENT_hold_created:
		return hold_created_get(record->hold_created, ret, &ret->hold_created);
	case EVENT_hold_captured:
		return hold_captured_get(record->hold_captured, ret, &ret->hold_captured);
	case EVENT_hold_released:
		return hold_released_get(record->hold_released, ret, &ret->hold_released);
	case EVENT_hold_expired:
		return hold_expired_get(record->hold_expired, ret, &ret->hold_expired);
	}
	return false;
}
