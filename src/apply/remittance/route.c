/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/remittance/route.h"

#include "base/murmur2.h"
#include "ledger/platform.h"

#include <assert.h>

struct route route_read(const struct state *state, uint32_t shard)
{
	struct route route;
	enum answer answer = view_route(state, shard, &route);
	assert(answer == ANSWER_PRESENT);
	return route;
}

bool transit_posting_is_sound(
	const struct event *event, uint32_t shard, const struct balance_after **ret_member)
{
	if (event->effect_count != 1 || event->effects[0].kind != EFFECT_posting ||
		event->effects[0].posting.layer != LAYER_posted)
		return false;
	const struct posting *posting = &event->effects[0].posting;
	const struct balance_after *transit = event_debited(event, posting);
	struct account_id wanted = account_id_transit(transit->currency, shard);
	*ret_member = event_credited(event, posting);
	return account_id_equal(&transit->account, &wanted);
}

void remittances_load(const struct state *state, const struct event *event)
{
	struct route route;
	for (unsigned i = 0; i < event->effect_count; i++)
		if (event->effects[i].kind == EFFECT_remittance)
			(void)view_route(state, event->effects[i].remittance.shard, &route);
}

/* The posting before it is the payer's debit: each remittance has one of its own. */
static bool is_debited(const struct event *event, unsigned place)
{
	if (place == 0 || event->effects[place - 1].kind != EFFECT_posting)
		return false;
	const struct remittance *remittance = &event->effects[place].remittance;
	const struct posting *debit = &event->effects[place - 1].posting;
	enum currency currency = event->balances[remittance->from_place - 1].currency;
	struct account_id transit = account_id_transit(currency, remittance->shard);
	return debit->debit_place == remittance->from_place && debit->layer == LAYER_posted &&
	       amount_compare(debit->amount, remittance->amount) == 0 &&
	       account_id_equal(&event_credited(event, debit)->account, &transit);
}

/* How many of the effects before this one go to the same shard. */
static int64_t earlier(const struct event *event, unsigned place)
{
	int64_t count = 0;
	for (unsigned i = 0; i < place; i++)
		count += event->effects[i].kind == EFFECT_remittance &&
			 event->effects[i].remittance.shard ==
				 event->effects[place].remittance.shard;
	return count;
}

static bool remittance_is_sound(
	const struct state *state, const struct event *event, unsigned place)
{
	const struct remittance *remittance = &event->effects[place].remittance;
	const struct account_id *to = &remittance->to_account;
	if (!event->has_command_id || remittance->from_place - 1 >= event->balance_count ||
		!view_is_another_shard(state, remittance->shard) || account_id_is_platform(to) ||
		murmur2_partition(to->at, to->party_size, view_ledger(state)->shards) !=
			remittance->shard)
		return false;
	struct route route = route_read(state, remittance->shard);
	return remittance->number == route.sent + 1 + earlier(event, place) &&
	       is_debited(event, place);
}

bool remittances_are_sound(const struct state *state, const struct event *event)
{
	for (unsigned i = 0; i < event->effect_count; i++)
		if (event->effects[i].kind == EFFECT_remittance &&
			!remittance_is_sound(state, event, i))
			return false;
	return true;
}

static void remittance_apply(
	struct state *state, const struct event *event, const struct remittance *remittance)
{
	const struct balance_after *from = &event->balances[remittance->from_place - 1];
	struct route route = route_read(state, remittance->shard);
	struct outbox sent = {
		.shard = remittance->shard,
		.number = remittance->number,
		.payment_id = event->command_id,
		.group_id = event->group_id,
		.currency = from->currency,
		.amount = remittance->amount,
		.purpose = remittance->purpose,
		.sequence = event->sequence,
		.sent_at_ms = event->engine_time_ms,
		.from_account = from->account,
		.to_account = remittance->to_account,
		.reference = event->reference,
	};
	route.sent = remittance->number;
	mutate_route(state, &route);
	mutate_outbox(state, &sent);
}

void remittances_apply(struct state *state, const struct event *event)
{
	for (unsigned i = 0; i < event->effect_count; i++)
		if (event->effects[i].kind == EFFECT_remittance)
			remittance_apply(state, event, &event->effects[i].remittance);
}
