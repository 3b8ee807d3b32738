/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_command_rejected_v1(struct state *state, const struct event *event)
{
	(void)state;
	(void)event; /* its row and its place are kept as for every outcome */
}
