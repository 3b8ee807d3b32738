/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: any bytes to nouns, nouns to their canonical form, nouns to a record. */
#include "wire/canonical.h"
#include "wire/codec.h"
#include "wire/outcome.h"
#include "wire/raw.h"
#include "wire/utf8.h"

#include "pinion/v1/command.pb-c.h"

#include <sodium.h>
#include <stdio.h>

/* Field numbers of the envelope. */
enum {
	ID = 1,
	PARTY = 2,
	INITIATOR = 3,
	GROUP_ID = 4,
	REFERENCE = 5,
	DRY_RUN = 6,
	BODY_FIRST = 10
};

static void id_field_of(struct id_field *ret, struct bytes bytes)
{
	*ret = (struct id_field){ 0 };
	if (bytes.size == sizeof ret->id.at)
		memcpy(ret->id.at, bytes.at, bytes.size);
	else
		ret->is_malformed = bytes.size != 0;
}

/* Where the fields go */

#define AT(member) .offset = offsetof(struct command, member)

static const struct binding command_bindings[] = {
	{ .number = ID, .bind = BIND_ID_FIELD, AT(id) },
	{ .number = PARTY, .bind = BIND_TEXT64, AT(party) },
	{ .number = INITIATOR, .bind = BIND_ENUM, AT(initiator) },
	{ .number = GROUP_ID, .bind = BIND_ID_FIELD, AT(group_id) },
	{ .number = REFERENCE, .bind = BIND_TEXT64, AT(reference) },
	{ .number = DRY_RUN, .bind = BIND_BOOL, AT(dry_run) },
#define COMMAND(arm, name, topic)                         \
	{ .number = (arm),                                \
		.bind = BIND_ARM,                         \
		.second = offsetof(struct command, kind), \
		.message = &name##_binding },
#include "ledger/commands.def"
#undef COMMAND
};
const struct message_binding command_binding = {
	.descriptor = &pinion__v1__command__descriptor,
	BINDINGS_OF(command_bindings),
	.arms = COMMAND_COUNT,
	.arm_places = command_arm_places,
	.arm_last = COMMAND_LAST,
};

static void digest_make(struct digest *ret, const uint8_t *at, size_t size)
{
	(void)crypto_generichash(ret->at, sizeof ret->at, at, size, NULL, 0);
}

static void refuse(struct command *ret, enum reject reject, const char *detail)
{
	ret->refusal = reject;
	text64_set(&ret->refusal_detail, detail, strlen(detail));
}

/* What can be told of a refused record's envelope, so that its sender finds the answer. Of fields
 * that come twice the first counts; nothing here is ever acted upon. */
struct envelope {
	unsigned seen; /* bits by field number */
	bool has_body;
	uint32_t unknown_field;
	uint32_t unknown_body;
};

static void envelope_take(struct command *ret, const struct raw_field *raw)
{
	if (raw->number == INITIATOR && raw->type == RAW_VARINT && raw->value <= INT32_MAX)
		ret->initiator = (int32_t)raw->value;
	if (raw->type != RAW_BYTES)
		return;
	bool is_text = raw->bytes.size <= sizeof ret->party.at && text_is_clean(raw->bytes);
	const char *text = (const char *)raw->bytes.at;
	if (raw->number == ID) {
		id_field_of(&ret->id, raw->bytes);
	} else if (raw->number == GROUP_ID) {
		id_field_of(&ret->group_id, raw->bytes);
	} else if (raw->number == PARTY && is_text) {
		text64_set(&ret->party, text, raw->bytes.size);
	} else if (raw->number == REFERENCE && is_text) {
		text64_set(&ret->reference, text, raw->bytes.size);
	}
}

static struct envelope envelope_read(struct command *ret, struct bytes record)
{
	struct envelope envelope = { 0 };
	struct raw_reader reader = raw_reader_of(record);
	struct raw_field raw;
	while (raw_next(&reader, &raw) == RAW_FIELD) {
		bool is_known = protobuf_c_message_descriptor_get_field(
			&pinion__v1__command__descriptor, raw.number);
		if (is_known && raw.number >= BODY_FIRST) {
			envelope.has_body = true;
		} else if (is_known) {
			if (!(envelope.seen & 1u << raw.number))
				envelope_take(ret, &raw);
			envelope.seen |= 1u << raw.number;
		} else if (raw.number >= BODY_FIRST) {
			envelope.unknown_body =
				envelope.unknown_body ? envelope.unknown_body : raw.number;
		} else if (envelope.unknown_field == 0) {
			envelope.unknown_field = raw.number;
		}
	}
	return envelope;
}

/* An unknown arm where a body is missing is a command that this version does not have; all else
 * that is unknown is a field. */
static void refuse_unknown(struct command *ret, struct bytes record, struct text64 detail)
{
	struct envelope envelope = envelope_read(ret, record);
	ret->refusal = REJECT_unknown_field;
	ret->refusal_detail = detail;
	if (envelope.has_body)
		return;
	char number[16];
	bool is_field = envelope.unknown_field != 0;
	(void)snprintf(number, sizeof number, "%u",
		is_field ? envelope.unknown_field : envelope.unknown_body);
	refuse(ret, is_field ? REJECT_unknown_field : REJECT_unknown_command, number);
}

/* False: refused. */
static bool record_decode(struct bytes record, struct command *ret)
{
	if (record.size > COMMAND_SIZE_MAX) {
		(void)envelope_read(ret, (struct bytes){ record.at, COMMAND_SIZE_MAX });
		refuse(ret, REJECT_too_large, "");
		return false;
	}
	uint8_t *const nouns[BINDING_NOUNS] = { (void *)ret };
	struct text64 detail;
	bool fits; /* what doesn't is refused later, by its name */
	enum strict_result strict = message_read(&command_binding, record, nouns, &fits, &detail);
	if (strict != STRICT_OK)
		memset(ret, 0, sizeof *ret);
	switch (strict) {
	case STRICT_OK:
		break;
	case STRICT_UNKNOWN:
		refuse_unknown(ret, record, detail);
		return false;
	case STRICT_BROKEN:
		(void)envelope_read(ret, record);
		ret->refusal = REJECT_undecodable;
		ret->refusal_detail = detail;
		return false;
	}
	if (ret->kind == COMMAND_none)
		refuse(ret, REJECT_unknown_command, "no body");
	return ret->kind != COMMAND_none;
}

void command_decode(struct codec *codec, struct bytes record, struct command *ret)
{
	(void)codec;
	memset(ret, 0, sizeof *ret);
	if (!record_decode(record, ret)) {
		digest_make(&ret->digest, record.at, record.size);
		return;
	}
	uint8_t packed[COMMAND_PACKED_MAX];
	size_t size = command_pack(ret, packed);
	digest_make(&ret->digest, packed, size);
}

bool command_is_witnessed(struct codec *codec, struct bytes record, const struct witness *witness)
{
	static const struct id none;
	struct command command;
	struct digest whole;
	command_decode(codec, record, &command);
	digest_make(&whole, record.at, record.size);
	return id_equal(command.id.is_malformed ? &none : &command.id.id, &witness->command_id) &&
	       (digest_equal(&command.digest, &witness->digest) ||
		       digest_equal(&whole, &witness->digest));
}

/* kind u16, party, initiator u32, group_id, reference, dry_run u8, then the body's fields in the
 * order of the contract. Texts and accounts have their size (u8) before them, so no two commands
 * pack alike. */
size_t command_pack(const struct command *command, uint8_t packed[COMMAND_PACKED_MAX])
{
	uint8_t *p = packed;
	p = pack_u16(p, (uint16_t)command->kind);
	p = pack_text64(p, &command->party);
	p = pack_u32(p, (uint32_t)command->initiator);
	p = pack_id_field(p, &command->group_id);
	p = pack_text64(p, &command->reference);
	p = pack_u8(p, command->dry_run);
	p = command_body_pack(p, command);
	assert((size_t)(p - packed) <= COMMAND_PACKED_MAX);
	return (size_t)(p - packed);
}

size_t command_encode(
	struct codec *codec, const struct command *command, uint8_t *ret, size_t capacity)
{
	(void)codec;
	assert(capacity >= COMMAND_SIZE_MAX && command->kind != COMMAND_none);
	uint8_t room[COMMAND_SIZE_MAX];
	const uint8_t *const nouns[BINDING_NOUNS] = { (const void *)command };
	const uint8_t *at = message_write(&command_binding, nouns, room + sizeof room);
	size_t size = (size_t)(room + sizeof room - at);
	assert(size <= command_bound(command->kind));
	memcpy(ret, at, size);
	return size;
}
