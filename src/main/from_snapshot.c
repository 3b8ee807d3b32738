/* SPDX-License-Identifier: Apache-2.0 */
#include "main/from_snapshot.h"

#include "main/journal.h"
#include "shard/snapshot.h"
#include "store/aside.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int place_take(
	const struct owners *owners, size_t i, struct aside *aside, struct fault *fault)
{
	struct fault own = { 0 };
	int error = aside_begin(aside, owners->paths[i], &own);
	if (error == FAULT_SETTINGS)
		return FAULT(fault, error,
			"--from-snapshot: the state folder %s holds something already: nothing was "
			"changed. Leave the option out, and it goes on from there; or give a "
			"folder that is empty",
			owners->paths[i]);
	return error ? FAULT(fault, error, "%s", own.text) : 0;
}

static int shard_copy(const struct owners *owners, size_t i, const char *folder,
	struct aside *aside, struct fault *fault)
{
	char from[PATH_SIZE_MAX + 16];
	struct snapshot snapshot;
	uint32_t shard = owners->numbers[i];
	(void)snprintf(from, sizeof from, "%s/%" PRIu32, folder, shard);
	int error = place_take(owners, i, aside, fault);
	if (!error)
		error = snapshot_read(from, shard, &snapshot, fault);
	if (!error)
		error = snapshot_compare(&snapshot, owners->log, shard, fault);
	if (!error)
		error = snapshot_restore(&snapshot, from, aside->folder, fault);
	if (!error)
		journal_say(LEVEL_info, (long)shard,
			"shard %" PRIu32 ": starts from the snapshot in %s, at sequence %" PRId64,
			shard, from, snapshot.place.sequence);
	return error;
}

/* The last step of each is a rename: what makes that fail was met before, unless somebody meddles.
 */
int owners_from_snapshot(struct owners *owners, const char *folder)
{
	struct fault fault = { 0 };
	struct aside *asides = calloc(owners->count, sizeof *asides);
	assert(asides);
	int error = 0;
	for (size_t i = 0; i < owners->count && !error; i++)
		error = shard_copy(owners, i, folder, &asides[i], &fault);
	for (size_t i = 0; i < owners->count && !error; i++)
		error = aside_place(&asides[i], &fault);
	for (size_t i = 0; i < owners->count; i++)
		aside_end(&asides[i]);
	free(asides);
	return error ? fault_exit(&fault) : EXIT_DONE;
}
