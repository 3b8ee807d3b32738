/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields the contract gives each command and event, for tests that go over all of them. Read
 * from the contract by tests/schema.py, which shares nothing with the generator of Pinion's own
 * nouns; a noun that differs does not compile. */
#ifndef TESTS_SHAPE_H
#define TESTS_SHAPE_H

#include "ledger/event.h"

enum shape {
	SHAPE_NUMBER,   /* int64_t */
	SHAPE_NUMBER32, /* uint32_t */
	SHAPE_BOOL,
	SHAPE_ENUM,       /* its own enum */
	SHAPE_ENUM_FIELD, /* int32_t, unchecked: of a command */
	SHAPE_REJECT,
	SHAPE_OUTCOME, /* enum event_kind */
	SHAPE_AMOUNT,
	SHAPE_MONEY, /* of a command */
	SHAPE_CURRENCY,
	SHAPE_ACCOUNT,
	SHAPE_TEXT,
	SHAPE_REASON, /* a text64 of fewer characters */
	SHAPE_ID,
	SHAPE_ID_FIELD, /* of a command */
	SHAPE_DIGEST,
};

struct shape_field {
	const char *name; /* in the contract: "funds_received.rail_reference" */
	enum shape shape;
	size_t offset; /* in struct command or struct event */
	size_t size;
	uint32_t number;  /* on the wire; 0: it stands in another one */
	const char *word; /* in brackets, of its kind: "reference"; NULL: none */
	int32_t greatest; /* of an enum; they go from 0 to there */
	bool is_choice;   /* an enum that is a message on the wire: no number but its arms' can come
			   */
	bool is_reject;   /* numbers between there and zero may be none of its values */
	bool may_be_absent;
	bool may_be_negative;
};

static inline const void *shape_at(const void *noun, const struct shape_field *field)
{
	return (const uint8_t *)noun + field->offset;
}

/* Of a number, an enum, an amount or a bool. */
int64_t shape_number(const void *noun, const struct shape_field *field);

/* The members of its body; the last one has no name. */
const struct shape_field *command_shape(enum command_kind kind);
const struct shape_field *event_shape(enum event_kind kind);

/* All there are, in the order of their numbers. */
extern const enum command_kind command_kinds[COMMAND_COUNT];
extern const enum event_kind event_kinds[EVENT_COUNT];

#endif
