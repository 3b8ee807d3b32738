/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

#include <assert.h>

void apply_account_closed_v1(struct state *state, const struct event *event)
{
	struct account account;
	enum answer answer = view_account(state, &event->account_closed.account, &account);
	assert(answer == ANSWER_PRESENT && !account.is_closed);
	account.is_closed = true;
	mutate_account(state, &account);
}
