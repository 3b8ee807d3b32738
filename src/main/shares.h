/* SPDX-License-Identifier: Apache-2.0 */
/* The shards that this process owns and follows while it shares them with others: takes up what it
 * should own by sharing.h, follows what it should follow, and lets go of what others took.
 *
 * A shard is followed to the end of its log first and only then owned, so whoever owns it goes on
 * until then. Who owns a shard and should not goes on until another one takes it: no shard is ever
 * without an owner because of a plan. A shard is taken at most once
 * before a process came or went again, or 20 s are over, and never while it is not known who is
 * there: so two that do not agree for a moment do not take it from each other in turns. */
#ifndef MAIN_SHARES_H
#define MAIN_SHARES_H

#include "main/owners.h"
#include "main/sharing.h"

struct share;

struct shares {
	struct owners *owners; /* made to be shared */
	char name[LOG_MEMBER_NAME_MAX];
	struct log_group *group;
	struct fault fault;
	struct agreement agreement;
	size_t depth; /* the owner and those who follow */
	struct share *each;
	size_t should_own;
	bool is_settled;             /* it is one of those who have agreed */
	bool has_double, is_cut_off; /* said already */
	unsigned looks;
	uint64_t sum;     /* of the members */
	unsigned changes; /* of it */
};

/* Joins the others. 0, or the exit code, said. */
int shares_begin(struct shares *shares, const struct options *options, struct owners *owners);

/* To be called often. 0, or the exit code, said: it can't be one of them. */
int shares_step(struct shares *shares);

/* All that it should own is live. */
bool shares_are_live(const struct shares *shares);

/* Leaves, and keeps each shard until another one has taken it, or for some seconds. */
void shares_give(struct shares *shares);
void shares_end(struct shares *shares);

/* For the status line. */
struct shares_figures {
	size_t owned, live, followed;
	int64_t behind; /* of those followed, the most events that one is behind its owner */
};
void shares_count(const struct shares *shares, struct shares_figures *ret);

#endif
