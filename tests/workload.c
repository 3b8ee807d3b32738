/* SPDX-License-Identifier: Apache-2.0 */
#include "workload.h"

#include "base/murmur2.h"

#include <assert.h>
#include <stdio.h>

enum { OPENINGS = 3, AMOUNT_MAX = 5000 };

static uint64_t below(struct workload *workload, uint64_t end)
{
	return random_below(&workload->random, end);
}

void workload_init(struct workload *workload, uint64_t seed, struct codec *codec, uint32_t shard,
	uint32_t shards, unsigned members)
{
	assert(seed != 0 && members <= WORKLOAD_MEMBERS_MAX);
	*workload = (struct workload){
		.random = { seed },
		.codec = codec,
		.hold_expires_s_max = HOLD_EXPIRES_IN_S_MAX,
	};
	for (unsigned n = 0; workload->member_count < members; n++) {
		char name[16];
		int size = snprintf(name, sizeof name, "m%u", n);
		if (murmur2_partition(name, (size_t)size, shards) == shard)
			text64_set(
				&workload->members[workload->member_count++], name, (size_t)size);
	}
}

struct command workload_command(struct workload *workload, enum command_kind kind,
	const struct text64 *party, int64_t now_ms)
{
	struct command command = { .kind = kind, .party = *party, .initiator = INITIATOR_owner };
	command.id.id = id_floor_of_time(now_ms);
	uint64_t order = ++workload->made, chance = random_next(&workload->random);
	memcpy(command.id.id.at + 8, &chance, sizeof chance);
	for (int i = 0; i < 4; i++)
		command.id.id.at[8 + i] = (uint8_t)(order >> (24 - 8 * i));
	command.id.id.at[6] = 0x70;
	command.id.id.at[8] = (uint8_t)(0x80 | (command.id.id.at[8] & 0x3f));
	return command;
}

struct account_id workload_account(const struct text64 *party, const char *name)
{
	char at[ACCOUNT_ID_SIZE_MAX + 1];
	int size = snprintf(at, sizeof at, "%.*s/%s", party->size, party->at, name);
	struct account_id id;
	bool is_parsed = account_id_parse(&id, at, (size_t)size);
	assert(is_parsed);
	return id;
}

void work_encode(struct workload *workload, const struct command *command, struct work *ret)
{
	ret->size = command_encode(workload->codec, command, ret->value, sizeof ret->value);
	ret->stream = command->kind == COMMAND_funds_receive ? LOG_RAILS
		      : command->kind == COMMAND_tick        ? LOG_INTERNAL
							     : LOG_COMMANDS;
}

static const struct text64 *member(struct workload *workload)
{
	return &workload->members[below(workload, workload->member_count)];
}

/* A few accounts are in euros, and a few were never opened. */
static struct account_id account(struct workload *workload, const struct text64 *party)
{
	uint64_t dice = below(workload, 40);
	const char *name = dice == 0 ? "nowhere" : dice < 3 ? "euro" : "main";
	return workload_account(party, name);
}

static struct money money(struct workload *workload)
{
	uint64_t dice = below(workload, 60);
	int64_t minor = dice == 0 ? 0 : 1 + (int64_t)below(workload, AMOUNT_MAX);
	return (struct money){ amount_of(minor), dice == 1 ? CURRENCY_EUR : CURRENCY_USD,
		.is_absent = false };
}

static struct command opening(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = &workload->members[workload->opened / OPENINGS];
	unsigned step = workload->opened++ % OPENINGS;
	struct command command = workload_command(
		workload, step == 0 ? COMMAND_party_open : COMMAND_account_open, party, now_ms);
	if (step == 0)
		command.party_open.kind = PARTY_KIND_person;
	else
		command.account_open = (struct command_account_open){
			.account = workload_account(party, step == 1 ? "main" : "euro"),
			.currency = step == 1 ? CURRENCY_USD : CURRENCY_EUR,
		};
	return command;
}

static struct command funds(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = member(workload);
	struct command command = workload_command(workload, COMMAND_funds_receive, party, now_ms);
	char reference[32];
	uint64_t number = below(workload, 30) == 0 ? 1 : workload->made;
	int size = snprintf(reference, sizeof reference, "wire-%llu", (unsigned long long)number);
	command.funds_receive = (struct command_funds_receive){
		.to_account = account(workload, party),
		.amount = money(workload),
		.rail = RAIL_wire,
	};
	text64_set(&command.funds_receive.rail_reference, reference, (size_t)size);
	return command;
}

static struct command transfer(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = member(workload);
	struct command command = workload_command(workload, COMMAND_transfer_create, party, now_ms);
	command.transfer_create = (struct command_transfer_create){
		.from_account = account(workload, party),
		.to_account = account(workload, member(workload)),
		.amount = money(workload),
	};
	if (below(workload, 4) == 0)
		text64_set(&command.reference, "order-17", 8);
	return command;
}

static struct command hold(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = member(workload);
	struct command command = workload_command(workload, COMMAND_hold_create, party, now_ms);
	command.hold_create = (struct command_hold_create){
		.from_account = account(workload, party),
		.to_account = account(workload, member(workload)),
		.amount = money(workload),
		.expires_in_s =
			1 + (int64_t)below(workload, (uint64_t)workload->hold_expires_s_max),
	};
	text64_set(&command.hold_create.reason, "card_purchase", 13);
	workload->holds[workload->hold_count % WORKLOAD_HOLDS] = command.id.id;
	workload->hold_parties[workload->hold_count++ % WORKLOAD_HOLDS] = *party;
	return command;
}

static struct command hold_end(struct workload *workload, int64_t now_ms)
{
	if (workload->hold_count == 0)
		return hold(workload, now_ms);
	unsigned known =
		workload->hold_count < WORKLOAD_HOLDS ? workload->hold_count : WORKLOAD_HOLDS;
	size_t i = below(workload, known);
	bool captures = below(workload, 2) == 0;
	struct command command =
		workload_command(workload, captures ? COMMAND_hold_capture : COMMAND_hold_release,
			&workload->hold_parties[i], now_ms);
	if (!captures) {
		command.hold_release.hold_id.id = workload->holds[i];
		return command;
	}
	command.hold_capture.hold_id.id = workload->holds[i];
	command.hold_capture.amount = money(workload);
	command.hold_capture.amount.is_absent = below(workload, 2) == 0;
	return command;
}

/* Closed, and opened again under the same name, which is refused. */
static struct command rare(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = member(workload);
	uint64_t dice = below(workload, 4);
	struct command command = workload_command(workload,
		dice == 0   ? COMMAND_party_open
		: dice == 1 ? COMMAND_account_open
		: dice == 2 ? COMMAND_account_close
			    : COMMAND_tick,
		party, now_ms);
	struct account_id euro = workload_account(party, "euro");
	if (dice == 0)
		command.party_open.kind = PARTY_KIND_business;
	else if (dice == 1)
		command.account_open =
			(struct command_account_open){ .account = euro, .currency = CURRENCY_EUR };
	else if (dice == 2)
		command.account_close.account = euro;
	else
		command.initiator = INITIATOR_system;
	return command;
}

/* What no client of ours would send. */
static void spoil(struct workload *workload, struct work *work)
{
	switch (below(workload, 5)) {
	case 0: /* no protobuf at all */
		work->size = 1 + below(workload, 40);
		memset(work->value, 0xff, work->size);
		break;
	case 1: /* an unknown field: 1000, varint, 1 */
		memcpy(work->value + work->size, "\xc0\x3e\x01", 3);
		work->size += 3;
		break;
	case 2: /* nothing */
		work->size = 0;
		break;
	case 3: /* cut off */
		work->size -= 1 + below(workload, work->size);
		break;
	default: /* on a topic that it does not belong to */
		work->stream = LOG_CONTROL;
		break;
	}
}

static struct command common(struct workload *workload, int64_t now_ms)
{
	uint64_t dice = below(workload, 100);
	if (dice < 15)
		return funds(workload, now_ms);
	if (dice < 65)
		return transfer(workload, now_ms);
	if (dice < 83)
		return hold(workload, now_ms);
	if (dice < 97)
		return hold_end(workload, now_ms);
	return rare(workload, now_ms);
}

void workload_next(struct workload *workload, int64_t now_ms, struct work *ret)
{
	if (workload->opened < OPENINGS * workload->member_count) {
		struct command command = opening(workload, now_ms);
		work_encode(workload, &command, ret);
		return;
	}
	unsigned known = workload->old_count < WORKLOAD_OLD ? workload->old_count : WORKLOAD_OLD;
	uint64_t dice = below(workload, 100);
	if (dice < 4 && known > 0) {
		*ret = workload->old[below(workload, known)];
		return;
	}
	struct command command = common(workload, now_ms);
	if (dice == 4) /* an id of long ago, or one that is to come */
		command.id.id.at[below(workload, 2) + 2] ^= 0x40;
	work_encode(workload, &command, ret);
	if (dice == 6)
		spoil(workload, ret);
	else
		workload->old[workload->old_count++ % WORKLOAD_OLD] = *ret;
	if (dice == 7) { /* the same id again, next time with another body */
		text64_set(&command.reference, "changed", 7);
		work_encode(workload, &command,
			&workload->old[(workload->old_count - 1) % WORKLOAD_OLD]);
	}
}
