/* SPDX-License-Identifier: Apache-2.0 */
/* Events in words, a line each, for people: what, who, how much; or which reject, and what to do.
 *
 *   posted    transfer of 3.50 USD from bob/main to cafe/main (order-18)
 *   REJECTED  transfer of 99.00 USD from bob/main to cafe/main (order-19): balance_too_low: the
 *             account's available balance would go below its floor (needed 99.00 USD, available
 *             41.50 USD). Pay less, or wait until there is more; then send it under a new id.
 *
 * They may be said better at any time: programs read JSON. An event or command without its words
 * does not link.
 */
#ifndef WIRE_WORDS_H
#define WIRE_WORDS_H

#include "wire/wire.h"

/* One line without its end, from the heap. `command` is what the event answers, where the caller
 * has it: a rejection does not tell it. NULL: it has not. */
char *words_of_event(const struct event *event, const struct command *command);

/* Of an event that ends a payment, behind what is said of the payment. */
char *words_of_end(const struct event *event);

enum { TIME_TEXT_SIZE = 32 };

/* "2026-11-28 04:43:10 UTC" */
void time_to_text(int64_t time_ms, char ret[TIME_TEXT_SIZE]);

#endif
