/* SPDX-License-Identifier: Apache-2.0 */
/* Money between shards comes of transfers (payment.c), and what shards send each other of what the
 * log says. Here is only what none of them would send, and what moves nothing. */
#include "traffic.h"

static struct command of_shard(struct workload *workload, enum command_kind kind,
	const struct text64 *party, int64_t now_ms)
{
	struct command command = workload_command(workload, kind, party, now_ms);
	command.id.id = (struct id){ { 0 } };
	command.initiator = INITIATOR_system;
	return command;
}

/* Any number of a shard that there may not be, or a number that is far ahead. */
static void place(struct workload *workload, uint32_t *ret_shard, int64_t *ret_number)
{
	*ret_shard = (uint32_t)workload_below(workload, 6);
	*ret_number = workload_below(workload, 2) == 0 ? 0 : (int64_t)1 << 40;
}

static struct command deliver(struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = of_shard(workload, COMMAND_remittance_deliver, party, now_ms);
	struct command_remittance_deliver *body = &command.remittance_deliver;
	place(workload, &body->home_shard, &body->number);
	body->payment_id.id = id_floor_of_time(now_ms);
	body->from_account = workload_some_account(workload, workload_member(workload));
	body->to_account = workload_some_account(workload, party);
	body->amount = workload_money(workload);
	body->purpose = PURPOSE_transfer;
	command.dry_run = workload_below(workload, 4) == 0;
	return command;
}

static struct command settle(struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = of_shard(workload, COMMAND_remittance_settle, party, now_ms);
	struct command_remittance_settle *body = &command.remittance_settle;
	place(workload, &body->away_shard, &body->first_number);
	body->last_number = body->first_number + (int64_t)workload_below(workload, 70);
	return command;
}

static struct command give_back(
	struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = of_shard(workload, COMMAND_remittance_return, party, now_ms);
	struct command_remittance_return *body = &command.remittance_return;
	place(workload, &body->away_shard, &body->number);
	body->reason = REJECT_payee_account_not_found;
	return command;
}

static struct command confirm(struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = of_shard(workload, COMMAND_remittance_confirm, party, now_ms);
	struct command_remittance_confirm *body = &command.remittance_confirm;
	place(workload, &body->home_shard, &body->number);
	return command;
}

const struct rare_traffic remittance_rare_traffic[] = { { deliver }, { settle }, { give_back },
	{ confirm }, { 0 } };
