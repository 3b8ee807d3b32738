/* SPDX-License-Identifier: Apache-2.0 */
/* A duel over what any bytes say: a few parties and accounts, and all that can go wrong with them.
 * A zero byte, as all after the end are, means what is ordinary. */
#include "duel.h"
#include "record.h"

#include "base/id.h"
#include "base/murmur2.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY = 86400000, IDS = 16, HOLDS = 16, OLD = 16, OLD_SIZE_MAX = 512, PARTIES = 6 };

static const char *const parties[PARTIES] = { "ann", "bob", "cy", "dot", "e-1", "f.2" };
static const char *const names[] = { "main", "euro", "yen", "more" };
static const char *const currencies[] = { "USD", "EUR", "JPY", "USD" };

struct old {
	enum topic topic;
	size_t size;
	uint8_t at[OLD_SIZE_MAX];
};

struct script {
	const uint8_t *at; /* what is left */
	size_t left;
	struct duel *duel;
	unsigned own[PARTIES]; /* those of the shard */
	unsigned own_count;
	int64_t now_ms;
	uint32_t made;
	struct id ids[IDS]; /* the last ones */
	struct id holds[HOLDS];
	unsigned hold_parties[HOLDS];
	unsigned hold_count;
	struct old old[OLD];
	unsigned old_count;
};

static unsigned take(struct script *script)
{
	if (script->left == 0)
		return 0;
	script->left--;
	return *script->at++;
}

static unsigned pick(struct script *script, unsigned end)
{
	return take(script) % end;
}

static bool seldom(struct script *script)
{
	return take(script) >= 250;
}

/* Mostly one of the shard. */
static unsigned party_choose(struct script *script)
{
	unsigned way = take(script);
	return way < 232 ? script->own[way % script->own_count] : way % PARTIES;
}

/* Mostly another one. */
static unsigned payee_choose(struct script *script, unsigned payer)
{
	unsigned payee = party_choose(script);
	if (payee != payer || take(script) >= 224)
		return payee;
	return script->own[0] != payer ? script->own[0] : script->own[script->own_count - 1];
}

/* --- Ids and times --- */

static struct id id_make(struct script *script, int64_t time_ms)
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
	static const int64_t ages_ms[] = { 7 * (int64_t)DAY, 7 * (int64_t)DAY + 1, -300000, -300001,
		6 * (int64_t)DAY, DAY, -200000, 8 * (int64_t)DAY };
	unsigned way = take(script);
	struct id id = id_make(script, script->now_ms);
	*ret_size = sizeof id.at;
	if (way >= 224 && way < 232)
		return script->ids[pick(script, IDS)];
	if (way >= 232 && way < 246)
		id = id_make(script, script->now_ms - ages_ms[way % 8]);
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
	script->ids[script->made % IDS] = id;
	return id;
}

static int64_t step_choose(struct script *script)
{
	static const int64_t steps_ms[] = { 0, 1, 999, 1000, 1001, 60000, 300000, 3599999, 3600000,
		DAY - 1, DAY, DAY + 1, 7 * (int64_t)DAY, 30 * (int64_t)DAY, 732 * (int64_t)DAY - 1,
		732 * (int64_t)DAY };
	unsigned way = take(script);
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
		((int64_t)1 << 62) - 1, (int64_t)1 << 62, INT64_MAX, ((int64_t)1 << 62) - 1 - 60000 };
	unsigned way = take(script);
	return way < 192 ? minors[way % 10] : minors[way % 16];
}

static void account_put(struct script *script, struct record *body, uint32_t field, unsigned party)
{
	static const char *const odd[] = { "ann", "ann/", "/main", "@bank/USD", "@transit/USD",
		"ann/main/x", "Ann/main", "ann/none", "", "ann/mainmainmainmainmainmainmainmainm",
		"ann/m\xc3\xa4in", "nobody/main" };
	if (seldom(script)) {
		record_text(body, field, odd[pick(script, sizeof odd / sizeof odd[0])]);
		return;
	}
	char account[64];
	unsigned way = take(script);
	const char *name = names[way < 192 ? 0 : way % 4];
	(void)snprintf(account, sizeof account, "%s/%s", parties[party], name);
	record_text(body, field, account);
}

static void money_put(struct script *script, struct record *body, uint32_t field)
{
	static const char *const odd[] = { "EUR", "JPY", "usd", "", "XXX", "USDD", "EUR", "JPY" };
	unsigned way = take(script);
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
	unsigned way = take(script);
	record_text(body, field, way < 236 ? usual : odd[way % (sizeof odd / sizeof odd[0])]);
}

static void hold_put(struct script *script, struct record *body, unsigned *party)
{
	unsigned way = take(script),
		 known = script->hold_count < HOLDS ? script->hold_count : HOLDS;
	uint8_t id[17] = { 0 };
	if (known > 0 && way < 240) {
		memcpy(id, script->holds[way % known].at, 16);
		*party = script->hold_parties[way % known];
	} else if (way < 252) {
		memcpy(id, script->ids[way % IDS].at, 16);
	}
	if (way != 255)
		record_bytes(body, 1, id, way == 253 ? 15 : way == 254 ? 17 : 16);
}

/* --- Bodies: what is put, and where it belongs --- */

static void account_open_put(struct script *script, struct record *body, unsigned party)
{
	unsigned way = take(script), name = way % 4;
	if (way < 240) {
		char account[64];
		(void)snprintf(account, sizeof account, "%s/%s", parties[party], names[name]);
		record_text(body, 1, account);
		record_text(body, 2, currencies[name]);
	} else {
		account_put(script, body, 1, party);
		text_put(script, body, 2, "GBP");
	}
	if (seldom(script))
		record_varint(body, 3, pick(script, 4));
}

static void funds_put(struct script *script, struct record *body, unsigned party)
{
	char reference[8] = { 'r', '-', (char)('0' + pick(script, 10)),
		(char)('0' + script->made % 10) };
	unsigned rail = take(script);
	account_put(script, body, 1, party);
	money_put(script, body, 2);
	record_varint(body, 3, rail < 192 ? 1 + rail % 2 : rail % 8);
	text_put(script, body, 4, reference);
}

static void hold_create_put(struct script *script, struct record *body)
{
	static const int64_t expiries_s[] = { 1, 2, 1, 10, 60, 3600, 86400, 2592000, 0, -1, 2592001,
		INT64_MAX };
	unsigned way = take(script);
	text_put(script, body, 4, "ride");
	record_varint(body, 5, (uint64_t)expiries_s[way < 224 ? way % 8 : way % 12]);
}

/* The number of its arm. */
static uint32_t body_choose(struct script *script, struct record *body, unsigned *party)
{
	static const uint32_t arms[] = { 31, 30, 40, 41, 42, 31, 30, 40, 41, 40, 31, 40, 30, 22, 10,
		0 };
	uint32_t arm = arms[pick(script, 16)];
	if (arm == 0)
		arm = 20 + pick(script, 3) % 2;
	switch (arm) {
	case 20:
		record_varint(body, 1, seldom(script) ? pick(script, 4) : 1);
		break;
	case 21:
		account_open_put(script, body, *party);
		break;
	case 22:
		account_put(script, body, 1, *party);
		break;
	case 30:
		funds_put(script, body, *party);
		break;
	case 31:
	case 40:
		account_put(script, body, 1, *party);
		account_put(script, body, 2, payee_choose(script, *party));
		money_put(script, body, 3);
		if (arm == 40)
			hold_create_put(script, body);
		break;
	case 41:
	case 42:
		hold_put(script, body, party);
		if (arm == 41 && take(script) >= 128)
			money_put(script, body, 2);
		break;
	default:
		break;
	}
	return arm;
}

static enum topic topic_of(uint32_t arm)
{
	return arm == 10 ? TOPIC_internal : arm == 30 ? TOPIC_rails : TOPIC_commands;
}

static void envelope_put(struct script *script, struct record *record, uint32_t arm, unsigned party)
{
	size_t size;
	struct id id = id_choose(script, &size);
	if (size != 0)
		record_bytes(record, 1, id.at, size);
	bool is_hold = arm == 40;
	if (is_hold) {
		script->holds[script->hold_count % HOLDS] = id;
		script->hold_parties[script->hold_count++ % HOLDS] = party;
	}
	if (arm != 10 && !seldom(script))
		record_text(record, 2, parties[party]);
	else if (seldom(script) || arm != 10)
		text_put(script, record, 2, "bob");
	if (take(script) >= 128)
		record_varint(record, 3, seldom(script) ? 5 : pick(script, 5));
	if (take(script) >= 192)
		record_bytes(record, 4, "0123456789abcdef0", seldom(script) ? 17 : 16);
	if (take(script) >= 192)
		text_put(script, record, 5, "order-17");
	if (seldom(script))
		record_varint(record, 6, pick(script, 2));
}

/* What no client of ours would send. */
static void spoil(struct script *script, struct record *record)
{
	switch (pick(script, 8)) {
	case 0:
		record->size = record->size * take(script) / 256;
		break;
	case 1:
		record_varint(record, 1 + take(script), 1);
		break;
	case 2:
		record->at[record->size * take(script) / 256] ^= (uint8_t)(1 << pick(script, 8));
		break;
	case 3:
		record->size = 0;
		break;
	case 4: /* whatever comes */
		record->size = pick(script, 64);
		for (size_t i = 0; i < record->size; i++)
			record->at[i] = (uint8_t)take(script);
		break;
	case 5: /* just too large, or not */
		memset(record->at + record->size, 0, sizeof record->at - record->size);
		record->size = 4095 + pick(script, 3);
		break;
	case 6:
		record_text(record, 2, "bob");
		break;
	default:
		record_bytes(record, 31, "", 0);
		break;
	}
}

static void record_make(struct script *script, struct record *record, enum topic *topic)
{
	struct record body = { 0 };
	unsigned party = party_choose(script);
	*record = (struct record){ 0 };
	uint32_t arm = body_choose(script, &body, &party);
	if (seldom(script)) /* inside of the body */
		record_varint(&body, 1 + pick(script, 20), 1);
	envelope_put(script, record, arm, party);
	record_bytes(record, arm, body.at, body.size);
	*topic = topic_of(arm);
}

static bool record_again(struct script *script, struct record *record, enum topic *topic)
{
	unsigned known = script->old_count < OLD ? script->old_count : OLD;
	if (known == 0)
		return false;
	const struct old *old = &script->old[pick(script, known)];
	*topic = old->topic;
	*record = (struct record){ .size = old->size };
	memcpy(record->at, old->at, old->size);
	return true;
}

static void old_keep(struct script *script, const struct record *record, enum topic topic)
{
	if (record->size > OLD_SIZE_MAX)
		return;
	struct old *old = &script->old[script->old_count++ % OLD];
	old->topic = topic;
	old->size = record->size;
	memcpy(old->at, record->at, record->size);
}

/* --- Steps --- */

static bool decide_all(struct duel *duel)
{
	for (enum topic t = TOPIC_commands; t <= TOPIC_internal; t++)
		while (duel_pending(duel, t) > 0)
			if (!duel_decide(duel, t))
				return false;
	return true;
}

static void input_put(struct script *script, const struct record *record, enum topic topic)
{
	int64_t gap = seldom(script) ? pick(script, 4) : 0;
	/* On the heap, so that a sanitizer sees a look past the end. */
	uint8_t *value = malloc(record->size + 1);
	assert(value);
	memcpy(value, record->at, record->size);
	duel_input(script->duel, topic, gap, script->now_ms, (struct bytes){ value, record->size });
	free(value);
}

static bool step(struct script *script)
{
	struct record record;
	enum topic topic;
	unsigned way = take(script);
	int64_t step_ms = step_choose(script);
	script->now_ms = script->now_ms + step_ms < 0 ? 0 : script->now_ms + step_ms;
	if (way < 224 || !record_again(script, &record, &topic)) {
		record_make(script, &record, &topic);
		old_keep(script, &record, topic);
	}
	if (seldom(script))
		spoil(script, &record);
	if (seldom(script))
		topic = (enum topic)(1 + pick(script, TOPIC_COUNT));
	input_put(script, &record, topic);
	unsigned then = take(script);
	if (then >= 250)
		duel_refuse(script->duel, topic);
	else if (then >= 244)
		duel_accept_clock(script->duel, topic);
	else if (then >= 240)
		duel_restart(script->duel);
	else if (then >= 224)
		return true;
	else if (then >= 208)
		return duel_decide(script->duel, (enum topic)(1 + then % TOPIC_COUNT));
	return decide_all(script->duel);
}

/* All parties and accounts, and money on them. */
static bool opening(struct script *script)
{
	for (unsigned o = 0; o < script->own_count; o++)
		for (unsigned i = 0; i < 9; i++) {
			unsigned p = script->own[o];
			struct record record = { 0 }, body = { 0 };
			char account[64], reference[8];
			struct id id = id_make(script, script->now_ms);
			unsigned n = i == 0 ? 0 : (i - 1) % 4;
			uint32_t arm = i == 0 ? 20 : i < 5 ? 21 : 30;
			(void)snprintf(account, sizeof account, "%s/%s", parties[p], names[n]);
			(void)snprintf(reference, sizeof reference, "o-%u%u", p, n);
			if (arm == 20)
				record_varint(&body, 1, 2);
			else
				record_text(&body, 1, account);
			if (arm == 21)
				record_text(&body, 2, currencies[n]);
			if (arm == 30) {
				record_money(&body, 2, 5000, currencies[n]);
				record_varint(&body, 3, 4);
				record_text(&body, 4, reference);
			}
			record_bytes(&record, 1, id.at, sizeof id.at);
			record_text(&record, 2, parties[p]);
			record_bytes(&record, arm, body.at, body.size);
			input_put(script, &record, topic_of(arm));
			if (!decide_all(script->duel))
				return false;
		}
	return true;
}

static uint32_t party_shard(unsigned party, uint32_t shards)
{
	return murmur2_partition(parties[party], strlen(parties[party]), shards);
}

bool duel_is_even(const uint8_t *data, size_t size, const struct duel_watch *watch, char *ret_error,
	size_t error_size)
{
	static const int64_t begins_ms[] = { 1767225600000, 0, 7 * (int64_t)DAY, 1 };
	struct script *script = calloc(1, sizeof *script);
	assert(script);
	script->at = data;
	script->left = size;
	unsigned way = take(script);
	uint32_t shards = way < 160 ? 1 : way < 208 ? 2 : 3;
	uint32_t shard = party_shard(0, shards);
	for (unsigned p = 0; p < PARTIES; p++)
		if (party_shard(p, shards) == shard)
			script->own[script->own_count++] = p;
	script->now_ms = begins_ms[take(script) / 64];
	script->duel = duel_new(shard, shards, script->now_ms, watch);
	bool is_even = *duel_error(script->duel) == '\0';
	if (is_even && take(script) < 192)
		is_even = opening(script);
	while (is_even && script->left > 0)
		is_even = step(script);
	is_even = is_even && decide_all(script->duel) && duel_compare(script->duel);
	if (!is_even)
		(void)snprintf(ret_error, error_size, "%s", duel_error(script->duel));
	duel_free(script->duel);
	free(script);
	return is_even;
}

void duel_run(const uint8_t *data, size_t size)
{
	static char error[4096];
	if (duel_is_even(data, size, NULL, error, sizeof error))
		return;
	(void)fprintf(stderr, "%s\n", error);
	abort();
}
