/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of RocksDB: every one is here because its default is wrong for a store of
 * checkpoints. */
#include "store/options.h"

#include "store/store.h"

#include <assert.h>
#include <stdatomic.h>

enum {
	LEVELS = 7,
	LEVELS_UNCOMPRESSED = 2,
	BLOCK_SIZE = 4 << 10,
	FILTER_BITS_PER_KEY = 10,
	TABLE_FORMAT_VERSION = 5,
	BACKGROUND_JOBS = 2,
	COMPACTION_SYNC_BYTES = 1 << 20,
	/* A reader replays the whole manifest when it opens: it is kept short. */
	MANIFEST_SIZE_MAX = 16 << 20,
	DIAGNOSTICS_LEVEL_FATAL = 4,
};

static void table_set(rocksdb_options_t *options, size_t cache_bytes)
{
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(cache_bytes);

	rocksdb_block_based_options_set_format_version(table, TABLE_FORMAT_VERSION);
	rocksdb_block_based_options_set_block_size(table, BLOCK_SIZE);
	rocksdb_block_based_options_set_block_cache(table, cache);
	/* Most lookups of an id find nothing: a filter over whole keys answers them from memory. */
	rocksdb_block_based_options_set_filter_policy(
		table, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS_PER_KEY));
	rocksdb_block_based_options_set_whole_key_filtering(table, 1);
	/* In parts: with far more rows than memory, a whole index would come and go for one lookup.
	 */
	rocksdb_block_based_options_set_index_type(
		table, rocksdb_block_based_table_index_type_two_level_index_search);
	rocksdb_block_based_options_set_partition_filters(table, 1);
	/* Filters and indexes count against the cache, so that memory has one bound; those of level
	 * 0, which every lookup asks, stay. */
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
	rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);

	/* Both take shares of their own in what they are given. */
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_cache_destroy(cache);
	rocksdb_block_based_options_destroy(table);
}

static _Atomic int files_max = -1;

void store_set_files_max(int files)
{
	assert(files == -1 || files >= STORE_FILES_MIN);
	atomic_store(&files_max, files);
}

/* An owner's share of the descriptors. It keeps tables open until it needs others. */
static void files_set(rocksdb_options_t *options)
{
	int files = atomic_load(&files_max);

	if (files == -1)
		return;
	rocksdb_options_set_max_open_files(options, files);
	/* In 64 parts, as is the default, none would hold less than one file. */
	rocksdb_options_set_table_cache_numshardbits(options, 2);
}

rocksdb_options_t *options_create(size_t cache_bytes, bool create_if_missing)
{
	rocksdb_options_t *options = rocksdb_options_create();
	int compression[LEVELS];

	rocksdb_options_set_create_if_missing(options, create_if_missing);
	rocksdb_options_set_paranoid_checks(options, 1);
	/* All files are opened at once, so a damaged one is met when the store opens, and a reader
	 * keeps what the owner deletes later. */
	rocksdb_options_set_max_open_files(options, -1);
	/* By the thread that opens: it aborts where another is not to be had. */
	rocksdb_options_set_max_file_opening_threads(options, 1);
	if (create_if_missing)
		files_set(options);
	rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
	/* The disk is the log's too, whose synced writes would wait for a whole file's. */
	rocksdb_options_set_bytes_per_sync(options, COMPACTION_SYNC_BYTES);
	rocksdb_options_set_max_manifest_file_size(options, MANIFEST_SIZE_MAX);

	rocksdb_options_set_num_levels(options, LEVELS);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
	for (int i = 0; i < LEVELS; i++)
		compression[i] =
			i < LEVELS_UNCOMPRESSED ? rocksdb_no_compression : rocksdb_lz4_compression;
	rocksdb_options_set_compression_per_level(options, compression, LEVELS);

	rocksdb_options_set_info_log_level(options, DIAGNOSTICS_LEVEL_FATAL);
	rocksdb_options_set_stats_dump_period_sec(options, 0);

	table_set(options, cache_bytes);
	return options;
}

rocksdb_readoptions_t *readoptions_create(void)
{
	rocksdb_readoptions_t *read = rocksdb_readoptions_create();

	/* A store holds no range deletions. Where RocksDB 7.8 looks for them, an iterator that
	 * meets a damaged block below level 0 steps over the rest of the file and reports nothing.
	 */
	rocksdb_readoptions_set_ignore_range_deletions(read, 1);
	return read;
}
