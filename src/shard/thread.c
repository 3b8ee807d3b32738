/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

struct thread {
	pthread_t thread;
	char name[16]; /* as long as the kernel takes */
	void (*main)(void *context);
	void *context;
};

struct monitor {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

struct bell {
	_Atomic bool has_rung;
	struct monitor *monitor;
};

static void *thread_main(void *argument)
{
	struct thread *thread = argument;
	(void)pthread_setname_np(pthread_self(), thread->name);
	thread->main(thread->context);
	return NULL;
}

struct thread *thread_start(
	const char *role, uint32_t shard, void (*main)(void *context), void *context)
{
	struct thread *thread = calloc(1, sizeof *thread);
	assert(thread);
	(void)snprintf(thread->name, sizeof thread->name, "%s-%" PRIu32, role, shard);
	thread->main = main;
	thread->context = context;
	if (pthread_create(&thread->thread, NULL, thread_main, thread) == 0)
		return thread;
	free(thread);
	return NULL;
}

void thread_join(struct thread *thread)
{
	if (!thread)
		return;
	(void)pthread_join(thread->thread, NULL);
	free(thread);
}

struct monitor *monitor_new(void)
{
	struct monitor *monitor = calloc(1, sizeof *monitor);
	assert(monitor);
	(void)pthread_mutex_init(&monitor->mutex, NULL);
	pthread_condattr_t attributes;
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&monitor->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	(void)pthread_mutex_destroy(&monitor->mutex);
	(void)pthread_cond_destroy(&monitor->changed);
	free(monitor);
}

void monitor_enter(struct monitor *monitor)
{
	(void)pthread_mutex_lock(&monitor->mutex);
}

void monitor_leave(struct monitor *monitor)
{
	(void)pthread_mutex_unlock(&monitor->mutex);
}

void monitor_wait(struct monitor *monitor)
{
	(void)pthread_cond_wait(&monitor->changed, &monitor->mutex);
}

void monitor_wait_ms(struct monitor *monitor, int timeout_ms)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + (int64_t)timeout_ms * NS_PER_MS;
	until.tv_sec += ns / NS_PER_S;
	until.tv_nsec = ns % NS_PER_S;
	(void)pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until);
}

void monitor_wake(struct monitor *monitor)
{
	(void)pthread_cond_broadcast(&monitor->changed);
}

struct bell *bell_new(void)
{
	struct bell *bell = calloc(1, sizeof *bell);
	assert(bell);
	bell->monitor = monitor_new();
	return bell;
}

void bell_free(struct bell *bell)
{
	monitor_free(bell->monitor);
	free(bell);
}

void bell_ring(struct bell *bell)
{
	if (atomic_exchange(&bell->has_rung, true))
		return; /* and who listens has not heard that yet */
	monitor_enter(bell->monitor);
	monitor_wake(bell->monitor);
	monitor_leave(bell->monitor);
}

void bell_hear(struct bell *bell, int timeout_ms)
{
	int64_t until_ms = clock_monotonic_ms() + timeout_ms;
	int64_t now_ms = until_ms - timeout_ms;
	monitor_enter(bell->monitor);
	for (; !atomic_load(&bell->has_rung) && now_ms < until_ms; now_ms = clock_monotonic_ms())
		monitor_wait_ms(bell->monitor, (int)(until_ms - now_ms));
	monitor_leave(bell->monitor);
	atomic_store(&bell->has_rung, false);
}

int64_t clock_host_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

int64_t clock_monotonic_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / NS_PER_MS;
}

void clock_wait_ms(int ms)
{
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000,
				.tv_nsec = (int64_t)(ms % 1000) * NS_PER_MS },
		NULL);
}
