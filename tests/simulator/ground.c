/* SPDX-License-Identifier: Apache-2.0 */
#include "ground.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE_SIZE = 1 << 20 };

struct ground ground;

/* Memory in pieces that are kept for the next world. */
struct piece {
	struct piece *next;
	size_t size, used;
	_Alignas(max_align_t) uint8_t at[];
};
static struct piece *pieces, *piece;

static const uint32_t per_million_max[INJECTIONS] = {
#define INJECTION(name, per_million) per_million,
#include "injections.def"
#undef INJECTION
};

const char *injection_name(enum injection injection)
{
	static const char *const names[INJECTIONS] = {
#define INJECTION(name, per_million) #name,
#include "injections.def"
#undef INJECTION
	};
	return names[injection];
}

/* In a swarm a world knows about half of all that can go wrong, at rates of its own: what hides
 * behind one mishap shows where that one is missing. */
static void injections_draw(bool is_swarm)
{
	for (int i = 0; i < INJECTIONS; i++) {
		uint32_t most = per_million_max[i];
		ground.per_million[i] = most / 2;
		if (is_swarm)
			ground.per_million[i] = draw(2) == 0 ? 0 : (uint32_t)(most >> draw(5)) + 1;
	}
	/* Worlds without crashes prove little. */
	if (is_swarm && ground.per_million[INJECT_crash] == 0)
		ground.per_million[INJECT_crash] = per_million_max[INJECT_crash] / 2;
}

void ground_begin(uint64_t seed, bool is_swarm)
{
	/* Neighbouring seeds must not give neighbouring worlds (splitmix64's mixing). */
	uint64_t mixed = seed + UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	ground.seed = seed;
	ground.random.state = (mixed ^ mixed >> 31) | 1;
	ground.now_ns = 0;
	ground.host_ahead_ms = 0;
	ground.is_calm = false;
	for (struct piece *p = pieces; p; p = p->next)
		p->used = 0;
	piece = pieces;
	injections_draw(is_swarm);
}

uint64_t draw(uint64_t end)
{
	return random_next(&ground.random) % end;
}

int64_t draw_between(int64_t from, int64_t to)
{
	return from + (int64_t)draw((uint64_t)(to - from + 1));
}

bool inject(enum injection injection)
{
	uint32_t per_million = ground.per_million[injection];
	if (ground.is_calm || per_million == 0 || draw(1000000) >= per_million)
		return false;
	ground.injected[injection]++;
	say("inject %s", injection_name(injection));
	return true;
}

void *world_take(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	while (piece && piece->size - piece->used < size)
		piece = piece->next;
	if (!piece) {
		size_t most = size > PIECE_SIZE ? size : PIECE_SIZE;
		piece = malloc(sizeof *piece + most);
		assert(piece);
		*piece = (struct piece){ .next = pieces, .size = most };
		pieces = piece;
	}
	void *at = piece->at + piece->used;
	piece->used += size;
	return memset(at, 0, size);
}

struct bytes world_copy(struct bytes bytes)
{
	uint8_t *at = world_take(bytes.size + 1);
	if (bytes.size > 0)
		memcpy(at, bytes.at, bytes.size);
	return (struct bytes){ at, bytes.size };
}

void violation(const char *format, ...)
{
	va_list arguments;
	(void)fprintf(stderr, "VIOLATION ");
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\n");
	abort(); /* its handler says how to come here again */
}

void say(const char *format, ...)
{
	if (!ground.is_loud)
		return;
	va_list arguments;
	(void)fprintf(stderr, "%12.6f ", (double)ground.now_ns / 1e9);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\n");
}
