/* SPDX-License-Identifier: Apache-2.0 */
/* How the shards of a `pinion run` are: the status line, and whether they make progress. */
#ifndef MAIN_STATUS_H
#define MAIN_STATUS_H

#include "main/held.h"
#include "main/owners.h"

#include <time.h>

struct status {
	struct owners *owners;
	struct timespec *stopped_at; /* by shard; tv_sec 0: not stopped */
	int64_t *passes;             /* by shard, when progress was last asked for */
	struct held *held;           /* by shard */
	int64_t inputs_before;
	size_t live;
};

void status_new(struct status *status, struct owners *owners);
void status_free(struct status *status);

/* Notes who is live and who has stopped, and when; says what is held up. */
void status_look(struct status *status);

/* The line. `seconds`: since the one before. */
void status_say(struct status *status, double seconds);

/* False: a live shard has not come round in its loop since this was last asked. */
bool status_progress(struct status *status);

#endif
