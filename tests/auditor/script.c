/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <stdio.h>

const char *const script_parties[SCRIPT_PARTIES] = { "ann", "bob", "cy", "dot", "e-1", "f.2" };
const char *const script_names[SCRIPT_NAMES] = { "main", "euro", "yen", "more" };
const char *const script_currencies[SCRIPT_NAMES] = { "USD", "EUR", "JPY", "USD" };

unsigned script_take(struct script *script)
{
	if (script->left == 0)
		return 0;
	script->left--;
	return *script->at++;
}

unsigned script_pick(struct script *script, unsigned end)
{
	return script_take(script) % end;
}

bool script_seldom(struct script *script)
{
	return script_take(script) >= 250;
}

/* Mostly one of the shard. */
static unsigned party_choose(struct script *script)
{
	unsigned way = script_take(script);
	return way < 232 ? script->own[way % script->own_count] : way % SCRIPT_PARTIES;
}

/* Mostly another one. */
static unsigned payee_choose(struct script *script, unsigned payer)
{
	unsigned payee = party_choose(script);
	if (payee != payer || script_take(script) >= 224)
		return payee;
	return script->own[0] != payer ? script->own[0] : script->own[script->own_count - 1];
}

/* --- Ids and times --- */

struct id script_id(struct script *script, int64_t time_ms)
{
	struct id id = id_floor_of_time(time_ms < 0 ? 0 : time_ms);
	uint32_t made = ++script->made;
	id.at[6] = 0x70;
	id.at[8] = 0x80;
	for (int i = 0; i < 4; i++)
		id.at[12 + i] = (uint8_t)(made >> (24 - 8 * i));
	/* Ids of one millisecond in no order of their making. */
	id.at[9] = (uint8_t)(made * 101);
	return id;
}

static struct id id_choose(struct script *script, size_t *ret_size)
{
	static const int64_t ages_ms[] = { 7 * (int64_t)SCRIPT_DAY_MS,
		7 * (int64_t)SCRIPT_DAY_MS + 1, -300000, -300001, 6 * (int64_t)SCRIPT_DAY_MS,
		SCRIPT_DAY_MS, -200000, 8 * (int64_t)SCRIPT_DAY_MS };
	unsigned way = script_take(script);
	struct id id = script_id(script, script->now_ms);
	*ret_size = sizeof id.at;
	if (way >= 224 && way < 232)
		return script->ids[script_pick(script, SCRIPT_IDS)];
	if (way >= 232 && way < 246)
		id = script_id(script, script->now_ms - ages_ms[way % 8]);
	else if (way >= 246 && way < 249)
		id.at[6] ^= (uint8_t)(16 << way % 4);
	else if (way >= 249 && way < 252)
		id.at[8] ^= (uint8_t)(64 << way % 2);
	else if (way == 252)
		*ret_size = 15;
	else if (way == 253)
		*ret_size = 0;
	else if (way == 254)
		id = (struct id){ { 0 } };
	script->ids[script->made % SCRIPT_IDS] = id;
	return id;
}

int64_t script_step_ms(struct script *script)
{
	static const int64_t steps_ms[] = { 0, 1, 999, 1000, 1001, 60000, 300000, 3599999, 3600000,
		SCRIPT_DAY_MS - 1, SCRIPT_DAY_MS, SCRIPT_DAY_MS + 1, 7 * (int64_t)SCRIPT_DAY_MS,
		30 * (int64_t)SCRIPT_DAY_MS, 732 * (int64_t)SCRIPT_DAY_MS - 1,
		732 * (int64_t)SCRIPT_DAY_MS };
	unsigned way = script_take(script);
	if (way < 160)
		return way % 4;
	if (way < 176)
		return -(int64_t)(way % 16) * 100;
	return way < 224 ? steps_ms[way % 9] : steps_ms[way % 16];
}

/* --- Fields --- */

static int64_t minor_choose(struct script *script)
{
	static const int64_t minors[] = { 1, 5, 100, 250, 1000, 5000, 2, 3, 10, 50, 0, -1,
		((int64_t)1 << 62) - 1, (int64_t)1 << 62, INT64_MAX,
		((int64_t)1 << 62) - 1 - 60000 };
	unsigned way = script_take(script);
	return way < 192 ? minors[way % 10] : minors[way % 16];
}

static void account_put(struct script *script, struct record *body, uint32_t field, unsigned party)
{
	static const char *const odd[] = { "ann", "ann/", "/main", "@bank/USD", "@transit/USD",
		"ann/main/x", "Ann/main", "ann/none", "", "ann/mainmainmainmainmainmainmainmainm",
		"ann/m\xc3\xa4in", "nobody/main" };
	if (script_seldom(script)) {
		record_text(body, field, odd[script_pick(script, sizeof odd / sizeof odd[0])]);
		return;
	}
	char account[64];
	unsigned way = script_take(script);
	const char *name = script_names[way < 192 ? 0 : way % 4];
	(void)snprintf(account, sizeof account, "%s/%s", script_parties[party], name);
	record_text(body, field, account);
}

static void money_put(struct script *script, struct record *body, uint32_t field)
{
	static const char *const odd[] = { "EUR", "JPY", "usd", "", "XXX", "USDD", "EUR", "JPY" };
	unsigned way = script_take(script);
	int64_t minor = minor_choose(script);
	if (way == 255)
		return;
	if (way == 254)
		record_bytes(body, field, "", 0);
	else
		record_money(body, field, minor, way < 216 ? "USD" : odd[way % 8]);
}

static void text_put(struct script *script, struct record *body, uint32_t field, const char *usual)
{
	static const char *const odd[] = { "", "A", "a b", "x_y", "r-1.2:3", "\xc3\xa4",
		"r2345678901234567890123456789012", "r23456789012345678901234567890123",
		"R23456789012345678901234567890123456789012345678901234567890123",
		"r234567890123456789012345678901234567890123456789012345678901234",
		"r2345678901234567890123456789012345678901234567890123456789012345" };
	unsigned way = script_take(script);
	record_text(body, field, way < 236 ? usual : odd[way % (sizeof odd / sizeof odd[0])]);
}

static void hold_put(struct script *script, struct record *body, unsigned *party)
{
	unsigned way = script_take(script),
		 known = script->hold_count < SCRIPT_IDS ? script->hold_count : SCRIPT_IDS;
	uint8_t id[17] = { 0 };
	if (known > 0 && way < 240) {
		memcpy(id, script->holds[way % known].at, 16);
		*party = script->hold_parties[way % known];
	} else if (way < 252) {
		memcpy(id, script->ids[way % SCRIPT_IDS].at, 16);
	}
	if (way != 255)
		record_bytes(body, 1, id, way == 253 ? 15 : way == 254 ? 17 : 16);
}

/* --- Bodies: what is put, and where it belongs --- */

static void account_open_put(struct script *script, struct record *body, unsigned party)
{
	unsigned way = script_take(script), name = way % 4;
	if (way < 240) {
		char account[64];
		(void)snprintf(account, sizeof account, "%s/%s", script_parties[party],
			script_names[name]);
		record_text(body, 1, account);
		record_text(body, 2, script_currencies[name]);
	} else {
		account_put(script, body, 1, party);
		text_put(script, body, 2, "GBP");
	}
	if (script_seldom(script))
		record_varint(body, 3, script_pick(script, 4));
}

static void funds_put(struct script *script, struct record *body, unsigned party)
{
	char reference[8] = { 'r', '-', (char)('0' + script_pick(script, 10)),
		(char)('0' + script->made % 10) };
	unsigned rail = script_take(script);
	account_put(script, body, 1, party);
	money_put(script, body, 2);
	record_varint(body, 3, rail < 192 ? 1 + rail % 2 : rail % 8);
	text_put(script, body, 4, reference);
}

static void hold_create_put(struct script *script, struct record *body)
{
	static const int64_t expiries_s[] = { 1, 2, 1, 10, 60, 3600, 86400, 2592000, 0, -1, 2592001,
		INT64_MAX };
	unsigned way = script_take(script);
	text_put(script, body, 4, "ride");
	record_varint(body, 5, (uint64_t)expiries_s[way < 224 ? way % 8 : way % 12]);
}

enum {
	TRANSFER = COMMAND_transfer_create,
	FUNDS = COMMAND_funds_receive,
	HOLD = COMMAND_hold_create,
	CAPTURE = COMMAND_hold_capture,
	RELEASE = COMMAND_hold_release,
};

/* The number of its arm. */
static uint32_t body_choose(struct script *script, struct record *body, unsigned *party)
{
	static const uint32_t arms[] = { TRANSFER, FUNDS, HOLD, CAPTURE, RELEASE, TRANSFER, FUNDS,
		HOLD, CAPTURE, HOLD, TRANSFER, HOLD, FUNDS, COMMAND_account_close, COMMAND_tick,
		COMMAND_none };
	uint32_t arm = arms[script_pick(script, 16)];
	if (arm == COMMAND_none)
		arm = script_pick(script, 3) % 2 ? COMMAND_account_open : COMMAND_party_open;
	switch (arm) {
	case COMMAND_party_open:
		record_varint(body, 1, script_seldom(script) ? script_pick(script, 4) : 1);
		break;
	case COMMAND_account_open:
		account_open_put(script, body, *party);
		break;
	case COMMAND_account_close:
		account_put(script, body, 1, *party);
		break;
	case COMMAND_funds_receive:
		funds_put(script, body, *party);
		break;
	case COMMAND_transfer_create:
	case COMMAND_hold_create:
		account_put(script, body, 1, *party);
		account_put(script, body, 2, payee_choose(script, *party));
		money_put(script, body, 3);
		if (arm == COMMAND_hold_create)
			hold_create_put(script, body);
		break;
	case COMMAND_hold_capture:
	case COMMAND_hold_release:
		hold_put(script, body, party);
		if (arm == COMMAND_hold_capture && script_take(script) >= 128)
			money_put(script, body, 2);
		break;
	default:
		break;
	}
	return arm;
}

enum topic script_topic(uint32_t arm)
{
	return arm == COMMAND_tick            ? TOPIC_internal
	       : arm == COMMAND_funds_receive ? TOPIC_rails
					      : TOPIC_commands;
}

static void envelope_put(struct script *script, struct record *record, uint32_t arm, unsigned party)
{
	size_t size;
	struct id id = id_choose(script, &size);
	if (size != 0)
		record_bytes(record, 1, id.at, size);
	bool is_hold = arm == COMMAND_hold_create;
	if (is_hold) {
		script->holds[script->hold_count % SCRIPT_IDS] = id;
		script->hold_parties[script->hold_count++ % SCRIPT_IDS] = party;
	}
	if (arm != COMMAND_tick && !script_seldom(script))
		record_text(record, 2, script_parties[party]);
	else if (script_seldom(script) || arm != COMMAND_tick)
		text_put(script, record, 2, "bob");
	if (script_take(script) >= 128)
		record_varint(record, 3, script_seldom(script) ? 5 : script_pick(script, 5));
	if (script_take(script) >= 192)
		record_bytes(record, 4, "0123456789abcdef0", script_seldom(script) ? 17 : 16);
	if (script_take(script) >= 192)
		text_put(script, record, 5, "order-17");
	if (script_seldom(script))
		record_varint(record, 6, script_pick(script, 2));
}

/* What no client of ours would send. */
void script_spoil(struct script *script, struct record *record)
{
	switch (script_pick(script, 8)) {
	case 0:
		record->size = record->size * script_take(script) / 256;
		break;
	case 1:
		record_varint(record, 1 + script_take(script), 1);
		break;
	case 2:
		record->at[record->size * script_take(script) / 256] ^=
			(uint8_t)(1 << script_pick(script, 8));
		break;
	case 3:
		record->size = 0;
		break;
	case 4: /* whatever comes */
		record->size = script_pick(script, 64);
		for (size_t i = 0; i < record->size; i++)
			record->at[i] = (uint8_t)script_take(script);
		break;
	case 5: /* just too large, or not */
		memset(record->at + record->size, 0, sizeof record->at - record->size);
		record->size = 4095 + script_pick(script, 3);
		break;
	case 6:
		record_text(record, 2, "bob");
		break;
	default:
		record_bytes(record, 31, "", 0);
		break;
	}
}

void script_record(struct script *script, struct record *ret, enum topic *ret_topic)
{
	struct record body = { 0 };
	unsigned party = party_choose(script);
	*ret = (struct record){ 0 };
	uint32_t arm = body_choose(script, &body, &party);
	if (script_seldom(script)) /* inside of the body */
		record_varint(&body, 1 + script_pick(script, 20), 1);
	envelope_put(script, ret, arm, party);
	record_bytes(ret, arm, body.at, body.size);
	*ret_topic = script_topic(arm);
}
