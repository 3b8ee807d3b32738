/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "shape.h"

#include <assert.h>
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

static bool has_other_shards(const struct script *script)
{
	return script->own_count < SCRIPT_PARTIES;
}

/* Mostly another one; where there are other shards, often one of theirs. */
static unsigned payee_choose(struct script *script, unsigned payer)
{
	if (has_other_shards(script) && script_take(script) >= 160)
		return script_pick(script, SCRIPT_PARTIES);
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
	script->name = way < 192 ? 0 : way % SCRIPT_NAMES;
	(void)snprintf(account, sizeof account, "%s/%s", script_parties[party],
		script_names[script->name]);
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

/* What it names was mostly made by a command of its name: a hold_id is that of a hold_create. */
static const struct script_sent *sent_of(const struct script *script, const char *field)
{
	const char *name = strchr(field, '.') + 1;
	size_t size = strlen(name) - strlen("_id");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct script_sent *sent = &script->sent[command_kinds[i]];
		if (sent->count > 0 && strncmp(command_name(command_kinds[i]), name, size) == 0)
			return sent;
	}
	return NULL;
}

static void id_put(struct script *script, struct record *body, const struct shape_field *field,
	unsigned *party)
{
	const struct script_sent *sent = sent_of(script, field->name);
	unsigned way = script_take(script);
	uint8_t id[17] = { 0 };
	if (sent && way < 240) {
		unsigned known = sent->count < SCRIPT_IDS ? sent->count : SCRIPT_IDS;
		memcpy(id, sent->ids[way % known].at, 16);
		*party = sent->parties[way % known];
	} else if (way < 252) {
		memcpy(id, script->ids[way % SCRIPT_IDS].at, 16);
	}
	if (way != 255)
		record_bytes(body, field->number, id, way == 253 ? 15 : way == 254 ? 17 : 16);
}

static void number_put(struct script *script, struct record *body, uint32_t field)
{
	/* Such as seconds up to 30 days, and what no field takes. */
	static const int64_t numbers[] = { 1, 2, 1, 10, 60, 3600, 86400, 2592000, 0, -1, 2592001,
		INT64_MAX };
	unsigned way = script_take(script);
	record_varint(body, field, (uint64_t)numbers[way < 224 ? way % 8 : way % 12]);
}

/* Of shards and their numbers: mostly the first ones. */
static void place_put(struct script *script, struct record *body, uint32_t field)
{
	unsigned way = script_take(script);
	if (way < 240)
		record_varint(body, field, way < 128 ? 1 : way % 4);
	else
		number_put(script, body, field);
}

static void enum_put(struct script *script, struct record *body, const struct shape_field *field)
{
	unsigned way = script_take(script), greatest = (unsigned)field->greatest;
	if (field->is_choice) {
		struct record choice = { 0 };
		if (way < 253)
			record_bytes(&choice, way < 248 ? 1 : way % 4, "", 0);
		record_bytes(body, field->number, choice.at, choice.size);
		return;
	}
	unsigned usual = way < 192 && greatest > 1 ? 2 : 1;
	record_varint(body, field->number, way < 224 ? usual : way % (greatest + 2));
}

static void worded_put(
	struct script *script, struct record *body, const struct shape_field *field, unsigned party)
{
	char reference[8] = { 'r', '-', 0, (char)('0' + script->made % 10) };
	const char *usual = "ride";
	if (strcmp(field->word, "party") == 0) {
		usual = script_parties[payee_choose(script, party)];
	} else if (strcmp(field->word, "reference") == 0) {
		reference[2] = (char)('0' + script_pick(script, 10));
		usual = reference;
	}
	text_put(script, body, field->number, usual);
}

/* --- Bodies: a field of each kind, and where it belongs --- */

static void field_put(struct script *script, struct record *body, const struct shape_field *field,
	unsigned *party, unsigned *accounts)
{
	uint32_t number = field->number;
	bool is_of_shard = command_is_of_shard(script->kind);
	switch (field->shape) {
	case SHAPE_ACCOUNT: /* the first one is the envelope's party's own; between shards the last
			     */
		account_put(script, body, number,
			(*accounts)++ == is_of_shard ? *party : payee_choose(script, *party));
		break;
	case SHAPE_MONEY:
		if (!field->may_be_absent || script_take(script) >= 128)
			money_put(script, body, number);
		break;
	case SHAPE_CURRENCY:
		text_put(script, body, number, script_currencies[script->name]);
		break;
	case SHAPE_TEXT:
	case SHAPE_REASON:
		worded_put(script, body, field, *party);
		break;
	case SHAPE_ID:
	case SHAPE_ID_FIELD:
		id_put(script, body, field, party);
		break;
	case SHAPE_DIGEST:
		record_bytes(body, number, script->ids[script_pick(script, SCRIPT_IDS)].at, 16);
		break;
	case SHAPE_ENUM:
	case SHAPE_ENUM_FIELD:
		enum_put(script, body, field);
		break;
	case SHAPE_AMOUNT:
		record_varint(body, number, (uint64_t)minor_choose(script));
		break;
	case SHAPE_BOOL:
		record_varint(body, number, script_pick(script, 2));
		break;
	case SHAPE_NUMBER:
	case SHAPE_NUMBER32:
		if (is_of_shard)
			place_put(script, body, number);
		else
			number_put(script, body, number);
		break;
	case SHAPE_REJECT:
	case SHAPE_OUTCOME:
		number_put(script, body, number);
		break;
	}
}

static bool has_money(enum command_kind kind)
{
	const struct shape_field *field = command_shape(kind);
	while (field->name && field->shape != SHAPE_MONEY)
		field++;
	return field->name;
}

/* Often one that is about money; where there is no other shard, seldom one of a shard. */
static enum command_kind kind_choose(struct script *script)
{
	unsigned way = script_take(script);
	if (way >= 128)
		return command_kinds[script_pick(script, COMMAND_COUNT)];
	enum command_kind kinds[COMMAND_COUNT];
	unsigned count = 0;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (has_money(command_kinds[i]) &&
			(has_other_shards(script) || !command_is_of_shard(command_kinds[i])))
			kinds[count++] = command_kinds[i];
	assert(count > 0);
	return kinds[way % count];
}

static void envelope_put(
	struct script *script, struct record *record, enum command_kind kind, unsigned party)
{
	size_t size;
	struct id id = id_choose(script, &size);
	if (size != 0 && (!command_is_of_shard(kind) || script_seldom(script)))
		record_bytes(record, 1, id.at, size);
	struct script_sent *sent = &script->sent[kind];
	sent->ids[sent->count % SCRIPT_IDS] = id;
	sent->parties[sent->count++ % SCRIPT_IDS] = party;
	bool may_lack_party = command_has_no_party(kind);
	if (!may_lack_party && !script_seldom(script))
		record_text(record, 2, script_parties[party]);
	else if (script_seldom(script) || !may_lack_party)
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
	enum command_kind kind = script->kind = kind_choose(script);
	unsigned accounts = 0;
	for (const struct shape_field *field = command_shape(kind); field->name; field++)
		field_put(script, &body, field, &party, &accounts);
	if (script_seldom(script)) /* inside of the body */
		record_varint(&body, 1 + script_pick(script, 20), 1);
	envelope_put(script, ret, kind, party);
	record_bytes(ret, (uint32_t)kind, body.at, body.size);
	*ret_topic = command_topic(kind);
}
