/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_command_repeated_v1(struct state *state, const struct event *event)
{
	(void)state;
	(void)event; /* the first outcome stands */
}
