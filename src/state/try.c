/* SPDX-License-Identifier: Apache-2.0 */
#include "state/try.h"

#include "state/journal.h"
#include "state/keys.h"

#include <assert.h>

void state_try_begin(struct state *state)
{
	struct rows *rows = state->rows;
	struct journal *journal = state->journal;
	assert(!rows->journal);
	rows->journal = journal;
	journal->row_count = 0;
	journal->bytes = 0;
	journal->head = state->head;
	journal->ledger = state->ledger;
	journal->has_ledger = state->has_ledger;
	journal->drop_before_ms = state->drop_before_ms;
	journal->dirty_count = rows->dirty.count;
	journal->dirty_bytes = rows->dirty_bytes;
	journal->seal_used = rows->seal_used;
	journal->seal_count = rows->seal_count;
	journal->command_ids_seal_max = rows->command_ids_seal_max;
}

bool state_try_has_room(const struct state *state)
{
	const struct journal *journal = state->journal;
	assert(state->rows->journal);
	return journal->row_count + STATE_EVENT_ROWS_MAX <= JOURNAL_ROWS_MAX &&
	       journal->bytes + STATE_EVENT_BYTES_MAX <= JOURNAL_BYTES_MAX;
}

void journal_note(struct rows *rows, struct row *row, bool is_new)
{
	struct journal *journal = rows->journal;
	if (row->flags & ROW_TRIED)
		return;
	assert(journal->row_count < JOURNAL_ROWS_MAX);
	assert(journal->bytes + row->value_size <= JOURNAL_BYTES_MAX);
	journal->rows[journal->row_count++] = (struct row_before){
		.place = row_place(rows, row),
		.batch = row->batch,
		.generation = row->generation,
		.value_at = (uint32_t)journal->bytes,
		.value_size = row->value_size,
		.flags = is_new ? 0 : row->flags,
	};
	memcpy(journal->values + journal->bytes, row->bytes + row->key_size, row->value_size);
	journal->bytes += row->value_size;
	row->flags |= ROW_TRIED;
}

/* Timers wait for this in rows alone. */
void state_try_keep(struct state *state)
{
	struct rows *rows = state->rows;
	const struct journal *journal = rows->journal;
	assert(journal);
	for (size_t i = 0; i < journal->row_count; i++) {
		struct row *row = row_at(rows, journal->rows[i].place);
		row->flags &= (uint8_t)~ROW_TRIED;
		struct timer timer;
		if (row_is_timer(row, &timer))
			timers_add(state->timers, &timer);
	}
	rows->journal = NULL;
}

static void row_undo(struct rows *rows, const struct row_before *before, const uint8_t *value)
{
	struct row *row = row_at(rows, before->place);
	if (before->flags == 0) {
		rows_take_back(rows, row);
		return;
	}
	row->batch = before->batch;
	row->generation = before->generation;
	row->value_size = before->value_size;
	row->flags = before->flags;
	memcpy(row->bytes + row->key_size, value, before->value_size);
}

void state_try_undo(struct state *state)
{
	struct rows *rows = state->rows;
	const struct journal *journal = rows->journal;
	assert(journal);
	for (size_t i = journal->row_count; i-- > 0;)
		row_undo(rows, &journal->rows[i], journal->values + journal->rows[i].value_at);
	state->head = journal->head;
	state->ledger = journal->ledger;
	state->has_ledger = journal->has_ledger;
	state->drop_before_ms = journal->drop_before_ms;
	rows->dirty.count = journal->dirty_count;
	rows->dirty_bytes = journal->dirty_bytes;
	rows->seal_used = journal->seal_used;
	rows->seal_count = journal->seal_count;
	rows->command_ids_seal_max = journal->command_ids_seal_max;
	rows->journal = NULL;
}
