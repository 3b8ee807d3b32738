/* SPDX-License-Identifier: Apache-2.0 */
#include "dues.h"

#include <assert.h>
#include <stdlib.h>

void dues_free(struct dues *dues)
{
	free(dues->at);
	*dues = (struct dues){ 0 };
}

static bool is_before(const struct due *a, const struct due *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms;
	return memcmp(a->id.at, b->id.at, sizeof a->id.at) < 0;
}

static void set(struct dues *dues, size_t place, struct due due)
{
	dues->at[place] = due;
	if (due.place)
		*due.place = place;
}

/* Finds its place, from one that is free. */
static void settle(struct dues *dues, size_t place, struct due due)
{
	while (place > 0 && is_before(&due, &dues->at[(place - 1) / 2])) {
		set(dues, place, dues->at[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;
		if (child + 1 < dues->count && is_before(&dues->at[child + 1], &dues->at[child]))
			child++;
		if (child >= dues->count || !is_before(&dues->at[child], &due))
			break;
		set(dues, place, dues->at[child]);
		place = child;
	}
	set(dues, place, due);
}

void dues_put(struct dues *dues, struct due due)
{
	if (dues->count == dues->capacity) {
		dues->capacity = dues->capacity == 0 ? 16 : 2 * dues->capacity;
		dues->at = realloc(dues->at, dues->capacity * sizeof *dues->at);
		assert(dues->at);
	}
	settle(dues, dues->count++, due);
}

void dues_remove(struct dues *dues, size_t place)
{
	assert(place < dues->count);
	struct due last = dues->at[--dues->count];
	if (place < dues->count)
		settle(dues, place, last);
}
