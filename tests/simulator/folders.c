/* SPDX-License-Identifier: Apache-2.0 */
#include "folders.h"

#include "base/pack.h"
#include "state/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { FOLDERS_MAX = 16, VERSIONS_MAX = 16, PATH_MAX_SIZE = 64, VALUES_MAX = 4096 };

struct stored {
	struct bytes key, value;
	uint64_t mix;
};

/* One checkpoint's rows, in key order. Rows are never changed, so versions share them. */
struct version {
	const struct stored **rows;
	size_t count;
	uint64_t mix;
};

struct folder {
	char path[PATH_MAX_SIZE];
	struct version versions[VERSIONS_MAX]; /* the last one is how it stands */
	size_t version_count;
	size_t synced; /* versions before this one are not lost at a crash */
	struct store *owner;
	struct bytes corrupt_key; /* the block that holds this row can't be read */
	int64_t full_until_ns;
	int lacks; /* so many openings more fail for want of something */
	uint8_t testament[STORE_TESTAMENT_SIZE_MAX];
	size_t testament_size;
};

struct store {
	struct folder *folder;
	const struct process *process;
	bool is_owner;
};

static struct folder folders[FOLDERS_MAX];
static size_t folder_count;

void folders_begin(void)
{
	memset(folders, 0, sizeof folders);
	folder_count = 0;
}

static struct folder *folder_find(const char *path)
{
	for (size_t i = 0; i < folder_count; i++)
		if (strcmp(folders[i].path, path) == 0)
			return &folders[i];
	assert(folder_count < FOLDERS_MAX && strlen(path) < PATH_MAX_SIZE);
	struct folder *folder = &folders[folder_count++];
	memcpy(folder->path, path, strlen(path));
	return folder;
}

static const struct version *version_of(const struct folder *folder)
{
	static const struct version none;
	return folder->version_count == 0 ? &none : &folder->versions[folder->version_count - 1];
}

static int key_compare(struct bytes a, struct bytes b)
{
	int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The first row that is not below the key. */
static size_t row_from(const struct version *version, struct bytes key)
{
	size_t low = 0, high = version->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (key_compare(version->rows[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t mix64(uint64_t h, struct bytes bytes)
{
	h ^= bytes.size * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < bytes.size; i += 8) {
		uint64_t word = 0;
		memcpy(&word, bytes.at + i, bytes.size - i < 8 ? bytes.size - i : 8);
		h = (h ^ word) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	return h;
}

uint64_t row_mix(struct bytes key, struct bytes value)
{
	if (key.at[0] == TABLE_position)
		return 0;
	uint64_t h = mix64(mix64(1, key), value);
	return h * UINT64_C(0xbf58476d1ce4e5b9) ^ h >> 29;
}

uint64_t folder_mix(const char *path)
{
	return version_of(folder_find(path))->mix;
}

/* --- What a disk may do --- */

static struct bytes position_of(const struct version *version)
{
	bool is_there = version->count > 0 && version->rows[0]->key.at[0] == TABLE_position;
	return is_there ? version->rows[0]->value : (struct bytes){ NULL, 0 };
}

static void versions_cut(struct folder *folder, size_t count)
{
	if (count < folder->version_count)
		folder->version_count = count;
	if (folder->synced > count)
		folder->synced = count;
}

void folders_crash(const struct process *process)
{
	for (size_t i = 0; i < folder_count; i++) {
		struct folder *folder = &folders[i];
		if (!folder->owner || folder->owner->process != process)
			continue;
		folder->owner = NULL;
		if (folder->synced < folder->version_count && inject(INJECT_store_suffix_lost))
			versions_cut(folder,
				folder->synced + draw(folder->version_count - folder->synced));
		folder->synced = folder->version_count;
		const struct version *version = version_of(folder);
		if (version->count > 0 && inject(INJECT_store_block_corrupt))
			folder->corrupt_key = version->rows[draw(version->count)]->key;
	}
}

void folder_delete(const char *path)
{
	struct folder *folder = folder_find(path);
	assert(!folder->owner);
	versions_cut(folder, 0);
	folder->corrupt_key = (struct bytes){ 0 };
	folder->testament_size = 0;
}

int64_t folder_offset(const char *path)
{
	struct bytes position = position_of(version_of(folder_find(path)));
	return position.at ? unpack_i64(position.at + 2) : -1;
}

void folder_lacks(const char *path, int openings)
{
	folder_find(path)->lacks = openings;
}

void folder_corrupt(const char *path)
{
	struct folder *folder = folder_find(path);
	const struct version *version = version_of(folder);
	if (version->count > 0)
		folder->corrupt_key = version->rows[draw(version->count)]->key;
}

void folder_roll_back(const char *path)
{
	struct folder *folder = folder_find(path);
	assert(!folder->owner);
	if (folder->version_count > 0)
		versions_cut(folder, 1 + draw(folder->version_count));
}

/* --- store.h --- */

static int dead(struct fault *fault)
{
	return FAULT(fault, FAULT_IO, "the process is dead");
}

/* RocksDB checks every block it reads against its checksum. */
static int corrupt_check(
	const struct store *store, struct bytes from, struct bytes to, struct fault *fault)
{
	struct bytes key = store->folder->corrupt_key;
	if (!key.at || key_compare(key, from) < 0 || (to.at && key_compare(key, to) >= 0))
		return 0;
	return FAULT(
		fault, FAULT_DAMAGED, "simulated: a block of %s is corrupt", store->folder->path);
}

int store_open(struct store **ret, const char *path, enum store_mode mode, size_t cache_bytes,
	struct fault *fault)
{
	(void)cache_bytes;
	struct folder *folder = folder_find(path);
	*ret = NULL;
	if (!step(STEP_store_open))
		return dead(fault);
	if (inject(INJECT_store_open_fails) || folder->lacks > 0) {
		folder->lacks -= folder->lacks > 0;
		return FAULT(fault, FAULT_IO, "simulated: no descriptors to open %s with", path);
	}
	assert(mode == STORE_OWN);
	if (folder->owner)
		return FAULT(fault, FAULT_BUSY, "simulated: %s is held", path);
	struct store *store = calloc(1, sizeof *store);
	assert(store);
	store->folder = folder;
	store->process = process_current();
	store->is_owner = true;
	folder->owner = store;
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->folder->owner == store)
		store->folder->owner = NULL;
	free(store);
}

int store_destroy(const char *path, struct fault *fault)
{
	if (!step(STEP_store_destroy))
		return dead(fault);
	/* A store goes only when it is damaged, and never as the last one that knows where it
	 * stood. */
	struct folder *folder = folder_find(path);
	struct bytes position = position_of(version_of(folder));
	if (!folder->corrupt_key.at)
		violation("%s: a store is thrown away that nothing is wrong with", path);
	if (position.at && (folder->testament_size == 0 || unpack_i64(folder->testament + 10) <
								   unpack_i64(position.at + 10)))
		violation("%s: a store is thrown away without a testament", path);
	versions_cut(folder, 0);
	folder->corrupt_key = (struct bytes){ 0 };
	return 0;
}

int store_testament_put(const char *path, struct bytes testament, struct fault *fault)
{
	struct folder *folder = folder_find(path);
	if (!step(STEP_testament))
		return dead(fault);
	if (inject(INJECT_testament_fails))
		return FAULT(
			fault, FAULT_IO, "simulated: no space left for a testament in %s", path);
	assert(testament.size <= sizeof folder->testament);
	if (folder->testament_size > 0 &&
		unpack_i64(testament.at + 10) < unpack_i64(folder->testament + 10))
		violation("%s: a testament forgets what it knew", path);
	memcpy(folder->testament, testament.at, testament.size);
	folder->testament_size = testament.size;
	return step(STEP_testament_put) ? 0 : dead(fault);
}

int store_testament_get(const char *path, uint8_t ret[STORE_TESTAMENT_SIZE_MAX], size_t *ret_size,
	struct fault *fault)
{
	const struct folder *folder = folder_find(path);
	*ret_size = 0;
	if (!step(STEP_testament_read))
		return dead(fault);
	if (inject(INJECT_testament_fails))
		return FAULT(
			fault, FAULT_IO, "simulated: no descriptor for a testament in %s", path);
	memcpy(ret, folder->testament, folder->testament_size);
	*ret_size = folder->testament_size;
	return 0;
}

/* For want of a descriptor, or of a disk that answers. */
static bool read_lacks(const struct store *store, struct fault *fault)
{
	if (!inject(INJECT_store_read_fails))
		return false;
	(void)FAULT(fault, FAULT_IO, "simulated: %s can't be read now", store->folder->path);
	return true;
}

int store_get_many(struct store *store, const struct bytes *keys, size_t count,
	struct bytes *values, struct fault *fault)
{
	if (!step(STEP_store_get))
		return dead(fault);
	if (read_lacks(store, fault))
		return FAULT_IO;
	const struct version *version = version_of(store->folder);
	for (size_t i = 0; i < count; i++) {
		if (store->folder->corrupt_key.at &&
			key_compare(store->folder->corrupt_key, keys[i]) == 0)
			return FAULT(fault, FAULT_DAMAGED, "simulated: a block of %s is corrupt",
				store->folder->path);
		size_t at = row_from(version, keys[i]);
		bool is_there =
			at < version->count && key_compare(version->rows[at]->key, keys[i]) == 0;
		values[i] = is_there ? version->rows[at]->value : (struct bytes){ NULL, 0 };
	}
	return 0;
}

int store_scan(struct store *store, struct bytes from, struct bytes to,
	bool (*row)(void *context, struct bytes key, struct bytes value), void *context,
	struct fault *fault)
{
	if (!step(STEP_store_scan))
		return dead(fault);
	if (read_lacks(store, fault))
		return FAULT_IO;
	struct version version = *version_of(store->folder);
	for (size_t i = row_from(&version, from); i < version.count; i++) {
		const struct stored *stored = version.rows[i];
		if (to.at && key_compare(stored->key, to) >= 0)
			break;
		if (store->folder->corrupt_key.at == stored->key.at)
			return corrupt_check(store, stored->key, (struct bytes){ 0 }, fault);
		if (!row(context, stored->key, stored->value))
			break;
	}
	return 0;
}

int store_last_key(struct store *store, struct bytes from, struct bytes to,
	uint8_t key[STORE_KEY_SIZE_MAX], size_t *ret_size, struct fault *fault)
{
	(void)fault;
	const struct version *version = version_of(store->folder);
	size_t at = row_from(version, to);
	*ret_size = 0;
	if (at == 0 || key_compare(version->rows[at - 1]->key, from) < 0)
		return 0;
	*ret_size = version->rows[at - 1]->key.size;
	memcpy(key, version->rows[at - 1]->key.at, *ret_size);
	return 0;
}

static bool is_dropped(struct bytes key, const struct store_range *ranges, size_t range_count)
{
	for (size_t i = 0; i < range_count; i++)
		if (key_compare(key, ranges[i].from) >= 0 && key_compare(key, ranges[i].to) < 0)
			return true;
	return false;
}

static const struct stored *stored_new(const struct store_row *row)
{
	struct stored *stored = world_take(sizeof *stored);
	stored->key = world_copy(row->key);
	stored->value = world_copy(row->value);
	stored->mix = row_mix(row->key, row->value);
	return stored;
}

/* Both in key order: one walk. */
static struct version merged(const struct version *old, const struct store_row *rows,
	size_t row_count, const struct store_range *ranges, size_t range_count)
{
	struct version new = { .rows = world_take((old->count + row_count) * sizeof *new.rows) };
	size_t o = 0;
	for (size_t r = 0; r <= row_count; r++) {
		int order = 1;
		while (o < old->count && (r == row_count || (order = key_compare(old->rows[o]->key,
								     rows[r].key)) <= 0)) {
			if (r == row_count || order < 0)
				if (!is_dropped(old->rows[o]->key, ranges, range_count))
					new.rows[new.count++] = old->rows[o];
			o++;
		}
		if (r < row_count && rows[r].value.at)
			new.rows[new.count++] = stored_new(&rows[r]);
	}
	for (size_t i = 0; i < new.count; i++)
		new.mix += new.rows[i]->mix;
	return new;
}

static void version_add(struct folder *folder, struct version version)
{
	if (folder->version_count == VERSIONS_MAX) {
		size_t gone = VERSIONS_MAX / 2;
		memmove(folder->versions, folder->versions + gone,
			(VERSIONS_MAX - gone) * sizeof *folder->versions);
		folder->version_count -= gone;
		folder->synced = folder->synced > gone ? folder->synced - gone : 0;
	}
	folder->versions[folder->version_count++] = version;
	if (folder->synced + 3 < folder->version_count)
		folder->synced = folder->version_count - 3; /* the disk has come to that by now */
}

int store_ingest(struct store *store, const struct store_row *rows, size_t row_count,
	const struct store_range *ranges, size_t range_count, struct fault *fault)
{
	struct folder *folder = store->folder;
	for (size_t i = 1; i < row_count; i++)
		if (key_compare(rows[i - 1].key, rows[i].key) >= 0)
			violation("rows of a checkpoint are not in order");
	if (!step(STEP_ingest))
		return dead(fault);
	if (inject(INJECT_disk_full))
		folder->full_until_ns = ground.now_ns + draw_between(1, 5000) * NS_PER_MS;
	if (!step(STEP_ingest_half)) /* files are there that nobody refers to */
		return dead(fault);
	if (!ground.is_calm && ground.now_ns < folder->full_until_ns)
		return FAULT(fault, FAULT_IO, "simulated: no space left for %s", folder->path);
	if (folder->owner != store)
		violation(
			"%s: a checkpoint is written into a folder that is not held", folder->path);
	version_add(folder, merged(version_of(folder), rows, row_count, ranges, range_count));
	world_checkpoint(folder->path, position_of(version_of(folder)), version_of(folder)->mix);
	if (!step(STEP_ingested))
		return dead(fault);
	return 0;
}

void store_set_paced(struct store *store, bool is_paced)
{
	(void)store;
	(void)is_paced;
}

int store_level0_files(struct store *store)
{
	(void)store;
	return draw(200) == 0 ? STORE_LEVEL0_FILES_MAX + 1 : (int)draw(4);
}
