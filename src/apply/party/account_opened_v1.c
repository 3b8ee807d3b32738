/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static void change(struct state *state, const struct event *event)
{
	const struct event_account_opened *e = &event->account_opened;
	struct account account = {
		.id = e->account,
		.currency = e->currency,
		.account_class = e->account_class,
		.has_floor = true,
		.floor = e->floor,
		.opened_sequence = event->sequence,
	};
	mutate_account(state, &account);
}

const struct event_rule account_opened_v1_rule = { .change = change };
