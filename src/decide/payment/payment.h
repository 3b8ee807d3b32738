/* SPDX-License-Identifier: Apache-2.0 */
/* What a transfer and a hold have in common: from an own account to another one. */
#ifndef DECIDE_PAYMENT_PAYMENT_H
#define DECIDE_PAYMENT_PAYMENT_H

#include "state/view.h"

enum reject shape_payment(const struct command *command, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money);

/* Where an account's party lives. */
uint32_t account_shard(const struct state *state, const struct account_id *account);

/* Looks both accounts up, checks them for a payment between them, and adds its posting. Both are of
 * this shard. */
enum reject decide_payment(const struct state *state, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money, enum layer layer,
	struct event *ret_event);

#endif
