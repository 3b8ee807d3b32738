/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the number of files in bounds.
 *
 * Rows whose keys grow with time go straight to the lowest level, a file per checkpoint, and as
 * nothing overlaps them RocksDB never touches them again: a quiet shard would make ten thousand
 * small files a day, each of which it holds open. So neighbours are joined here.
 *
 * A file joins the newer ones after it only when it is not much larger than all of them together.
 * So a row is rewritten about as often as its file doubles, not at every merge.
 */
#include "store/handle.h"

#include <stdlib.h>
#include <string.h>

enum {
	FILES_MIN = 16,
	SIZE_ALWAYS = 256 << 10,
	SIZE_MAX_JOINED = 16 << 20,
};

/* Neighbours first .. last of one level and table. */
struct group {
	int first;
	int last;
	size_t size;
};

static bool group_takes(const struct group *group, const rocksdb_livefiles_t *files, int file)
{
	size_t size = rocksdb_livefiles_size(files, file), key_size;
	const char *last_key = rocksdb_livefiles_largestkey(files, file, &key_size);
	const char *next_key = rocksdb_livefiles_smallestkey(files, group->first, &key_size);

	return rocksdb_livefiles_level(files, file) ==
		       rocksdb_livefiles_level(files, group->first) &&
	       last_key[0] == next_key[0] && size <= SIZE_MAX_JOINED &&
	       group->size <= SIZE_MAX_JOINED && (size <= SIZE_ALWAYS || size <= group->size);
}

static void group_merge(struct store *store, rocksdb_compactoptions_t *options,
	const struct group *group, const rocksdb_livefiles_t *files)
{
	size_t from_size, to_size;
	const char *from, *to;

	if (group->last - group->first + 1 < FILES_MIN)
		return;
	from = rocksdb_livefiles_smallestkey(files, group->first, &from_size);
	to = rocksdb_livefiles_largestkey(files, group->last, &to_size);
	rocksdb_compact_range_cf_opt(store->db, store->rows, options, from, from_size, to, to_size);
}

void merge_small_files(struct store *store)
{
	/* kForce of RocksDB's BottommostLevelCompaction: the lowest level, too. */
	enum { BOTTOMMOST_FORCE = 2 };
	rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
	const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
	struct group group = { .first = -1 };

	rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0);
	rocksdb_compactoptions_set_bottommost_level_compaction(options, BOTTOMMOST_FORCE);
	/* Level by level and, below level 0, in key order: walked from the newest. */
	for (int i = rocksdb_livefiles_count(files) - 1; i >= 0; i--) {
		if (rocksdb_livefiles_level(files, i) == 0)
			break;
		if (group.first < 0 || !group_takes(&group, files, i)) {
			if (group.first >= 0)
				group_merge(store, options, &group, files);
			group = (struct group){ .first = i, .last = i };
		}
		group.first = i;
		group.size += rocksdb_livefiles_size(files, i);
	}
	if (group.first >= 0)
		group_merge(store, options, &group, files);
	rocksdb_livefiles_destroy(files);
	rocksdb_compactoptions_destroy(options);
}
