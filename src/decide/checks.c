/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/checks.h"

enum reject check_money(const struct money *money)
{
	if (!money->is_absent && money->currency == CURRENCY_none)
		return REJECT_currency_unknown;
	if (money->is_absent || !amount_is_positive(money->amount))
		return REJECT_amount_not_positive;
	return REJECT_none;
}

enum reject check_own_account(const struct command *command, const struct account_id *account)
{
	if (account->size == 0)
		return REJECT_account_malformed;
	if (!account_id_is_of(account, &command->party))
		return REJECT_account_of_another_party;
	return REJECT_none;
}

enum reject check_payee(enum answer answer, const struct account *payee, enum currency currency)
{
	if (answer == ANSWER_ABSENT)
		return REJECT_payee_account_not_found;
	if (payee->is_closed)
		return REJECT_payee_account_is_closed;
	if (payee->currency != currency)
		return REJECT_payee_currency_mismatch;
	return REJECT_none;
}
