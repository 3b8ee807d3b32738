/* SPDX-License-Identifier: Apache-2.0 */
/* Two shards, all of them: four transfers between a member of each and what can befall the
 * accounts meanwhile, in every order, and at every step every letter that either shard ever had
 * cause to write: early, late, and again.
 *
 * What changes nothing must change nothing at all; what changes something leads to another state,
 * and each state is searched once. In each of them the books of both shards fit each other; and
 * where no letter changes anything any more, all that was sent is settled or given back, and no row
 * is left. */
#include "letters.h"
#include "opened.h"
#include "world.h"

#include "base/murmur2.h"
#include "ledger/platform.h"
#include "state/keys.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDES = 2, DEPTH_MAX = 40, SEEN_SLOTS = 1 << 20 };

static const int64_t time_ms = 1767225600000;

/* What members do; each happens once, or not at all. */
enum deed {
	DEED_PAY_1,       /* the payer, to the payee */
	DEED_PAY_2,       /* to an account of the payee's that may not be there */
	DEED_PAY_3,       /* to that one, too */
	DEED_PAY_BACK,    /* the payee, of what was received */
	DEED_OPEN,        /* the payee, its other account */
	DEED_CLOSE_PAYER, /* its account, once all is spent */
	DEEDS,
};

/* What is found of one shard's rows. */
struct found {
	struct route route; /* to the other one */
	size_t outbox, refusals;
	int64_t members, transit; /* credits less debits */
	int64_t sent_and_not_credited;
};

static struct {
	char party[SIDES];
	struct world worlds[SIDES];
	struct letters letters;
	uint32_t done; /* deeds, by bit */
	uint64_t *seen;
	size_t seen_count, steps, repeats, quiet;
	int64_t funded;
	uint8_t path[DEPTH_MAX];
	size_t depth;
	unsigned failed;
} this;

static void fail(const char *what)
{
	if (this.failed++ > 10)
		return;
	printf("after");
	for (size_t i = 0; i < this.depth; i++)
		printf(" %d", this.path[i]);
	printf(" (deeds from 0, letters from %d): %s\n", DEEDS, what);
}

/* --- Commands --- */

static struct account_id account_of(uint32_t side, char name)
{
	struct account_id id;
	char text[3] = { this.party[side], '/', name };
	bool is_parsed = account_id_parse(&id, text, sizeof text);
	assert(is_parsed);
	return id;
}

static void digest_make(struct command *command)
{
	uint64_t hash = 0xcbf29ce484222325u;
	const uint8_t *at = (const uint8_t *)command;
	command->digest = (struct digest){ { 0 } };
	for (size_t i = 0; i < sizeof *command; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	memcpy(command->digest.at, &hash, sizeof hash);
}

static void command_begin(
	struct command *command, enum command_kind kind, uint32_t side, uint8_t number)
{
	memset(command, 0, sizeof *command); /* padding too: the digest is of the bytes */
	command->kind = kind;
	command->id.id = id_floor_of_time(time_ms);
	command->id.id.at[6] = 0x70;
	command->id.id.at[8] = 0x80;
	command->id.id.at[15] = number;
	text64_set(&command->party, &this.party[side], 1);
}

static void transfer_make(
	struct command *command, uint32_t side, char to_name, int64_t minor, uint8_t number)
{
	command_begin(command, COMMAND_transfer_create, side, number);
	command->transfer_create.from_account = account_of(side, 'a');
	command->transfer_create.to_account = account_of(1 - side, to_name);
	command->transfer_create.amount.amount = amount_of(minor);
	command->transfer_create.amount.currency = CURRENCY_USD;
}

static void deed_make(struct command *command, enum deed deed)
{
	uint8_t number = (uint8_t)(10 + deed);
	if (deed <= DEED_PAY_3) {
		transfer_make(command, 0, deed == DEED_PAY_1 ? 'a' : 'b', 1 + deed % 2, number);
	} else if (deed == DEED_PAY_BACK) {
		transfer_make(command, 1, 'a', 1, number);
	} else if (deed == DEED_OPEN) {
		command_begin(command, COMMAND_account_open, 1, number);
		command->account_open.account = account_of(1, 'b');
		command->account_open.currency = CURRENCY_USD;
	} else {
		command_begin(command, COMMAND_account_close, 0, number);
		command->account_close.account = account_of(0, 'a');
	}
	digest_make(command);
}

/* --- What both shards' rows say --- */

static void account_find(const struct model_row *row, uint32_t side, struct found *ret)
{
	struct account account;
	struct account_id transit = account_id_transit(CURRENCY_USD, 1 - side), id;
	(void)account_id_parse_any(&id, (const char *)row->key.at + 1, (size_t)(row->key.size - 1));
	account_unpack(row->value, &account);
	int64_t balance = amount_minor(account.balances.credits_posted) -
			  amount_minor(account.balances.debits_posted);
	if (account_id_equal(&id, &transit))
		ret->transit = balance;
	else if (!account_id_is_platform(&id))
		ret->members += balance;
	else if (id.party_size != strlen("@bank"))
		fail("a platform account of another name");
}

static void side_find(uint32_t side, struct found *ret)
{
	const struct model_store *store = &this.worlds[side].live.store;
	*ret = (struct found){ 0 };
	for (size_t i = 0; i < store->count; i++) {
		const struct model_row *row = store->rows[i];
		uint8_t table = row->key.at[0];
		if (table == TABLE_account)
			account_find(row, side, ret);
		else if (table == TABLE_route)
			route_unpack(row->value, &ret->route);
		ret->outbox += table == TABLE_outbox;
		ret->refusals += table == TABLE_refusal;
	}
}

/* Of what home has rows, that which away did not credit. */
static int64_t under_way(uint32_t home, const struct route *away)
{
	const struct model_store *store = &this.worlds[home].live.store;
	int64_t minor = 0;
	for (size_t i = 0; i < store->count; i++) {
		struct outbox sent;
		const struct model_row *row = store->rows[i];
		if (row->key.at[0] != TABLE_outbox)
			continue;
		outbox_unpack(row->value, &sent);
		(void)outbox_unkey((struct bytes){ row->key.at, row->key.size }, &sent);
		struct state_key key = key_refusal(home, sent.number);
		if (sent.number > away->received ||
			model_store_find(&this.worlds[1 - home].live.store,
				(struct bytes){ key.at, key.size }))
			minor += amount_minor(sent.amount);
	}
	return minor;
}

static bool routes_fit(const struct found *home, const struct found *away)
{
	return away->route.received <= home->route.sent &&
	       home->route.answered <= away->route.received &&
	       away->route.confirmed <= home->route.answered &&
	       (int64_t)home->outbox == home->route.sent - home->route.answered &&
	       away->refusals == away->route.refused;
}

/* Whether all that was sent is answered, and known to be. */
static bool invariants_look(void)
{
	struct found sides[SIDES];
	int64_t minor = 0;
	side_find(0, &sides[0]);
	side_find(1, &sides[1]);
	for (uint32_t home = 0; home < SIDES; home++) {
		if (!routes_fit(&sides[home], &sides[1 - home]))
			fail("a shard is ahead of the other, or rows are not those of its route");
		minor += under_way(home, &sides[1 - home].route);
	}
	if (sides[0].transit + sides[1].transit != minor)
		fail("the transit accounts are not what is under way");
	if (sides[0].members + sides[1].members + minor != this.funded)
		fail("money has come or gone");
	bool is_over = true;
	for (uint32_t home = 0; home < SIDES; home++)
		is_over = is_over && sides[home].outbox == 0 && sides[home].refusals == 0 &&
			  sides[1 - home].route.confirmed == sides[home].route.sent;
	return is_over;
}

/* --- States --- */

struct node {
	struct model_store stores[SIDES];
	struct head heads[SIDES];
	size_t letter_count;
	int64_t refused[LETTERS_SHARDS_MAX][LETTERS_SHARDS_MAX];
	uint32_t done;
};

static void node_keep(struct node *ret)
{
	*ret = (struct node){ .letter_count = this.letters.count, .done = this.done };
	memcpy(ret->refused, this.letters.refused, sizeof ret->refused);
	for (int s = 0; s < SIDES; s++) {
		model_store_copy(&ret->stores[s], &this.worlds[s].live.store);
		ret->heads[s] = *state_head(this.worlds[s].live.state);
	}
}

static void node_free(struct node *node)
{
	for (int s = 0; s < SIDES; s++)
		model_store_free(&node->stores[s]);
}

static void side_return(const struct node *node, uint32_t side)
{
	struct half *halves[] = { &this.worlds[side].live, &this.worlds[side].replayed };
	for (int i = 0; i < 2; i++) {
		model_store_copy(&halves[i]->store, &node->stores[side]);
		model_store_restart(&halves[i]->store, &node->heads[side], halves[i]->state);
	}
	this.letters.count = node->letter_count;
	memcpy(this.letters.refused, node->refused, sizeof node->refused);
	this.done = node->done;
}

static uint64_t hash_add(uint64_t hash, const void *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)at)[i]) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

/* When something came to be sent is nobody's business. */
static uint64_t row_hash(uint64_t hash, const struct model_row *row)
{
	uint8_t value[STATE_VALUE_SIZE_MAX] = { 0 };
	size_t size = row->value_size;
	memcpy(value, row->value, size);
	if (row->key.at[0] == TABLE_outbox) {
		struct outbox sent;
		outbox_unpack(value, &sent);
		sent.sequence = 1;
		size = outbox_pack(&sent, value);
	}
	hash = hash_add(hash, row->key.at, row->key.size);
	return row->key.at[0] == TABLE_command_row ? hash : hash_add(hash, value, size);
}

static uint64_t state_hash(void)
{
	uint64_t hash = hash_add(0xcbf29ce484222325u, &this.done, sizeof this.done), letters = 0;
	for (int s = 0; s < SIDES; s++)
		for (size_t i = 0; i < this.worlds[s].live.store.count; i++)
			hash = row_hash(hash, this.worlds[s].live.store.rows[i]);
	for (size_t i = 0; i < this.letters.count; i++) /* in whatever order */
		letters += hash_add(17, &this.letters.at[i], sizeof this.letters.at[i]);
	hash = hash_add(hash, &letters, sizeof letters);
	return hash == 0 ? 1 : hash;
}

/* False: it was seen before. */
static bool seen_add(uint64_t hash)
{
	size_t i = hash % SEEN_SLOTS;
	while (this.seen[i] != 0 && this.seen[i] != hash)
		i = (i + 1) % SEEN_SLOTS;
	if (this.seen[i] == hash)
		return false;
	this.seen[i] = hash;
	assert(++this.seen_count < SEEN_SLOTS / 2);
	return true;
}

/* --- Steps --- */

/* The event; its kind is none where that failed. */
static struct event command_run(uint32_t side, const struct command *command)
{
	struct world *world = &this.worlds[side];
	enum topic topic = command_topic(command->kind);
	struct input input = { topic, state_head(world->live.state)->input_next[topic], time_ms };
	struct event event = { 0 };
	bool is_timer;
	this.steps++;
	if (!world_next(world, &input, command, &event, &is_timer)) {
		fail(world->error);
		event.kind = EVENT_none;
	}
	return event;
}

static bool rows_are(const struct node *node, uint32_t side)
{
	const struct model_store *now = &this.worlds[side].live.store;
	const struct model_store *before = &node->stores[side];
	return now->count == before->count && model_store_differs_at(now, before) == before->count;
}

static void search(void);

static void on_from(uint8_t name)
{
	assert(this.depth < DEPTH_MAX);
	this.path[this.depth++] = name;
	if (seen_add(state_hash()))
		search();
	this.depth--;
}

/* False: it changed nothing. */
static bool letter_try(const struct node *node, size_t i)
{
	struct letter letter = this.letters.at[i];
	digest_make(&letter.command);
	struct event event = command_run(letter.to, &letter.command);
	bool has_changed =
		event.kind != EVENT_remittance_repeated && event.kind != EVENT_command_rejected;
	if (has_changed == rows_are(node, letter.to))
		fail("a letter that came again has changed something, or a new one nothing");
	if (event.kind == EVENT_command_rejected &&
		event.command_rejected.reject != REJECT_remittance_out_of_order)
		fail("a letter was rejected");
	this.repeats += !has_changed;
	if (has_changed) {
		letters_note(&this.letters, letter.to, &event);
		on_from((uint8_t)(DEEDS + i));
	}
	side_return(node, letter.to);
	return has_changed;
}

static void deed_try(const struct node *node, enum deed deed)
{
	struct command command;
	uint32_t side = deed >= DEED_PAY_BACK && deed <= DEED_OPEN;
	if (this.done & 1u << deed)
		return;
	deed_make(&command, deed);
	struct event event = command_run(side, &command);
	if (event.kind != EVENT_command_rejected && event.kind != EVENT_none) {
		this.done |= 1u << deed;
		letters_note(&this.letters, side, &event);
		on_from((uint8_t)deed);
	}
	side_return(node, side);
}

static void search(void)
{
	struct node node;
	bool has_changed = false, is_over = invariants_look();
	node_keep(&node);
	for (size_t i = 0; i < node.letter_count; i++)
		has_changed = letter_try(&node, i) || has_changed;
	if (!has_changed && !is_over)
		fail("nothing happens any more, and not all is settled or given back");
	this.quiet += !has_changed;
	for (enum deed deed = 0; deed < DEEDS; deed++)
		deed_try(&node, deed);
	node_free(&node);
}

static void parties_choose(void)
{
	for (char name = 'p'; !this.party[0] || !this.party[1]; name++)
		this.party[murmur2_partition(&name, 1, SIDES)] = name;
}

static void beginning_make(void)
{
	struct command command;
	for (uint32_t s = 0; s < SIDES; s++) {
		struct event_ledger_opened opened =
			ledger_opened((struct id){ { (uint8_t)(1 + s) } }, s, SIDES);
		if (!world_open(&this.worlds[s], STATE_MEMORY_MIN, true, &opened, time_ms))
			fail(this.worlds[s].error);
		command_begin(&command, COMMAND_party_open, s, 1);
		command.party_open.kind = PARTY_KIND_person;
		digest_make(&command);
		(void)command_run(s, &command);
		command_begin(&command, COMMAND_account_open, s, 2);
		command.account_open.account = account_of(s, 'a');
		command.account_open.currency = CURRENCY_USD;
		digest_make(&command);
		(void)command_run(s, &command);
	}
	this.funded = 4; /* as much as the payer pays */
	command_begin(&command, COMMAND_funds_receive, 0, 3);
	command.funds_receive.to_account = account_of(0, 'a');
	command.funds_receive.amount.amount = amount_of(this.funded);
	command.funds_receive.amount.currency = CURRENCY_USD;
	command.funds_receive.rail = RAIL_wire;
	text64_set(&command.funds_receive.rail_reference, "r", 1);
	digest_make(&command);
	(void)command_run(0, &command);
}

int main(void)
{
	this.seen = calloc(SEEN_SLOTS, sizeof *this.seen);
	assert(this.seen);
	parties_choose();
	beginning_make();
	this.steps = 0;
	search();
	printf("%zu states, %zu of them quiet, %zu steps, %zu letters that came again or too "
	       "early\n",
		this.seen_count, this.quiet, this.steps, this.repeats);
	if (this.quiet == 0 || this.repeats < this.seen_count)
		fail("hardly anything was searched");
	printf("%u passed, %u failed\n", this.failed == 0, this.failed);
	for (int s = 0; s < SIDES; s++)
		world_close(&this.worlds[s]);
	letters_free(&this.letters);
	free(this.seen);
	return this.failed == 0 ? 0 : 1;
}
