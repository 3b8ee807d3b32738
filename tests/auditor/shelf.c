/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 32, CHUNK_FIRST = 16, CHUNK_MAX = 4096 };

struct shelf_chunk {
	struct shelf_chunk *next;
	size_t capacity;
	_Alignas(max_align_t) unsigned char entries[];
};

static size_t slot_of(const struct shelf *shelf, const void *key)
{
	const unsigned char *p = key;
	uint64_t hash = 0x9e3779b97f4a7c15u;
	for (size_t left = shelf->key_size; left > 0;) {
		uint64_t word = 0;
		size_t size = left < sizeof word ? left : sizeof word;
		memcpy(&word, p, size);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
		p += size;
		left -= size;
	}
	return (size_t)hash & (shelf->slot_count - 1);
}

static size_t after(const struct shelf *shelf, size_t slot)
{
	return (slot + 1) & (shelf->slot_count - 1);
}

void shelf_free(struct shelf *shelf)
{
	while (shelf->chunks) {
		struct shelf_chunk *next = shelf->chunks->next;
		free(shelf->chunks);
		shelf->chunks = next;
	}
	free(shelf->slots);
	*shelf = shelf_of(shelf->key_size, shelf->entry_size);
}

void *shelf_find(const struct shelf *shelf, const void *key)
{
	if (shelf->slot_count == 0)
		return NULL;
	size_t slot = slot_of(shelf, key);
	while (shelf->slots[slot] && memcmp(shelf->slots[slot], key, shelf->key_size) != 0)
		slot = after(shelf, slot);
	return shelf->slots[slot];
}

static void place(struct shelf *shelf, void *entry)
{
	size_t slot = slot_of(shelf, entry);
	while (shelf->slots[slot])
		slot = after(shelf, slot);
	shelf->slots[slot] = entry;
}

static void widen(struct shelf *shelf)
{
	void **slots = shelf->slots;
	size_t count = shelf->slot_count;
	shelf->slot_count = count == 0 ? SLOTS_FIRST : 2 * count;
	shelf->slots = calloc(shelf->slot_count, sizeof *shelf->slots);
	assert(shelf->slots);
	for (size_t i = 0; i < count; i++)
		if (slots[i])
			place(shelf, slots[i]);
	free(slots);
}

static void *entry_new(struct shelf *shelf)
{
	void *entry = shelf->unused;
	if (entry) {
		memcpy(&shelf->unused, entry, sizeof shelf->unused);
		return entry;
	}
	if (!shelf->chunks || shelf->chunk_used == shelf->chunks->capacity) {
		size_t capacity = shelf->chunks ? 2 * shelf->chunks->capacity : CHUNK_FIRST;
		if (capacity > CHUNK_MAX)
			capacity = CHUNK_MAX;
		struct shelf_chunk *chunk = malloc(sizeof *chunk + capacity * shelf->entry_size);
		assert(chunk);
		*chunk = (struct shelf_chunk){ .next = shelf->chunks, .capacity = capacity };
		shelf->chunks = chunk;
		shelf->chunk_used = 0;
	}
	return shelf->chunks->entries + shelf->chunk_used++ * shelf->entry_size;
}

void *shelf_add(struct shelf *shelf, const void *key)
{
	assert(shelf->key_size != 0 && "books_init opens every shelf");
	assert(!shelf_find(shelf, key));
	if (2 * (shelf->count + 1) > shelf->slot_count)
		widen(shelf);
	void *entry = entry_new(shelf);
	memset(entry, 0, shelf->entry_size);
	memcpy(entry, key, shelf->key_size);
	place(shelf, entry);
	shelf->count++;
	return entry;
}

/* No gap may stand between an entry and the slot that its key names: those behind move up. */
void shelf_remove(struct shelf *shelf, void *entry)
{
	size_t gap = slot_of(shelf, entry);
	while (shelf->slots[gap] != entry)
		gap = after(shelf, gap);
	shelf->slots[gap] = NULL;
	shelf->count--;
	for (size_t slot = after(shelf, gap); shelf->slots[slot]; slot = after(shelf, slot)) {
		void *moved = shelf->slots[slot];
		shelf->slots[slot] = NULL;
		place(shelf, moved);
	}
	memcpy(entry, &shelf->unused, sizeof shelf->unused);
	shelf->unused = entry;
}

void *shelf_next(const struct shelf *shelf, size_t *at)
{
	while (*at < shelf->slot_count) {
		void *entry = shelf->slots[(*at)++];
		if (entry)
			return entry;
	}
	return NULL;
}
