/* SPDX-License-Identifier: Apache-2.0 */
/* What the log's promises rest on, somebody may change under a running processor: so it is looked
 * at again and again, and where it is no longer as it was, all shards on that log stop, with what
 * they decided.
 */
#ifndef SHARD_LOOKOUT_H
#define SHARD_LOOKOUT_H

#include "shard/shard.h"

/* A broker that has just started may tell less than there is: only what so many looks agree on
 * counts. */
enum { LOG_CHECK_LOOKS = 3 };

struct lookout_config {
	struct log *log; /* just opened, so it was looked at now */
	struct shard *const *shards;
	size_t count; /* NULL among them: it has ended */
	int every_ms; /* from look to look */
	int again_ms; /* where one found something, until the next */

	/* Called from the lookout's thread, for people: one line, without its end. */
	void (*diag)(void *context, const char *line);
	void *context;
};

struct lookout;

/* NULL: there is no thread to be had. */
struct lookout *lookout_start(const struct lookout_config *config);
/* Asks it to end; any thread. */
void lookout_stop(struct lookout *lookout);
/* Why it stopped the shards; NULL: it did not. Any thread, while the lookout lives. */
const struct fault *lookout_fault(const struct lookout *lookout);
bool lookout_is_ended(const struct lookout *lookout);
/* Waits for its end, and frees it. True: it stopped the shards, and *ret is why. NULL is fine. */
bool lookout_join(struct lookout *lookout, struct fault *ret);

#endif
