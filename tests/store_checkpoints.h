/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of which one scan tells whether a store is at one of them, and at which; and this
 * program as another process, since RocksDB's threads don't survive a fork.
 *
 * Checkpoint n of these tests writes n into the position row, into every account row and into a row
 * of its own for each of its ids, and deletes the ids of checkpoint n - IDS_KEPT by range. So one
 * scan tells whether a store is at one checkpoint, and at which.
 */
#ifndef TESTS_STORE_CHECKPOINTS_H
#define TESTS_STORE_CHECKPOINTS_H

#include "store_fixture.h"

enum { ACCOUNTS = 300, IDS = 60, IDS_KEPT = 3 };

int checkpoint_ingest(struct store *store, uint64_t number, struct fault *fault);

/* What a scan finds. */
struct tally {
	uint64_t number; /* what the position row says; it comes first */
	size_t accounts;
	size_t ids;
	bool torn;
};

bool tally_row(void *context, struct bytes key, struct bytes value);

/* The number of the checkpoint that the store is at, 0 for none; fails the test when it is at none
 * wholly. Looks at every row twice: by scan and by key. */
int checkpoint_find(struct store *store, uint64_t *ret_number, struct fault *fault);
uint64_t checkpoint_of(struct store *store, struct place *place);
void checkpoints_ingest(struct place *place, uint64_t from, uint64_t to);

/* --- This program as another process: store PLAY PATH --- */

enum { EXIT_NOT_PERMITTED = 77 };

struct child {
	pid_t pid;
	FILE *reports; /* a line per checkpoint done */
};

struct child child_start(const char *play, const char *path);
int child_wait(struct child *child);       /* its status */
uint64_t report_read(struct child *child); /* 0: no more come */

#endif
