/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/load.h"

#include <inttypes.h>
#include <string.h>

int row_damaged(const struct replica *replica, struct bytes key)
{
	return FAULT(replica->fault, FAULT_DAMAGED,
		"shard %" PRIu32 ": a row of table %d in the store is damaged: rebuild it",
		replica->shard, key.size == 0 ? -1 : key.at[0]);
}

struct timer_scan {
	struct state *state;
	bool wants_more;
	bool is_damaged;
};

static bool timer_row(void *context, struct bytes key, struct bytes value)
{
	struct timer_scan *scan = context;
	scan->is_damaged = !row_is_sound(key, value);
	if (scan->is_damaged)
		return false;
	scan->wants_more = state_timers_load(scan->state, key);
	return scan->wants_more;
}

static int timers_load(struct replica *replica)
{
	static const uint8_t end[1] = { TABLE_timer + 1 };
	struct timer_scan scan = { .state = replica->state, .wants_more = true };
	struct state_key from = state_timers_from(replica->state);
	if (replica->store) {
		int error = store_scan(replica->store, (struct bytes){ from.at, from.size },
			(struct bytes){ end, sizeof end }, timer_row, &scan, replica->fault);
		if (error)
			return error;
		if (scan.is_damaged)
			return row_damaged(replica, (struct bytes){ from.at, from.size });
	}
	state_timers_loaded(replica->state, scan.wants_more);
	return 0;
}

static int keys_load(
	struct replica *replica, const struct state_key *missing, size_t count, size_t *ret_loaded)
{
	enum { KEYS_PER_GET = 512 };
	struct bytes keys[KEYS_PER_GET], values[KEYS_PER_GET];
	for (size_t done = 0; done < count; done += KEYS_PER_GET) {
		size_t n = count - done < KEYS_PER_GET ? count - done : KEYS_PER_GET;
		for (size_t i = 0; i < n; i++)
			keys[i] = (struct bytes){ missing[done + i].at, missing[done + i].size };
		memset(values, 0, sizeof values);
		int error = replica->store ? store_get_many(replica->store, keys, n, values,
						     replica->fault)
					   : 0;
		if (error)
			return error;
		for (size_t i = 0; i < n; i++) {
			if (values[i].at && !row_is_sound(keys[i], values[i]))
				return row_damaged(replica, keys[i]);
			if (!state_load(replica->state, &missing[done + i], values[i]))
				return 0; /* what was loaded may do for the first who asked */
			(*ret_loaded)++;
		}
	}
	return 0;
}

int replica_load(struct replica *replica, size_t *ret_loaded)
{
	*ret_loaded = 0;
	int error = 0;
	if (state_timers_wanted(replica->state)) {
		error = timers_load(replica);
		(*ret_loaded)++;
	}
	const struct state_key *missing;
	size_t count = state_missing(replica->state, &missing);
	if (!error)
		error = keys_load(replica, missing, count, ret_loaded);
	state_missing_clear(replica->state);
	if (error == FAULT_DAMAGED)
		replica->is_unreadable = true;
	return error;
}

/* --- The sweep --- */

struct sweep_step {
	struct replica *replica;
	struct sweep *sweep;
	size_t rows_left;
	bool is_damaged;
};

static bool swept_row(void *context, struct bytes key, struct bytes value)
{
	struct sweep_step *step = context;
	struct sweep *sweep = step->sweep;
	struct state_key row = { .size = (uint8_t)key.size };
	step->is_damaged = !row_is_sound(key, value);
	if (step->is_damaged || !state_has_room(step->replica->state))
		return false;
	memcpy(row.at, key.at, key.size);
	(void)state_load(step->replica->state, &row, value);

	/* The next step begins behind it: the least key that is greater has one byte more. */
	memcpy(sweep->from, key.at, key.size);
	sweep->from[key.size] = 0;
	sweep->from_size = key.size + 1;
	return --step->rows_left > 0;
}

void sweep_begin(struct sweep *sweep)
{
	*sweep = (struct sweep){ .from = { TABLE_account }, .from_size = 1 };
}

int sweep_step(struct sweep *sweep, struct replica *replica)
{
	enum { ROWS_PER_STEP = 2048 };
	static const uint8_t to[1] = { TABLE_account + 1 };
	struct sweep_step step = {
		.replica = replica,
		.sweep = sweep,
		.rows_left = ROWS_PER_STEP,
	};
	if (sweep->is_done || !replica->store)
		return 0;
	int error = store_scan(replica->store, (struct bytes){ sweep->from, sweep->from_size },
		(struct bytes){ to, sizeof to }, swept_row, &step, replica->fault);
	if (!error && step.is_damaged)
		error = row_damaged(replica, (struct bytes){ sweep->from, sweep->from_size });
	if (error == FAULT_DAMAGED)
		replica->is_unreadable = true;
	sweep->is_done = step.rows_left > 0;
	return error;
}
