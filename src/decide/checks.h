/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that several commands share, and the effects that come of them. */
#ifndef DECIDE_CHECKS_H
#define DECIDE_CHECKS_H

#include "state/view.h"

/* CURRENCY_none and not positive, in that order. */
enum reject check_money(const struct money *money);

/* Of the envelope's party. */
enum reject check_own_account(const struct command *command, const struct account_id *account);

/* From an own account to another one, and how much. */
enum reject shape_payment(const struct command *command, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money);

/* Looks both accounts up, checks them for a payment between them, and adds its posting. */
enum reject decide_payment(const struct state *state, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money, enum layer layer,
	struct event *ret_event);

/* Looks a hold and its accounts up; it must debit the envelope's party. */
struct decision;
enum reject check_hold(const struct state *state, const struct decision *decision,
	const struct id *hold_id, struct hold *ret_hold, struct account *ret_from,
	struct account *ret_to);

/* Still open, by comparison with engine time: whether its timer has fired does not matter. */
enum reject hold_status_check(const struct hold *hold, int64_t engine_time_ms);

/* What every credit to a payee must meet, whichever way it arrives; `answer` is of its look-up. */
enum reject check_payee(enum answer answer, const struct account *payee, enum currency currency);

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
