/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "heads.h"

#include "decide/decide.h"
#include "state/keys.h"
#include "state/rows.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATTEMPTS_MAX = 16 };

static bool __attribute__((format(printf, 2, 3)))
wrong(struct world *world, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(world->error, sizeof world->error, format, arguments);
	va_end(arguments);
	return false;
}

static void half_open(struct half *half, size_t memory_size, bool is_forgetful)
{
	*half = (struct half){ .is_forgetful = is_forgetful };
	half->memory = aligned_alloc(16, memory_size);
	assert(half->memory);
	half->state = state_init(half->memory, memory_size);
	assert(half->state);
}

static void half_close(struct half *half)
{
	free(half->memory);
	model_store_free(&half->store);
}

static void half_seal(struct half *half)
{
	struct sealed sealed;
	state_seal_begin(half->state);
	while (!state_seal_step(half->state, 3, &sealed))
		continue;
	model_store_take(&half->store, &sealed);
	assert(sealed.head.sequence == state_head(half->state)->sequence);
	state_sealed_stored(half->state);
	half->rows_sealed = sealed.row_count;
	if (half->is_forgetful)
		model_store_restart(&half->store, state_head(half->state), half->state);
}

static bool replay(struct world *world, const struct event *event)
{
	struct half *half = &world->replayed;
	state_batch_begin(half->state);
	enum engine_result result = ENGINE_NOT_LOADED;
	for (int i = 0; i < ATTEMPTS_MAX && result == ENGINE_NOT_LOADED; i++) {
		result = engine_replay(half->state, event);
		if (result == ENGINE_NOT_LOADED && !model_store_load(&half->store, half->state))
			return wrong(world, "replay: no room to load");
	}
	if (result != ENGINE_OUTCOME)
		return wrong(world, "replay: result %d", (int)result);
	half_seal(half);
	if (!heads_equal(state_head(world->live.state), state_head(half->state)))
		return wrong(world, "the replayed head differs");
	size_t at = model_store_differs_at(&world->live.store, &half->store);
	if (at != world->live.store.count || half->store.count != at)
		return wrong(world, "replayed rows differ: row %zu of %zu and %zu", at,
			world->live.store.count, half->store.count);
	return true;
}

/* Of an id below the cut-off: nobody asks memory for it. */
static bool is_dropped_id(const struct world *world, const struct row *row)
{
	struct id from = id_floor_of_time(state_head(world->live.state)->command_ids_from_ms);
	return row->bytes[0] == TABLE_command_row &&
	       memcmp(row->bytes + 1, from.at, sizeof from.at) < 0;
}

/* What is in memory beside the store is clean, and says what the store says: so a row that a trial
 * left behind shows. */
static bool memory_is_the_store(struct world *world)
{
	const struct rows *rows = world->live.state->rows;
	for (size_t i = 0; i <= rows->slot_mask; i++) {
		if (rows->slots[i].place == 0)
			continue;
		const struct row *row = row_at(rows, rows->slots[i].place);
		if (is_dropped_id(world, row))
			continue;
		const struct model_row *stored = model_store_find(
			&world->live.store, (struct bytes){ row->bytes, row->key_size });
		bool is_there = !(row->flags & ROW_ABSENT);
		if (row->flags & (ROW_DIRTY | ROW_TRIED) || is_there != (stored != NULL) ||
			(stored && (stored->value_size != row->value_size ||
					   memcmp(stored->value, row->bytes + row->key_size,
						   row->value_size) != 0)))
			return wrong(world, "after a trial a row of table %d is another in memory",
				row->bytes[0]);
	}
	return true;
}

/* A "no" leaves nothing behind but the id's row, and not even that where none is kept; what is only
 * tried leaves nothing. */
static bool no_is_no(struct world *world, const struct event *event)
{
	size_t rows = event->has_command_id ? 1 : 0;
	if (event->dry_run || event->kind == EVENT_command_repeated ||
		event->kind == EVENT_remittance_repeated) {
		rows = 0;
	} else if (event->kind == EVENT_command_rejected) {
		enum reject reject = event->command_rejected.reject;
		if (!reject_keeps_row(reject))
			rows = 0;
	} else if (event->kind != EVENT_ticked && event->kind != EVENT_remittance_repeated) {
		return true;
	}
	if (world->live.rows_sealed != rows)
		return wrong(world, "%s changed %zu rows, not %zu", event_name(event->kind),
			world->live.rows_sealed, rows);
	if (!event->dry_run && event->effect_count + event->balance_count != 0)
		return wrong(world, "%s has effects", event_name(event->kind));
	return true;
}

static bool event_taken(struct world *world, const struct event *event)
{
	half_seal(&world->live);
	if (world->has_replayed && !replay(world, event))
		return false;
	if (event->dry_run && !memory_is_the_store(world))
		return false;
	return no_is_no(world, event) &&
	       books_check(&world->live.store, world->error, sizeof world->error);
}

bool world_open(struct world *world, size_t memory_size, bool live_is_forgetful,
	const struct event_ledger_opened *opened, int64_t time_ms)
{
	*world = (struct world){ .has_replayed = true, .opened = *opened };
	half_open(&world->live, memory_size, live_is_forgetful);
	half_open(&world->replayed, memory_size, !live_is_forgetful);
	struct event event;
	engine_open_ledger(world->live.state, opened, time_ms, &event);
	return event_taken(world, &event);
}

bool world_restart_clock(struct world *world, int64_t now_ms)
{
	struct event event;
	if (now_ms >= state_head(world->live.state)->engine_time_ms)
		return wrong(world, "engine time is not ahead");
	if (!engine_restart_clock(world->live.state, now_ms, &event))
		return wrong(world, "no room");
	return event_taken(world, &event);
}

void world_close(struct world *world)
{
	half_close(&world->live);
	half_close(&world->replayed);
}

static bool answers(struct world *world, const struct input *input, const struct command *command,
	const struct event *event)
{
	const struct head *head = state_head(world->live.state);
	bool is_timers = event_is_timers(event);
	if (event->topic != input->topic || event->offset != input->offset)
		return wrong(world, "the event names another input");
	if (head->input_next[input->topic] != input->offset + (is_timers ? 0 : 1))
		return wrong(world, "the input is not answered once");
	bool has_id = !is_timers && !command->id.is_malformed && !id_is_absent(&command->id.id);
	if (event->has_command_id != has_id ||
		(has_id && !id_equal(&event->command_id, &command->id.id)))
		return wrong(world, "the event answers another command id");
	if (event->engine_time_ms < input->record_time_ms)
		return wrong(world, "engine time is behind the record's");
	return true;
}

bool world_next(struct world *world, const struct input *input, const struct command *command,
	struct event *ret_event, bool *ret_is_timer)
{
	struct half *half = &world->live;
	struct head before = *state_head(half->state);
	state_batch_begin(half->state);
	enum engine_result result = ENGINE_NOT_LOADED;
	for (int i = 0; i < ATTEMPTS_MAX && result == ENGINE_NOT_LOADED; i++) {
		result = engine_process(half->state, input, command, ret_event);
		if (result != ENGINE_NOT_LOADED)
			break;
		if (!heads_equal(&before, state_head(half->state)) ||
			state_dirty_bytes(half->state) != 0)
			return wrong(world, "something happened though rows were missing");
		if (!model_store_load(&half->store, half->state))
			return wrong(world, "no room to load");
	}
	if (result != ENGINE_OUTCOME && result != ENGINE_TIMER)
		return wrong(world, "no event: result %d", (int)result);
	*ret_is_timer = result == ENGINE_TIMER;
	if (*ret_is_timer != event_is_timers(ret_event))
		return wrong(world, "the result and the event differ about the timer");
	if (ret_event->sequence != before.sequence + 1)
		return wrong(world, "the sequence is not dense");
	return answers(world, input, command, ret_event) && event_taken(world, ret_event);
}
