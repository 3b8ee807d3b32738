/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the wire room: what a command's canonical form is packed of. Its bytes are what digests
 * are made of, so no line here ever changes.
 */
#ifndef WIRE_CANONICAL_H
#define WIRE_CANONICAL_H

#include "base/pack.h"
#include "ledger/command.h"

static inline uint8_t *pack_text64(uint8_t *p, const struct text64 *text)
{
	p = pack_u8(p, text->size);
	return pack_bytes(p, text->at, text->size <= sizeof text->at ? text->size : 0);
}

static inline uint8_t *pack_account(uint8_t *p, const struct account_id *id)
{
	return pack_bytes(pack_u8(p, id->size), id->at, id->size);
}

static inline uint8_t *pack_id_field(uint8_t *p, const struct id_field *id)
{
	return pack_bytes(pack_u8(p, id->is_malformed), id->id.at, sizeof id->id.at);
}

static inline uint8_t *pack_money(uint8_t *p, const struct money *money)
{
	p = pack_u8(p, money->is_absent);
	p = pack_i64(p, amount_minor(money->amount));
	return pack_u16(p, (uint16_t)money->currency);
}

/* The fields of its body, in the order of their numbers; returns where they end. */
uint8_t *command_body_pack(uint8_t *p, const struct command *command);

#endif
