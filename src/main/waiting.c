/* SPDX-License-Identifier: Apache-2.0 */
#include "main/waiting.h"

#include "main/options.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { SAY_AFTER_S = 2 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* by the monotonic clock */
	bool is_started;
	char text[PATH_SIZE_MAX];
	struct timespec due;
	bool is_due; /* something is waited for, and was not said */
} waiting = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_past(const struct timespec *time)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > time->tv_sec ||
	       (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

/* To the end of the process. */
static void *waiting_watch(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&waiting.lock);
	for (;;) {
		struct timespec due = waiting.due;
		if (!waiting.is_due) {
			(void)pthread_cond_wait(&waiting.changed, &waiting.lock);
		} else if (!is_past(&due)) {
			(void)pthread_cond_timedwait(&waiting.changed, &waiting.lock, &due);
		} else {
			complain("waiting %s", waiting.text);
			waiting.is_due = false;
		}
	}
	return NULL;
}

/* Signals are for the threads that wait for them, never for this one. */
static bool watch_start(void)
{
	pthread_condattr_t monotonic;
	pthread_t thread;
	sigset_t all, before;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&waiting.changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&thread, NULL, waiting_watch, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0 && pthread_detach(thread) == 0;
}

void waiting_for(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)pthread_mutex_lock(&waiting.lock);
	(void)vsnprintf(waiting.text, sizeof waiting.text, format, arguments);
	(void)clock_gettime(CLOCK_MONOTONIC, &waiting.due);
	waiting.due.tv_sec += SAY_AFTER_S;
	bool was_due = waiting.is_due;
	waiting.is_due = true;
	/* Without a thread nothing is said, and all else goes on. */
	if (!waiting.is_started)
		waiting.is_started = watch_start();
	else if (!was_due)
		(void)pthread_cond_signal(&waiting.changed);
	(void)pthread_mutex_unlock(&waiting.lock);
	va_end(arguments);
}

void waiting_ends(void)
{
	(void)pthread_mutex_lock(&waiting.lock);
	waiting.is_due = false;
	(void)pthread_mutex_unlock(&waiting.lock);
}
