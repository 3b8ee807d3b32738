/* SPDX-License-Identifier: Apache-2.0 */
/* Which process should own which shard, and which should follow it: a function of the processes'
 * names alone. So all processes come to the same answer by themselves, without one that decides and
 * without anything to remember.
 *
 * Each shard ranks the processes by a hash of shard and name, and is owned by the first one that
 * has room; nobody takes more than an even share, rounded up. A shard is followed by the process
 * that would own it if its owner were gone, then by the one that would if that one were gone too:
 * so it is always a follower that takes over. */
#ifndef MAIN_SHARING_H
#define MAIN_SHARING_H

#include "log/log.h"

/* `names` are sorted, each there once. For each shard its line: the owner, then the `depth` - 1
 * that follow, as places in `names`; -1 where there are not so many. */
void sharing_lines(char (*names)[LOG_MEMBER_NAME_MAX], size_t count, uint32_t shards, size_t depth,
	int *ret_lines);

/* What one process knows of the others over time, so that it acts on nothing that only seems so. */
struct agreement {
	unsigned looks;
	int same_looks, stable_looks; /* in a row, with these names; with the group at rest */
	bool has_changed;             /* these are not the names that were found first */
	int64_t since_ms;             /* these names */
	bool is_used;                 /* the caller's: false again where the names are others */
	size_t count;
	char (*names)[LOG_MEMBER_NAME_MAX];
};

/* Whether the present names hold: the group was at rest at two looks in a row; or, while it waits
 * for one that may be dead, they were the same for a second, or ours is one of those that were
 * there when we came, so that nothing is to change. */
bool agreement_holds(
	struct agreement *agreement, const struct log_members *members, int64_t now_ms);
void agreement_free(struct agreement *agreement);

#endif
