/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/account.h"

#include <assert.h>

/* "USD", "USD.3". */
static bool is_platform_name(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!((at[i] >= 'A' && at[i] <= 'Z') || (at[i] >= '0' && at[i] <= '9') ||
			    at[i] == '.'))
			return false;
	return size != 0 && size <= ACCOUNT_NAME_SIZE_MAX;
}

static bool parse(struct account_id *ret, const char *at, size_t size, bool platform_too)
{
	*ret = (struct account_id){ 0 };
	if (size > ACCOUNT_ID_SIZE_MAX)
		return false;
	const char *slash = size == 0 ? NULL : memchr(at, '/', size);
	if (!slash)
		return false;

	size_t party_size = (size_t)(slash - at);
	size_t name_size = size - party_size - 1;
	bool is_platform = platform_too && at[0] == '@';
	if (is_platform) {
		if (!text_is_name(at + 1, party_size - 1, PARTY_SIZE_MAX - 1) ||
			!is_platform_name(slash + 1, name_size))
			return false;
	} else if (!text_is_name(at, party_size, PARTY_SIZE_MAX) ||
		   !text_is_name(slash + 1, name_size, ACCOUNT_NAME_SIZE_MAX)) {
		return false;
	}

	ret->size = (uint8_t)size;
	ret->party_size = (uint8_t)party_size;
	memcpy(ret->at, at, size);
	return true;
}

bool account_id_parse(struct account_id *ret, const char *at, size_t size)
{
	return parse(ret, at, size, false);
}

bool account_id_parse_any(struct account_id *ret, const char *at, size_t size)
{
	return parse(ret, at, size, true);
}

struct account_id account_id_platform(const char *name, enum currency currency)
{
	struct account_id id = { 0 };
	size_t size = strlen(name);
	assert(currency != CURRENCY_none);
	assert(size >= 1 && size <= 16);
	id.at[0] = '@';
	memcpy(id.at + 1, name, size);
	id.at[1 + size] = '/';
	memcpy(id.at + 2 + size, currency_name(currency), 3);
	id.party_size = (uint8_t)(1 + size);
	id.size = (uint8_t)(size + 5);
	return id;
}

struct amount account_posted(enum account_class account_class, const struct balances *balances)
{
	struct amount posted = AMOUNT_ZERO;
	bool fits = account_class == ACCOUNT_CLASS_asset
			    ? amount_subtract(
				      &posted, balances->debits_posted, balances->credits_posted)
			    : amount_subtract(
				      &posted, balances->credits_posted, balances->debits_posted);
	assert(fits);
	return posted;
}

struct amount account_available(enum account_class account_class, const struct balances *balances)
{
	struct amount available = account_posted(account_class, balances);
	bool fits = amount_subtract(&available, available,
		account_class == ACCOUNT_CLASS_asset ? balances->credits_pending
						     : balances->debits_pending);
	assert(fits);
	return available;
}
