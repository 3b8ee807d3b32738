/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

struct command workload_opening(struct workload *workload, int64_t now_ms)
{
	const struct text64 *party = &workload->members[workload->opened / WORKLOAD_OPENINGS];
	unsigned step = workload->opened++ % WORKLOAD_OPENINGS;
	struct command command = workload_command(
		workload, step == 0 ? COMMAND_party_open : COMMAND_account_open, party, now_ms);
	if (step == 0)
		command.party_open.kind = PARTY_KIND_person;
	else
		command.account_open = (struct command_account_open){
			.account = workload_account(party, step == 1 ? "main" : "euro"),
			.currency = step == 1 ? CURRENCY_USD : CURRENCY_EUR,
		};
	return command;
}

static struct command party_again(
	struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = workload_command(workload, COMMAND_party_open, party, now_ms);
	command.party_open.kind = PARTY_KIND_business;
	return command;
}

/* Closed ones are opened again under the same name, which is refused. */
static struct command account_again(
	struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = workload_command(workload, COMMAND_account_open, party, now_ms);
	command.account_open.account = workload_account(party, "euro");
	command.account_open.currency = CURRENCY_EUR;
	return command;
}

static struct command account_close(
	struct workload *workload, const struct text64 *party, int64_t now_ms)
{
	struct command command = workload_command(workload, COMMAND_account_close, party, now_ms);
	command.account_close.account = workload_account(party, "euro");
	return command;
}

const struct rare_traffic party_rare_traffic[] = { { party_again }, { account_again },
	{ account_close }, { 0 } };
