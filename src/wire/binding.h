/* SPDX-License-Identifier: Apache-2.0 */
/* Between a message's fields and the members of a noun. The schema (protobuf-c's descriptors) says
 * which fields there are, their types and names; a table of bindings says where each one goes.
 * Reading and writing follow the same table, in one walk, without allocation.
 */
#ifndef WIRE_BINDING_H
#define WIRE_BINDING_H

#include "wire/strict.h"

#include <stddef.h>
#include <stdint.h>

enum bind {
	BIND_NOTHING, /* checked, and left where it is; never written */
	BIND_ENUM,    /* absent: 0 */
	BIND_U32,
	BIND_I64,
	BIND_BOOL,
	BIND_TEXT64,
	BIND_ACCOUNT,     /* a member's; a malformed one is absent */
	BIND_ACCOUNT_ANY, /* the platform's too; a malformed one does not fit */
	BIND_CURRENCY,    /* an unknown one is none, and does not fit */
	BIND_ID,          /* struct id; absent: all zero. Another size, or all zero, does not fit */
	BIND_ID_FIELD,
	BIND_DIGEST_IF, /* where the flag is set, which is at `second` of the second noun */
	BIND_HASH_IF,   /* the same */
	BIND_LENT,      /* struct bytes: points into the record */
	BIND_AMOUNT,    /* an Amount into `offset` and, its currency, `second`; always written */
	BIND_AMOUNT_IF, /* where it is not zero. Each has a currency: all of one member, the same */
	BIND_MONEY,     /* an Amount into a struct money, in an arm of a oneof */
	BIND_MESSAGE, /* its fields go into the same noun; read and written where the flag is set */
	BIND_ARM, /* of a oneof: its number is the kind, at `second`; its fields, the same noun's */
	BIND_CHOICE, /* a message that is one arm of a oneof, which is empty: its number; absent: 0
		      */
	BIND_LIST,   /* messages into an array of nouns, counted (uint8_t) at `second` */
};

/* Offsets count from one of two nouns, or from the element of a list. */
struct binding {
	uint32_t number; /* of the field; bindings stand in the order of the descriptor's fields */
	enum bind bind;
	uint8_t noun;
	uint8_t list_max;
	uint16_t offset;
	uint16_t second;
	uint16_t stride; /* of a list */
	const struct message_binding *message;
};

struct message_binding {
	const ProtobufCMessageDescriptor *descriptor;
	const struct binding *bindings; /* as many as the descriptor has fields */
	size_t count;
	size_t arms;                /* of its oneof: the last ones, all BIND_ARM with one kind */
	const uint16_t *arm_places; /* each by its number, from 1; 0: there is none */
	uint32_t arm_last;          /* the greatest number */
};

enum { BINDING_NOUNS = 2 };

#define BINDINGS_OF(fields) .bindings = (fields), .count = sizeof(fields) / sizeof *(fields)

/* Where an arm stands among the fields, from 1, however many there are; 0: it is none. */
static inline unsigned arm_place(const struct message_binding *message, uint32_t number)
{
	return number != 0 && number <= message->arm_last ? message->arm_places[number] : 0;
}

/* Asserts that a binding fits its descriptor, at every depth. */
void binding_check(const struct message_binding *message);

/* Strict (strict.h), and into the nouns, which were zeroed. *ret_fits: every value has a place in
 * them; set where the result is OK or unknown. */
enum strict_result message_read(const struct message_binding *message, struct bytes record,
	uint8_t *const nouns[BINDING_NOUNS], bool *ret_fits, struct text64 *ret_detail);

/* Writes the message so that it ends before `end`; returns where it begins. The caller's bounds say
 * how much room it takes. */
uint8_t *message_write(const struct message_binding *message,
	const uint8_t *const nouns[BINDING_NOUNS], uint8_t *end);

#endif
