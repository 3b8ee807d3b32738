/* SPDX-License-Identifier: Apache-2.0 */
/* Open an account of the envelope's party. */
#include "decide/checks.h"
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	const struct command_account_open *c = &command->account_open;
	enum reject reject = check_own_account(command, &c->account);
	if (reject != REJECT_none)
		return reject;
	/* A debit raises what an asset account has available: a member could pay out of one without
	 * end. */
	if (c->account_class != ACCOUNT_CLASS_none && c->account_class != ACCOUNT_CLASS_liability)
		return REJECT_account_class_unsupported;
	if (c->currency == CURRENCY_none)
		return REJECT_currency_unknown;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_account_open *c = &decision->command->account_open;
	struct party party;
	struct account account;
	enum answer party_answer = view_party(state, &decision->command->party, &party);
	enum answer account_answer = view_account(state, &c->account, &account);
	if (view_is_missing(state))
		return REJECT_not_loaded;
	if (party_answer == ANSWER_ABSENT)
		return REJECT_party_not_found;
	if (account_answer == ANSWER_PRESENT)
		return REJECT_account_exists;

	ret_event->kind = EVENT_account_opened;
	ret_event->account_opened = (struct event_account_opened){
		.account = c->account,
		.currency = c->currency,
		.account_class = ACCOUNT_CLASS_liability,
		.floor = AMOUNT_ZERO,
	};
	return REJECT_none;
}

const struct command_rule account_open_rule = { .shape = shape, .outcome = outcome };
