/* SPDX-License-Identifier: Apache-2.0 */
/* Payment traffic as upstream services send it, good and bad, the same for the same seed. */
#ifndef TESTS_WORKLOAD_H
#define TESTS_WORKLOAD_H

#include "nouns.h"

#include "log/log.h"

enum { WORKLOAD_MEMBERS_MAX = 64, WORKLOAD_HOLDS = 64, WORKLOAD_OLD = 64, WORKLOAD_OTHERS = 16 };

/* A record of an input. */
struct work {
	enum log_stream stream;
	size_t size;
	uint8_t value[COMMAND_SIZE_MAX];
};

struct workload {
	struct random random;
	struct codec *codec;
	struct text64 members[WORKLOAD_MEMBERS_MAX];
	unsigned member_count;
	struct text64 others[WORKLOAD_OTHERS]; /* members of other shards */
	unsigned other_count;
	unsigned opened; /* of the commands that open all parties and accounts */
	uint64_t made;
	struct id holds[WORKLOAD_HOLDS];
	struct text64 hold_parties[WORKLOAD_HOLDS];
	unsigned hold_count;
	struct work old[WORKLOAD_OLD]; /* to be sent again */
	unsigned old_count;
	int64_t hold_expires_s_max;
};

/* Members whose parties belong to this shard, who also pay some of others. The codec stays the
 * caller's. */
void workload_init(struct workload *workload, uint64_t seed, struct codec *codec, uint32_t shard,
	uint32_t shards, unsigned members);

/* What comes next, made at this time. The first 3 * members commands open everything. */
void workload_next(struct workload *workload, int64_t now_ms, struct work *ret);

/* Commands that tests also make by themselves: an id of this time, an envelope, the body empty. */
struct command workload_command(struct workload *workload, enum command_kind kind,
	const struct text64 *party, int64_t now_ms);
void work_encode(struct workload *workload, const struct command *command, struct work *ret);
struct account_id workload_account(const struct text64 *party, const char *name);

#endif
