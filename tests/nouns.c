/* SPDX-License-Identifier: Apache-2.0 */
#include "nouns.h"

#include <assert.h>
#include <stdio.h>

struct maker {
	struct random *random;
	bool is_fattest;
	bool is_whole; /* nothing is absent, unknown or negative */
};

/* xorshift64* */
uint64_t random_next(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t random_below(struct random *random, uint64_t end)
{
	return random_next(random) % end;
}

static bool coin(struct maker *maker)
{
	return maker->is_fattest || maker->is_whole || random_below(maker->random, 2) == 0;
}

/* Small ones, great ones and zero alike. */
static int64_t number(struct maker *maker)
{
	if (maker->is_fattest)
		return INT64_MAX;
	if (maker->is_whole)
		return 1 + (int64_t)random_below(maker->random, INT64_MAX / 4);
	return (int64_t)(random_next(maker->random) >> (1 + random_below(maker->random, 63)));
}

static struct id id(struct maker *maker)
{
	struct id id;
	for (size_t i = 0; i < sizeof id.at; i++)
		id.at[i] = (uint8_t)(random_next(maker->random) | 1);
	return id;
}

static void characters(struct maker *maker, char *at, size_t size)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	for (size_t i = 0; i < size; i++)
		at[i] = alphabet[random_below(maker->random, sizeof alphabet - 1)];
}

static size_t size_up_to(struct maker *maker, size_t size_max)
{
	return maker->is_fattest ? size_max : 1 + random_below(maker->random, size_max);
}

static struct text64 text(struct maker *maker)
{
	char at[64];
	size_t size = size_up_to(maker, sizeof at);
	characters(maker, at, size);
	struct text64 text = { 0 };
	text64_set(&text, at, size);
	return text;
}

static struct text64 reason(struct maker *maker)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	struct text64 text = { .size = (uint8_t)size_up_to(maker, 32) };
	for (size_t i = 0; i < text.size; i++)
		text.at[i] = alphabet[random_below(maker->random, sizeof alphabet - 1)];
	return text;
}

static struct account_id account(struct maker *maker)
{
	char at[ACCOUNT_ID_SIZE_MAX];
	size_t party = size_up_to(maker, PARTY_SIZE_MAX);
	size_t name = size_up_to(maker, ACCOUNT_NAME_SIZE_MAX);
	characters(maker, at, party + 1 + name);
	at[party] = '/';
	struct account_id id;
	bool is_parsed = account_id_parse(&id, at, party + 1 + name);
	assert(is_parsed);
	return id;
}

static enum currency currency(struct maker *maker)
{
	static const enum currency some[] = { CURRENCY_USD, CURRENCY_JPY, CURRENCY_KWD,
		CURRENCY_EUR };
	return some[random_below(maker->random, sizeof some / sizeof some[0])];
}

static struct money money(struct maker *maker)
{
	if (!coin(maker))
		return (struct money){ .is_absent = true };
	return (struct money){ amount_of(number(maker)), currency(maker), .is_absent = false };
}

static struct id_field id_field(struct maker *maker)
{
	return (struct id_field){ .id = coin(maker) ? id(maker) : (struct id){ { 0 } } };
}

/* Unknown and negative ones too: only the shape checks refuse them. */
static int32_t loose_enum(struct maker *maker, int32_t greatest)
{
	if (maker->is_whole)
		return 1 + (int32_t)random_below(maker->random, (uint64_t)greatest);
	return maker->is_fattest ? -1
				 : (int32_t)random_below(maker->random, (uint64_t)greatest + 3) - 1;
}

static bool text_is_writable(const struct text64 *text)
{
	return text->size <= sizeof text->at;
}

bool command_is_writable(const struct command *command)
{
	if (command->id.is_malformed || command->group_id.is_malformed ||
		!text_is_writable(&command->party) || !text_is_writable(&command->reference))
		return false;
	for (const struct shape_field *field = command_shape(command->kind); field->name; field++) {
		const void *at = shape_at(command, field);
		if (field->shape == SHAPE_ID_FIELD && ((const struct id_field *)at)->is_malformed)
			return false;
		if (field->shape == SHAPE_TEXT && !text_is_writable(at))
			return false;
	}
	return true;
}

static enum reject reject(struct maker *maker)
{
	static const enum reject rejects[] = {
#define REJECT(number, name, retry, keeps, text, advice) REJECT_##name,
#include "ledger/rejects.def"
#undef REJECT
	};
	return rejects[random_below(maker->random, sizeof rejects / sizeof rejects[0])];
}

/* Of a command. What is a message on the wire is one of its arms, or absent. */
static int32_t loose(struct maker *maker, const struct shape_field *field)
{
	if (field->is_choice && !coin(maker))
		return 0;
	if (field->is_choice)
		return 1 + (int32_t)random_below(maker->random, (uint64_t)field->greatest);
	if (field->is_reject && maker->is_whole)
		return (int32_t)reject(maker);
	return loose_enum(maker, field->greatest);
}

static struct digest digest(struct maker *maker)
{
	struct digest digest;
	struct id any = id(maker);
	memcpy(digest.at, any.at, sizeof digest.at);
	return digest;
}

/* --- Bodies, by the shapes of their fields --- */

/* What is made of a body, and of the currency that its amounts share. */
struct body {
	struct maker *maker;
	uint8_t *noun;             /* a struct command or event */
	const struct event *event; /* NULL: a command */
	bool has_currency;
};

#define PUT(at, type, value)                      \
	do {                                      \
		type made = (value);              \
		memcpy((at), &made, sizeof made); \
	} while (0)

static struct amount amount(struct body *body, const struct shape_field *field)
{
	struct maker *maker = body->maker;
	if (!body->has_currency || (field->may_be_absent && !coin(maker)))
		return AMOUNT_ZERO;
	if (!field->may_be_negative)
		return amount_of(number(maker));
	return amount_of(maker->is_fattest ? INT64_MIN : -number(maker));
}

/* Often one that its balances name. */
static struct account_id account_of_body(struct body *body)
{
	const struct event *event = body->event;
	bool is_of_balances = event && !body->maker->is_fattest && event->balance_count != 0;
	if (is_of_balances && random_below(body->maker->random, 3) == 0)
		return event->balances[random_below(body->maker->random, event->balance_count)]
			.account;
	return account(body->maker);
}

static int32_t enumeration(struct body *body, const struct shape_field *field)
{
	return 1 + (int32_t)random_below(body->maker->random, (uint64_t)field->greatest);
}

static void word_put(struct body *body, const struct shape_field *field, void *at)
{
	struct maker *maker = body->maker;
	switch (field->shape) {
	case SHAPE_TEXT:
		PUT(at, struct text64, text(maker));
		return;
	case SHAPE_REASON:
		PUT(at, struct text64, reason(maker));
		return;
	case SHAPE_ACCOUNT:
		PUT(at, struct account_id, account_of_body(body));
		return;
	case SHAPE_ID:
		PUT(at, struct id, id(maker));
		return;
	case SHAPE_ID_FIELD:
		PUT(at, struct id_field, id_field(maker));
		return;
	case SHAPE_DIGEST:
		PUT(at, struct digest, digest(maker));
		return;
	case SHAPE_CURRENCY:
		PUT(at, enum currency, currency(maker));
		return;
	case SHAPE_NUMBER:
	case SHAPE_NUMBER32:
	case SHAPE_BOOL:
	case SHAPE_ENUM:
	case SHAPE_ENUM_FIELD:
	case SHAPE_REJECT:
	case SHAPE_OUTCOME:
	case SHAPE_AMOUNT:
	case SHAPE_MONEY:
		break;
	}
	assert(false);
}

static void field_put(struct body *body, const struct shape_field *field)
{
	struct maker *maker = body->maker;
	void *at = body->noun + field->offset;
	switch (field->shape) {
	case SHAPE_NUMBER:
		PUT(at, int64_t, number(maker));
		return;
	case SHAPE_NUMBER32:
		PUT(at, uint32_t, (uint32_t)number(maker));
		return;
	case SHAPE_BOOL:
		PUT(at, bool, coin(maker));
		return;
	case SHAPE_ENUM:
		PUT(at, int32_t, enumeration(body, field));
		return;
	case SHAPE_ENUM_FIELD:
		PUT(at, int32_t, loose(maker, field));
		return;
	case SHAPE_OUTCOME:
		PUT(at, enum event_kind, event_kinds[random_below(maker->random, EVENT_COUNT)]);
		return;
	case SHAPE_AMOUNT:
		PUT(at, struct amount, amount(body, field));
		return;
	case SHAPE_MONEY:
		PUT(at, struct money, money(maker));
		return;
	case SHAPE_REJECT:
		if (!field->may_be_absent || coin(maker))
			PUT(at, enum reject, reject(maker));
		return;
	case SHAPE_CURRENCY:
		if (body->has_currency)
			word_put(body, field, at);
		return;
	case SHAPE_TEXT:
	case SHAPE_REASON:
	case SHAPE_ACCOUNT:
	case SHAPE_ID:
	case SHAPE_ID_FIELD:
	case SHAPE_DIGEST:
		if (!field->may_be_absent || coin(maker))
			word_put(body, field, at);
		return;
	}
}

/* Amounts without a currency are none. */
static void body_put(struct body *body, const struct shape_field *fields)
{
	body->has_currency = true;
	for (const struct shape_field *field = fields; field->name; field++)
		if (field->shape == SHAPE_CURRENCY && field->may_be_absent)
			body->has_currency = coin(body->maker);
	for (const struct shape_field *field = fields; field->name; field++)
		field_put(body, field);
}

static struct command command_make(struct maker *maker, enum command_kind kind)
{
	struct command command = { .kind = kind };
	command.id.id = id(maker);
	command.party = text(maker);
	command.initiator = loose_enum(maker, INITIATOR_COUNT);
	command.group_id = id_field(maker);
	if (coin(maker))
		command.reference = text(maker);
	command.dry_run = coin(maker);
	struct body body = { .maker = maker, .noun = (uint8_t *)&command };
	body_put(&body, command_shape(kind));
	return command;
}

struct command command_random(struct random *random, enum command_kind kind, bool is_fattest)
{
	struct maker maker = { .random = random, .is_fattest = is_fattest };
	return command_make(&maker, kind);
}

struct command command_whole(struct random *random, enum command_kind kind)
{
	struct maker maker = { .random = random, .is_whole = true };
	return command_make(&maker, kind);
}

/* Mostly an event has few effects. */
enum { FEW = 4 };

static struct posting posting(struct maker *maker, uint32_t balances)
{
	uint32_t debit = (uint32_t)random_below(maker->random, balances);
	return (struct posting){
		.debit_place = debit + 1,
		.credit_place = (debit + 1) % balances + 1,
		.layer = (enum layer)(1 + random_below(maker->random, LAYER_COUNT)),
		.rail = (enum rail)random_below(maker->random, RAIL_COUNT + 1),
		.forced = coin(maker),
		.amount = amount_of(number(maker)),
	};
}

/* Its number and its amount are never zero. */
static struct remittance remittance(struct maker *maker, uint32_t balances)
{
	return (struct remittance){
		.shard = (uint32_t)number(maker),
		.number = 1 + number(maker) / 2,
		.from_place = 1 + (uint32_t)random_below(maker->random, balances),
		.to_account = account(maker),
		.amount = amount_of(1 + number(maker) / 2),
		.purpose = (enum purpose)(1 + random_below(maker->random, PURPOSE_COUNT)),
	};
}

static struct settlement settlement(struct maker *maker)
{
	return (struct settlement){
		.number = 1 + number(maker) / 2,
		.payment_id = id(maker),
		.group_id = coin(maker) ? id(maker) : (struct id){ { 0 } },
	};
}

static struct effect effect(struct maker *maker, enum effect_kind kind, uint32_t balances)
{
	struct effect effect = { .kind = kind };
	switch (kind) {
	case EFFECT_posting:
		effect.posting = posting(maker, balances);
		return effect;
	case EFFECT_remittance:
		effect.remittance = remittance(maker, balances);
		return effect;
	case EFFECT_settlement:
		effect.settlement = settlement(maker);
		return effect;
	case EFFECT_none:
		break;
	}
	assert(false);
	return effect;
}

struct effect effect_random(struct random *random, enum effect_kind kind, uint32_t balances)
{
	struct maker maker = { .random = random, .is_whole = true };
	return effect(&maker, kind, balances);
}

/* The fattest are of the longest one. */
static enum effect_kind effect_kind(struct maker *maker)
{
	return maker->is_fattest ? EFFECT_remittance
				 : (enum effect_kind)(1 + random_below(maker->random, EFFECT_LAST));
}

static void effects(struct maker *maker, struct event *event)
{
	enum currency code = currency(maker);
	unsigned count = (unsigned)size_up_to(maker, FEW);
	if (maker->is_fattest)
		count = BALANCES_PER_EVENT_MAX;
	for (unsigned i = 0; i < count; i++) {
		struct balance_after *after = &event->balances[i];
		after->account = account(maker);
		after->account.at[0] = (char)('a' + i % FEW); /* no two alike */
		if (maker->is_fattest)
			after->account.at[1] = (char)('a' + i / FEW);
		after->currency = code;
		after->balances =
			(struct balances){ amount_of(number(maker)), amount_of(number(maker)),
				amount_of(number(maker)), amount_of(number(maker)) };
	}
	event->balance_count = (uint8_t)count;
	if (count < 2)
		return;
	event->effect_count = (uint8_t)size_up_to(maker, FEW);
	if (maker->is_fattest)
		event->effect_count = EFFECTS_PER_EVENT_MAX;
	for (unsigned i = 0; i < event->effect_count; i++)
		event->effects[i] = effect(maker, effect_kind(maker), count);
}

static void cause(struct maker *maker, struct event *event)
{
	event->topic = (enum topic)(1 + random_below(maker->random, TOPIC_COUNT));
	event->offset = number(maker);
	if (!maker->is_fattest && !maker->is_whole && coin(maker)) {
		event->timer = (struct timer){ number(maker),
			coin(maker) ? id(maker) : (struct id){ { 0 } },
			(enum timer_kind)(1 + random_below(maker->random, TIMER_KIND_COUNT)) };
		return;
	}
	event->has_command_id = coin(maker);
	if (event->has_command_id)
		event->command_id = id(maker);
	event->digest = digest(maker);
	if (coin(maker))
		event->party = text(maker);
	event->initiator = (enum initiator)(
		maker->is_whole + random_below(maker->random, INITIATOR_COUNT + !maker->is_whole));
	if (coin(maker))
		event->group_id = id(maker);
	if (coin(maker))
		event->reference = text(maker);
	event->dry_run = coin(maker);
}

static struct event event_make(struct maker *maker, enum event_kind kind)
{
	struct event event = { .kind = kind };
	event.sequence = 1 + number(maker) / 2;
	event.engine_time_ms = number(maker);
	if (!event_answers_nothing(event.kind))
		cause(maker, &event);
	event.dry_run = event.topic != TOPIC_none && !event_is_timers(&event) &&
			!maker->is_fattest && coin(maker);
	if (!event.dry_run)
		effects(maker, &event);
	struct body body = { .maker = maker, .noun = (uint8_t *)&event, .event = &event };
	body_put(&body, event_shape(kind));
	return event;
}

struct event event_random(struct random *random, enum event_kind kind, bool is_fattest)
{
	struct maker maker = { .random = random, .is_fattest = is_fattest };
	return event_make(&maker, kind);
}

struct event event_whole(struct random *random, enum event_kind kind)
{
	struct maker maker = { .random = random, .is_whole = true };
	return event_make(&maker, kind);
}

struct link link_random(struct random *random, const struct event *event, bool is_fattest)
{
	struct maker maker = { .random = random, .is_fattest = is_fattest };
	struct link link = { .shard = UINT32_MAX, .sequence = event->sequence };
	link.term = 1 + number(&maker) / 2;
	for (size_t i = 0; i < HASH_SIZE; i++)
		link.previous.at[i] = (uint8_t)random_next(random);
	link.has_opened = coin(&maker);
	if (link.has_opened)
		link.opened = link.previous;
	return link;
}
