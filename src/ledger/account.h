/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: `party/name`, one currency, a class, a floor, and four totals. */
#ifndef LEDGER_ACCOUNT_H
#define LEDGER_ACCOUNT_H

#include "base/amount.h"
#include "base/text.h"
#include "ledger/contract.h"
#include "ledger/currency.h"

enum { PARTY_SIZE_MAX = 64, ACCOUNT_NAME_SIZE_MAX = 32, ACCOUNT_ID_SIZE_MAX = 97 };

/* "alice/main", or "@bank/USD" for one of the platform's own. */
struct account_id {
	uint8_t size;       /* of the whole; 0: absent or malformed */
	uint8_t party_size; /* of what stands before the slash */
	char at[ACCOUNT_ID_SIZE_MAX];
};

/* A member's account: false, and *ret absent, where it is not party/name in their alphabets. */
bool account_id_parse(struct account_id *ret, const char *at, size_t size);

/* "@<name>/<currency>". */
struct account_id account_id_platform(const char *name, enum currency currency);

/* Also takes the platform's: for what Pinion itself has written. */
bool account_id_parse_any(struct account_id *ret, const char *at, size_t size);

/* False: absent, or of no size that one can have. */
static inline bool account_id_is_sound(const struct account_id *id)
{
	return id->size != 0 && id->size <= sizeof id->at;
}

static inline bool account_id_equal(const struct account_id *a, const struct account_id *b)
{
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static inline bool account_id_is_platform(const struct account_id *id)
{
	return id->size != 0 && id->at[0] == '@';
}

static inline bool account_id_is_of(const struct account_id *id, const struct text64 *party)
{
	return id->party_size == party->size && memcmp(id->at, party->at, party->size) == 0;
}

/* No total grows past this, so that no difference of three of them overflows. Minor units. */
#define ACCOUNT_TOTAL_MAX (INT64_MAX / 2)

/* Posted totals only grow; pending ones equal the open holds. */
struct balances {
	struct amount debits_posted;
	struct amount credits_posted;
	struct amount debits_pending;
	struct amount credits_pending;
};

/* Posted, in the account's own direction: an asset's debits - credits, a liability's credits -
 * debits. Totals are bounded so that no difference of two overflows. */
struct amount account_posted(enum account_class account_class, const struct balances *balances);

/* Posted less what open holds set aside from it: what can be spent. May be negative (forced
 * postings). */
struct amount account_available(enum account_class account_class, const struct balances *balances);

#endif
