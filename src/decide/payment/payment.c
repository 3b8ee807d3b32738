/* SPDX-License-Identifier: Apache-2.0 */
/* What a transfer and a hold have in common: from an own account to another one, in one layer or
 * the other. */
#include "decide/payment/payment.h"

#include "base/murmur2.h"
#include "decide/checks.h"
#include "decide/posting.h"

enum reject shape_payment(const struct command *command, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money)
{
	if (from_account->size == 0)
		return REJECT_account_malformed;
	if (to_account->size == 0)
		return REJECT_payee_account_malformed;
	if (!account_id_is_of(from_account, &command->party))
		return REJECT_account_of_another_party;
	if (account_id_equal(from_account, to_account))
		return REJECT_accounts_must_differ;
	return check_money(money);
}

uint32_t account_shard(const struct state *state, const struct account_id *account)
{
	return murmur2_partition(account->at, account->party_size, view_ledger(state)->shards);
}

static enum reject check_payment(const struct state *state, const struct account_id *from_account,
	const struct account_id *to_account, enum currency currency, struct account *ret_from,
	struct account *ret_to)
{
	enum answer from_answer = view_account(state, from_account, ret_from);
	enum answer to_answer = view_account(state, to_account, ret_to);
	if (view_is_missing(state))
		return REJECT_not_loaded;

	if (from_answer == ANSWER_ABSENT)
		return REJECT_account_not_found;
	if (to_answer == ANSWER_ABSENT)
		return REJECT_payee_account_not_found;
	if (ret_from->is_closed)
		return REJECT_account_is_closed;
	if (ret_to->is_closed)
		return REJECT_payee_account_is_closed;
	if (ret_from->currency != currency)
		return REJECT_currency_mismatch;
	return check_payee(to_answer, ret_to, currency);
}

enum reject decide_payment(const struct state *state, const struct account_id *from_account,
	const struct account_id *to_account, const struct money *money, enum layer layer,
	struct event *ret_event)
{
	struct account from, to;
	enum reject reject =
		check_payment(state, from_account, to_account, money->currency, &from, &to);
	if (reject != REJECT_none)
		return reject;
	struct posting_request posting = {
		.debit = &from,
		.credit = &to,
		.amount = money->amount,
		.layer = layer,
		.rail = RAIL_book,
	};
	return posting_add(ret_event, &posting);
}
