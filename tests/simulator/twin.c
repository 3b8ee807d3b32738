/* SPDX-License-Identifier: Apache-2.0 */
#include "twin.h"

#include "folders.h"

#include "engine/engine.h"
#include "state/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { TWINS_MAX = 4, MEMORY_BYTES = STATE_MEMORY_MIN, ROWS_FIRST = 1024 };

struct twin_row {
	struct bytes key;
	struct bytes value; /* at NULL: absent */
	uint64_t mix;
};

struct twin {
	void *memory;
	struct state *state;
	struct twin_row **rows; /* open addressing */
	size_t slots, row_count;
	uint64_t mix;
	uint64_t *mix_after; /* by sequence */
	int64_t sequence, sequence_capacity;
};

static struct twin twins[TWINS_MAX];

struct twin *twin_begin(uint32_t shard)
{
	assert(shard < TWINS_MAX);
	struct twin *twin = &twins[shard];
	if (!twin->memory) {
		twin->memory = aligned_alloc(64, MEMORY_BYTES);
		assert(twin->memory);
		twin->state = state_init(twin->memory, MEMORY_BYTES);
	} else {
		state_reset(twin->state);
	}
	assert(twin->state);
	*twin = (struct twin){
		.memory = twin->memory,
		.state = twin->state,
		.rows = world_take(ROWS_FIRST * sizeof(struct twin_row *)),
		.slots = ROWS_FIRST,
	};
	return twin;
}

static struct twin_row **slot_of(struct twin *twin, struct bytes key)
{
	size_t i = row_mix(key, (struct bytes){ NULL, 0 }) % twin->slots;
	while (twin->rows[i] && !bytes_equal(twin->rows[i]->key, key))
		i = (i + 1) % twin->slots;
	return &twin->rows[i];
}

static void slots_double(struct twin *twin)
{
	struct twin_row **old = twin->rows;
	size_t old_slots = twin->slots;
	twin->slots *= 2;
	twin->rows = world_take(twin->slots * sizeof(struct twin_row *));
	for (size_t i = 0; i < old_slots; i++)
		if (old[i])
			*slot_of(twin, old[i]->key) = old[i];
}

static void row_put(struct twin *twin, struct bytes key, struct bytes value)
{
	if (key.at[0] == TABLE_position)
		return;
	struct twin_row **slot = slot_of(twin, key);
	if (!*slot) {
		if (++twin->row_count > twin->slots / 2) {
			slots_double(twin);
			slot = slot_of(twin, key);
		}
		*slot = world_take(sizeof **slot);
		(*slot)->key = world_copy(key);
	}
	struct twin_row *row = *slot;
	twin->mix -= row->mix;
	row->value = value.at ? world_copy(value) : value;
	row->mix = value.at ? row_mix(row->key, row->value) : 0;
	twin->mix += row->mix;
}

static void command_ids_drop(struct twin *twin, int64_t before_ms)
{
	struct id before = id_floor_of_time(before_ms);
	for (size_t i = 0; i < twin->slots; i++) {
		const struct twin_row *row = twin->rows[i];
		if (row && row->value.at && row->key.at[0] == TABLE_command_row &&
			memcmp(row->key.at + 1, before.at, sizeof before.at) < 0)
			row_put(twin, row->key, (struct bytes){ NULL, 0 });
	}
}

static void rows_load(struct twin *twin)
{
	const struct state_key *missing;
	size_t count = state_missing(twin->state, &missing);
	for (size_t i = 0; i < count; i++) {
		struct twin_row *row =
			*slot_of(twin, (struct bytes){ missing[i].at, missing[i].size });
		struct bytes value = row ? row->value : (struct bytes){ NULL, 0 };
		if (!state_load(twin->state, &missing[i], value))
			violation("the twin's memory is full");
	}
	state_missing_clear(twin->state);
}

static void mix_note(struct twin *twin)
{
	twin->sequence++;
	if (twin->sequence >= twin->sequence_capacity) {
		int64_t capacity = twin->sequence_capacity == 0 ? 512 : 2 * twin->sequence_capacity;
		uint64_t *at = world_take((size_t)capacity * sizeof *at);
		if (twin->sequence_capacity > 0)
			memcpy(at, twin->mix_after, (size_t)twin->sequence_capacity * sizeof *at);
		twin->mix_after = at;
		twin->sequence_capacity = capacity;
	}
	twin->mix_after[twin->sequence] = twin->mix;
}

void twin_take(struct twin *twin, const struct event *event)
{
	state_batch_begin(twin->state);
	enum engine_result result;
	while ((result = engine_replay(twin->state, event)) == ENGINE_NOT_LOADED)
		rows_load(twin);
	if (result != ENGINE_OUTCOME)
		violation("event %" PRId64 " (%s) can't be replayed", event->sequence,
			event_name(event->kind));

	state_seal_begin(twin->state);
	struct sealed sealed;
	bool is_whole = state_seal_step(twin->state, SIZE_MAX, &sealed);
	assert(is_whole);
	if (sealed.drop_command_ids_before_ms > 0)
		command_ids_drop(twin, sealed.drop_command_ids_before_ms);
	const uint8_t *at = sealed.rows;
	struct sealed_row row;
	while (sealed_next(&at, sealed.rows_end, &row))
		row_put(twin, row.key, row.value);
	state_sealed_stored(twin->state);
	mix_note(twin);
}

uint64_t twin_mix(const struct twin *twin, int64_t sequence)
{
	assert(sequence >= 0 && sequence <= twin->sequence);
	return sequence == 0 ? 0 : twin->mix_after[sequence];
}

size_t twin_count(const struct twin *twin, enum table table)
{
	size_t count = 0;
	for (size_t i = 0; i < twin->slots; i++) {
		const struct twin_row *row = twin->rows[i];
		count += row && row->value.at && row->key.at[0] == table;
	}
	return count;
}
