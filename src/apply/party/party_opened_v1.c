/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static void change(struct state *state, const struct event *event)
{
	struct party party = {
		.party = event->party_opened.party,
		.kind = event->party_opened.kind,
		.opened_sequence = event->sequence,
	};
	mutate_party(state, &party);
}

const struct event_rule party_opened_v1_rule = { .change = change };
