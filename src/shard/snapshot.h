/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: a copy of a shard's store at a checkpoint, and what it is a copy of.
 *
 * A snapshot's folder holds a folder for each shard: in it the store, and the file `about`, a line
 * for each thing that it says, the last one a sum over those before.
 */
#ifndef SHARD_SNAPSHOT_H
#define SHARD_SNAPSHOT_H

#include "base/id.h"
#include "log/log.h"
#include "shard/position.h"

struct snapshot {
	struct id ledger_id;
	uint32_t shard;
	struct place place;
	int64_t store_format, ledger_format;
	struct hash rows;   /* store_digest of the copy */
	struct hash tables; /* of its table files, byte for byte */
};

/* Copies the newest checkpoint of the store in state_path into `folder`, and reads all of the copy
 * once. The owner may be at work. FAULT_MISSING: there is no checkpoint. */
int snapshot_take(
	const char *state_path, const char *folder, struct snapshot *ret, struct fault *fault);

/* What the snapshot in `folder` is said to be. FAULT_MISSING: none of this shard is there.
 * FAULT_DAMAGED: it is torn. */
int snapshot_read(const char *folder, uint32_t shard, struct snapshot *ret, struct fault *fault);

/* It is of this ledger and shard, of formats that are read here, and its event stands on the log.
 * FAULT_SETTINGS or FAULT_LOG: it is not. */
int snapshot_compare(
	const struct snapshot *snapshot, struct log *log, uint32_t shard, struct fault *fault);

/* Copies its store to `path`, where nothing stands yet, and reads all of the copy once.
 * FAULT_DAMAGED: the snapshot is torn. */
int snapshot_restore(
	const struct snapshot *snapshot, const char *folder, const char *path, struct fault *fault);

#endif
