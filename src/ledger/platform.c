/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/platform.h"

#include <assert.h>
#include <string.h>

struct account account_platform_new(const struct account_id *id, enum currency currency)
{
	assert(account_id_is_platform(id));
	bool is_bank = id->party_size == 5 && memcmp(id->at, "@bank", 5) == 0;
	return (struct account){
		.id = *id,
		.currency = currency,
		.account_class = is_bank ? ACCOUNT_CLASS_asset : ACCOUNT_CLASS_liability,
	};
}

struct account_id account_id_transit(enum currency currency, uint32_t shard)
{
	struct account_id id = account_id_platform("transit", currency);
	char digits[10];
	uint8_t count = 0;
	do
		digits[count++] = (char)('0' + shard % 10);
	while ((shard /= 10) != 0);
	id.at[id.size++] = '.';
	while (count > 0)
		id.at[id.size++] = digits[--count];
	return id;
}
