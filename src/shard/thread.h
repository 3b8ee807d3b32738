/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, monitors and clocks as a shard uses them. The simulator has others, of one thread and
 * one seed: whatever a shard waits for, it waits here, in the log or in the store.
 */
#ifndef SHARD_THREAD_H
#define SHARD_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

/* The role and the shard name it, for top and debuggers: "decide-3". NULL: no more threads are to
 * be had. */
struct thread *thread_start(
	const char *role, uint32_t shard, void (*main)(void *context), void *context);
void thread_join(struct thread *thread); /* and frees it; NULL is fine */

/* A lock, and one condition on what it guards. Nothing but memory is touched inside. */
struct monitor;

struct monitor *monitor_new(void); /* never NULL: memory is asserted */
void monitor_free(struct monitor *monitor);
void monitor_enter(struct monitor *monitor);
void monitor_leave(struct monitor *monitor);
/* Inside: leaves, waits until monitor_wake (or at most so long, or for no reason), and enters
 * again. */
void monitor_wait(struct monitor *monitor);
void monitor_wait_ms(struct monitor *monitor, int timeout_ms);
void monitor_wake(struct monitor *monitor); /* inside: all that wait */

/* Wakes one thread that waits for any of several things: what rang is remembered until that thread
 * has heard it, so who hears first and then looks misses nothing. To ring costs next to nothing
 * where nobody waits, is done by any thread, and inside whatever lock. */
struct bell;

struct bell *bell_new(void); /* never NULL */
void bell_free(struct bell *bell);
void bell_ring(struct bell *bell);
/* Until it rings, or has rung since the last call; at most so long. */
void bell_hear(struct bell *bell, int timeout_ms);

int64_t clock_host_ms(void); /* Unix milliseconds */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_ns(void);
void clock_wait_ms(int ms);

/* Ends a thread that looks for this word under its monitor, and waits until it is gone. */
static inline void thread_stop(struct thread **thread, struct monitor *monitor, bool *is_stopping)
{
	monitor_enter(monitor);
	*is_stopping = true;
	monitor_wake(monitor);
	monitor_leave(monitor);
	thread_join(*thread);
	*thread = NULL;
}

#endif
