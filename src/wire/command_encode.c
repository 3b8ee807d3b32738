/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to records: for the tick, bench and tests. Only what the contract can say is taken. */
#include "wire/codec.h"

#include "pinion/v1/command.pb-c.h"

/* All that a record's structs point to. */
struct scratch {
	struct texts texts;
	Pinion__V1__Amount amount;
	union {
		Pinion__V1__Tick tick;
		Pinion__V1__PartyOpen party_open;
		Pinion__V1__AccountOpen account_open;
		Pinion__V1__AccountClose account_close;
		Pinion__V1__FundsReceive funds_receive;
		Pinion__V1__TransferCreate transfer_create;
		Pinion__V1__HoldCreate hold_create;
		Pinion__V1__HoldCapture hold_capture;
		Pinion__V1__HoldRelease hold_release;
	};
};

static ProtobufCBinaryData id_field_put(const struct id_field *id)
{
	assert(!id->is_malformed);
	return binary_of_id(&id->id);
}

static Pinion__V1__Amount *money_put(struct scratch *scratch, const struct money *money)
{
	if (money->is_absent)
		return NULL;
	pinion__v1__amount__init(&scratch->amount);
	scratch->amount.minor = amount_minor(money->amount);
	scratch->amount.currency = texts_put_currency(&scratch->texts, money->currency);
	return &scratch->amount;
}

static void hold_create_put(struct scratch *scratch, const struct command_hold_create *body,
	Pinion__V1__HoldCreate *ret)
{
	pinion__v1__hold_create__init(ret);
	ret->from_account = texts_put_account(&scratch->texts, &body->from_account);
	ret->to_account = texts_put_account(&scratch->texts, &body->to_account);
	ret->amount = money_put(scratch, &body->money);
	ret->reason = texts_put64(&scratch->texts, &body->reason);
	ret->expires_in_s = body->expires_in_s;
}

static void funds_receive_put(struct scratch *scratch, const struct command_funds_receive *body,
	Pinion__V1__FundsReceive *ret)
{
	pinion__v1__funds_receive__init(ret);
	ret->to_account = texts_put_account(&scratch->texts, &body->to_account);
	ret->amount = money_put(scratch, &body->money);
	ret->rail = (Pinion__V1__Rail)body->rail;
	ret->rail_reference = texts_put64(&scratch->texts, &body->rail_reference);
}

static void transfer_create_put(struct scratch *scratch, const struct command_transfer_create *body,
	Pinion__V1__TransferCreate *ret)
{
	pinion__v1__transfer_create__init(ret);
	ret->from_account = texts_put_account(&scratch->texts, &body->from_account);
	ret->to_account = texts_put_account(&scratch->texts, &body->to_account);
	ret->amount = money_put(scratch, &body->money);
}

static void account_open_put(struct scratch *scratch, const struct command_account_open *body,
	Pinion__V1__AccountOpen *ret)
{
	pinion__v1__account_open__init(ret);
	ret->account = texts_put_account(&scratch->texts, &body->account);
	ret->currency = texts_put_currency(&scratch->texts, body->currency);
	ret->account_class = (Pinion__V1__AccountClass)body->account_class;
}

static void body_put(
	struct scratch *scratch, const struct command *command, Pinion__V1__Command *ret)
{
	ret->body_case = (Pinion__V1__Command__BodyCase)command->kind;
	switch (command->kind) {
	case COMMAND_none:
		break;
	case COMMAND_tick:
		ret->tick = &scratch->tick;
		pinion__v1__tick__init(ret->tick);
		break;
	case COMMAND_party_open:
		ret->party_open = &scratch->party_open;
		pinion__v1__party_open__init(ret->party_open);
		ret->party_open->kind = (Pinion__V1__PartyKind)command->party_open.kind;
		break;
	case COMMAND_account_open:
		ret->account_open = &scratch->account_open;
		account_open_put(scratch, &command->account_open, ret->account_open);
		break;
	case COMMAND_account_close:
		ret->account_close = &scratch->account_close;
		pinion__v1__account_close__init(ret->account_close);
		ret->account_close->account =
			texts_put_account(&scratch->texts, &command->account_close.account);
		break;
	case COMMAND_funds_receive:
		ret->funds_receive = &scratch->funds_receive;
		funds_receive_put(scratch, &command->funds_receive, ret->funds_receive);
		break;
	case COMMAND_transfer_create:
		ret->transfer_create = &scratch->transfer_create;
		transfer_create_put(scratch, &command->transfer_create, ret->transfer_create);
		break;
	case COMMAND_hold_create:
		ret->hold_create = &scratch->hold_create;
		hold_create_put(scratch, &command->hold_create, ret->hold_create);
		break;
	case COMMAND_hold_capture:
		ret->hold_capture = &scratch->hold_capture;
		pinion__v1__hold_capture__init(ret->hold_capture);
		ret->hold_capture->hold_id = id_field_put(&command->hold_capture.hold_id);
		ret->hold_capture->amount = money_put(scratch, &command->hold_capture.money);
		break;
	case COMMAND_hold_release:
		ret->hold_release = &scratch->hold_release;
		pinion__v1__hold_release__init(ret->hold_release);
		ret->hold_release->hold_id = id_field_put(&command->hold_release.hold_id);
		break;
	}
}

size_t command_encode(
	struct codec *codec, const struct command *command, uint8_t *ret, size_t capacity)
{
	(void)codec;
	assert(capacity >= COMMAND_SIZE_MAX && command->kind != COMMAND_none);
	struct scratch scratch;
	scratch.texts.used = 0;
	Pinion__V1__Command record;
	pinion__v1__command__init(&record);
	record.id = id_field_put(&command->id);
	record.party = texts_put64(&scratch.texts, &command->party);
	record.initiator = (Pinion__V1__Initiator)command->initiator;
	record.group_id = id_field_put(&command->group_id);
	record.reference = texts_put64(&scratch.texts, &command->reference);
	record.dry_run = command->dry_run;
	body_put(&scratch, command, &record);
	size_t size = protobuf_c_message_pack(&record.base, ret);
	assert(size <= command_bound(command->kind));
	return size;
}
