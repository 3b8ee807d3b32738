/* SPDX-License-Identifier: Apache-2.0 */
#include "state/keys.h"

#include <assert.h>

struct state_key state_key_of(struct row_key key)
{
	struct state_key ret;
	assert(1u + key.size <= sizeof ret.at);
	ret.size = (uint8_t)(1 + key.size);
	ret.at[0] = key.table;
	if (key.size != 0)
		memcpy(ret.at + 1, key.at, key.size);
	return ret;
}
