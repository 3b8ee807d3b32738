/* SPDX-License-Identifier: Apache-2.0 */
#include "workload/traffic.h"

#include "base/murmur2.h"

#include <assert.h>
#include <stdio.h>

enum { AMOUNT_MAX = 5000 };

uint64_t workload_below(struct workload *workload, uint64_t end)
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
		else if (workload->other_count < WORKLOAD_OTHERS)
			text64_set(&workload->others[workload->other_count++], name, (size_t)size);
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
	ret->stream = (enum log_stream)(command_topic(command->kind) - 1);
}

const struct text64 *workload_member(struct workload *workload)
{
	return &workload->members[workload_below(workload, workload->member_count)];
}

/* Of a ledger of one shard there is nothing to draw. */
const struct text64 *workload_payee(struct workload *workload)
{
	if (workload->other_count > 0 && workload_below(workload, 3) == 0)
		return &workload->others[workload_below(workload, workload->other_count)];
	return workload_member(workload);
}

/* A few accounts are in euros, and a few were never opened. */
struct account_id workload_some_account(struct workload *workload, const struct text64 *party)
{
	uint64_t dice = workload_below(workload, 40);
	const char *name = dice == 0 ? "nowhere" : dice < 3 ? "euro" : "main";
	return workload_account(party, name);
}

struct money workload_money(struct workload *workload)
{
	uint64_t dice = workload_below(workload, 60);
	int64_t minor = dice == 0 ? 0 : 1 + (int64_t)workload_below(workload, AMOUNT_MAX);
	return (struct money){ amount_of(minor), dice == 1 ? CURRENCY_EUR : CURRENCY_USD,
		.is_absent = false };
}

/* What no client of ours would send. */
static void spoil(struct workload *workload, struct work *work)
{
	switch (workload_below(workload, 5)) {
	case 0: /* no protobuf at all */
		work->size = 1 + workload_below(workload, 40);
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
		work->size -= 1 + workload_below(workload, work->size);
		break;
	default: /* on a topic that it does not belong to */
		work->stream = LOG_CONTROL;
		break;
	}
}

static const struct traffic *const domains[] = { payment_traffic, hold_traffic };
static const struct rare_traffic *const rare_domains[] = { party_rare_traffic, engine_rare_traffic,
	remittance_rare_traffic };
enum {
	DOMAINS = sizeof domains / sizeof domains[0],
	RARE_DOMAINS = sizeof rare_domains / sizeof rare_domains[0],
};

static struct command rare(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = workload_member(workload);
	uint64_t count = 0;
	/* The last domain needs several shards. */
	size_t rare_count = RARE_DOMAINS - (workload->other_count == 0);
	for (size_t i = 0; i < rare_count; i++)
		for (const struct rare_traffic *traffic = rare_domains[i]; traffic->make; traffic++)
			count++;
	uint64_t dice = workload_below(workload, count);
	size_t domain = 0;
	const struct rare_traffic *traffic = rare_domains[domain];
	for (; dice > 0; dice--)
		if (!(++traffic)->make)
			traffic = rare_domains[++domain];
	return traffic->make(workload, party, now_ms);
}

static struct command common(struct workload *workload, int64_t now_ms)
{
	uint64_t weights = RARE_WEIGHT;
	for (size_t i = 0; i < DOMAINS; i++)
		for (const struct traffic *traffic = domains[i]; traffic->make; traffic++)
			weights += traffic->weight;
	uint64_t dice = workload_below(workload, weights);
	for (size_t i = 0; i < DOMAINS; i++)
		for (const struct traffic *traffic = domains[i]; traffic->make; traffic++) {
			if (dice < traffic->weight)
				return traffic->make(workload, now_ms);
			dice -= traffic->weight;
		}
	return rare(workload, now_ms);
}

void workload_next(struct workload *workload, int64_t now_ms, struct work *ret)
{
	if (workload->opened < WORKLOAD_OPENINGS * workload->member_count) {
		struct command command = workload_opening(workload, now_ms);
		work_encode(workload, &command, ret);
		return;
	}
	unsigned known = workload->old_count < WORKLOAD_OLD ? workload->old_count : WORKLOAD_OLD;
	uint64_t dice = workload_below(workload, 100);
	if (dice < 4 && known > 0) {
		*ret = workload->old[workload_below(workload, known)];
		return;
	}
	struct command command = common(workload, now_ms);
	if (dice == 4) /* an id of long ago, or one that is to come */
		command.id.id.at[workload_below(workload, 2) + 2] ^= 0x40;
	work_encode(workload, &command, ret);
	if (dice == 8 ||
		dice == 9) { /* only tried now; in earnest, under the same id, it may come later */
		workload->old[workload->old_count++ % WORKLOAD_OLD] = *ret;
		command.dry_run = true;
		work_encode(workload, &command, ret);
		return;
	}
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
