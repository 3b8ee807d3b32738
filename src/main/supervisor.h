/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor is told (systemd's sd_notify protocol), where one asked for it. */
#ifndef MAIN_SUPERVISOR_H
#define MAIN_SUPERVISOR_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1". Nothing happens where nobody asked. */
void supervisor_tell(const char *state);

/* How often it wants to hear WATCHDOG=1, in nanoseconds: a third of the time after which it acts.
 * 0: never. */
int64_t supervisor_every_ns(void);

#endif
