/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/remittance/remittance.h"

#include "decide/posting.h"
#include "ledger/platform.h"

#include <assert.h>

static void remittance_add(
	struct event *ret_event, const struct sending *sending, const struct route *route)
{
	const struct posting *posting = &ret_event->effects[ret_event->effect_count - 1].posting;
	uint32_t from_place = posting->debit_place;
	assert(ret_event->effect_count < EFFECTS_PER_EVENT_MAX);
	ret_event->effects[ret_event->effect_count++] = (struct effect){
		.kind = EFFECT_remittance,
		.remittance = {
			.shard = sending->shard,
			.number = route->sent + 1,
			.from_place = from_place,
			.to_account = *sending->to_account,
			.amount = sending->money->amount,
			.purpose = sending->purpose,
		},
	};
}

enum reject remittance_send(
	const struct state *state, const struct sending *sending, struct event *ret_event)
{
	enum currency currency = sending->money->currency;
	struct account_id transit_id = account_id_transit(currency, sending->shard);
	struct account from, transit;
	struct route route;
	enum answer from_answer = view_account(state, sending->from_account, &from);
	enum answer transit_answer = view_account(state, &transit_id, &transit);
	(void)view_route(state, sending->shard, &route);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (from_answer == ANSWER_ABSENT)
		return REJECT_account_not_found;
	if (from.is_closed)
		return REJECT_account_is_closed;
	if (from.currency != currency)
		return REJECT_currency_mismatch;

	if (transit_answer == ANSWER_ABSENT)
		transit = account_platform_new(&transit_id, currency);
	struct posting_request posting = {
		.debit = &from,
		.credit = &transit,
		.amount = sending->money->amount,
		.layer = LAYER_posted,
		.rail = RAIL_book,
	};
	enum reject reject = posting_add(ret_event, &posting);
	if (reject == REJECT_none)
		remittance_add(ret_event, sending, &route);
	return reject;
}

enum reject shape_of_shard(const struct command *command)
{
	if (command->dry_run)
		return REJECT_dry_run_between_shards;
	return id_is_absent(&command->id.id) ? REJECT_none : REJECT_remittance_malformed;
}

enum reject remittance_repeated(
	struct event *ret_event, uint32_t shard, int64_t number, bool was_answer)
{
	ret_event->kind = EVENT_remittance_repeated;
	ret_event->remittance_repeated = (struct event_remittance_repeated){
		.shard = shard,
		.number = number,
		.was_answer = was_answer,
	};
	return REJECT_none;
}
