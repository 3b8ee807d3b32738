/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/effects.h"
#include "apply/rule.h"

static void change(struct state *state, const struct event *event)
{
	effects_apply(state, event);
}

const struct event_rule transfer_posted_v1_rule = { .change = change };
