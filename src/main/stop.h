/* SPDX-License-Identifier: Apache-2.0 */
/* A stop that was asked for ends the process, whatever it waits for: the log, a disk, a library. It
 * can be killed at any moment, so that it is not waited for longer is no harm. */
#ifndef MAIN_STOP_H
#define MAIN_STOP_H

#include "log/log.h"

#include <signal.h>
#include <stdbool.h>

enum {
	/* After this long no call of the log waits any more ... */
	STOP_GIVE_UP_MS = 5000,
	/* ... and after this long the process ends as it is. */
	STOP_END_MS = 9000,
};

/* From now on SIGTERM and SIGINT are taken by a thread of its own. Before any other thread is made,
 * so that none of them takes one. Until stop_guard, they end the process at once: nothing is owned
 * yet. */
void stop_watch(void);

/* The same for what says how it is where SIGUSR1 comes: that one is blocked, to be waited for. */
void stop_watch_beside(sigset_t *ret_signals);

/* Something is owned now, over this log; NULL: nothing any more. */
void stop_guard(struct log *log);

bool stop_is_asked(void);

#endif
