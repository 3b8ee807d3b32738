/* SPDX-License-Identifier: Apache-2.0 */
#include "state/checks.h"

bool total_is_sound(struct amount total)
{
	return !amount_is_negative(total) && amount_minor(total) <= ACCOUNT_TOTAL_MAX;
}

bool totals_are_sound(const struct balances *balances)
{
	return total_is_sound(balances->debits_posted) &&
	       total_is_sound(balances->credits_posted) &&
	       total_is_sound(balances->debits_pending) &&
	       total_is_sound(balances->credits_pending);
}

bool sized_skip(struct bytes *rest, size_t size_max)
{
	if (rest->size == 0 || rest->at[0] > size_max || rest->at[0] >= rest->size)
		return false;
	size_t size = 1u + rest->at[0];
	rest->at += size;
	rest->size -= size;
	return true;
}

bool ledger_is_consistent(const struct ledger *row)
{
	return row->shard < row->shards;
}

bool command_row_is_consistent(const struct command_row *row)
{
	bool is_rejected = row->outcome == EVENT_command_rejected;
	return row->outcome != EVENT_command_repeated &&
	       is_rejected == (row->reject != REJECT_none);
}
