/* SPDX-License-Identifier: Apache-2.0 */
/* Money arrived from outside: from @bank/<currency> to a member's account, once per rail and
 * reference. */
#include "decide/checks.h"
#include "decide/posting.h"
#include "decide/rule.h"
#include "ledger/platform.h"

/* Two years of 366 days: how long a rail's reference stays unique. Milliseconds. */
static const int64_t reference_unique_ms = 2LL * 366 * 86400 * 1000;

static enum reject shape(const struct command *command)
{
	const struct command_funds_receive *c = &command->funds_receive;
	if (c->to_account.size == 0)
		return REJECT_payee_account_malformed;
	if (!account_id_is_of(&c->to_account, &command->party))
		return REJECT_account_of_another_party;
	enum reject reject = check_money(&c->amount);
	if (reject != REJECT_none)
		return reject;
	if (c->rail <= RAIL_none || c->rail >= RAIL_book)
		return REJECT_rail_unknown;
	if (!text_is_reference(&c->rail_reference))
		return REJECT_rail_reference_malformed;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_funds_receive *c = &decision->command->funds_receive;
	enum currency currency = c->amount.currency;
	struct account_id bank_id = account_id_platform("bank", currency);
	struct account bank, payee;
	struct reference reference;
	enum answer bank_answer = view_account(state, &bank_id, &bank);
	enum answer payee_answer = view_account(state, &c->to_account, &payee);
	enum answer reference_answer =
		view_reference(state, (enum rail)c->rail, &c->rail_reference, &reference);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (payee_answer == ANSWER_ABSENT)
		return REJECT_payee_account_not_found;
	if (reference_answer == ANSWER_PRESENT &&
		decision->engine_time_ms - reference.engine_time_ms < reference_unique_ms) {
		ret_event->command_rejected.first_sequence = reference.sequence;
		return REJECT_rail_reference_used;
	}
	enum reject reject = check_payee(payee_answer, &payee, currency);
	if (reject != REJECT_none)
		return reject;

	if (bank_answer == ANSWER_ABSENT)
		bank = account_platform_new(&bank_id, currency);
	struct posting_request posting = {
		.debit = &bank,
		.credit = &payee,
		.amount = c->amount.amount,
		.layer = LAYER_posted,
		.rail = (enum rail)c->rail,
	};
	reject = posting_add(ret_event, &posting);
	if (reject != REJECT_none)
		return reject;

	ret_event->kind = EVENT_funds_received;
	ret_event->funds_received = (struct event_funds_received){
		.rail = (enum rail)c->rail,
		.rail_reference = c->rail_reference,
	};
	return REJECT_none;
}

const struct command_rule funds_receive_rule = { .shape = shape, .outcome = outcome };
