/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

#include <assert.h>

static void load(const struct state *state, const struct event *event)
{
	struct account account;
	(void)view_account(state, &event->account_closed.account, &account);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	struct account account;
	return view_account(state, &event->account_closed.account, &account) == ANSWER_PRESENT &&
	       !account.is_closed;
}

static void change(struct state *state, const struct event *event)
{
	struct account account;
	enum answer answer = view_account(state, &event->account_closed.account, &account);
	assert(answer == ANSWER_PRESENT && !account.is_closed);
	account.is_closed = true;
	mutate_account(state, &account);
}

const struct event_rule account_closed_v1_rule = {
	.load = load, .is_sound = is_sound, .change = change
};
