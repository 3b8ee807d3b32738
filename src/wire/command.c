/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: any bytes to nouns, nouns to their canonical form, nouns to a record. */
#include "wire/codec.h"
#include "wire/raw.h"

#include "base/pack.h"
#include "pinion/v1/command.pb-c.h"

#include <sodium.h>
#include <stdio.h>

/* Field numbers of the envelope. */
enum { ID = 1, PARTY = 2, INITIATOR = 3, GROUP_ID = 4, REFERENCE = 5, BODY_FIRST = 10 };

static void id_field_of(struct id_field *ret, struct bytes bytes)
{
	*ret = (struct id_field){ 0 };
	if (bytes.size == sizeof ret->id.at)
		memcpy(ret->id.at, bytes.at, bytes.size);
	else
		ret->is_malformed = bytes.size != 0;
}

static void id_field_of_binary(struct id_field *ret, ProtobufCBinaryData binary)
{
	id_field_of(ret, (struct bytes){ binary.data, binary.len });
}

static void account_of(struct account_id *ret, const char *text)
{
	(void)account_id_parse(ret, text, strlen(text));
}

static enum currency currency_of(const char *text)
{
	return currency_by_name(text, strlen(text));
}

static void money_of(struct money *ret, const Pinion__V1__Amount *amount)
{
	*ret = (struct money){ .is_absent = true };
	if (amount)
		*ret = (struct money){ amount_of(amount->minor), currency_of(amount->currency),
			.is_absent = false };
}

static void body_decode(struct command *ret, const Pinion__V1__Command *record)
{
	switch (ret->kind) {
	case COMMAND_none:
	case COMMAND_tick:
		break;
	case COMMAND_party_open:
		ret->party_open.kind = (int32_t)record->party_open->kind;
		break;
	case COMMAND_account_open:
		account_of(&ret->account_open.account, record->account_open->account);
		ret->account_open.currency = currency_of(record->account_open->currency);
		ret->account_open.account_class = (int32_t)record->account_open->account_class;
		break;
	case COMMAND_account_close:
		account_of(&ret->account_close.account, record->account_close->account);
		break;
	case COMMAND_funds_receive:
		account_of(&ret->funds_receive.to_account, record->funds_receive->to_account);
		money_of(&ret->funds_receive.money, record->funds_receive->amount);
		ret->funds_receive.rail = (int32_t)record->funds_receive->rail;
		text64_of(
			&ret->funds_receive.rail_reference, record->funds_receive->rail_reference);
		break;
	case COMMAND_transfer_create:
		account_of(
			&ret->transfer_create.from_account, record->transfer_create->from_account);
		account_of(&ret->transfer_create.to_account, record->transfer_create->to_account);
		money_of(&ret->transfer_create.money, record->transfer_create->amount);
		break;
	case COMMAND_hold_create:
		account_of(&ret->hold_create.from_account, record->hold_create->from_account);
		account_of(&ret->hold_create.to_account, record->hold_create->to_account);
		money_of(&ret->hold_create.money, record->hold_create->amount);
		text64_of(&ret->hold_create.reason, record->hold_create->reason);
		ret->hold_create.expires_in_s = record->hold_create->expires_in_s;
		break;
	case COMMAND_hold_capture:
		id_field_of_binary(&ret->hold_capture.hold_id, record->hold_capture->hold_id);
		money_of(&ret->hold_capture.money, record->hold_capture->amount);
		break;
	case COMMAND_hold_release:
		id_field_of_binary(&ret->hold_release.hold_id, record->hold_release->hold_id);
		break;
	}
}

static void digest_make(struct digest *ret, const uint8_t *at, size_t size)
{
	(void)crypto_generichash(ret->at, sizeof ret->at, at, size, NULL, 0);
}

static void refuse(struct command *ret, enum reject reject, const char *detail)
{
	ret->refusal = reject;
	text64_of(&ret->refusal_detail, detail);
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
	snprintf(number, sizeof number, "%u",
		is_field ? envelope.unknown_field : envelope.unknown_body);
	refuse(ret, is_field ? REJECT_unknown_field : REJECT_unknown_command, number);
}

/* False: refused. */
static bool record_decode(struct codec *codec, struct bytes record, struct command *ret)
{
	if (record.size > COMMAND_SIZE_MAX) {
		(void)envelope_read(ret, (struct bytes){ record.at, COMMAND_SIZE_MAX });
		refuse(ret, REJECT_too_large, "");
		return false;
	}
	struct text64 detail;
	switch (strict_check(&pinion__v1__command__descriptor, record, &detail)) {
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

	ProtobufCMessage *message = codec_unpack(codec, &pinion__v1__command__descriptor, record);
	if (!message) {
		/* No record is known that comes here; one that does must still have its answer. */
		(void)envelope_read(ret, record);
		refuse(ret, REJECT_undecodable, "");
		return false;
	}
	const Pinion__V1__Command *command = (const Pinion__V1__Command *)message;
	id_field_of_binary(&ret->id, command->id);
	text64_of(&ret->party, command->party);
	ret->initiator = (int32_t)command->initiator;
	id_field_of_binary(&ret->group_id, command->group_id);
	text64_of(&ret->reference, command->reference);
	ret->dry_run = command->dry_run;
	if (command->body_case == PINION__V1__COMMAND__BODY__NOT_SET) {
		refuse(ret, REJECT_unknown_command, "no body");
		return false;
	}
	ret->kind = (enum command_kind)command->body_case;
	body_decode(ret, command);
	return true;
}

void command_decode(struct codec *codec, struct bytes record, struct command *ret)
{
	memset(ret, 0, sizeof *ret);
	if (!record_decode(codec, record, ret)) {
		digest_make(&ret->digest, record.at, record.size);
		return;
	}
	uint8_t packed[COMMAND_PACKED_MAX];
	size_t size = command_pack(ret, packed);
	digest_make(&ret->digest, packed, size);
}

static uint8_t *pack_text64(uint8_t *p, const struct text64 *text)
{
	p = pack_u8(p, text->size);
	return pack_bytes(p, text->at, text->size <= sizeof text->at ? text->size : 0);
}

static uint8_t *pack_account(uint8_t *p, const struct account_id *id)
{
	return pack_bytes(pack_u8(p, id->size), id->at, id->size);
}

static uint8_t *pack_id_field(uint8_t *p, const struct id_field *id)
{
	return pack_bytes(pack_u8(p, id->is_malformed), id->id.at, sizeof id->id.at);
}

static uint8_t *pack_money(uint8_t *p, const struct money *money)
{
	p = pack_u8(p, money->is_absent);
	p = pack_i64(p, amount_minor(money->amount));
	return pack_u16(p, (uint16_t)money->currency);
}

static uint8_t *pack_body(uint8_t *p, const struct command *command)
{
	switch (command->kind) {
	case COMMAND_none:
	case COMMAND_tick:
		break;
	case COMMAND_party_open:
		p = pack_u32(p, (uint32_t)command->party_open.kind);
		break;
	case COMMAND_account_open:
		p = pack_account(p, &command->account_open.account);
		p = pack_u16(p, (uint16_t)command->account_open.currency);
		p = pack_u32(p, (uint32_t)command->account_open.account_class);
		break;
	case COMMAND_account_close:
		p = pack_account(p, &command->account_close.account);
		break;
	case COMMAND_funds_receive:
		p = pack_account(p, &command->funds_receive.to_account);
		p = pack_money(p, &command->funds_receive.money);
		p = pack_u32(p, (uint32_t)command->funds_receive.rail);
		p = pack_text64(p, &command->funds_receive.rail_reference);
		break;
	case COMMAND_transfer_create:
		p = pack_account(p, &command->transfer_create.from_account);
		p = pack_account(p, &command->transfer_create.to_account);
		p = pack_money(p, &command->transfer_create.money);
		break;
	case COMMAND_hold_create:
		p = pack_account(p, &command->hold_create.from_account);
		p = pack_account(p, &command->hold_create.to_account);
		p = pack_money(p, &command->hold_create.money);
		p = pack_text64(p, &command->hold_create.reason);
		p = pack_i64(p, command->hold_create.expires_in_s);
		break;
	case COMMAND_hold_capture:
		p = pack_id_field(p, &command->hold_capture.hold_id);
		p = pack_money(p, &command->hold_capture.money);
		break;
	case COMMAND_hold_release:
		p = pack_id_field(p, &command->hold_release.hold_id);
		break;
	}
	return p;
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
	p = pack_body(p, command);
	assert((size_t)(p - packed) <= COMMAND_PACKED_MAX);
	return (size_t)(p - packed);
}
