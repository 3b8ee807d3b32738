/* SPDX-License-Identifier: Apache-2.0 */
/* The ways out of an open hold. */
#ifndef APPLY_HOLD_HOLD_END_H
#define APPLY_HOLD_HOLD_END_H

#include "state/mutate.h"

void hold_load(const struct state *state, const struct id *hold_id);
bool hold_is_open(const struct state *state, const struct id *hold_id);

/* The hold gets its last status, and its timer is gone. */
void hold_end(struct state *state, const struct id *hold_id, enum hold_status status,
	struct amount captured);

#endif
