/* SPDX-License-Identifier: Apache-2.0 */
/* A small world, all of it: two members with one account each, the bank, amounts 0, 1 and the most
 * there can be, and every sequence of three commands out of an alphabet, from several beginnings.
 * After each event the books balance and the replayed rows are the same; each answer is the naive
 * ledger's; and the same sequence again gives the same. */
#include "naive.h"
#include "opened.h"
#include "world.h"

#include "state/keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEQUENCE_SIZE = 3, EVENTS_MAX = 16 };

static const int64_t time_first_ms = 1767225600000;
static const int64_t most = INT64_MAX / 2;

enum symbol {
	FUNDS_P_0,
	FUNDS_P_1,
	FUNDS_P_AGAIN, /* one reference, whoever comes first */
	FUNDS_Q_MOST,
	TRANSFER_PQ_0,
	TRANSFER_PQ_1,
	TRANSFER_PQ_MOST,
	TRANSFER_QP_1,
	TRANSFER_QP_MOST,
	HOLD_PQ_1,
	HOLD_PQ_MOST,
	HOLD_QP_1,
	CAPTURE_ALL,
	CAPTURE_0,
	CAPTURE_1,
	CAPTURE_MOST,
	CAPTURE_BY_OTHER,
	RELEASE,
	REPEAT,
	REUSE, /* the last id, with another body */
	CLOSE_P,
	CLOSE_Q,
	TICK,
	TICK_LATER, /* after all holds' times */
	SYMBOL_COUNT,
};

/* What a sequence has come to, besides the ledger itself. */
struct story {
	struct world *world;
	struct naive naive;
	struct command last;
	enum topic last_topic;
	struct id hold_id;
	char hold_party;
	int64_t now_ms;
	int64_t offsets[TOPIC_COUNT + 1];
	unsigned ids;
	char (*events)[EVENT_TEXT_SIZE];
	size_t event_count;
	uint8_t symbols[SEQUENCE_SIZE];
	size_t symbol_count;
};

static unsigned failed;

static void fail(const struct story *story, const char *what)
{
	if (failed++ > 10)
		return;
	printf("after");
	for (size_t i = 0; i < story->symbol_count; i++)
		printf(" %d", story->symbols[i]);
	printf(": %s\n", what);
	if (story->event_count > 0)
		printf("  the last event: %s\n", story->events[story->event_count - 1]);
}

static struct account_id account_of(char party)
{
	struct account_id id;
	char text[3] = { party, '/', 'a' };
	bool parsed = account_id_parse(&id, text, 3);
	assert(parsed);
	return id;
}

static struct money money_of(int64_t minor)
{
	return (struct money){ .amount = amount_of(minor), .currency = CURRENCY_USD };
}

static void digest_make(struct command *command)
{
	struct command copy;
	uint64_t hash = 0xcbf29ce484222325u;
	memcpy(&copy, command, sizeof copy);
	memset(&copy.id, 0, sizeof copy.id);
	memset(&copy.digest, 0, sizeof copy.digest);
	const uint8_t *at = (const uint8_t *)&copy;
	for (size_t i = 0; i < sizeof copy; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	memcpy(command->digest.at, &hash, sizeof hash);
}

static void command_begin(
	struct story *story, struct command *command, enum command_kind kind, char party)
{
	memset(command, 0, sizeof *command); /* padding too: the digest is of the bytes */
	command->kind = kind;
	command->id.id = id_floor_of_time(story->now_ms);
	command->id.id.at[6] = 0x70;
	command->id.id.at[8] = 0x80;
	command->id.id.at[15] = (uint8_t)++story->ids;
	text64_set(&command->party, &party, 1);
}

static void funds_make(
	struct story *story, struct command *c, char party, int64_t minor, bool again)
{
	char reference[2] = { 'r', (char)(again ? 'x' : 'a' + story->ids) };
	command_begin(story, c, COMMAND_funds_receive, party);
	c->funds_receive.to_account = account_of(party);
	c->funds_receive.amount = money_of(minor);
	c->funds_receive.rail = RAIL_wire;
	text64_set(&c->funds_receive.rail_reference, reference, 2);
}

static void transfer_make(struct story *story, struct command *c, char from, int64_t minor)
{
	command_begin(story, c, COMMAND_transfer_create, from);
	c->transfer_create.from_account = account_of(from);
	c->transfer_create.to_account = account_of(from == 'p' ? 'q' : 'p');
	c->transfer_create.amount = money_of(minor);
}

static void hold_make(struct story *story, struct command *c, char from, int64_t minor)
{
	command_begin(story, c, COMMAND_hold_create, from);
	c->hold_create.from_account = account_of(from);
	c->hold_create.to_account = account_of(from == 'p' ? 'q' : 'p');
	c->hold_create.amount = money_of(minor);
	c->hold_create.expires_in_s = 1;
	text64_set(&c->hold_create.reason, "tip", 3);
	story->hold_id = c->id.id;
	story->hold_party = from;
}

static void capture_make(struct story *story, struct command *c, int64_t minor, bool by_other)
{
	char party = by_other == (story->hold_party == 'p') ? 'q' : 'p';
	command_begin(story, c, COMMAND_hold_capture, party);
	c->hold_capture.hold_id.id = story->hold_id;
	if (minor < 0)
		c->hold_capture.amount.is_absent = true;
	else
		c->hold_capture.amount = money_of(minor);
}

static void release_make(struct story *story, struct command *c)
{
	command_begin(story, c, COMMAND_hold_release, story->hold_party);
	c->hold_release.hold_id.id = story->hold_id;
}

static void close_make(struct story *story, struct command *c, char party)
{
	command_begin(story, c, COMMAND_account_close, party);
	c->account_close.account = account_of(party);
}

static void tick_make(struct story *story, struct command *c, int64_t later_ms)
{
	story->now_ms += later_ms;
	command_begin(story, c, COMMAND_tick, 'p');
	c->party.size = 0;
}

static void payment_make(struct story *story, struct command *c, enum symbol symbol)
{
	if (symbol == FUNDS_P_0 || symbol == FUNDS_P_1)
		funds_make(story, c, 'p', symbol == FUNDS_P_1, false);
	else if (symbol == FUNDS_P_AGAIN)
		funds_make(story, c, 'p', 1, true);
	else if (symbol == FUNDS_Q_MOST)
		funds_make(story, c, 'q', most, false);
	else if (symbol == TRANSFER_PQ_0 || symbol == TRANSFER_PQ_1)
		transfer_make(story, c, 'p', symbol == TRANSFER_PQ_1);
	else if (symbol == TRANSFER_PQ_MOST)
		transfer_make(story, c, 'p', most);
	else
		transfer_make(story, c, 'q', symbol == TRANSFER_QP_MOST ? most : 1);
}

static void command_make(struct story *story, struct command *c, enum symbol symbol)
{
	*c = story->last;
	if (symbol < HOLD_PQ_1)
		payment_make(story, c, symbol);
	else if (symbol <= HOLD_QP_1)
		hold_make(story, c, symbol == HOLD_QP_1 ? 'q' : 'p',
			symbol == HOLD_PQ_MOST ? most : 1);
	else if (symbol <= CAPTURE_BY_OTHER)
		capture_make(story, c,
			symbol == CAPTURE_0      ? 0
			: symbol == CAPTURE_1    ? 1
			: symbol == CAPTURE_MOST ? most
						 : -1,
			symbol == CAPTURE_BY_OTHER);
	else if (symbol == RELEASE)
		release_make(story, c);
	else if (symbol == REUSE)
		text64_set(&c->reference, "other", 5);
	else if (symbol == CLOSE_P || symbol == CLOSE_Q)
		close_make(story, c, symbol == CLOSE_P ? 'p' : 'q');
	else if (symbol == TICK || symbol == TICK_LATER)
		tick_make(story, c, symbol == TICK_LATER ? 1000 : 0);
	digest_make(c);
	story->last = *c;
}

static bool is_as_naive(const struct naive_account *naive, const struct balances *balances)
{
	return naive->debits == amount_minor(balances->debits_posted) &&
	       naive->credits == amount_minor(balances->credits_posted) &&
	       naive->debits_pending == amount_minor(balances->debits_pending) &&
	       naive->credits_pending == amount_minor(balances->credits_pending);
}

static void accounts_compare(const struct story *story)
{
	for (int i = 0; i < NAIVE_MEMBERS; i++) {
		struct account_id id = account_of(i == 0 ? 'p' : 'q');
		struct state_key key = state_key_of(key_account(&id));
		const struct model_row *row = model_store_find(
			&story->world->live.store, (struct bytes){ key.at, key.size });
		struct account account;
		assert(row);
		account_unpack(row->value, &account);
		if (!is_as_naive(&story->naive.members[i], &account.balances) ||
			account.is_closed != story->naive.members[i].is_closed)
			fail(story, "an account is not as the naive ledger has it");
	}
}

static void command_run(struct story *story, const struct command *command)
{
	enum topic topic = command_topic(command->kind);
	struct input input = { topic, story->offsets[topic]++, story->now_ms };
	size_t expired = naive_expire(&story->naive, story->now_ms), timers = 0;
	struct naive_answer answer = naive_answer(&story->naive, command);
	bool is_timer = true;
	struct event event = { 0 };
	while (is_timer) {
		if (!world_next(story->world, &input, command, &event, &is_timer)) {
			fail(story, story->world->error);
			return;
		}
		assert(story->event_count < EVENTS_MAX);
		event_text(&event, story->events[story->event_count++]);
		timers += is_timer;
	}
	if (timers != expired)
		fail(story, "not as many holds expired as the naive ledger has it");
	enum reject reject =
		event.kind == EVENT_command_rejected ? event.command_rejected.reject : REJECT_none;
	if (event.kind != answer.kind || reject != answer.reject) {
		char what[128];
		(void)snprintf(what, sizeof what, "the naive ledger says %s %s",
			event_name(answer.kind), reject_name(answer.reject));
		fail(story, what);
	}
	accounts_compare(story);
}

static void open_run(struct story *story, enum command_kind kind, char party)
{
	struct command command;
	command_begin(story, &command, kind, party);
	if (kind == COMMAND_party_open) {
		command.party_open.kind = PARTY_KIND_person;
	} else {
		command.account_open.account = account_of(party);
		command.account_open.currency = CURRENCY_USD;
	}
	digest_make(&command);
	struct input input = { TOPIC_commands, story->offsets[TOPIC_commands]++, story->now_ms };
	struct event event;
	bool is_timer;
	if (!world_next(story->world, &input, &command, &event, &is_timer))
		fail(story, story->world->error);
	story->naive.commands[story->naive.command_count++] =
		(struct naive_command){ command.id.id, command.digest };
}

struct beginning {
	struct story story;
	struct model_store store;
	struct head head;
};

/* The same beginning for every sequence, out of the store: so the first look-ups find nothing in
 * memory. */
static void half_begin(struct half *half, const struct beginning *beginning)
{
	model_store_copy(&half->store, &beginning->store);
	model_store_restart(&half->store, &beginning->head, half->state);
}

static void sequence_run(const struct beginning *beginning, struct world *world, bool has_replayed,
	struct story *ret)
{
	char(*events)[EVENT_TEXT_SIZE] = ret->events;
	uint8_t symbols[SEQUENCE_SIZE];
	memcpy(symbols, ret->symbols, sizeof symbols);
	*ret = beginning->story;
	ret->events = events;
	ret->event_count = 0;
	ret->world = world;
	world->has_replayed = has_replayed;
	half_begin(&world->live, beginning);
	if (has_replayed)
		half_begin(&world->replayed, beginning);
	for (size_t i = 0; i < SEQUENCE_SIZE; i++) {
		struct command command;
		ret->symbols[ret->symbol_count++] = symbols[i];
		command_make(ret, &command, (enum symbol)symbols[i]);
		command_run(ret, &command);
	}
}

static void runs_compare(
	const struct story *first, const struct model_store *first_rows, const struct story *second)
{
	if (first->event_count != second->event_count)
		fail(second, "the second run gave another number of events");
	else
		for (size_t i = 0; i < first->event_count; i++)
			if (strcmp(first->events[i], second->events[i]) != 0)
				fail(second, "the second run gave another event");
	const struct model_store *rows = &second->world->live.store;
	if (rows->count != first_rows->count ||
		model_store_differs_at(rows, first_rows) != rows->count)
		fail(second, "the second run gave other rows");
}

static size_t sequences_run(const struct beginning *beginning, struct world *world)
{
	static char events[2][EVENTS_MAX][EVENT_TEXT_SIZE];
	struct story first = { .events = events[0] }, second = { .events = events[1] };
	struct model_store first_rows = { 0 };
	size_t count = 0;
	for (int i = 0; i < SYMBOL_COUNT * SYMBOL_COUNT * SYMBOL_COUNT; i++, count++) {
		first.symbols[0] = (uint8_t)(i / SYMBOL_COUNT / SYMBOL_COUNT);
		first.symbols[1] = (uint8_t)(i / SYMBOL_COUNT % SYMBOL_COUNT);
		first.symbols[2] = (uint8_t)(i % SYMBOL_COUNT);
		memcpy(second.symbols, first.symbols, sizeof first.symbols);
		sequence_run(beginning, world, true, &first);
		model_store_copy(&first_rows, &world->live.store);
		sequence_run(beginning, world, false, &second);
		runs_compare(&first, &first_rows, &second);
	}
	model_store_free(&first_rows);
	return count;
}

static void beginning_make(
	struct beginning *ret, struct world *world, const enum symbol *symbols, size_t symbol_count)
{
	static char events[EVENTS_MAX][EVENT_TEXT_SIZE];
	struct event_ledger_opened opened = ledger_opened((struct id){ { 1 } }, 0, 1);
	*ret = (struct beginning){
		.story = { .world = world, .now_ms = time_first_ms, .events = events },
	};
	if (!world_open(world, STATE_MEMORY_MIN, false, &opened, time_first_ms))
		fail(&ret->story, world->error);
	world->replayed.is_forgetful = false;
	for (int i = 0; i < NAIVE_MEMBERS; i++) {
		open_run(&ret->story, COMMAND_party_open, i == 0 ? 'p' : 'q');
		open_run(&ret->story, COMMAND_account_open, i == 0 ? 'p' : 'q');
	}
	/* Before the first hold: one that is not there. */
	ret->story.hold_id = id_floor_of_time(time_first_ms - 1);
	ret->story.hold_party = 'p';
	for (size_t i = 0; i < symbol_count; i++) {
		struct command command;
		command_make(&ret->story, &command, symbols[i]);
		command_run(&ret->story, &command);
	}
	model_store_copy(&ret->store, &world->live.store);
	ret->head = *state_head(world->live.state);
}

int main(void)
{
	static const struct {
		enum symbol symbols[2];
		size_t count;
	} beginnings[] = {
		{ { TICK }, 1 },
		{ { FUNDS_P_1, HOLD_PQ_1 }, 2 },
		{ { FUNDS_Q_MOST, HOLD_QP_1 }, 2 },
	};
	size_t count = 0;
	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		static struct world world;
		struct beginning beginning;
		beginning_make(&beginning, &world, beginnings[i].symbols, beginnings[i].count);
		count += sequences_run(&beginning, &world);
		model_store_free(&beginning.store);
		world_close(&world);
	}
	printf("%zu sequences\n%u passed, %u failed\n", count, failed == 0, failed);
	return failed == 0 ? 0 : 1;
}
