/* SPDX-License-Identifier: Apache-2.0 */
#include "state/timers.h"

#include <assert.h>
#include <string.h>

int timer_compare(const struct timer *a, const struct timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms ? -1 : 1;
	int order = memcmp(a->id.at, b->id.at, sizeof a->id.at);
	return order != 0 ? order : (int)a->kind - (int)b->kind;
}

void timers_reset(struct timers *timers, bool is_complete)
{
	timers->count = 0;
	timers->horizon = (struct timer){ 0 };
	timers->is_complete = is_complete;
	timers->is_wanted = false;
	timers->loaded = 0;
}

static void sift_up(struct timers *timers, size_t i)
{
	struct timer timer = timers->heap[i];
	while (i > 0) {
		size_t parent = (i - 1) / 2;
		if (timer_compare(&timers->heap[parent], &timer) <= 0)
			break;
		timers->heap[i] = timers->heap[parent];
		i = parent;
	}
	timers->heap[i] = timer;
}

static void sift_down(struct timers *timers, size_t i, size_t count)
{
	struct timer timer = timers->heap[i];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= count)
			break;
		if (child + 1 < count &&
			timer_compare(&timers->heap[child + 1], &timers->heap[child]) < 0)
			child++;
		if (timer_compare(&timer, &timers->heap[child]) <= 0)
			break;
		timers->heap[i] = timers->heap[child];
		i = child;
	}
	timers->heap[i] = timer;
}

/* Heap sort leaves the array in falling order; turned round it is sorted, and a sorted array is a
 * heap. */
static void sort(struct timers *timers)
{
	for (size_t n = timers->count; n > 1; n--) {
		struct timer first = timers->heap[0];
		timers->heap[0] = timers->heap[n - 1];
		sift_down(timers, 0, n - 1);
		timers->heap[n - 1] = first;
	}
	for (size_t i = 0, j = timers->count; i + 1 < j; i++) {
		j--;
		struct timer swapped = timers->heap[i];
		timers->heap[i] = timers->heap[j];
		timers->heap[j] = swapped;
	}
}

/* The later half goes back to the rows. */
static void draw_horizon_nearer(struct timers *timers)
{
	sort(timers);
	timers->count /= 2;
	timers->horizon = timers->heap[timers->count - 1];
	timers->is_complete = false;
}

void timers_add(struct timers *timers, const struct timer *timer)
{
	if (timers->count == TIMERS_IN_MEMORY_MAX)
		draw_horizon_nearer(timers);
	if (!timers->is_complete && timer_compare(timer, &timers->horizon) > 0)
		return;
	timers->heap[timers->count] = *timer;
	sift_up(timers, timers->count++);
}

const struct timer *timers_first(const struct timers *timers)
{
	return timers->count == 0 ? NULL : &timers->heap[0];
}

void timers_remove_first(struct timers *timers)
{
	assert(timers->count > 0);
	timers->heap[0] = timers->heap[--timers->count];
	if (timers->count > 0)
		sift_down(timers, 0, timers->count);
}
