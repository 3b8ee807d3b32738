/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands and events for tests: the same ones for the same seed, all such as the contract
 * can say. */
#ifndef TESTS_NOUNS_H
#define TESTS_NOUNS_H

#include "shape.h"

#include "wire/wire.h"

struct random {
	uint64_t state; /* the seed; not 0 */
};

uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t end);

/* `is_fattest`: every text at its greatest size, every number at its greatest value, all that is
 * optional there. */
struct command command_random(struct random *random, enum command_kind kind, bool is_fattest);
struct event event_random(struct random *random, enum event_kind kind, bool is_fattest);
/* Each field is set, to a value that no check refuses, and hardly ever twice to the same. */
struct command command_whole(struct random *random, enum command_kind kind);
struct event event_whole(struct random *random, enum event_kind kind);

/* Each field is set; places are those of so many balances, of one currency. */
struct effect effect_random(struct random *random, enum effect_kind kind, uint32_t balances);

/* What was too long, or an id of another size, is kept as wrong: nobody can write it again. */
bool command_is_writable(const struct command *command);

struct link link_random(struct random *random, const struct event *event, bool is_fattest);

#endif
