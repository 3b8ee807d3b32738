/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/platform.h"

#include <assert.h>

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
