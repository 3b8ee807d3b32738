/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated store: store.h over folders in memory that outlive the processes which open them,
 * and what a disk may do to them. */
#ifndef SIMULATOR_FOLDERS_H
#define SIMULATOR_FOLDERS_H

#include "tasks.h"

#include "store/store.h"

/* A world's disk, empty. */
void folders_begin(void);

/* The machine's process has died: files are closed, and what was not synced may be lost. */
void folders_crash(const struct process *process);
/* Between two lives, by whoever: deleted, or an old copy put back. */
void folder_delete(const char *path);
void folder_roll_back(const char *path);

/* The offset of the event that its store stands at; -1: it holds none. */
int64_t folder_offset(const char *path);
/* So many openings fail for want of something; or a block of it can't be read any more. */
void folder_lacks(const char *path, int openings);
void folder_corrupt(const char *path);

/* Sum over all rows but the position of a hash of key and value: equal states, equal sums. */
uint64_t row_mix(struct bytes key, struct bytes value);

/* Called for each checkpoint that a folder has come to: the position row's value (at NULL: there is
 * none), and the sum. The world compares. */
void world_checkpoint(const char *path, struct bytes position, uint64_t mix);
/* How a folder stands now; 0: empty or not there. */
uint64_t folder_mix(const char *path);

#endif
