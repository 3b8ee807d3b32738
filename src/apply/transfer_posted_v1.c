/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_transfer_posted_v1(struct state *state, const struct event *event)
{
	apply_effects(state, event);
}
