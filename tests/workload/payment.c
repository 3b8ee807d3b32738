/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

#include <stdio.h>

static struct command funds(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = workload_member(workload);
	struct command command = workload_command(workload, COMMAND_funds_receive, party, now_ms);
	char reference[32];
	uint64_t number = workload_below(workload, 30) == 0 ? 1 : workload->made;
	int size = snprintf(reference, sizeof reference, "wire-%llu", (unsigned long long)number);
	command.funds_receive = (struct command_funds_receive){
		.to_account = workload_some_account(workload, party),
		.amount = workload_money(workload),
		.rail = RAIL_wire,
	};
	text64_set(&command.funds_receive.rail_reference, reference, (size_t)size);
	return command;
}

static struct command transfer(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = workload_member(workload);
	struct command command = workload_command(workload, COMMAND_transfer_create, party, now_ms);
	command.transfer_create = (struct command_transfer_create){
		.from_account = workload_some_account(workload, party),
		.to_account = workload_some_account(workload, workload_payee(workload)),
		.amount = workload_money(workload),
	};
	if (workload_below(workload, 4) == 0)
		text64_set(&command.reference, "order-17", 8);
	return command;
}

const struct traffic payment_traffic[] = { { 15, funds }, { 50, transfer }, { 0 } };
