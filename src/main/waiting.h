/* SPDX-License-Identifier: Apache-2.0 */
/* Says on standard error for whom a process waits, once a wait has lasted 2 s, and however it
 * waits: a thread of its own looks, so that a call which does not return is told too. One wait at a
 * time. */
#ifndef MAIN_WAITING_H
#define MAIN_WAITING_H

/* A wait begins, or the one before goes on anew. "for a processor of ...": it is said once. */
void waiting_for(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* It is over. */
void waiting_ends(void);

#endif
