/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in memory: the dirty ones and a cache of the clean ones, in memory handed in at start.
 *
 * One index finds a row whatever its age, so a look-up is one probe. The arena is a ring of blocks
 * that a hand sweeps: what it passes and nobody needs (clean, not used lately) becomes the gap that
 * new rows are cut from. A row is never evicted while the store does not hold what it says: not
 * before it was sealed *and* that checkpoint was acknowledged.
 *
 * Sealing is spread over batches: seal_begin starts a new generation at a batch boundary; the rows
 * of the old one are copied to the seal area a few thousand at a time, and a row that is changed
 * before its turn is copied first. So the sealed copy is the state at the boundary, and no batch
 * waits for all of it.
 *
 * Only state/ includes this header.
 */
#ifndef STATE_ROWS_H
#define STATE_ROWS_H

#include "state/state.h"

/* A block of the arena, taken or free. A taken one's size follows from its key (its table's values
 * have a bound). */
struct row {
	uint32_t hash;       /* in a free block: its size in units of 16 bytes */
	uint32_t batch;      /* the last batch that used it: not evicted during it */
	uint32_t generation; /* of its last change */
	uint16_t value_size;
	uint8_t key_size;
	uint8_t flags;
	uint8_t bytes[]; /* key, then value */
};

enum row_flag {
	ROW_TAKEN = 1,  /* else: a free block */
	ROW_ABSENT = 2, /* known not to be there */
	ROW_DIRTY = 4,
	ROW_HOT = 8,    /* used since the hand last passed */
	ROW_TRIED = 16, /* in the journal */
};

/* A key where it stands: no copy is made of it to look a row up. */
struct row_key {
	uint8_t table;
	uint8_t size; /* of what follows the table's byte */
	const void *at;
};

struct slot {
	uint32_t hash;
	uint32_t place; /* of the row, in units of 16 bytes from the arena's start, plus one; 0:
			   free */
};

struct places {
	uint32_t *at;
	size_t count;
};

enum { ROWS_PLACE_UNIT = 16 };

struct rows {
	struct slot *slots;
	size_t slot_mask;
	uint8_t *arena;
	size_t arena_size;
	size_t gap_begin; /* free and contiguous: from here ... */
	size_t gap_end;   /* ... to here, where the hand is */

	struct journal *journal; /* of what is only tried; NULL: changes are meant */
	uint32_t batch;
	uint32_t generation;        /* of changes made now */
	uint32_t generation_stored; /* the store holds this one and all before */
	struct places dirty;        /* rows changed in `generation` */
	struct places sealing;      /* rows of the generation being copied */
	size_t sealing_next;
	size_t places_max;
	size_t dirty_bytes; /* that the dirty rows will take in the seal area */

	uint8_t *seal;
	size_t seal_size;
	size_t seal_used;
	size_t seal_count;
	struct id command_ids_seal_max; /* the greatest one that was ever sealed */

	struct id command_ids_stored_max; /* the store holds no command id above this one */
	size_t row_count;

	struct state_key missing[STATE_MISSING_MAX];
	size_t missing_count;
	uint16_t missing_slots[2 * STATE_MISSING_MAX]; /* where a key stands in missing, plus one;
							  0: free */
};

/* Carves its parts out of the memory; false where that is too small. */
bool rows_init(struct rows *rows, uint8_t *memory, size_t size);

static inline struct row *row_at(const struct rows *rows, uint32_t place)
{
	return (struct row *)(void *)(rows->arena + (size_t)(place - 1) * ROWS_PLACE_UNIT);
}

static inline uint32_t row_place(const struct rows *rows, const struct row *row)
{
	return (uint32_t)((size_t)((const uint8_t *)row - rows->arena) / ROWS_PLACE_UNIT) + 1;
}

/* True where it is that of a timer that is set. */
bool row_is_timer(const struct row *row, struct timer *ret);

/* A row that was only just added goes, and its room with it. */
void rows_take_back(struct rows *rows, struct row *row);

/* True where memory knows that there is no such row, whatever the store still says. */
bool rows_is_absent(const struct rows *rows, struct row_key key);

/* Fetch into the processor's cache: where the index has a key, and the row that stands there. */
void rows_soon_index(const struct rows *rows, struct row_key key);
void rows_soon_row(const struct rows *rows, struct row_key key);

/* Finds a row; on not loaded notes the key as missing. */
enum answer rows_find(struct rows *rows, struct row_key key, const uint8_t **ret_value);

/* Writes a row, present (value_size bytes) or absent (value NULL). Room was reserved before. */
void rows_put(struct rows *rows, struct row_key key, const void *value, size_t value_size);

/* Makes `bytes` of contiguous room for rows_put by evicting. False: what is left is dirty or in
 * use. */
bool rows_reserve(struct rows *rows, size_t bytes);

/* Marks command ids below `before` absent where they are dirty: a range delete takes care of all
 * others. */
void rows_drop_command_ids(struct rows *rows, const struct id *before);

/* Calls for each present timer row in memory. */
void rows_each_timer(
	struct rows *rows, void (*timer)(void *context, const struct timer *), void *context);

#endif
