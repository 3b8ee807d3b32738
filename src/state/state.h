/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's state, as its owner (the shard) handles it: memory, loading, sealing. What decide reads
 * is in view.h, what apply changes in mutate.h.
 *
 * The state is rows under keys, partly in memory, over a store that the shard looks into. Memory is
 * handed in once; nothing here allocates. One thread.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/bytes.h"
#include "state/answer.h"
#include "state/tables.h"
#include "state/trail.h"

enum {
	STATE_KEY_SIZE_MAX = 1 + ACCOUNT_ID_SIZE_MAX,
	STATE_VALUE_SIZE_MAX = 384,
	STATE_MISSING_MAX = 4096,
	STATE_MEMORY_MIN = 8 << 20,
	/* Contiguous room that one event's rows need at most. */
	STATE_EVENT_BYTES_MAX = 16384,
	STATE_ROW_BYTES_MIN = 64,
	STATE_EVENT_ROWS_MAX = STATE_EVENT_BYTES_MAX / STATE_ROW_BYTES_MIN,
};

struct state_key {
	uint8_t size;
	uint8_t at[STATE_KEY_SIZE_MAX];
};

/* What moves with every event. Checkpointed in the position row. */
struct head {
	int64_t sequence;
	int64_t engine_time_ms;
	int64_t input_next[TOPIC_COUNT +
			   1]; /* by topic: the offset after the last one decided ... */
	struct trail input_trail[TOPIC_COUNT + 1]; /* ... and which ones were decided up to there */
	uint32_t timers_fired;                     /* for the input that comes next ... */
	enum topic timers_topic;     /* ... of this topic; none: for whichever it is */
	int64_t command_ids_from_ms; /* rows of ids before this were dropped */
	int64_t command_ids_gone_ms; /* among those, no id from this on ever had a row */
	int64_t command_id_max_ms;   /* the newest time in an id that ever had a row */
	int64_t command_ids_due_ms;  /* of the timer that drops the next ones */
};

struct state;

/* Bytes that state_init wants for its own structure, out of `memory`, are taken from it too. NULL:
 * under STATE_MEMORY_MIN. `memory` is 16-byte aligned. */
struct state *state_init(void *memory, size_t size);

/* Back to an empty state, as after state_init. */
void state_reset(struct state *state);

/* After a store was opened: its position's head, its ledger row, and the greatest command id it
 * holds (all zero: none; so that a newer id needs no look-up). */
void state_start(struct state *state, const struct head *head, struct bytes ledger_row,
	const struct id *command_ids_stored_max);

const struct head *state_head(const struct state *state);

/* Rows used from here on stay in memory until the next call. */
void state_batch_begin(struct state *state);

/* --- Loading --- */

/* The distinct keys that look-ups lacked since state_missing_clear. */
size_t state_missing(const struct state *state, const struct state_key **ret_keys);
void state_missing_clear(struct state *state);

/* What the store says of a key: value.at NULL for absent. False: no room (seal, wait for the store,
 * try again). A row that memory has already stays as it is. */
bool state_load(struct state *state, const struct state_key *key, struct bytes value);

/* Half of memory was never used: more may be loaded than was asked for. */
bool state_has_room(const struct state *state);

/* True where a look-up wanted timers that are not in memory: scan the store's timer table above
 * state_timers_from, give each key to state_timers_load until it returns false, then call
 * state_timers_loaded, with whether the table's end was reached. */
bool state_timers_wanted(const struct state *state);
struct state_key state_timers_from(const struct state *state);
bool state_timers_load(struct state *state, struct bytes key);
void state_timers_loaded(struct state *state, bool reached_end);

/* --- Sealing: one at a time --- */

struct sealed_row {
	struct bytes key;
	struct bytes value; /* at NULL: deleted */
};

struct sealed {
	struct head head; /* at the boundary */
	size_t row_count;
	int64_t drop_command_ids_before_ms; /* 0: no range delete in this one */
	const uint8_t *rows;                /* packed; walk with sealed_next */
	const uint8_t *rows_end;
};

/* How full: dirty bytes against what a seal can take. The shard seals at three quarters, and what
 * decides waits at the end. */
size_t state_dirty_bytes(const struct state *state);
size_t state_dirty_bytes_max(const struct state *state);
bool state_is_sealing(const struct state *state);

void state_seal_begin(struct state *state);
/* Copies up to `rows_max` rows; true when all are: *ret then lives, unchanging, until
 * state_sealed_stored. */
bool state_seal_step(struct state *state, size_t rows_max, struct sealed *ret);
/* The store holds it: its rows may be evicted, another seal may begin. */
void state_sealed_stored(struct state *state);

/* Walks a sealed set; false at its end. `*at` starts as sealed->rows. */
bool sealed_next(const uint8_t **at, const uint8_t *end, struct sealed_row *ret);

/* --- For the operator --- */

size_t state_rows(const struct state *state);
/* The earliest due time of a timer in memory; INT64_MAX where there is none. Timers beyond memory
 * are later. */
int64_t state_timer_due_ms(const struct state *state);

#endif
