/* SPDX-License-Identifier: Apache-2.0 */
#include "main/stop.h"

#include "main/journal.h"
#include "main/options.h"
#include "main/signals.h"
#include "main/temporary.h"
#include "shard/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log *guarded; /* under lock: it must not be closed while it is told */
static _Atomic bool is_asked;

/* Whoever ignores SIGHUP, as under nohup, wants it to outlive a terminal. */
static void signals_of_stop(sigset_t *ret)
{
	struct sigaction hangup;
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGTERM);
	(void)sigaddset(ret, SIGINT);
	if (sigaction(SIGHUP, NULL, &hangup) != 0 || hangup.sa_handler != SIG_IGN)
		(void)sigaddset(ret, SIGHUP);
}

static void *watch(void *context)
{
	sigset_t signals;
	int number;
	(void)context;
	signals_of_stop(&signals);
	while (sigwait(&signals, &number) != 0)
		continue;

	int64_t asked_ms = clock_monotonic_ms();
	journal_say(LEVEL_info, NO_SHARD, "stops: SIG%s", sigabbrev_np(number));
	(void)pthread_mutex_lock(&lock);
	if (!guarded) {
		temporary_end();
		_exit(EXIT_DONE);
	}
	log_give_up_at(guarded, asked_ms + STOP_GIVE_UP_MS);
	(void)pthread_mutex_unlock(&lock);
	atomic_store(&is_asked, true);
	while (clock_monotonic_ms() < asked_ms + STOP_END_MS)
		clock_wait_ms(100);
	complain("not drained %d s after it was asked to stop: it ends as it is, and the next "
		 "start recovers",
		STOP_END_MS / 1000);
	temporary_end();
	_exit(EXIT_FAULT);
}

void stop_watch(void)
{
	sigset_t signals;
	signals_of_stop(&signals);
	signals_watch(&signals, watch);
}

void stop_watch_beside(sigset_t *ret_signals)
{
	(void)sigemptyset(ret_signals);
	(void)sigaddset(ret_signals, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
	stop_watch();
}

void stop_guard(struct log *log)
{
	(void)pthread_mutex_lock(&lock);
	guarded = log;
	(void)pthread_mutex_unlock(&lock);
}

bool stop_is_asked(void)
{
	return atomic_load(&is_asked);
}
