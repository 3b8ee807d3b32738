/* SPDX-License-Identifier: Apache-2.0 */
/* Entries found by a key that they begin with: a hash table whose entries stay where they are.
 *
 * Keys are compared byte by byte, so what is unused in a key must be zero.
 */
#ifndef TESTS_AUDITOR_SHELF_H
#define TESTS_AUDITOR_SHELF_H

#include <stddef.h>

struct shelf_chunk;

struct shelf {
	size_t key_size;
	size_t entry_size;
	void **slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t count;
	void *unused; /* removed entries; each begins with a pointer to the next */
	struct shelf_chunk *chunks;
	size_t chunk_used; /* entries of the newest chunk */
};

static inline struct shelf shelf_of(size_t key_size, size_t entry_size)
{
	return (struct shelf){ .key_size = key_size, .entry_size = entry_size };
}

void shelf_free(struct shelf *shelf);

/* NULL: not there. */
void *shelf_find(const struct shelf *shelf, const void *key);

/* A new entry, all zero but its key; that key must not be there yet. */
void *shelf_add(struct shelf *shelf, const void *key);
void shelf_remove(struct shelf *shelf, void *entry);

/* All entries, in no order: begin with *at 0; NULL ends it. */
void *shelf_next(const struct shelf *shelf, size_t *at);

#endif
