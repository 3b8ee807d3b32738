/* SPDX-License-Identifier: Apache-2.0 */
/* Close an empty account, for good. */
#include "decide/checks.h"
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	return check_own_account(command, &command->account_close.account);
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct account_id *id = &decision->command->account_close.account;
	struct account account;
	enum answer answer = view_account(state, id, &account);
	if (view_is_missing(state))
		return REJECT_not_loaded;
	if (answer == ANSWER_ABSENT)
		return REJECT_account_not_found;
	if (account.is_closed)
		return REJECT_account_is_closed;
	if (!amount_is_zero(account.balances.debits_pending) ||
		!amount_is_zero(account.balances.credits_pending))
		return REJECT_account_has_holds;
	struct amount posted = account_posted(account.account_class, &account.balances);
	if (!amount_is_zero(posted)) {
		ret_event->command_rejected.available = posted;
		ret_event->command_rejected.currency = account.currency;
		return REJECT_account_not_empty;
	}

	ret_event->kind = EVENT_account_closed;
	ret_event->account_closed.account = *id;
	return REJECT_none;
}

const struct command_rule account_close_rule = { .shape = shape, .outcome = outcome };
