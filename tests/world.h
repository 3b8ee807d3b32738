/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger of the core alone, twice: one half decides, the other replays what the first decided.
 * After every event the books of both must balance and their rows must be the same, byte for byte.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "model_store.h"

#include "engine/engine.h"

struct half {
	void *memory;
	struct state *state;
	struct model_store store; /* all rows: sealed after every event */
	bool is_forgetful;        /* nothing stays in memory from one event to the next */
	size_t rows_sealed;       /* by the last event */
};

struct world {
	struct half live;
	struct half replayed;
	bool has_replayed;
	struct event_ledger_opened opened;
	char error[1024]; /* of the function that returned false */
};

enum { EVENT_TEXT_SIZE = 4096 };

/* Writes the first event. `memory_size` is for each half. */
bool world_open(struct world *world, size_t memory_size, bool live_is_forgetful,
	const struct event_ledger_opened *opened, int64_t time_ms);
void world_close(struct world *world);

/* The next event of an input: *ret_is_timer tells whether the input itself is still to be decided.
 */
bool world_next(struct world *world, const struct input *input, const struct command *command,
	struct event *ret_event, bool *ret_is_timer);

/* The operator sets engine time back. */
bool world_restart_clock(struct world *world, int64_t now_ms);

/* Every field of an event, for comparison and for people. */
void event_text(const struct event *event, char ret[EVENT_TEXT_SIZE]);

/* Debits = credits in both layers, open holds = pending = timers, floors kept. */
bool books_check(const struct model_store *store, char *ret_error, size_t error_size);

#endif
