/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that a thread of its own waits for. */
#ifndef MAIN_SIGNALS_H
#define MAIN_SIGNALS_H

#include <pthread.h>
#include <signal.h>

/* From now on they are left to `watch`, which takes them by sigwait. Before any other thread is
 * made, so that none of them takes one. */
static inline void signals_watch(const sigset_t *signals, void *(*watch)(void *unused))
{
	pthread_t thread;
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL);
	/* Where no thread is to be had, the signals do what they do by themselves. */
	if (pthread_create(&thread, NULL, watch, NULL) != 0)
		(void)pthread_sigmask(SIG_UNBLOCK, signals, NULL);
	else
		(void)pthread_detach(thread);
}

#endif
