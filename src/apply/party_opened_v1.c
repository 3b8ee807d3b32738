/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

void apply_party_opened_v1(struct state *state, const struct event *event)
{
	struct party party = {
		.kind = event->party_opened.kind,
		.opened_sequence = event->sequence,
	};
	mutate_party(state, &event->party_opened.party, &party);
}
