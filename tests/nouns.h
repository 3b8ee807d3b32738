/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands and events for tests: the same ones for the same seed, all such as the contract
 * can say. */
#ifndef TESTS_NOUNS_H
#define TESTS_NOUNS_H

#include "wire/wire.h"

struct random {
	uint64_t state; /* the seed; not 0 */
};

uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t end);

enum { COMMAND_KINDS = 9, EVENT_KINDS = 16 };
extern const enum command_kind command_kinds[COMMAND_KINDS];
extern const enum event_kind event_kinds[EVENT_KINDS];

/* `is_fattest`: every text at its greatest size, every number at its greatest value, all that is
 * optional there. */
struct command command_random(struct random *random, enum command_kind kind, bool is_fattest);
struct event event_random(struct random *random, enum event_kind kind, bool is_fattest);
struct link link_random(struct random *random, const struct event *event, bool is_fattest);

#endif
