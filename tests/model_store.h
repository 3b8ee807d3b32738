/* SPDX-License-Identifier: Apache-2.0 */
/* The store as the core's tests need it: sorted rows in memory, as plain as can be. */
#ifndef TESTS_MODEL_STORE_H
#define TESTS_MODEL_STORE_H

#include "state/state.h"

struct model_row {
	struct state_key key;
	uint16_t value_size;
	uint8_t value[STATE_VALUE_SIZE_MAX];
};

/* All zero is an empty one. */
struct model_store {
	struct model_row **rows; /* in key order */
	size_t count;
	size_t capacity;
};

void model_store_free(struct model_store *store);
void model_store_copy(struct model_store *ret, const struct model_store *store);

/* The place of the least key that is not below. */
size_t model_store_from(const struct model_store *store, struct bytes key);
const struct model_row *model_store_find(const struct model_store *store, struct bytes key);

/* value.at NULL: deletes. */
void model_store_put(struct model_store *store, struct bytes key, struct bytes value);

/* What a checkpoint does: the range delete first, then the rows. */
void model_store_take(struct model_store *store, const struct sealed *sealed);

/* The place of the first row that differs; the count where none does. */
size_t model_store_differs_at(const struct model_store *a, const struct model_store *b);

/* The greatest command id; all zero: none. */
struct id model_store_command_ids_max(const struct model_store *store);

/* Gives a state what it said that it lacks. False: no room. */
bool model_store_load(const struct model_store *store, struct state *state);

/* As after a restart: nothing in memory but what the checkpoint's head says. */
void model_store_restart(
	const struct model_store *store, const struct head *head, struct state *state);

#endif
