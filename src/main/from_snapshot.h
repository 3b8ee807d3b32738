/* SPDX-License-Identifier: Apache-2.0 */
/* Shards whose state begins with a snapshot. */
#ifndef MAIN_FROM_SNAPSHOT_H
#define MAIN_FROM_SNAPSHOT_H

#include "main/owners.h"

/* Puts the snapshot in `folder` where the state of each shard is to stand, before they are started:
 * all of them are copied before the first is put there. 0, or the exit code, said. */
int owners_from_snapshot(struct owners *owners, const char *folder);

#endif
