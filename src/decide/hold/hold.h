/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways out of a hold have in common. */
#ifndef DECIDE_HOLD_HOLD_H
#define DECIDE_HOLD_HOLD_H

#include "decide/rule.h"

/* Looks a hold and its accounts up; it must debit the envelope's party. */
enum reject check_hold(const struct state *state, const struct decision *decision,
	const struct id *hold_id, struct hold *ret_hold, struct account *ret_from,
	struct account *ret_to);

/* Still open, by comparison with engine time: whether its timer has fired does not matter. */
enum reject hold_status_check(const struct hold *hold, int64_t engine_time_ms);

/* Takes back what an open hold set aside; that always fits. */
void hold_lift(struct event *ret_event, const struct hold *hold, const struct account *from,
	const struct account *to);

#endif
