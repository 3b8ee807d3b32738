/* SPDX-License-Identifier: Apache-2.0 */
#include "nouns.h"

#include <assert.h>
#include <stdio.h>

const enum command_kind command_kinds[COMMAND_KINDS] = {
#define COMMAND(number, name, topic) COMMAND_##name,
#include "ledger/commands.def"
#undef COMMAND
};

const enum event_kind event_kinds[EVENT_KINDS] = {
#define EVENT(number, name, file) EVENT_##name,
#include "ledger/events.def"
#undef EVENT
};

struct maker {
	struct random *random;
	bool is_fattest;
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
	return maker->is_fattest || random_below(maker->random, 2) == 0;
}

/* Small ones, great ones and zero alike. */
static int64_t number(struct maker *maker)
{
	if (maker->is_fattest)
		return INT64_MAX;
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
static int32_t loose_enum(struct maker *maker)
{
	return maker->is_fattest ? -1 : (int32_t)random_below(maker->random, 9) - 1;
}

static void command_body(struct maker *maker, struct command *command)
{
	switch (command->kind) {
	case COMMAND_none:
	case COMMAND_tick:
		break;
	case COMMAND_party_open:
		command->party_open.kind = loose_enum(maker);
		break;
	case COMMAND_account_open:
		command->account_open = (struct command_account_open){ account(maker),
			currency(maker), loose_enum(maker) };
		break;
	case COMMAND_account_close:
		command->account_close.account = account(maker);
		break;
	case COMMAND_funds_receive:
		command->funds_receive = (struct command_funds_receive){ account(maker),
			money(maker), loose_enum(maker), text(maker) };
		break;
	case COMMAND_transfer_create:
		command->transfer_create = (struct command_transfer_create){ account(maker),
			account(maker), money(maker) };
		break;
	case COMMAND_hold_create:
		command->hold_create = (struct command_hold_create){ account(maker), account(maker),
			money(maker), text(maker), number(maker) };
		break;
	case COMMAND_hold_capture:
		command->hold_capture =
			(struct command_hold_capture){ id_field(maker), money(maker) };
		break;
	case COMMAND_hold_release:
		command->hold_release.hold_id = id_field(maker);
		break;
	}
}

struct command command_random(struct random *random, enum command_kind kind, bool is_fattest)
{
	struct maker maker = { random, is_fattest };
	struct command command = { .kind = kind };
	command.id.id = id(&maker);
	command.party = text(&maker);
	command.initiator = loose_enum(&maker);
	command.group_id = id_field(&maker);
	if (coin(&maker))
		command.reference = text(&maker);
	command.dry_run = coin(&maker);
	command_body(&maker, &command);
	return command;
}

static enum reject reject(struct maker *maker)
{
	static const enum reject rejects[] = {
#define REJECT(number, name, retry, text, advice) REJECT_##name,
#include "ledger/rejects.def"
#undef REJECT
	};
	return rejects[random_below(maker->random, sizeof rejects / sizeof rejects[0])];
}

static struct event_command_rejected command_rejected(struct maker *maker)
{
	struct event_command_rejected event = { .reject = reject(maker) };
	if (coin(maker))
		event.detail = text(maker);
	if (coin(maker))
		event.first_sequence = number(maker);
	if (coin(maker)) {
		event.required = amount_of(number(maker));
		event.available = amount_of(maker->is_fattest ? INT64_MIN : -number(maker));
		event.currency = currency(maker);
	}
	return event;
}

static struct event_command_repeated command_repeated(struct maker *maker)
{
	struct event_command_repeated event = { .first_sequence = 1 + number(maker) / 2 };
	event.first_outcome = event_kinds[random_below(maker->random, EVENT_KINDS)];
	if (event.first_outcome == EVENT_command_rejected)
		event.first_reject = reject(maker);
	return event;
}

static struct digest digest(struct maker *maker)
{
	struct digest digest;
	struct id any = id(maker);
	memcpy(digest.at, any.at, sizeof digest.at);
	return digest;
}

static struct witness witness(struct maker *maker)
{
	return (struct witness){ digest(maker), coin(maker) ? id(maker) : (struct id){ { 0 } } };
}

static struct event_inputs_restarted inputs_restarted(struct maker *maker)
{
	struct event_inputs_restarted event = {
		.topic = (enum topic)(1 + random_below(maker->random, TOPIC_COUNT)),
		.expected_offset = number(maker),
	};
	struct witness expected = witness(maker);
	event.expected_digest = expected.digest;
	event.expected_command_id = expected.command_id;
	event.offset = number(maker);
	if (coin(maker)) {
		struct witness before = witness(maker);
		event.digest = before.digest;
		event.command_id = before.command_id;
	}
	return event;
}

static void outcome_of_engine(struct maker *maker, struct event *event)
{
	if (event->kind == EVENT_ledger_opened) {
		uint32_t shards = UINT32_MAX;
		event->ledger_opened = (struct event_ledger_opened){ id(maker), shards - 1, shards,
			UINT32_MAX, number(maker), number(maker) };
	} else if (event->kind == EVENT_command_rejected) {
		event->command_rejected = command_rejected(maker);
	} else if (event->kind == EVENT_command_repeated) {
		event->command_repeated = command_repeated(maker);
	} else if (event->kind == EVENT_ticked) {
		event->ticked.timers_fired = (uint32_t)number(maker);
	} else if (event->kind == EVENT_command_ids_dropped) {
		event->command_ids_dropped.before_ms = number(maker);
	} else if (event->kind == EVENT_inputs_restarted) {
		event->inputs_restarted = inputs_restarted(maker);
	} else if (event->kind == EVENT_clock_restarted) {
		event->clock_restarted =
			(struct event_clock_restarted){ number(maker), number(maker) };
	} else if (event->kind == EVENT_party_opened) {
		event->party_opened =
			(struct event_party_opened){ text(maker), PARTY_KIND_business };
	} else if (event->kind == EVENT_account_opened) {
		event->account_opened = (struct event_account_opened){ account(maker),
			currency(maker), ACCOUNT_CLASS_liability, amount_of(number(maker)) };
	} else if (event->kind == EVENT_account_closed) {
		event->account_closed.account = account(maker);
	}
}

static void outcome_of_money(struct maker *maker, struct event *event)
{
	struct account_id from = account(maker), to = account(maker);
	if (event->balance_count != 0 && coin(maker))
		from = event->balances[0].account;
	struct amount amount = amount_of(number(maker));
	struct amount rest = coin(maker) ? amount_of(number(maker)) : AMOUNT_ZERO;
	enum currency code = currency(maker);
	struct id hold = id(maker);
	if (event->kind == EVENT_funds_received)
		event->funds_received =
			(struct event_funds_received){ to, amount, code, RAIL_cash, text(maker) };
	else if (event->kind == EVENT_transfer_posted)
		event->transfer_posted = (struct event_transfer_posted){ from, to, amount, code };
	else if (event->kind == EVENT_hold_created)
		event->hold_created = (struct event_hold_created){ hold, from, to, amount, code,
			reason(maker), number(maker) };
	else if (event->kind == EVENT_hold_captured)
		event->hold_captured =
			(struct event_hold_captured){ hold, from, to, amount, rest, code };
	else if (event->kind == EVENT_hold_released)
		event->hold_released = (struct event_hold_released){ hold, from, to, amount, code };
	else if (event->kind == EVENT_hold_expired)
		event->hold_expired =
			(struct event_hold_expired){ hold, from, to, amount, code, reason(maker) };
}

static void effects(struct maker *maker, struct event *event)
{
	enum currency code = currency(maker);
	unsigned count = (unsigned)size_up_to(maker, BALANCES_PER_EVENT_MAX);
	for (unsigned i = 0; i < count; i++) {
		struct balance_after *after = &event->balances[i];
		after->account = account(maker);
		after->account.at[0] = (char)('a' + i); /* no two alike */
		after->currency = code;
		after->balances =
			(struct balances){ amount_of(number(maker)), amount_of(number(maker)),
				amount_of(number(maker)), amount_of(number(maker)) };
	}
	event->balance_count = (uint8_t)count;
	if (count < 2)
		return;
	event->effect_count = (uint8_t)size_up_to(maker, EFFECTS_PER_EVENT_MAX);
	for (unsigned i = 0; i < event->effect_count; i++) {
		uint8_t debit = (uint8_t)random_below(maker->random, count);
		event->effects[i].posting = (struct posting){
			.debit = debit,
			.credit = (uint8_t)((debit + 1) % count),
			.layer = (enum layer)(1 + random_below(maker->random, 3)),
			.rail = (enum rail)random_below(maker->random, 7),
			.forced = coin(maker),
			.amount = amount_of(number(maker)),
		};
	}
}

static void cause(struct maker *maker, struct event *event)
{
	event->topic = (enum topic)(1 + random_below(maker->random, TOPIC_COUNT));
	event->offset = number(maker);
	if (!maker->is_fattest && coin(maker)) {
		event->timer = (struct timer){ number(maker),
			coin(maker) ? id(maker) : (struct id){ { 0 } }, TIMER_KIND_hold_expiry };
		return;
	}
	event->has_command_id = coin(maker);
	if (event->has_command_id)
		event->command_id = id(maker);
	event->digest = digest(maker);
	if (coin(maker))
		event->party = text(maker);
	event->initiator = (enum initiator)random_below(maker->random, 5);
	if (coin(maker))
		event->group_id = id(maker);
	if (coin(maker))
		event->reference = text(maker);
}

struct event event_random(struct random *random, enum event_kind kind, bool is_fattest)
{
	struct maker maker = { random, is_fattest };
	struct event event = { .kind = kind };
	event.sequence = 1 + number(&maker) / 2;
	event.engine_time_ms = number(&maker);
	if (!event_answers_nothing(event.kind))
		cause(&maker, &event);
	effects(&maker, &event);
	outcome_of_engine(&maker, &event);
	outcome_of_money(&maker, &event);
	return event;
}

struct link link_random(struct random *random, const struct event *event, bool is_fattest)
{
	struct maker maker = { random, is_fattest };
	struct link link = { .shard = UINT32_MAX, .sequence = event->sequence };
	link.term = 1 + number(&maker) / 2;
	for (size_t i = 0; i < HASH_SIZE; i++)
		link.previous.at[i] = (uint8_t)random_next(random);
	link.has_opened = coin(&maker);
	if (link.has_opened)
		link.opened = link.previous;
	return link;
}
