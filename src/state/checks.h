/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a row's values, beside what their kinds say. Only state/ includes this header.
 */
#ifndef STATE_CHECKS_H
#define STATE_CHECKS_H

#include "state/tables.h"

bool total_is_sound(struct amount total);
bool totals_are_sound(const struct balances *balances);

/* Past a text of at most `size_max` bytes, with its size before it; false: none stands there. */
bool sized_skip(struct bytes *rest, size_t size_max);

/* Of rows that are [checked]: their fields fit each other. */
bool ledger_is_consistent(const struct ledger *row);
bool command_row_is_consistent(const struct command_row *row);

#endif
