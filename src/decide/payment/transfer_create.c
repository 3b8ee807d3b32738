/* SPDX-License-Identifier: Apache-2.0 */
/* Move money between parties or between own accounts: at once, or to another shard. */
#include "decide/payment/payment.h"
#include "decide/remittance/remittance.h"

static enum reject shape(const struct command *command)
{
	const struct command_transfer_create *c = &command->transfer_create;
	return shape_payment(command, &c->from_account, &c->to_account, &c->amount);
}

static enum reject send(const struct state *state, const struct command_transfer_create *c,
	uint32_t shard, struct event *ret_event)
{
	struct sending sending = {
		.from_account = &c->from_account,
		.to_account = &c->to_account,
		.money = &c->amount,
		.purpose = PURPOSE_transfer,
		.shard = shard,
	};
	ret_event->kind = EVENT_transfer_sent;
	return remittance_send(state, &sending, ret_event);
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command_transfer_create *c = &decision->command->transfer_create;
	uint32_t payee_shard = account_shard(state, &c->to_account);
	if (payee_shard != view_ledger(state)->shard)
		return send(state, c, payee_shard, ret_event);

	enum reject reject = decide_payment(
		state, &c->from_account, &c->to_account, &c->amount, LAYER_posted, ret_event);
	if (reject != REJECT_none)
		return reject;

	ret_event->kind = EVENT_transfer_posted;
	ret_event->transfer_posted.own_accounts =
		account_id_is_of(&c->to_account, &decision->command->party);
	return REJECT_none;
}

const struct command_rule transfer_create_rule = { .shape = shape, .outcome = outcome };
