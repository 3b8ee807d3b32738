/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: checks that stand on the pages of several commands. Each is true where it
 * fails. */
#ifndef TESTS_AUDITOR_CHECKS_H
#define TESTS_AUDITOR_CHECKS_H

#include "rule.h"

/* Texts. */
bool is_made_of(
	const char *at, size_t size, size_t size_max, const char *others, bool has_capitals);
bool is_party_name(const struct text64 *party);
bool is_reference(const struct text64 *text); /* or absent: no */

/* Does another shard decide for this party? */
bool is_elsewhere(const struct request *request, const char *party, size_t size);
bool is_of_envelopes_party(const struct account_id *id, const struct command *command);

/* Shape. */
bool own_is_malformed(const struct request *request);
bool payee_is_malformed(const struct request *request);
bool own_is_of_another_party(const struct request *request);
bool accounts_are_one(const struct request *request);
bool money_has_no_currency(const struct request *request);
bool amount_is_not_positive(const struct request *request);

/* Objects and their state. */
bool payee_is_elsewhere(const struct request *request);
bool own_is_missing(const struct request *request);
bool payee_is_missing(const struct request *request);
bool own_is_closed(const struct request *request);
bool payee_is_closed(const struct request *request);
bool own_currency_differs(const struct request *request);
bool payee_currency_differs(const struct request *request);

/* Balance. Would it grow past its end? A page that is not there stands at zero. */
bool is_over(const struct account_page *page, enum total total, int64_t minor);
int64_t page_available(const struct account_page *page); /* of a member's account */
bool own_has_too_little(const struct request *request);  /* the floor is 0 */

bool payment_overflows(const struct request *request, enum total debits, enum total credits);

/* What they carry: the account's available balance, and what was needed. */
void available_tell(const struct request *request, struct event_command_rejected *ret);
void need_tell(const struct request *request, struct event_command_rejected *ret);

/* What transfers and holds have in common. */
#define PAYMENT_SHAPE                                                               \
	{ REJECT_account_malformed, own_is_malformed, NULL },                       \
		{ REJECT_payee_account_malformed, payee_is_malformed, NULL },       \
		{ REJECT_account_of_another_party, own_is_of_another_party, NULL }, \
		{ REJECT_accounts_must_differ, accounts_are_one, NULL },            \
		{ REJECT_currency_unknown, money_has_no_currency, NULL },           \
	{                                                                           \
		REJECT_amount_not_positive, amount_is_not_positive, NULL            \
	}
#define PAYMENT_STATE(overflows)                                                  \
	{ REJECT_payee_on_another_shard, payee_is_elsewhere, NULL },              \
		{ REJECT_account_not_found, own_is_missing, NULL },               \
		{ REJECT_payee_account_not_found, payee_is_missing, NULL },       \
		{ REJECT_account_is_closed, own_is_closed, NULL },                \
		{ REJECT_payee_account_is_closed, payee_is_closed, NULL },        \
		{ REJECT_currency_mismatch, own_currency_differs, NULL },         \
		{ REJECT_payee_currency_mismatch, payee_currency_differs, NULL }, \
		{ REJECT_balance_overflow, overflows, NULL },                     \
	{                                                                         \
		REJECT_balance_too_low, own_has_too_little, need_tell             \
	}

#endif
