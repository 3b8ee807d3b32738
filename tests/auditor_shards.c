/* SPDX-License-Identifier: Apache-2.0 */
/* Several shards of one ledger, the core next to the auditor in each, and letters between them that
 * are lost, doubled, late and in any order. That no shard is ahead of another is looked at after
 * each event; at the end all is settled or given back. And that the auditor can fail at that. */
#include "auditor/duel.h"
#include "letters.h"
#include "workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SHARDS = 3, MEMBERS = 6, INPUTS = 4000, SEEDS = 12, ROUNDS_MAX = 40 };

static const int64_t time_first_ms = 1767225600000;

struct side {
	struct duel *duel;
	struct workload workload;
	struct auditor *auditor; /* the duel's, from its first event on */
	uint32_t shard;
	struct town *town;
};

struct town {
	struct codec *codec;
	struct side sides[SHARDS];
	struct letters letters;
	struct duel_tally tally;
	int64_t now_ms;
	bool looks; /* after each event, whether a shard is ahead of another */
	const char *wrong;
};

/* The last event was taken before this one is. */
static void look(void *context, struct auditor *auditor, const struct event *event)
{
	struct side *side = context;
	side->auditor = auditor;
	letters_note(&side->town->letters, side->shard, event);
}

static void order_look(struct town *town)
{
	for (size_t home = 0; home < SHARDS && town->looks; home++)
		for (size_t away = 0; away < SHARDS && !town->wrong; away++)
			if (home != away)
				town->wrong = auditor_order(
					town->sides[home].auditor, town->sides[away].auditor);
	if (town->wrong)
		fail_msg("%s", town->wrong);
}

static const char *pairs_look(const struct town *town)
{
	for (size_t i = 0; i < SHARDS; i++)
		for (size_t j = i + 1; j < SHARDS; j++) {
			const char *wrong =
				auditor_pair(town->sides[i].auditor, town->sides[j].auditor);
			if (wrong)
				return wrong;
		}
	return NULL;
}

static void side_send(struct side *side, enum topic topic, struct bytes value)
{
	duel_input(side->duel, topic, 0, side->town->now_ms, value);
	if (!duel_decide(side->duel, topic))
		fail_msg("shard %u: %s", side->shard, duel_error(side->duel));
	order_look(side->town);
}

static void command_send(struct town *town, uint32_t to, const struct command *command)
{
	struct work work;
	struct side *side = &town->sides[to];
	work_encode(&side->workload, command, &work);
	side_send(side, (enum topic)(work.stream + 1), (struct bytes){ work.value, work.size });
}

static struct town *town_open(uint64_t seed)
{
	struct town *town = calloc(1, sizeof *town);
	assert_non_null(town);
	town->codec = codec_new();
	town->now_ms = time_first_ms;
	for (uint32_t s = 0; s < SHARDS; s++) {
		struct side *side = &town->sides[s];
		side->town = town;
		side->shard = s;
		workload_init(&side->workload, seed * 31 + s, town->codec, s, SHARDS, MEMBERS);
		side->workload.hold_expires_s_max = 7200;
		struct duel_watch watch = { look, side, &town->tally };
		side->duel = duel_new(s, SHARDS, town->now_ms, &watch);
		assert_string_equal(duel_error(side->duel), "");
	}
	town->looks = true;
	return town;
}

static void town_close(struct town *town)
{
	for (uint32_t s = 0; s < SHARDS; s++)
		duel_free(town->sides[s].duel);
	letters_free(&town->letters);
	codec_free(town->codec);
	free(town);
}

static size_t town_open_count(const struct town *town)
{
	size_t open = 0;
	for (uint32_t s = 0; s < SHARDS; s++)
		open += auditor_remittances_open(town->sides[s].auditor);
	return open;
}

/* Mostly one of the last, sometimes any. */
static void letter_send(struct town *town, struct random *random)
{
	if (town->letters.count == 0)
		return;
	size_t count = town->letters.count, back = random_below(random, 8);
	size_t i = random_below(random, 10) == 0 ? random_below(random, count)
		   : back < count                ? count - 1 - back
						 : 0;
	struct letter letter = town->letters.at[i];
	command_send(town, letter.to, &letter.command);
}

/* All letters once more in their order, until nothing is open. */
static void letters_settle(struct town *town)
{
	for (int round = 0; town_open_count(town) > 0; round++) {
		if (round == ROUNDS_MAX)
			fail_msg("%zu remittances stay open", town_open_count(town));
		for (size_t i = 0; i < town->letters.count; i++) {
			struct letter letter = town->letters.at[i];
			command_send(town, letter.to, &letter.command);
		}
	}
}

static void turn(struct town *town, struct random *random)
{
	struct side *side = &town->sides[random_below(random, SHARDS)];
	town->now_ms +=
		(int64_t)random_below(random, random_below(random, 300) == 0 ? 5 * 86400000 : 500);
	if (random_below(random, 3) == 0) {
		letter_send(town, random);
		return;
	}
	struct work work;
	workload_next(&side->workload, town->now_ms, &work);
	side_send(side, (enum topic)(work.stream + 1), (struct bytes){ work.value, work.size });
	if (random_below(random, 100) == 0)
		duel_restart(side->duel);
	if (random_below(random, 200) != 0)
		return;
	assert_null(pairs_look(town));
	if (!duel_compare(side->duel))
		fail_msg("shard %u: %s", side->shard, duel_error(side->duel));
}

static void test_between_shards(void **unused)
{
	(void)unused;
	static struct duel_tally all;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct town *town = town_open(seed);
		struct random random = { seed * 7919 };
		for (int i = 0; i < INPUTS; i++)
			turn(town, &random);
		letters_settle(town);
		const char *wrong = pairs_look(town);
		if (wrong)
			fail_msg("seed %llu: %s", (unsigned long long)seed, wrong);
		for (uint32_t s = 0; s < SHARDS; s++)
			if (!duel_compare(town->sides[s].duel))
				fail_msg("seed %llu: %s", (unsigned long long)seed,
					duel_error(town->sides[s].duel));
		for (size_t i = 0; i <= EVENT_LAST; i++)
			all.events[i] += town->tally.events[i];
		town_close(town);
	}
	static const enum event_kind kinds[] = { EVENT_transfer_sent, EVENT_payment_received,
		EVENT_remittance_refused, EVENT_remittance_settled, EVENT_remittance_returned,
		EVENT_remittance_confirmed, EVENT_remittance_repeated };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		print_message("%s %zu\n", event_name(kinds[i]), all.events[kinds[i]]);
		assert_true(all.events[kinds[i]] > 100);
	}
}

/* --- Letters that no shard would write --- */

/* All is opened, and the first member of shard 0 has sent 100 to one of shard 1. */
static struct town *town_paying(const char *to_name)
{
	struct town *town = town_open(1);
	for (uint32_t s = 0; s < SHARDS; s++)
		for (int i = 0; i < 3 * MEMBERS; i++) {
			struct work work;
			workload_next(&town->sides[s].workload, town->now_ms, &work);
			side_send(&town->sides[s], TOPIC_commands,
				(struct bytes){ work.value, work.size });
		}
	struct workload *workload = &town->sides[0].workload;
	const struct text64 *payer = &workload->members[0];
	struct command funds =
		workload_command(workload, COMMAND_funds_receive, payer, town->now_ms);
	funds.funds_receive.to_account = workload_account(payer, "main");
	funds.funds_receive.amount = (struct money){ amount_of(500), CURRENCY_USD, false };
	funds.funds_receive.rail = RAIL_wire;
	text64_set(&funds.funds_receive.rail_reference, "r", 1);
	command_send(town, 0, &funds);
	struct command transfer =
		workload_command(workload, COMMAND_transfer_create, payer, town->now_ms);
	transfer.transfer_create.from_account = workload_account(payer, "main");
	transfer.transfer_create.to_account =
		workload_account(&town->sides[1].workload.members[0], to_name);
	transfer.transfer_create.amount = (struct money){ amount_of(100), CURRENCY_USD, false };
	command_send(town, 0, &transfer);
	assert_int_equal(town->letters.count, 1);
	town->looks = false;
	return town;
}

static void town_is_wrong(struct town *town, const char *expected)
{
	const char *said = auditor_pair(town->sides[0].auditor, town->sides[1].auditor);
	if (!said || !strstr(said, expected))
		fail_msg("expected \"%s\", got \"%s\"", expected, said ? said : "nothing");
	town_close(town);
}

static struct command answer(enum command_kind kind)
{
	struct command command = { .kind = kind };
	if (kind == COMMAND_remittance_settle) {
		command.remittance_settle = (struct command_remittance_settle){ 1, 1, 1 };
	} else if (kind == COMMAND_remittance_confirm) {
		command.remittance_confirm = (struct command_remittance_confirm){ 0, 1 };
	} else {
		command.remittance_return = (struct command_remittance_return){ 1, 1, 2 };
	}
	return command;
}

static void test_pairs_can_fail(void **unused)
{
	(void)unused;
	struct town *town = town_paying("main");
	struct command delivery = town->letters.at[0].command;
	assert_null(auditor_pair(town->sides[0].auditor, town->sides[1].auditor));
	command_send(town, 1, &delivery);
	assert_null(auditor_pair(town->sides[0].auditor, town->sides[1].auditor));
	delivery.remittance_deliver.number = 2;
	command_send(town, 1, &delivery);
	town_is_wrong(town, "of shard 0 to 1 1 were sent, 2 received");

	struct command settle = answer(COMMAND_remittance_settle);
	town = town_paying("main");
	command_send(town, 0, &settle);
	town_is_wrong(town, "1 were sent, 0 received, 1 answered");

	struct command confirm = answer(COMMAND_remittance_confirm);
	town = town_paying("main");
	delivery = town->letters.at[0].command;
	command_send(town, 1, &delivery);
	command_send(town, 1, &confirm);
	town_is_wrong(town, "1 received, 0 answered, 1 confirmed");

	town = town_paying("main");
	delivery = town->letters.at[0].command;
	delivery.remittance_deliver.amount.amount = amount_of(101);
	command_send(town, 1, &delivery);
	town_is_wrong(town, "remittance 1 of shard 0 to 1 is not what was received");

	town = town_paying("nowhere");
	delivery = town->letters.at[0].command;
	command_send(town, 1, &delivery);
	command_send(town, 0, &settle);
	town_is_wrong(town, "remittance 1 of shard 0 to 1 was refused, and is settled");

	struct command returned = answer(COMMAND_remittance_return);
	town = town_paying("main");
	returned.party = town->sides[0].workload.members[0];
	delivery = town->letters.at[0].command;
	command_send(town, 1, &delivery);
	command_send(town, 0, &returned);
	town_is_wrong(town, "remittance 1 of shard 0 to 1 was credited, and is returned");
}

/* Where its account was closed meanwhile, the payer has the money there all the same. */
static void test_a_closed_account_is_given_back(void **unused)
{
	(void)unused;
	struct town *town = town_paying("nowhere");
	struct workload *workload = &town->sides[0].workload;
	const struct text64 *payer = &workload->members[0];
	struct command rest =
		workload_command(workload, COMMAND_transfer_create, payer, town->now_ms);
	rest.transfer_create.from_account = workload_account(payer, "main");
	rest.transfer_create.to_account = workload_account(&workload->members[1], "main");
	rest.transfer_create.amount = (struct money){ amount_of(400), CURRENCY_USD, false };
	command_send(town, 0, &rest);
	struct command close =
		workload_command(workload, COMMAND_account_close, payer, town->now_ms);
	close.account_close.account = workload_account(payer, "main");
	command_send(town, 0, &close);
	assert_int_equal(town->tally.events[EVENT_account_closed], 1);
	letters_settle(town);
	assert_int_equal(town->tally.events[EVENT_remittance_returned], 1);
	struct balances balances;
	bool is_closed;
	assert_true(auditor_account(
		town->sides[0].auditor, &close.account_close.account, &balances, &is_closed));
	assert_true(is_closed);
	assert_int_equal(amount_minor(balances.credits_posted), 600);
	for (uint32_t s = 0; s < SHARDS; s++)
		if (!duel_compare(town->sides[s].duel))
			fail_msg("%s", duel_error(town->sides[s].duel));
	town_close(town);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_shards),
		cmocka_unit_test(test_pairs_can_fail),
		cmocka_unit_test(test_a_closed_account_is_given_back),
	};
	return cmocka_run_group_tests_name("auditor_shards", tests, NULL, NULL);
}
