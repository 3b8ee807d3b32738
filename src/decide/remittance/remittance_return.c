/* SPDX-License-Identifier: Apache-2.0 */
/* The payee's shard refused this one: the payer gets the money back, on a closed account too. */
#include "decide/posting.h"
#include "decide/remittance/remittance.h"
#include "ledger/platform.h"

#include <assert.h>

static enum reject shape(const struct command *command)
{
	const struct command_remittance_return *c = &command->remittance_return;
	enum reject reject = shape_of_shard(command);
	if (reject != REJECT_none)
		return reject;
	return c->number >= 1 && reject_is_known(c->reason) ? REJECT_none
							    : REJECT_remittance_malformed;
}

static enum reject give_back(
	const struct state *state, const struct outbox *sent, struct event *ret_event)
{
	struct account_id transit_id = account_id_transit(sent->currency, (uint32_t)sent->shard);
	struct account transit, payer;
	enum answer transit_answer = view_account(state, &transit_id, &transit);
	enum answer payer_answer = view_account(state, &sent->from_account, &payer);
	if (view_is_missing(state))
		return REJECT_not_loaded;
	assert(transit_answer == ANSWER_PRESENT && payer_answer == ANSWER_PRESENT);
	struct posting_request posting = {
		.debit = &transit,
		.credit = &payer,
		.amount = sent->amount,
		.layer = LAYER_posted,
		.rail = RAIL_book,
	};
	return posting_add(ret_event, &posting);
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_remittance_return *c = &decision->command->remittance_return;
	struct route route;
	struct outbox sent;
	if (!view_is_another_shard(state, c->away_shard))
		return REJECT_remittance_malformed;
	(void)view_route(state, c->away_shard, &route);
	enum answer answer = view_outbox(state, c->away_shard, c->number, &sent);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (c->number <= route.answered)
		return remittance_repeated(ret_event, c->away_shard, c->number, true);
	if (c->number > route.answered + 1 || c->number > route.sent)
		return REJECT_remittance_out_of_order;
	assert(answer == ANSWER_PRESENT);
	if (!account_id_is_of(&sent.from_account, &decision->command->party))
		return REJECT_remittance_malformed;
	enum reject reject = give_back(state, &sent, ret_event);
	if (reject != REJECT_none)
		return reject;

	ret_event->kind = EVENT_remittance_returned;
	ret_event->remittance_returned = (struct event_remittance_returned){
		.payment_id = sent.payment_id,
		.away_shard = c->away_shard,
		.number = c->number,
		.to_account = sent.to_account,
		.reason = (enum reject)c->reason,
		.purpose = sent.purpose,
	};
	return REJECT_none;
}

const struct command_rule remittance_return_rule = { .shape = shape, .outcome = outcome };
