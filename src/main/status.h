/* SPDX-License-Identifier: Apache-2.0 */
/* How the shards of a `pinion run` are: the status line, and whether they make progress. */
#ifndef MAIN_STATUS_H
#define MAIN_STATUS_H

#include "main/held.h"
#include "main/shares.h"

#include <time.h>

struct status {
	struct owners *owners;
	struct shares *shares;       /* NULL: the shards are this process's alone */
	struct timespec *stopped_at; /* by shard; tv_sec 0: not stopped */
	int64_t *passes;             /* by shard, when progress was last asked for */
	struct held *held;           /* by shard */
	int64_t inputs_before;
	int64_t events_before; /* of followers */
	size_t owned, live, followed;
};

void status_new(struct status *status, struct owners *owners, struct shares *shares);
void status_free(struct status *status);

/* Notes who is live and who has stopped, and when; says what is held up. */
void status_look(struct status *status);

/* The line. `seconds`: since the one before. */
void status_say(struct status *status, double seconds);

/* How many followers have come to the end of their logs; the line of a process that only follows.
 */
size_t status_followed(const struct status *status);
void status_say_followed(struct status *status, double seconds);

/* False: a live shard, or one that is followed, has not come round in its loop since this was last
 * asked. */
bool status_progress(struct status *status);

#endif
