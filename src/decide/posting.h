/* SPDX-License-Identifier: Apache-2.0 */
/* The effects that come of a decision. */
#ifndef DECIDE_POSTING_H
#define DECIDE_POSTING_H

#include "state/view.h"

/* Appends a posting between two accounts to the event and works out the balances after it. `debit`
 * and `credit` are as before the event; an account that stands in the event already goes on from
 * there. balance_overflow: a total would grow past what fits. balance_too_low: unless forced, the
 * available balance of one that it lowers would go below its floor; numbers are left in
 * ret_event->command_rejected. */
struct posting_request {
	const struct account *debit;
	const struct account *credit;
	struct amount amount;
	enum layer layer;
	enum rail rail;
};
enum reject posting_add(struct event *ret_event, const struct posting_request *request);

#endif
