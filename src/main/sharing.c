/* SPDX-License-Identifier: Apache-2.0 */
#include "main/sharing.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS = 2, SAME_MS = 1000 };

struct lines {
	size_t count, depth;
	uint32_t shards;
	uint64_t *scores; /* of shard and member */
	size_t *loads;
	bool *is_gone; /* of the members */
	int *owners;   /* of each depth, by shard */
	int *lines;
};

static uint64_t score_of(const char *name, uint32_t shard)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "pinion shares";
	uint8_t hash[crypto_shorthash_BYTES];
	char text[LOG_MEMBER_NAME_MAX + 4];
	size_t size = (size_t)snprintf(text, LOG_MEMBER_NAME_MAX, "%s", name);
	uint64_t score = 0;
	for (size_t i = 0; i < 4; i++)
		text[size++] = (char)(shard >> (8 * i) & 0xff);
	(void)crypto_shorthash(hash, (const uint8_t *)text, size, key);
	for (size_t i = 0; i < sizeof hash; i++)
		score = score << 8 | hash[i];
	return score;
}

/* The first of the shard's ranking that has room; of two with one score, the first by name. */
static int owner_of(const struct lines *lines, uint32_t shard, size_t room)
{
	const uint64_t *scores = &lines->scores[shard * lines->count];
	int best = -1;
	for (size_t m = 0; m < lines->count; m++)
		if (!lines->is_gone[m] && lines->loads[m] < room &&
			(best < 0 || scores[m] > scores[best]))
			best = (int)m;
	return best;
}

/* Who owns what, without those who are gone. */
static void owners_find(const struct lines *lines, int *owners)
{
	size_t left = 0;
	for (size_t m = 0; m < lines->count; m++)
		left += !lines->is_gone[m];
	size_t room = left ? (lines->shards + left - 1) / left : 0;
	memset(lines->loads, 0, lines->count * sizeof *lines->loads);
	for (uint32_t s = 0; s < lines->shards; s++) {
		owners[s] = owner_of(lines, s, room);
		if (owners[s] >= 0)
			lines->loads[owners[s]]++;
	}
}

/* The shard's line up to there is all those who are gone. */
static bool is_of_the_gone(const struct lines *lines, uint32_t shard, size_t place)
{
	const int *line = &lines->lines[shard * lines->depth];
	for (size_t k = 0; k < place; k++)
		if (line[k] < 0 || !lines->is_gone[line[k]])
			return false;
	return true;
}

/* Of some of those shards this member comes next. */
static bool comes_next(const struct lines *lines, size_t place, int member)
{
	for (uint32_t s = 0; s < lines->shards; s++)
		if (lines->lines[s * lines->depth + place] == member &&
			is_of_the_gone(lines, s, place))
			return true;
	return false;
}

/* The places from `place` on, of the shards whose line so far is that of those who are gone. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the lines are long, which are a few places. */
static void lines_fill(struct lines *lines, size_t place)
{
	int *owners = &lines->owners[place * lines->shards];
	owners_find(lines, owners);
	for (uint32_t s = 0; s < lines->shards; s++) {
		int *line = &lines->lines[s * lines->depth];
		if (is_of_the_gone(lines, s, place))
			line[place] = owners[s];
	}
	if (place + 1 == lines->depth)
		return;
	for (size_t m = 0; m < lines->count; m++) {
		if (lines->is_gone[m] || !comes_next(lines, place, (int)m))
			continue;
		lines->is_gone[m] = true;
		lines_fill(lines, place + 1);
		lines->is_gone[m] = false;
	}
}

void sharing_lines(char (*names)[LOG_MEMBER_NAME_MAX], size_t count, uint32_t shards, size_t depth,
	int *ret_lines)
{
	struct lines lines = {
		.count = count, .depth = depth, .shards = shards, .lines = ret_lines
	};
	lines.scores = calloc(count * shards + 1, sizeof *lines.scores);
	lines.loads = calloc(count + 1, sizeof *lines.loads);
	lines.is_gone = calloc(count + 1, sizeof *lines.is_gone);
	lines.owners = calloc(depth * shards, sizeof *lines.owners);
	assert(lines.scores && lines.loads && lines.is_gone && lines.owners && depth > 0);
	for (size_t m = 0; m < count; m++) {
		assert(m == 0 || strcmp(names[m - 1], names[m]) < 0);
		for (uint32_t s = 0; s < shards; s++)
			lines.scores[s * count + m] = score_of(names[m], s);
	}
	for (size_t i = 0; i < shards * depth; i++)
		ret_lines[i] = -1;
	lines_fill(&lines, 0);
	free(lines.scores);
	free(lines.loads);
	free(lines.is_gone);
	free(lines.owners);
}

static bool names_are_same(const struct agreement *agreement, const struct log_members *members)
{
	if (agreement->count != members->count || !agreement->names)
		return false;
	for (size_t i = 0; i < members->count; i++)
		if (strcmp(agreement->names[i], members->names[i]) != 0)
			return false;
	return true;
}

static void names_take(struct agreement *agreement, const struct log_members *members)
{
	free(agreement->names);
	agreement->names = calloc(members->count + 1, sizeof *agreement->names);
	assert(agreement->names);
	agreement->count = members->count;
	for (size_t i = 0; i < members->count; i++)
		memcpy(agreement->names[i], members->names[i], LOG_MEMBER_NAME_MAX);
}

bool agreement_holds(struct agreement *agreement, const struct log_members *members, int64_t now_ms)
{
	if (members->looks == 0)
		return false;
	if (!names_are_same(agreement, members)) {
		agreement->has_changed = agreement->names != NULL;
		names_take(agreement, members);
		agreement->since_ms = now_ms;
		agreement->same_looks = agreement->stable_looks = 0;
		agreement->is_used = false;
	}
	if (members->looks != agreement->looks) {
		agreement->looks = members->looks;
		agreement->same_looks++;
		agreement->stable_looks = members->is_stable ? agreement->stable_looks + 1 : 0;
	}
	return agreement->stable_looks >= LOOKS || now_ms - agreement->since_ms >= SAME_MS ||
	       (members->was_there && !agreement->has_changed && agreement->same_looks >= LOOKS);
}

void agreement_free(struct agreement *agreement)
{
	free(agreement->names);
	*agreement = (struct agreement){ 0 };
}
