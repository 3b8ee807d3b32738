/* SPDX-License-Identifier: Apache-2.0 */
/* What all of a simulated world stands on: one random source, one clock, one memory, one list of
 * what may go wrong. There is one world at a time; the same seed gives the same world. */
#ifndef SIMULATOR_GROUND_H
#define SIMULATOR_GROUND_H

#include "../nouns.h"

enum injection {
#define INJECTION(name, per_million) INJECT_##name,
#include "injections.def"
#undef INJECTION
	INJECTIONS
};

enum { NS_PER_MS = 1000000 };

struct ground {
	uint64_t seed;
	struct random random;
	int64_t now_ns;        /* since the world began */
	int64_t host_ahead_ms; /* how wrong all machines' clocks are */
	bool is_calm;          /* nothing goes wrong any more */
	uint32_t per_million[INJECTIONS];
	bool is_loud; /* says what it does */

	/* Of all worlds together. */
	uint64_t injected[INJECTIONS];
	uint64_t steps;
};
extern struct ground ground;

/* Forgets the last world. is_swarm: draws what may go wrong, and how often. */
void ground_begin(uint64_t seed, bool is_swarm);

uint64_t draw(uint64_t end);
int64_t draw_between(int64_t from, int64_t to); /* both included */
/* Whether this goes wrong now; counted. */
bool inject(enum injection injection);
const char *injection_name(enum injection injection);

/* Zeroed; lives as long as the world. */
void *world_take(size_t size);
struct bytes world_copy(struct bytes bytes);

/* Ends the simulation: says what was violated and the line that reproduces it. */
_Noreturn void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* With --loud. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
