/* SPDX-License-Identifier: Apache-2.0 */
/* Money from another shard arrives: credited, or refused with what a payment on this shard would
 * have been refused with. Either way its number is taken. */
#include "decide/checks.h"
#include "decide/posting.h"
#include "decide/remittance/remittance.h"
#include "ledger/platform.h"

static enum reject shape(const struct command *command)
{
	const struct command_remittance_deliver *c = &command->remittance_deliver;
	enum reject reject = shape_of_shard(command);
	if (reject != REJECT_none)
		return reject;
	bool is_sound = c->number >= 1 && !c->payment_id.is_malformed &&
			!id_is_absent(&c->payment_id.id) && c->from_account.size != 0 &&
			account_id_is_of(&c->to_account, &command->party) &&
			purpose_is_known(c->purpose) && check_money(&c->amount) == REJECT_none;
	return is_sound ? REJECT_none : REJECT_remittance_malformed;
}

static enum reject credit(const struct state *state, const struct command_remittance_deliver *c,
	struct event *ret_event)
{
	enum currency currency = c->amount.currency;
	struct account_id transit_id = account_id_transit(currency, c->home_shard);
	struct account transit, payee;
	enum answer transit_answer = view_account(state, &transit_id, &transit);
	enum answer payee_answer = view_account(state, &c->to_account, &payee);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	enum reject reject = check_payee(payee_answer, &payee, currency);
	if (reject != REJECT_none)
		return reject;
	if (transit_answer == ANSWER_ABSENT)
		transit = account_platform_new(&transit_id, currency);
	struct posting_request posting = {
		.debit = &transit,
		.credit = &payee,
		.amount = c->amount.amount,
		.layer = LAYER_posted,
		.rail = RAIL_book,
	};
	return posting_add(ret_event, &posting);
}

static void received(const struct command_remittance_deliver *c, struct event *ret_event)
{
	ret_event->kind = EVENT_payment_received;
	ret_event->payment_received = (struct event_payment_received){
		.payment_id = c->payment_id.id,
		.home_shard = c->home_shard,
		.number = c->number,
		.from_account = c->from_account,
		.purpose = (enum purpose)c->purpose,
	};
}

static void refused(
	const struct command_remittance_deliver *c, enum reject reason, struct event *ret_event)
{
	ret_event->effect_count = 0;
	ret_event->balance_count = 0;
	ret_event->kind = EVENT_remittance_refused;
	ret_event->remittance_refused = (struct event_remittance_refused){
		.payment_id = c->payment_id.id,
		.home_shard = c->home_shard,
		.number = c->number,
		.from_account = c->from_account,
		.to_account = c->to_account,
		.amount = c->amount.amount,
		.currency = c->amount.currency,
		.reason = reason,
		.purpose = (enum purpose)c->purpose,
	};
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_remittance_deliver *c = &decision->command->remittance_deliver;
	struct route route;
	if (!view_is_another_shard(state, c->home_shard))
		return REJECT_remittance_malformed;
	(void)view_route(state, c->home_shard, &route);
	enum reject reason = credit(state, c, ret_event);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (c->number <= route.received) {
		ret_event->effect_count = 0;
		ret_event->balance_count = 0;
		return remittance_repeated(ret_event, c->home_shard, c->number, false);
	}
	if (c->number > route.received + 1)
		return REJECT_remittance_out_of_order;
	if (reason == REJECT_none)
		received(c, ret_event);
	else
		refused(c, reason, ret_event);
	return REJECT_none;
}

const struct command_rule remittance_deliver_rule = { .shape = shape, .outcome = outcome };
