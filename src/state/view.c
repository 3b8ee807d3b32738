/* SPDX-License-Identifier: Apache-2.0 */
#include "state/view.h"

#include "state/keys.h"

#include <assert.h>

const struct ledger *view_ledger(const struct state *state)
{
	return state->has_ledger ? &state->ledger : NULL;
}

bool view_is_another_shard(const struct state *state, uint32_t shard)
{
	return shard < state->ledger.shards && shard != state->ledger.shard;
}

const struct head *view_head(const struct state *state)
{
	return &state->head;
}

bool view_is_missing(const struct state *state)
{
	return state->rows->missing_count > 0 || state->timers->is_wanted;
}

const char *view_missing_table(const struct state *state)
{
	if (state->rows->missing_count == 0)
		return NULL;
	switch (state->rows->missing[0].at[0]) {
#define TABLE(number, name) \
	case TABLE_##name:  \
		return #name;
#include "state/tables.def"
#undef TABLE
	}
	return "";
}

static void soon(const struct state *state, struct row_key key, enum view_soon what)
{
	if (what == VIEW_SOON_INDEX)
		rows_soon_index(state->rows, key);
	else
		rows_soon_row(state->rows, key);
}

void view_soon_account(const struct state *state, const struct account_id *id, enum view_soon what)
{
	if (id->size == 0)
		return;
	struct row_key key = key_account(id);
	soon(state, key, what);
}

void view_soon_command(const struct state *state, const struct id *id, enum view_soon what)
{
	struct row_key key = key_command_row(id);
	soon(state, key, what);
}

enum answer view_command(const struct state *state, const struct id *id, struct command_row *ret)
{
	/* Below, rows may still stand in memory or in the store that a range delete is about to
	 * take. */
	assert(id_time_ms(id) >= state->head.command_ids_from_ms);
	struct row_key key = key_command_row(id);
	const uint8_t *value;
	enum answer answer = rows_find(state->rows, key, &value);
	if (answer == ANSWER_PRESENT) {
		ret->id = *id;
		command_row_unpack(value, ret);
	}
	return answer;
}

enum answer view_timer_due(const struct state *state, int64_t now_ms, struct timer *ret)
{
	struct timers *timers = state->timers;
	assert(!state->rows->journal);
	for (;;) {
		const struct timer *first = timers_first(timers);
		if (!first) {
			if (timers->is_complete || timers->horizon.due_ms > now_ms)
				return ANSWER_ABSENT;
			timers->is_wanted = true;
			return ANSWER_NOT_LOADED;
		}
		if (first->due_ms > now_ms)
			return ANSWER_ABSENT;

		struct state_key key = timer_key(first);
		const uint8_t *value;
		enum answer answer = rows_find(state->rows, row_key_of(&key), &value);
		if (answer == ANSWER_PRESENT)
			*ret = *first;
		if (answer != ANSWER_ABSENT)
			return answer;
		timers_remove_first(timers); /* cleared since, or fired */
	}
}
