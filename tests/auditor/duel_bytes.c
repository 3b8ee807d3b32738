/* SPDX-License-Identifier: Apache-2.0 */
/* A duel over what any bytes say. */
#include "duel.h"
#include "script.h"

#include "base/murmur2.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { OLD = 16, OLD_SIZE_MAX = 512 };

struct old {
	enum topic topic;
	size_t size;
	uint8_t at[OLD_SIZE_MAX];
};

struct walk {
	struct script script;
	struct duel *duel;
	struct old old[OLD]; /* records to be sent again */
	unsigned old_count;
};

static bool record_again(struct walk *walk, struct record *record, enum topic *topic)
{
	unsigned known = walk->old_count < OLD ? walk->old_count : OLD;
	if (known == 0)
		return false;
	const struct old *old = &walk->old[script_pick(&walk->script, known)];
	*topic = old->topic;
	*record = (struct record){ .size = old->size };
	memcpy(record->at, old->at, old->size);
	return true;
}

static void old_keep(struct walk *walk, const struct record *record, enum topic topic)
{
	if (record->size > OLD_SIZE_MAX)
		return;
	struct old *old = &walk->old[walk->old_count++ % OLD];
	old->topic = topic;
	old->size = record->size;
	memcpy(old->at, record->at, record->size);
}

static bool decide_all(struct duel *duel)
{
	for (enum topic t = TOPIC_commands; t <= TOPIC_internal; t++)
		while (duel_pending(duel, t) > 0)
			if (!duel_decide(duel, t))
				return false;
	return true;
}

static void input_put(struct walk *walk, const struct record *record, enum topic topic, int64_t gap)
{
	/* On the heap, so that a sanitizer sees a look past the end. */
	uint8_t *value = malloc(record->size > 0 ? record->size : 1);
	assert(value);
	memcpy(value, record->at, record->size);
	duel_input(
		walk->duel, topic, gap, walk->script.now_ms, (struct bytes){ value, record->size });
	free(value);
}

static bool clock_restart(struct walk *walk)
{
	int64_t step_ms = script_step_ms(&walk->script);
	walk->script.now_ms -= step_ms < 0 ? -step_ms : step_ms;
	if (walk->script.now_ms < 0)
		walk->script.now_ms = 0;
	return duel_restart_clock(walk->duel, walk->script.now_ms);
}

static bool step(struct walk *walk)
{
	struct record record;
	enum topic topic;
	unsigned way = script_take(&walk->script);
	int64_t step_ms = script_step_ms(&walk->script);
	walk->script.now_ms = walk->script.now_ms + step_ms < 0 ? 0 : walk->script.now_ms + step_ms;
	if (way < 224 || !record_again(walk, &record, &topic)) {
		script_record(&walk->script, &record, &topic);
		old_keep(walk, &record, topic);
	}
	if (script_seldom(&walk->script))
		script_spoil(&walk->script, &record);
	if (script_seldom(&walk->script))
		topic = (enum topic)(1 + script_pick(&walk->script, TOPIC_COUNT));
	int64_t gap = script_seldom(&walk->script) ? script_pick(&walk->script, 4) : 0;
	input_put(walk, &record, topic, gap);
	unsigned then = script_take(&walk->script);
	if (then >= 250)
		duel_refuse(walk->duel, topic);
	else if (then >= 244)
		duel_accept_clock(walk->duel, topic);
	else if (then >= 240)
		duel_restart(walk->duel);
	else if (then >= 236 && !clock_restart(walk))
		return false;
	else if (then >= 224)
		return true;
	else if (then >= 208)
		return duel_decide(walk->duel, (enum topic)(1 + then % TOPIC_COUNT));
	return decide_all(walk->duel);
}

enum { OPENING_STEPS = 1 + 2 * SCRIPT_NAMES };

/* A party, its accounts, and money on each: step by step. */
static void opening_make(
	struct walk *walk, unsigned party, unsigned i, struct record *ret, uint32_t *ret_arm)
{
	struct record body = { 0 };
	struct id id = script_id(&walk->script, walk->script.now_ms);
	unsigned name = i == 0 ? 0 : (i - 1) % SCRIPT_NAMES;
	char account[64], reference[32];
	(void)snprintf(account, sizeof account, "%s/%s", script_parties[party], script_names[name]);
	(void)snprintf(reference, sizeof reference, "o-%u%u", party, name);
	*ret_arm = i == 0 ? 20 : i <= SCRIPT_NAMES ? 21 : 30;
	if (*ret_arm == 20)
		record_varint(&body, 1, 2);
	else
		record_text(&body, 1, account);
	if (*ret_arm == 21)
		record_text(&body, 2, script_currencies[name]);
	if (*ret_arm == 30) {
		record_money(&body, 2, 5000, script_currencies[name]);
		record_varint(&body, 3, 4);
		record_text(&body, 4, reference);
	}
	*ret = (struct record){ 0 };
	record_bytes(ret, 1, id.at, sizeof id.at);
	record_text(ret, 2, script_parties[party]);
	record_bytes(ret, *ret_arm, body.at, body.size);
}

static bool opening(struct walk *walk)
{
	for (unsigned i = 0; i < walk->script.own_count * OPENING_STEPS; i++) {
		struct record record;
		uint32_t arm;
		opening_make(walk, walk->script.own[i / OPENING_STEPS], i % OPENING_STEPS, &record,
			&arm);
		input_put(walk, &record, command_topic((enum command_kind)arm), 0);
		if (!decide_all(walk->duel))
			return false;
	}
	return true;
}

static uint32_t party_shard(unsigned party, uint32_t shards)
{
	return murmur2_partition(script_parties[party], strlen(script_parties[party]), shards);
}

static void opened_choose(struct walk *walk, const struct duel_watch *watch)
{
	static const int64_t begins_ms[] = { 1767225600000, 0, 7 * (int64_t)SCRIPT_DAY_MS, 1 };
	unsigned way = script_take(&walk->script);
	uint32_t shards = way < 160 ? 1 : way < 208 ? 2 : 3;
	uint32_t shard = party_shard(0, shards);
	for (unsigned p = 0; p < SCRIPT_PARTIES; p++)
		if (party_shard(p, shards) == shard)
			walk->script.own[walk->script.own_count++] = p;
	walk->script.now_ms = begins_ms[script_take(&walk->script) / 64];
	walk->duel = duel_new(shard, shards, walk->script.now_ms, watch);
}

bool duel_is_even(const uint8_t *data, size_t size, const struct duel_watch *watch, char *ret_error,
	size_t error_size)
{
	struct walk *walk = calloc(1, sizeof *walk);
	assert(walk);
	walk->script.at = data;
	walk->script.left = size;
	opened_choose(walk, watch);
	bool is_even = *duel_error(walk->duel) == '\0';
	if (is_even && script_take(&walk->script) < 192)
		is_even = opening(walk);
	while (is_even && walk->script.left > 0)
		is_even = step(walk);
	is_even = is_even && decide_all(walk->duel) && duel_compare(walk->duel);
	if (!is_even)
		(void)snprintf(ret_error, error_size, "%s", duel_error(walk->duel));
	duel_free(walk->duel);
	free(walk);
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
