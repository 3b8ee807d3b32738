/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_events/maker.h"

#include <assert.h>

struct text64 golden_text_of(const char *at)
{
	struct text64 text = { 0 };
	text64_set(&text, at, strlen(at));
	return text;
}

struct account_id golden_account(const char *at)
{
	struct account_id id;
	bool is_parsed = account_id_parse_any(&id, at, strlen(at));
	assert(is_parsed);
	return id;
}

/* A UUIDv7 made at this time. */
struct id golden_id(int64_t time_ms, uint8_t number)
{
	struct id id = id_floor_of_time(time_ms);
	for (size_t i = 6; i < sizeof id.at; i++)
		id.at[i] = (uint8_t)(number + 0x11 * i);
	id.at[6] = (uint8_t)(0x70 | (id.at[6] & 0x0f));
	id.at[8] = (uint8_t)(0x80 | (id.at[8] & 0x3f));
	return id;
}

struct id golden_hold_id(void)
{
	return golden_id(GOLDEN_FIRST_MS + 8000, 8);
}

/* An outcome of the nth second that answers a command of alice's. */
struct event golden_outcome(enum event_kind kind, int n)
{
	struct event event = {
		.kind = kind,
		.sequence = n + 1,
		.engine_time_ms = GOLDEN_FIRST_MS + n * INT64_C(1000),
		.topic = kind == EVENT_funds_received ? TOPIC_rails : TOPIC_commands,
		.offset = n,
		.has_command_id = true,
		.command_id = golden_id(GOLDEN_FIRST_MS + n * INT64_C(1000), (uint8_t)n),
		.party = golden_text_of("alice"),
		.initiator = INITIATOR_owner,
	};
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		event.digest.at[i] = (uint8_t)(0xa0 + n + (int)i);
	return event;
}

struct event golden_timers_event(enum event_kind kind, int64_t due_ms)
{
	return (struct event){
		.kind = kind,
		.sequence = PRELUDE_EVENTS + 1,
		.engine_time_ms = due_ms + 5,
		.topic = TOPIC_internal,
		.offset = 3,
		.timer = { .due_ms = due_ms },
	};
}

struct balance_after golden_balance(const char *at, int64_t debits, int64_t credits,
	int64_t debits_pending, int64_t credits_pending)
{
	return (struct balance_after){
		.account = golden_account(at),
		.currency = CURRENCY_USD,
		.balances = { amount_of(debits), amount_of(credits), amount_of(debits_pending),
			amount_of(credits_pending) },
	};
}

void golden_post(struct event *event, enum layer layer, enum rail rail, int64_t amount)
{
	event->effects[event->effect_count++] = (struct effect){
		.kind = EFFECT_posting,
		.posting = {
			.debit_place = 1,
			.credit_place = 2,
			.layer = layer,
			.rail = rail,
			.amount = amount_of(amount),
		},
	};
}

/* Two members with an account each, money, an open hold, an empty account. It never changes: what
 * an event needs besides stands in its rule. */
static void prelude(struct event ret[PRELUDE_EVENTS])
{
	struct id hold = golden_hold_id();
	ret[0] = golden_prelude_ledger_opened();
	ret[1] = golden_prelude_party_opened(1, "alice", PARTY_KIND_person);
	ret[2] = golden_prelude_party_opened(2, "bob", PARTY_KIND_business);
	ret[3] = golden_prelude_account_opened(3, "alice", "alice/main");
	ret[4] = golden_prelude_account_opened(4, "bob", "bob/main");
	ret[5] = golden_prelude_account_opened(5, "alice", "alice/spare");
	ret[6] = golden_prelude_funds_received(6, 10000, 10000, "FED-20260101-1");
	ret[7] = golden_outcome(EVENT_command_rejected, 7);
	ret[7].command_rejected = (struct event_command_rejected){
		.reject = REJECT_balance_too_low,
		.required = amount_of(20000),
		.available = amount_of(10000),
		.currency = CURRENCY_USD,
	};
	ret[8] = golden_prelude_hold_created(8, &hold, 2500, 2500);
}

static void link_make(struct golden *golden)
{
	enum event_kind kind = golden->event.kind;
	golden->link = (struct link){
		.shard = 1,
		.term = 3,
		.sequence = golden->event.sequence,
		.has_opened = kind == EVENT_ledger_opened || kind == EVENT_transfer_posted,
	};
	for (size_t n = 0; n < HASH_SIZE; n++) {
		golden->link.previous.at[n] = kind == EVENT_ledger_opened ? 0 : (uint8_t)(0x40 + n);
		golden->link.opened.at[n] = golden->link.has_opened ? (uint8_t)(0xc0 + n) : 0;
	}
}

void golden_make(size_t i, struct golden *ret)
{
	static const struct {
		const char *name;
		const struct golden_rule *rule;
	} rules[EVENT_COUNT] = {
#define EVENT(number, name, file) { #file, &file##_golden },
#include "ledger/events.def"
#undef EVENT
	};
	assert(i < EVENT_COUNT);
	const struct golden_rule *rule = rules[i].rule;
	*ret = (struct golden){
		.name = rules[i].name, .event = rule->make(), .unsound = rule->unsound
	};
	link_make(ret);
	if (rule->is_first)
		return;
	prelude(ret->before);
	ret->before_count = PRELUDE_EVENTS;
	if (rule->more)
		ret->before_count += rule->more(ret->before + PRELUDE_EVENTS);
	assert(ret->before_count <= GOLDEN_BEFORE_MAX);
}
