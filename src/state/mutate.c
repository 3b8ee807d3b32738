/* SPDX-License-Identifier: Apache-2.0 */
#include "state/mutate.h"

#include "state/keys.h"

#include <assert.h>

/* Each account of its balances, and as much as ever before for whatever else it writes. */
_Static_assert(BALANCES_PER_EVENT_MAX *(sizeof(struct row) + sizeof(struct state_key) +
					VALUE_SIZE_account + ROWS_PLACE_UNIT) +
			       4096 <=
		       STATE_EVENT_BYTES_MAX,
	"an event's rows");

bool state_reserve_event(struct state *state)
{
	return state->rows->dirty_bytes + STATE_EVENT_BYTES_MAX <= state_dirty_bytes_max(state) &&
	       rows_reserve(state->rows, STATE_EVENT_BYTES_MAX);
}

struct head *mutate_head(struct state *state)
{
	return &state->head;
}

void mutate_ledger(struct state *state, const struct ledger *ledger)
{
	uint8_t value[VALUE_SIZE_ledger];
	rows_put(state->rows, key_ledger(), value, ledger_pack(ledger, value));
	state->ledger = *ledger;
	state->has_ledger = true;
}

void mutate_command(struct state *state, const struct command_row *row)
{
	uint8_t value[VALUE_SIZE_command_row];
	rows_put(state->rows, key_command_row(&row->id), value, command_row_pack(row, value));
	if (id_time_ms(&row->id) > state->head.command_id_max_ms)
		state->head.command_id_max_ms = id_time_ms(&row->id);
}

void mutate_commands_drop(struct state *state, int64_t before_ms)
{
	struct id before = id_floor_of_time(before_ms);
	struct head *head = &state->head;
	assert(before_ms >= head->command_ids_from_ms);
	head->command_ids_from_ms = before_ms;
	head->command_ids_gone_ms =
		before_ms <= head->command_id_max_ms ? before_ms : head->command_id_max_ms + 1;
	state->drop_before_ms = before_ms;
	rows_drop_command_ids(state->rows, &before);
}

void mutate_commands_readmit(struct state *state)
{
	struct head *head = &state->head;
	head->command_ids_from_ms = head->command_ids_gone_ms;
	if (state->drop_before_ms > head->command_ids_gone_ms)
		state->drop_before_ms = head->command_ids_gone_ms;
}

void mutate_timer_set(struct state *state, const struct timer *timer)
{
	struct state_key key = timer_key(timer);
	uint8_t value[VALUE_SIZE_timer];
	rows_put(state->rows, row_key_of(&key), value, timer_pack(timer, value));
	if (!state->rows->journal) /* where it is only tried, once it is meant */
		timers_add(state->timers, timer);
}

void mutate_timer_clear(struct state *state, const struct timer *timer)
{
	struct state_key key = timer_key(timer);
	rows_put(state->rows, row_key_of(&key), NULL, 0);
}
