/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: where the fields of bodies and outcomes go (bindings.c, which is made),
 * and what is beside an event in its record (record.c). */
#ifndef WIRE_OUTCOME_H
#define WIRE_OUTCOME_H

#include "wire/binding.h"
#include "wire/wire.h"

#include "pinion/v1/event.pb-c.h"

/* What a record says beside its event: the second noun of its bindings. The first is the event. */
struct event_extra {
	bool is_event, is_mark, has_previous, has_input, has_digest, has_timer;
	struct link link;
	enum retry retry_hint; /* of a reject */
	/* The event's own, where it was only tried: then it is here that they go. Last, as in an
	 * event: past the counts nothing is said. */
	bool has_trial;
	uint8_t effect_count, balance_count;
	struct effect effects[EFFECTS_PER_EVENT_MAX];
	struct balance_after balances[BALANCES_PER_EVENT_MAX];
};

/* What a remittance is for: an enum purpose. */
extern const struct message_binding purpose_binding;

extern const uint16_t command_arm_places[COMMAND_LAST + 1];
extern const uint16_t event_arm_places[EVENT_LAST + 1];

#define COMMAND(number, name, topic) extern const struct message_binding name##_binding;
#include "ledger/commands.def"
#undef COMMAND
#define EVENT(number, name, file) extern const struct message_binding name##_binding;
#include "ledger/events.def"
#undef EVENT

#endif
