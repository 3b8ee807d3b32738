/* SPDX-License-Identifier: Apache-2.0 */
#include "main/shares.h"

#include "main/journal.h"
#include "main/member.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* So little is read while a shard is taken. */
	CAUGHT_UP_OFFSETS = 20000,
	/* Where not even a first event was read by then there is none: the owner says what to do.
	 */
	NOTHING_MS = 3000,
	/* For those who follow, to take what this one gives; then it has to drain what is left. */
	GIVE_MS = 3000,
	GIVE_STEP_MS = 20,
	/* Two that do not agree take a shard from each other so seldom at most. */
	AGAIN_MS = 20000,
};

/* Of one shard. */
struct share {
	bool should_own, should_follow;
	bool is_asked_to_own, is_let_go;
	int64_t since_ms; /* it is here */
	int overtaken;    /* as counted by the shard */
	unsigned
		took_at; /* the changes among the members when it was last asked to own; 0: never */
	int64_t took_ms; /* monotonic */
	/* Who should own it, and who should have before; "": not known. */
	char owner[LOG_MEMBER_NAME_MAX], before[LOG_MEMBER_NAME_MAX];
};

int shares_begin(struct shares *shares, const struct options *options, struct owners *owners)
{
	*shares = (struct shares){ .owners = owners, .depth = 1 + (size_t)options->standby };
	int exit_code = member_name(options->state, shares->name);
	if (exit_code != EXIT_DONE)
		return exit_code;
	shares->each = calloc(owners->count, sizeof *shares->each);
	assert(shares->each);
	if (log_group_open(owners->log, shares->name, &shares->group, &shares->fault) != 0)
		return fault_exit(&shares->fault);
	return EXIT_DONE;
}

/* --- What it should own and follow --- */

static bool moves_as(const struct share *a, const struct share *b)
{
	return strcmp(a->before, b->before) == 0 && strcmp(a->owner, b->owner) == 0;
}

static bool is_said(const struct share *each, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (moves_as(&each[i], &each[at]))
			return true;
	return false;
}

/* "shares: shards 0 3 5 go from ALICE to BOB", a line for all that go the same way. */
static void moves_say(const struct shares *shares)
{
	const struct share *each = shares->each;
	size_t count = shares->owners->count, size;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(each[i].before, each[i].owner) == 0 || is_said(each, i))
			continue;
		char *text = NULL;
		FILE *line = open_memstream(&text, &size);
		assert(line);
		for (size_t k = i; k < count; k++)
			if (moves_as(&each[k], &each[i]))
				(void)fprintf(line, " %zu", k);
		(void)fclose(line);
		journal_say(LEVEL_info, NO_SHARD, "shares: of shards%s the owner is to be %s%s%s",
			text, each[i].owner, *each[i].before ? ", and no longer " : "",
			each[i].before);
		free(text);
	}
}

static int self_find(const struct shares *shares)
{
	const struct agreement *agreed = &shares->agreement;
	for (size_t i = 0; i < agreed->count; i++)
		if (strcmp(agreed->names[i], shares->name) == 0)
			return (int)i;
	return -1;
}

/* By the names that are agreed on, of which one is ours. */
static void shares_find(struct shares *shares, int self)
{
	const struct agreement *agreed = &shares->agreement;
	size_t count = shares->owners->count, depth = shares->depth;
	int *lines = calloc(count * depth, sizeof *lines);
	assert(lines);
	sharing_lines(agreed->names, agreed->count, (uint32_t)count, depth, lines);
	shares->should_own = 0;
	for (size_t i = 0; i < count; i++) {
		struct share *share = &shares->each[i];
		const int *line = &lines[i * depth];
		share->should_own = line[0] == self;
		shares->should_own += share->should_own;
		share->should_follow = false;
		for (size_t k = 1; k < depth; k++)
			share->should_follow |= line[k] == self;
		memcpy(share->before, share->owner, sizeof share->before);
		memcpy(share->owner, agreed->names[line[0]], sizeof share->owner);
	}
	free(lines);
	moves_say(shares);
}

/* Found anew only where the names are others. */
static void shares_update(struct shares *shares, const struct log_members *members)
{
	if (!agreement_holds(&shares->agreement, members, clock_monotonic_ms()) ||
		shares->agreement.is_used)
		return;
	int self = self_find(shares);
	if (self < 0)
		return; /* whoever is no member keeps what it has: others will take it */
	shares->agreement.is_used = true;
	shares->is_settled = true;
	shares_find(shares, self);
}

/* --- What it owns and follows --- */

/* It was stopped, since it neither should be followed nor is owned. */
static void share_let_go(struct shares *shares, size_t i)
{
	struct shard **shard = &shares->owners->shards[i];
	(void)shard_join(*shard);
	shard_free(*shard);
	*shard = NULL;
	shares->each[i].is_let_go = false;
	shares->each[i].is_asked_to_own = false;
	shares->each[i].overtaken = 0;
}

static bool is_ready(const struct share *share, const struct shard_status *status)
{
	if (status->is_following)
		return status->event_lag <= CAUGHT_UP_OFFSETS;
	return status->verified_sequence == 0 && status->event_lag == 0 &&
	       clock_monotonic_ms() - share->since_ms > NOTHING_MS;
}

static void share_own(struct shares *shares, size_t i, const struct shard_status *status)
{
	struct share *share = &shares->each[i];
	struct shard *shard = shares->owners->shards[i];
	/* Whoever takes it although it is to be ours knows of others than we do: it is taken back
	 * once somebody came or went, or after a while, and not again and again. */
	int64_t now_ms = clock_monotonic_ms();
	bool was_taken = share->took_at == shares->changes && now_ms - share->took_ms < AGAIN_MS;
	/* While it is not known who is there, nobody's share is certain. */
	if (share->is_asked_to_own || was_taken || !shares->agreement.is_used ||
		!is_ready(share, status))
		return;
	share->is_asked_to_own = true;
	share->took_at = shares->changes;
	share->took_ms = now_ms;
	shard_promote(shard);
}

static void share_follow(struct shares *shares, size_t i, const struct shard_status *status)
{
	struct share *share = &shares->each[i];
	struct shard *shard = shares->owners->shards[i];
	if (!status->follows)
		return; /* until another one has taken it */
	if (share->is_asked_to_own) {
		share->is_asked_to_own = false;
		shard_demote(shard);
	} else if (!share->should_follow) {
		share->is_let_go = true;
		shard_stop(shard);
	}
}

static void share_step(struct shares *shares, size_t i)
{
	struct share *share = &shares->each[i];
	struct shard *shard = shares->owners->shards[i];
	struct shard_status status;
	if (!shard) {
		if (share->should_own || share->should_follow) {
			share->since_ms = clock_monotonic_ms();
			shard_follow(owners_make(shares->owners, i));
		}
		return;
	}
	shard_status(shard, &status);
	if (status.overtaken > share->overtaken) {
		share->overtaken = status.overtaken;
		share->is_asked_to_own = false;
	}
	if (share->is_let_go && status.is_ended)
		share_let_go(shares, i);
	else if (share->is_let_go || status.is_ended)
		return; /* by a fault: an operator is needed */
	else if (share->should_own)
		share_own(shares, i, &status);
	else
		share_follow(shares, i, &status);
}

/* A copy of a state folder on the same host: the one that took last owns all. */
static void double_say(struct shares *shares, const struct log_members *members)
{
	if (members->has_double && !shares->has_double)
		journal_say(LEVEL_error, NO_SHARD,
			"ALARM: another process has this one's name, %s: one of them runs on a "
			"copy "
			"of the other's state folder. Stop it, and remove the file `member` there",
			shares->name);
	shares->has_double = members->has_double;
}

int shares_step(struct shares *shares)
{
	const struct log_members *members = log_group_members(shares->group);
	if (log_group_step(shares->group) != 0) {
		if (!shares->is_settled)
			return fault_exit(&shares->fault);
		/* What it owns it goes on with: nobody needs a group for that. */
		if (!shares->is_cut_off)
			journal_say(LEVEL_error, NO_SHARD,
				"ALARM: no longer one of those who share "
				"the shards: %s",
				shares->fault.text);
		shares->is_cut_off = true;
		fault_clear(&shares->fault);
		return EXIT_DONE;
	}
	if (members->looks != shares->looks)
		shares->is_cut_off = false;
	shares->looks = members->looks;
	if (members->looks > 0 && (shares->changes == 0 || members->sum != shares->sum))
		shares->changes++;
	shares->sum = members->sum;
	shares_update(shares, members);
	double_say(shares, members);
	for (size_t i = 0; i < shares->owners->count; i++)
		share_step(shares, i);
	return EXIT_DONE;
}

void shares_count(const struct shares *shares, struct shares_figures *ret)
{
	*ret = (struct shares_figures){ 0 };
	for (size_t i = 0; i < shares->owners->count; i++) {
		struct shard_status status;
		if (!shares->owners->shards[i])
			continue;
		shard_status(shares->owners->shards[i], &status);
		ret->owned += !status.follows;
		ret->live += status.is_live;
		ret->followed += status.follows;
		if (status.follows && status.event_lag > ret->behind)
			ret->behind = status.event_lag;
	}
}

bool shares_are_live(const struct shares *shares)
{
	struct shares_figures figures;
	shares_count(shares, &figures);
	return shares->is_settled && figures.live >= shares->should_own;
}

/* --- The end --- */

/* Whether any is still owned that somebody may take. */
static bool keeps_any(struct shares *shares)
{
	bool keeps = false;
	for (size_t i = 0; i < shares->owners->count; i++) {
		struct shard *shard = shares->owners->shards[i];
		struct shard_status status;
		if (!shard)
			continue;
		shard_status(shard, &status);
		if (status.follows)
			shard_stop(shard);
		else
			keeps |= status.is_live;
	}
	return keeps;
}

void shares_give(struct shares *shares)
{
	int64_t until_ms = clock_monotonic_ms() + GIVE_MS;
	log_group_leave(shares->group);
	if (!shares->is_settled || shares->agreement.count < 2)
		return;
	journal_say(LEVEL_info, NO_SHARD, "shares: gives what it owns to the others");
	while (keeps_any(shares) && clock_monotonic_ms() < until_ms) {
		(void)log_group_step(shares->group);
		clock_wait_ms(GIVE_STEP_MS);
	}
}

void shares_end(struct shares *shares)
{
	log_group_close(shares->group);
	agreement_free(&shares->agreement);
	free(shares->each);
}
