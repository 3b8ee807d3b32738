/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in bulk: keys go to RocksDB in key order, where neighbours share files, filters and
 * blocks. */
#include "store/handle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void lookup_free(struct store *store)
{
	free(store->copies);
	free(store->order);
}

static int order_compare(const void *a, const void *b, void *context)
{
	const struct bytes *keys = context;

	return bytes_compare(keys[*(const uint32_t *)a], keys[*(const uint32_t *)b]);
}

static void keys_sort(struct store *store, const struct bytes *keys, size_t count)
{
	bool sorted = true;

	assert(count <= UINT32_MAX);
	if (count > store->order_size) {
		store->order = realloc(store->order, count * sizeof *store->order);
		assert(store->order != NULL);
		store->order_size = count;
	}
	for (size_t i = 0; i < count; i++) {
		assert(keys[i].size > 0 && keys[i].size <= STORE_KEY_SIZE_MAX);
		store->order[i] = (uint32_t)i;
		if (sorted && i > 0)
			sorted = bytes_compare(keys[i - 1], keys[i]) < 0;
	}
	if (sorted)
		return;
	/* The comparison only reads the keys. */
	qsort_r(store->order, count, sizeof *store->order, order_compare, (void *)(uintptr_t)keys);
	/* RocksDB 7.8 may answer wrongly when a key stands twice in one call. */
	for (size_t i = 1; i < count; i++)
		assert(!bytes_equal(keys[store->order[i - 1]], keys[store->order[i]]));
}

/* Copies what was found behind the `used` bytes so far. Where it lands is not known until the
 * memory has stopped growing: until then a value's address only says that there is one. */
static size_t values_copy(
	struct store *store, size_t used, const uint32_t *order, size_t count, struct bytes *values)
{
	const char *found[LOOKUP_KEYS_MAX];
	size_t sizes[LOOKUP_KEYS_MAX], needed = used;

	for (size_t i = 0; i < count; i++) {
		found[i] = NULL;
		if (store->slices[i] == NULL)
			continue;
		found[i] = rocksdb_pinnableslice_value(store->slices[i], &sizes[i]);
		needed += sizes[i];
	}
	if (needed > store->copies_size || store->copies == NULL) {
		store->copies_size = 2 * needed + 4096;
		store->copies = realloc(store->copies, store->copies_size);
		assert(store->copies != NULL);
	}
	for (size_t i = 0; i < count; i++) {
		values[order[i]] = (struct bytes){ 0 };
		if (store->slices[i] == NULL)
			continue;
		if (sizes[i] > 0)
			memcpy(store->copies + used, found[i], sizes[i]);
		values[order[i]] = (struct bytes){ store->copies, sizes[i] };
		used += sizes[i];
	}
	return used;
}

/* Looks up keys[order[0 .. count - 1]]. */
static int chunk_get(struct store *store, const struct bytes *keys, const uint32_t *order,
	size_t count, struct bytes *values, size_t *used, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		store->keys[i] = (const char *)keys[order[i]].at;
		store->key_sizes[i] = keys[order[i]].size;
	}
	rocksdb_batched_multi_get_cf(store->db, store->read, store->rows, count, store->keys,
		store->key_sizes, store->slices, store->errors, /* sorted_input= */ true);
	for (size_t i = 0; i < count; i++)
		if (store->errors[i] != NULL)
			r = STORE_FAULT(fault, store->path, "reading the store", store->errors[i]);
	if (r == 0)
		*used = values_copy(store, *used, order, count, values);
	for (size_t i = 0; i < count; i++)
		if (store->slices[i] != NULL)
			rocksdb_pinnableslice_destroy(store->slices[i]);
	return r;
}

int store_get_many(struct store *store, const struct bytes *keys, size_t count,
	struct bytes *values, struct fault *fault)
{
	size_t used = 0;
	uint8_t *at;
	int r;

	keys_sort(store, keys, count);
	for (size_t done = 0; done < count;) {
		size_t chunk = count - done < LOOKUP_KEYS_MAX ? count - done : LOOKUP_KEYS_MAX;
		r = chunk_get(store, keys, store->order + done, chunk, values, &used, fault);
		if (r < 0)
			return r;
		done += chunk;
	}
	at = store->copies;
	for (size_t i = 0; i < count; i++) {
		struct bytes *value = &values[store->order[i]];
		if (value->at == NULL)
			continue;
		value->at = at;
		at += value->size;
	}
	return 0;
}
