/* SPDX-License-Identifier: Apache-2.0 */
#include "state/journal.h"
#include "state/keys.h"
#include "state/mutate.h"

#include <assert.h>

struct state *state_init(void *memory, size_t size)
{
	struct own {
		struct state state;
		struct rows rows;
		struct timers timers;
		struct journal journal;
	} *own = memory;
	size_t own_size = (sizeof *own + 15) & ~(size_t)15;
	assert(((uintptr_t)memory & 15) == 0);
	if (size < STATE_MEMORY_MIN || own_size >= size)
		return NULL;

	struct state *state = &own->state;
	state->rows = &own->rows;
	state->timers = &own->timers;
	state->journal = &own->journal;
	state->memory = (uint8_t *)memory + own_size;
	state->memory_size = size - own_size;
	state_reset(state);
	return state;
}

void state_reset(struct state *state)
{
	state->head = (struct head){ 0 };
	state->has_ledger = false;
	state->drop_before_ms = 0;
	state->sealed_drop_before_ms = 0;
	bool is_enough = rows_init(state->rows, state->memory, state->memory_size);
	assert(is_enough);
	timers_reset(state->timers, true);
}

void state_start(struct state *state, const struct head *head, struct bytes ledger_row,
	const struct id *command_ids_stored_max)
{
	state->head = *head;
	state->has_ledger = ledger_row.at != NULL;
	if (state->has_ledger)
		ledger_unpack(ledger_row.at, &state->ledger);
	state->rows->command_ids_stored_max = *command_ids_stored_max;
	timers_reset(state->timers, false);
}

const struct head *state_head(const struct state *state)
{
	return &state->head;
}

bool state_timers_wanted(const struct state *state)
{
	return state->timers->is_wanted;
}

struct state_key state_timers_from(const struct state *state)
{
	/* Above the horizon: its key with one more byte is the least key that is greater. */
	struct state_key key = timer_key(&state->timers->horizon);
	key.at[key.size++] = 0;
	return key;
}

bool state_timers_load(struct state *state, struct bytes key)
{
	struct timers *timers = state->timers;
	struct state_key row_key;
	struct timer timer = { 0 };
	assert(key.size <= sizeof row_key.at);
	row_key.size = (uint8_t)key.size;
	memcpy(row_key.at, key.at, key.size);
	bool is_timer = timer_unkey(key, &timer);
	assert(is_timer);
	assert(timers->count < TIMERS_IN_MEMORY_MAX); /* or the horizon would go back and forth */
	timers->last_loaded = timer;
	timers->loaded++;

	/* Memory may know better: gone already, not yet so in the store. */
	timers->horizon = timer;
	if (!rows_is_absent(state->rows, row_key_of(&row_key)))
		timers_add(timers, &timer);
	return timers->loaded < TIMERS_LOAD_MAX;
}

static void timer_in_memory(void *context, const struct timer *timer)
{
	timers_add(context, timer);
}

void state_timers_loaded(struct state *state, bool reached_end)
{
	struct timers *timers = state->timers;
	if (reached_end)
		timers->is_complete = true;
	else if (timers->loaded > 0)
		timers->horizon = timers->last_loaded;
	timers->is_wanted = false;
	timers->loaded = 0;
	rows_each_timer(state->rows, timer_in_memory, timers);
}

int64_t state_timer_due_ms(const struct state *state)
{
	const struct timer *first = timers_first(state->timers);
	if (first)
		return first->due_ms;
	return state->timers->is_complete ? INT64_MAX : state->timers->horizon.due_ms;
}
