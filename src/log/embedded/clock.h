/* SPDX-License-Identifier: Apache-2.0 */
/* The host's clock as the embedded log believes it: the time of a record is ours alone, and a
 * ledger never forgets the latest one. So a clock that was put far ahead is refused before anything
 * gets its time. Between two looks the wall clock must go on as the machine's uptime does, also
 * where the looks are those of two processes: DIR/clock keeps the last one. */
#ifndef LOG_EMBEDDED_CLOCK_H
#define LOG_EMBEDDED_CLOCK_H

#include "base/fault.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { BOOT_ID_SIZE = 36 };

struct clock_look {
	char boot[BOOT_ID_SIZE + 1]; /* which life of the machine; empty: not known */
	int64_t uptime_ms;           /* suspended time counts */
	int64_t wall_ms;
};

/* How far the wall clock leapt ahead between two looks, in ms; 0: not so far that it is doubted.
 * Over a reboot only a clock that nothing keeps in step is doubted, and only from the leap on that
 * would make all commands too old: a ledger may rest. */
int64_t clock_leap_ms(
	const struct clock_look *before, const struct clock_look *now, bool is_synchronised);

struct embedded_clock {
	pthread_mutex_t lock;
	const char *folder; /* the ledger's */
	bool is_open;
	struct clock_look last;
	int64_t kept_ms; /* uptime, of the look that DIR/clock keeps */
};

/* Compares with what DIR/clock says, and begins to keep it. */
int embedded_clock_open(struct embedded_clock *clock, const char *folder, struct fault *fault);
void embedded_clock_close(struct embedded_clock *clock);

/* The time of a record, in Unix milliseconds; or FAULT_CLOCK. Any thread. */
int embedded_clock_read(struct embedded_clock *clock, int64_t *ret_ms, struct fault *fault);

#endif
