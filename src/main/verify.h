/* SPDX-License-Identifier: Apache-2.0 */
/* Rebuilds a ledger from its log alone, and compares. */
#ifndef MAIN_VERIFY_H
#define MAIN_VERIFY_H

#include "main/options.h"

/* Prints what it finds unless quiet. EXIT_DONE: all is well; EXIT_REFUSED: something is not, said.
 * *ret_events: how many were replayed. */
int ledger_verify(const struct options *options, bool is_quiet, int64_t *ret_events);

#endif
