/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: the arms of Event.outcome (event.c), apart from the record around them
 * (record.c). */
#ifndef WIRE_OUTCOME_H
#define WIRE_OUTCOME_H

#include "wire/codec.h"

#include "pinion/v1/event.pb-c.h"

/* What an outcome's structs point to while a record is written. */
struct outcome_scratch {
	struct texts *texts;
	Pinion__V1__Amount amounts[2];
	union {
		Pinion__V1__Ticked ticked;
		Pinion__V1__LedgerOpened ledger_opened;
		Pinion__V1__CommandRejected command_rejected;
		Pinion__V1__CommandRepeated command_repeated;
		Pinion__V1__CommandIdsDropped command_ids_dropped;
		Pinion__V1__PartyOpened party_opened;
		Pinion__V1__AccountOpened account_opened;
		Pinion__V1__AccountClosed account_closed;
		Pinion__V1__FundsReceived funds_received;
		Pinion__V1__TransferPosted transfer_posted;
		Pinion__V1__HoldCreated hold_created;
		Pinion__V1__HoldCaptured hold_captured;
		Pinion__V1__HoldReleased hold_released;
		Pinion__V1__HoldExpired hold_expired;
	};
};

void outcome_put(
	struct outcome_scratch *scratch, const struct event *event, Pinion__V1__Event *ret);

/* ret->kind and ret's balances stand already. False where a value is none that nouns can hold. */
bool outcome_get(const Pinion__V1__Event *record, struct event *ret);

/* What is written must be readable for ever: encoding asserts what decoding refuses. */
bool outcome_is_sound(const struct event *event);

static inline bool account_is_sound(const struct account_id *id)
{
	return id->size != 0 && id->size <= sizeof id->at;
}

static inline bool money_is_sound(struct amount amount, enum currency currency)
{
	return !amount_is_negative(amount) && currency != CURRENCY_none;
}

static inline bool text64_is_sound(const struct text64 *text)
{
	return text->size <= sizeof text->at;
}

static inline enum currency currency_of_text(const char *text)
{
	return currency_by_name(text, strlen(text));
}

#endif
