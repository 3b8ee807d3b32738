/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: the arms of Event.outcome (event.c), apart from the record around them
 * (record.c). */
#ifndef WIRE_OUTCOME_H
#define WIRE_OUTCOME_H

#include "wire/binding.h"
#include "wire/wire.h"

#include "pinion/v1/event.pb-c.h"

/* A posting as a record tells it: with its accounts' names. */
struct posting_told {
	bool is_there;
	struct bytes debit, credit; /* lent */
	struct amount amount;
	enum currency currency;
	enum layer layer;
	enum rail rail;
	bool forced;
};

/* What a record says beside its event: the second noun of its bindings. The first is the event. */
struct event_extra {
	bool is_event, is_mark, has_previous, has_input, has_digest, has_timer;
	struct link link;
	enum retry retry;
	uint8_t posting_count;
	struct posting_told postings[EFFECTS_PER_EVENT_MAX];
};

/* What is written must be readable for ever: encoding asserts what decoding refuses. */
bool outcome_is_sound(const struct event *event);

#define EVENT(number, version, name) extern const struct message_binding name##_binding;
#include "ledger/events.def"
#undef EVENT

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

#endif
