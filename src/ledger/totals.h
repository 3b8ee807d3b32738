/* SPDX-License-Identifier: Apache-2.0 */
/* What a posting does to an account's totals: to work it out, and to check what was worked out. */
#ifndef LEDGER_TOTALS_H
#define LEDGER_TOTALS_H

#include "ledger/account.h"

static inline bool total_add(struct amount *total, struct amount amount)
{
	struct amount sum;
	if (!amount_add(&sum, *total, amount) ||
		amount_compare(sum, amount_of(ACCOUNT_TOTAL_MAX)) > 0)
		return false;
	*total = sum;
	return true;
}

static inline bool total_lift(struct amount *total, struct amount amount)
{
	struct amount rest;
	if (!amount_subtract(&rest, *total, amount) || amount_is_negative(rest))
		return false;
	*total = rest;
	return true;
}

static inline bool side_post(
	enum layer layer, struct amount *posted, struct amount *pending, struct amount amount)
{
	switch (layer) {
	case LAYER_posted:
		return total_add(posted, amount);
	case LAYER_pending:
		return total_add(pending, amount);
	case LAYER_pending_lifted:
		return total_lift(pending, amount);
	case LAYER_none:
		break;
	}
	return false;
}

/* One side of a posting. False: a total would pass ACCOUNT_TOTAL_MAX, or more is lifted than is
 * pending; then the balances are what they were. */
static inline bool balances_debit(struct balances *balances, enum layer layer, struct amount amount)
{
	return side_post(layer, &balances->debits_posted, &balances->debits_pending, amount);
}

static inline bool balances_credit(
	struct balances *balances, enum layer layer, struct amount amount)
{
	return side_post(layer, &balances->credits_posted, &balances->credits_pending, amount);
}

#endif
