/* SPDX-License-Identifier: Apache-2.0 */
/* Shards owned by this process: for run, and for submit and bench where they are the processor
 * themselves. */
#ifndef MAIN_OWNERS_H
#define MAIN_OWNERS_H

#include "main/options.h"
#include "shard/lookout.h"
#include "shard/shard.h"

/* RocksDB's block caches, of all shards together. */
enum { STORE_CACHE_BYTES = 256 << 20 };

/* How often what the log rests on is looked at again. */
enum { LOG_CHECK_EVERY_MS = 60000, LOG_CHECK_AGAIN_MS = 5000 };

struct owners {
	struct log *log; /* opened with LOG_OWN; closed here */
	size_t count;
	bool are_shared;       /* with other processes: those that are neither owned nor followed
				  here are NULL */
	struct shard **shards; /* on one that shares them, the main thread's alone */
	struct shard_config *configs;
	uint32_t *numbers; /* of the shards */
	char (*paths)[PATH_SIZE_MAX];
	struct input_place refused[PLACES_MAX];
	struct input_place clock_accepted[PLACES_MAX];
	struct clock_restart clock_restarts[PLACES_MAX];
	struct lookout *lookout; /* NULL: nobody looks at the log's settings again */
};

/* Makes an owner for each shard asked for, not started. 0, or the exit code, said: also where the
 * system does not let all of them live at once. The log is theirs from then on, also on failure. */
int owners_new(struct owners *owners, const struct options *options, struct log *log);
/* For who lets one live after the other. */
int owners_new_one_by_one(struct owners *owners, const struct options *options, struct log *log);
/* For who shares them with other processes: all of the log's, none of which is there yet. */
int owners_new_to_share(struct owners *owners, const struct options *options, struct log *log);
struct shard *owners_make(struct owners *owners, size_t i);
void owners_start(struct owners *owners);
/* As followers; the log may be one opened with LOG_USE. */
void owners_follow(struct owners *owners);

/* Has the log looked at every minute, in a thread of its own, until owners_stop. */
void owners_check(struct owners *owners);

/* Waits until all are live. False: one ended first. */
bool owners_await_live(struct owners *owners);

/* Asks all to stop and waits for it. The exit code: 0; where some ended by a fault, which is
 * said, EXIT_OTHER_OWNER if one of these was that, else EXIT_FAULT. */
int owners_stop(struct owners *owners);
void owners_free(struct owners *owners);

/* All have ended by themselves. */
bool owners_ended(const struct owners *owners);

/* Opens a log and says a fault: 0 or the exit code. */
int ledger_open(const struct options *options, enum log_mode mode, struct log **ret);

#endif
