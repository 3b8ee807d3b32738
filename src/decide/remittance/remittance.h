/* SPDX-License-Identifier: Apache-2.0 */
/* Money between shards: sending it, and what the commands about it have in common. */
#ifndef DECIDE_REMITTANCE_REMITTANCE_H
#define DECIDE_REMITTANCE_REMITTANCE_H

#include "decide/rule.h"

/* Debits an account of ours for a party of another shard: one posting into @transit, and the
 * remittance. Its rejects are those of any payment that concern the payer. */
struct sending {
	const struct account_id *from_account;
	const struct account_id *to_account;
	const struct money *money;
	enum purpose purpose;
	uint32_t shard; /* the payee's */
};
enum reject remittance_send(
	const struct state *state, const struct sending *sending, struct event *ret_event);

/* What no command of one shard to another may have. */
enum reject shape_of_shard(const struct command *command);

enum reject remittance_repeated(
	struct event *ret_event, uint32_t shard, int64_t number, bool was_answer);

#endif
