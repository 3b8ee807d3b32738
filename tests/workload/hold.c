/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

static struct command hold(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = workload_member(workload);
	struct command command = workload_command(workload, COMMAND_hold_create, party, now_ms);
	command.hold_create = (struct command_hold_create){
		.from_account = workload_some_account(workload, party),
		.to_account = workload_some_account(workload, workload_member(workload)),
		.amount = workload_money(workload),
		.expires_in_s = 1 + (int64_t)workload_below(
					    workload, (uint64_t)workload->hold_expires_s_max),
	};
	text64_set(&command.hold_create.reason, "card_purchase", 13);
	workload->holds[workload->hold_count % WORKLOAD_HOLDS] = command.id.id;
	workload->hold_parties[workload->hold_count++ % WORKLOAD_HOLDS] = *party;
	return command;
}

static struct command hold_end(struct workload *workload, int64_t now_ms)
{
	if (workload->hold_count == 0)
		return hold(workload, now_ms);
	unsigned known =
		workload->hold_count < WORKLOAD_HOLDS ? workload->hold_count : WORKLOAD_HOLDS;
	size_t i = workload_below(workload, known);
	bool captures = workload_below(workload, 2) == 0;
	struct command command =
		workload_command(workload, captures ? COMMAND_hold_capture : COMMAND_hold_release,
			&workload->hold_parties[i], now_ms);
	if (!captures) {
		command.hold_release.hold_id.id = workload->holds[i];
		return command;
	}
	command.hold_capture.hold_id.id = workload->holds[i];
	command.hold_capture.amount = workload_money(workload);
	command.hold_capture.amount.is_absent = workload_below(workload, 2) == 0;
	return command;
}

const struct traffic hold_traffic[] = { { 18, hold }, { 14, hold_end }, { 0 } };
