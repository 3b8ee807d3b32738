/* SPDX-License-Identifier: Apache-2.0 */
/* What the state was before it was tried on (state/try.h): each row as it was before its first
 * change, and whatever is no row. Only state/ includes this header.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "state/state.h"

/* Room for some hundred ordinary events, and for eight of the largest. */
enum {
	JOURNAL_EVENTS_MAX = 8,
	JOURNAL_ROWS_MAX = JOURNAL_EVENTS_MAX * STATE_EVENT_ROWS_MAX,
	JOURNAL_BYTES_MAX = JOURNAL_EVENTS_MAX * STATE_EVENT_BYTES_MAX,
};

struct row;
struct rows;

/* A row before its first change. */
struct row_before {
	uint32_t place;
	uint32_t batch;
	uint32_t generation;
	uint32_t value_at; /* in journal.values */
	uint16_t value_size;
	uint8_t flags; /* 0: it was not there */
};

struct journal {
	size_t row_count;
	size_t bytes;

	struct head head;
	struct ledger ledger;
	bool has_ledger;
	int64_t drop_before_ms;
	size_t dirty_count;
	size_t dirty_bytes;
	size_t seal_used;
	size_t seal_count;
	struct id command_ids_seal_max;

	struct row_before rows[JOURNAL_ROWS_MAX];
	uint8_t values[JOURNAL_BYTES_MAX];
};

/* A row that is about to change, or was only just added (`is_new`). Noted once. */
void journal_note(struct rows *rows, struct row *row, bool is_new);

#endif
