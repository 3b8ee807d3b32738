/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that several commands share, and the effects that come of them. */
#ifndef DECIDE_CHECKS_H
#define DECIDE_CHECKS_H

#include "state/view.h"

/* CURRENCY_none and not positive, in that order. */
enum reject check_money(const struct money *money);

/* Of the envelope's party. */
enum reject check_own_account(const struct command *command, const struct account_id *account);

/* What every credit to a payee must meet, whichever way it arrives; `answer` is of its look-up. */
enum reject check_payee(enum answer answer, const struct account *payee, enum currency currency);

#endif
