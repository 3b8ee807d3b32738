/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/remittance/route.h"
#include "apply/rule.h"

static void load(const struct state *state, const struct event *event)
{
	const struct event_remittance_returned *e = &event->remittance_returned;
	struct route route;
	struct outbox sent;
	(void)view_route(state, e->away_shard, &route);
	(void)view_outbox(state, e->away_shard, e->number, &sent);
}

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_remittance_returned *e = &event->remittance_returned;
	const struct balance_after *payer;
	struct outbox sent;
	return view_is_another_shard(state, e->away_shard) &&
	       e->number == route_read(state, e->away_shard).answered + 1 &&
	       view_outbox(state, e->away_shard, e->number, &sent) == ANSWER_PRESENT &&
	       transit_posting_is_sound(event, e->away_shard, &payer) &&
	       account_id_equal(&payer->account, &sent.from_account) &&
	       account_id_is_of(&payer->account, &event->party) &&
	       amount_compare(event->effects[0].posting.amount, sent.amount) == 0 &&
	       id_equal(&e->payment_id, &sent.payment_id) &&
	       account_id_equal(&e->to_account, &sent.to_account) && e->purpose == sent.purpose;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_remittance_returned *e = &event->remittance_returned;
	struct route route = route_read(state, e->away_shard);
	mutate_outbox_drop(state, route.shard, e->number);
	route.answered = e->number;
	mutate_route(state, &route);
}

const struct event_rule remittance_returned_v1_rule = {
	.load = load,
	.is_sound = is_sound,
	.change = change,
};
