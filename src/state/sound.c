/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows can have been written here. A store tells by its checksums that it was damaged; that
 * a row was wrong before it had one, only this tells. Nothing past it looks at sizes again. */
#include "state/view.h"

#include "base/pack.h"
#include "state/keys.h"

static bool time_is_sound(int64_t time_ms)
{
	return time_ms >= 0 && time_ms <= ID_TIME_MS_MAX;
}

static bool currency_is_sound(enum currency currency)
{
	return currency_name(currency)[0] != '\0';
}

static bool total_is_sound(struct amount total)
{
	return !amount_is_negative(total) && amount_minor(total) <= ACCOUNT_TOTAL_MAX;
}

static bool ledger_is_sound(struct bytes key, const uint8_t *value)
{
	struct ledger ledger;
	ledger_unpack(value, &ledger);
	return key.size == 1 && !id_is_absent(&ledger.ledger_id) && ledger.shard < ledger.shards &&
	       time_is_sound(ledger.id_too_old_ms) && time_is_sound(ledger.id_too_new_ms);
}

static bool party_is_sound(struct bytes key, const uint8_t *value)
{
	return text_is_name((const char *)key.at + 1, key.size - 1, PARTY_SIZE_MAX) &&
	       party_kind_is_known(value[0]) && unpack_i64(value + 1) >= 1;
}

/* The platform's own were never opened. */
static bool account_is_sound(struct bytes key, const uint8_t *value)
{
	struct account account;
	if (!account_id_parse_any(&account.id, (const char *)key.at + 1, key.size - 1))
		return false;
	account_unpack(value, &account);
	const struct balances *balances = &account.balances;
	return currency_is_sound(account.currency) && account_class_is_known(value[2]) &&
	       value[3] <= 3 && total_is_sound(balances->debits_posted) &&
	       total_is_sound(balances->credits_posted) &&
	       total_is_sound(balances->debits_pending) &&
	       total_is_sound(balances->credits_pending) && account.opened_sequence >= 0;
}

static bool command_is_sound(struct bytes key, const uint8_t *value)
{
	struct command_row row;
	command_row_unpack(value, &row);
	bool is_rejected = row.outcome == EVENT_command_rejected;
	return key.size == 1 + sizeof(struct id) && row.sequence >= 1 &&
	       event_name(row.outcome)[0] != '\0' && row.outcome != EVENT_command_repeated &&
	       (is_rejected ? reject_name(row.reject)[0] != '\0' : row.reject == REJECT_none) &&
	       topic_is_known((int32_t)row.topic) && row.offset >= 0;
}

/* A text of at most `size_max` bytes with its size before it. */
static bool sized_take(struct bytes *rest, size_t size_max, struct bytes *ret)
{
	if (rest->size == 0 || rest->at[0] > size_max || rest->at[0] >= rest->size)
		return false;
	*ret = (struct bytes){ rest->at + 1, rest->at[0] };
	rest->at += 1 + ret->size;
	rest->size -= 1 + ret->size;
	return true;
}

static bool hold_is_sound(struct bytes key, struct bytes value)
{
	struct hold hold;
	struct bytes rest, reason, from, to;
	if (key.size != 1 + sizeof(struct id) || value.size < HOLD_FIXED_SIZE)
		return false;
	rest = (struct bytes){ value.at + HOLD_FIXED_SIZE, value.size - HOLD_FIXED_SIZE };
	if (!sized_take(&rest, sizeof hold.reason.at, &reason) ||
		!sized_take(&rest, ACCOUNT_ID_SIZE_MAX, &from) ||
		!sized_take(&rest, ACCOUNT_ID_SIZE_MAX, &to) || rest.size != 0 ||
		!account_id_parse_any(&hold.from_account, (const char *)from.at, from.size) ||
		!account_id_parse_any(&hold.to_account, (const char *)to.at, to.size))
		return false;
	hold_unpack(value.at, &hold);
	return value.at[0] >= HOLD_open && value.at[0] <= HOLD_expired &&
	       currency_is_sound(hold.currency) && total_is_sound(hold.amount) &&
	       total_is_sound(hold.captured) && hold.expires_at_ms >= 0 &&
	       text_is_reason(&hold.reason);
}

static bool reference_is_sound(struct bytes key, const uint8_t *value)
{
	struct text64 reference;
	if (key.size < 2 || !rail_is_known(key.at[1]))
		return false;
	text64_set(&reference, (const char *)key.at + 2, key.size - 2);
	return text_is_reference(&reference) && unpack_i64(value) >= 1 &&
	       time_is_sound(unpack_i64(value + 8));
}

static bool timer_is_sound(struct bytes key, const uint8_t *value)
{
	return key.size == 1 + 8 + sizeof(struct id) && unpack_i64_sorted(key.at + 1) >= 0 &&
	       timer_kind_is_known(value[0]);
}

bool row_is_sound(struct bytes key, struct bytes value)
{
	if (key.size == 0 || key.size > STATE_KEY_SIZE_MAX || key.at[0] < TABLE_ledger ||
		key.at[0] > TABLE_timer)
		return false;
	enum table table = (enum table)key.at[0];
	size_t size_max = table_value_size_max(key.at[0]);
	if (table == TABLE_hold ? value.size > size_max : value.size != size_max)
		return false;
	switch (table) {
	case TABLE_position:
		break;
	case TABLE_ledger:
		return ledger_is_sound(key, value.at);
	case TABLE_party:
		return party_is_sound(key, value.at);
	case TABLE_account:
		return account_is_sound(key, value.at);
	case TABLE_command:
		return command_is_sound(key, value.at);
	case TABLE_hold:
		return hold_is_sound(key, value);
	case TABLE_reference:
		return reference_is_sound(key, value.at);
	case TABLE_timer:
		return timer_is_sound(key, value.at);
	}
	return false;
}
