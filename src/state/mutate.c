/* SPDX-License-Identifier: Apache-2.0 */
#include "state/mutate.h"

#include "base/pack.h"
#include "state/keys.h"

#include <assert.h>

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
	struct row_key key = key_ledger();
	uint8_t value[STATE_VALUE_SIZE_MAX];
	rows_put(state->rows, key, value, ledger_pack(ledger, value));
	state->ledger = *ledger;
	state->has_ledger = true;
}

void mutate_party(struct state *state, const struct text64 *id, const struct party *party)
{
	struct row_key key = key_party(id);
	uint8_t value[9];
	(void)pack_i64(pack_u8(value, (uint8_t)party->kind), party->opened_sequence);
	rows_put(state->rows, key, value, sizeof value);
}

void mutate_account(struct state *state, const struct account *account)
{
	struct row_key key = key_account(&account->id);
	uint8_t value[STATE_VALUE_SIZE_MAX];
	rows_put(state->rows, key, value, account_pack(account, value));
}

void mutate_command(struct state *state, const struct id *id, const struct command_row *row)
{
	struct row_key key = key_command(id);
	uint8_t value[STATE_VALUE_SIZE_MAX];
	rows_put(state->rows, key, value, command_row_pack(row, value));
	if (id_time_ms(id) > state->head.command_id_max_ms)
		state->head.command_id_max_ms = id_time_ms(id);
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

void mutate_hold(struct state *state, const struct hold *hold)
{
	struct row_key key = key_hold(&hold->id);
	uint8_t value[STATE_VALUE_SIZE_MAX];
	rows_put(state->rows, key, value, hold_pack(hold, value));
}

void mutate_reference(struct state *state, enum rail rail, const struct text64 *id,
	const struct reference *reference)
{
	struct state_key key = key_reference(rail, id);
	uint8_t value[16];
	(void)pack_i64(pack_i64(value, reference->sequence), reference->engine_time_ms);
	rows_put(state->rows, row_key_of(&key), value, sizeof value);
}

void mutate_timer_set(struct state *state, const struct timer *timer)
{
	struct state_key key = key_timer(timer);
	uint8_t value[1] = { (uint8_t)timer->kind };
	rows_put(state->rows, row_key_of(&key), value, sizeof value);
	timers_add(state->timers, timer);
}

void mutate_timer_clear(struct state *state, const struct timer *timer)
{
	struct state_key key = key_timer(timer);
	rows_put(state->rows, row_key_of(&key), NULL, 0);
}
