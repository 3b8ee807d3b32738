/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as bytes. A change here is a new STATE_FORMAT: stores of another one are rebuilt from the
 * log. */
#include "state/keys.h"

#include "base/pack.h"

#include <assert.h>

enum {
	LEDGER_VALUE_SIZE = 16 + 4 + 4 + 4 + 8 + 8,
	PARTY_VALUE_SIZE = 1 + 8,
	ACCOUNT_VALUE_SIZE = 2 + 1 + 1 + 8 + 4 * 8 + 8,
	COMMAND_VALUE_SIZE = DIGEST_SIZE + 8 + 1 + 1 + 1 + 8,
	HOLD_VALUE_SIZE_MAX = HOLD_FIXED_SIZE + 1 + 32 + 2 * (1 + ACCOUNT_ID_SIZE_MAX),
	REFERENCE_VALUE_SIZE = 8 + 8,
	TIMER_VALUE_SIZE = 1,
};
_Static_assert((int)HOLD_VALUE_SIZE_MAX <= (int)STATE_VALUE_SIZE_MAX, "values fit");
_Static_assert(1 + 1 + sizeof((struct text64){ 0 }.at) <= STATE_KEY_SIZE_MAX, "keys fit");

size_t table_value_size_max(uint8_t table)
{
	switch ((enum table)table) {
	case TABLE_position:
		break;
	case TABLE_ledger:
		return LEDGER_VALUE_SIZE;
	case TABLE_party:
		return PARTY_VALUE_SIZE;
	case TABLE_account:
		return ACCOUNT_VALUE_SIZE;
	case TABLE_command:
		return COMMAND_VALUE_SIZE;
	case TABLE_hold:
		return HOLD_VALUE_SIZE_MAX;
	case TABLE_reference:
		return REFERENCE_VALUE_SIZE;
	case TABLE_timer:
		return TIMER_VALUE_SIZE;
	}
	assert(table != table);
	return 0;
}

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

struct state_key key_reference(enum rail rail, const struct text64 *reference)
{
	uint8_t at[1 + sizeof reference->at];
	at[0] = (uint8_t)rail;
	memcpy(at + 1, reference->at, reference->size);
	return state_key_of(
		(struct row_key){ TABLE_reference, (uint8_t)(1 + reference->size), at });
}

struct state_key key_timer(const struct timer *timer)
{
	uint8_t at[8 + 16];
	(void)pack_bytes(pack_i64_sorted(at, timer->due_ms), timer->id.at, sizeof timer->id.at);
	return state_key_of((struct row_key){ TABLE_timer, sizeof at, at });
}

void timer_unkey(const uint8_t *key, const uint8_t *value, struct timer *ret)
{
	ret->due_ms = unpack_i64_sorted(key + 1);
	memcpy(ret->id.at, key + 9, sizeof ret->id.at);
	ret->kind = (enum timer_kind)value[0];
}

size_t ledger_pack(const struct ledger *ledger, uint8_t *ret)
{
	uint8_t *p = pack_bytes(ret, ledger->ledger_id.at, sizeof ledger->ledger_id.at);
	p = pack_u32(p, ledger->shard);
	p = pack_u32(p, ledger->shards);
	p = pack_u32(p, ledger->format);
	p = pack_i64(p, ledger->id_too_old_ms);
	p = pack_i64(p, ledger->id_too_new_ms);
	return (size_t)(p - ret);
}

void ledger_unpack(const uint8_t *p, struct ledger *ret)
{
	memcpy(ret->ledger_id.at, p, sizeof ret->ledger_id.at);
	ret->shard = unpack_u32(p + 16);
	ret->shards = unpack_u32(p + 20);
	ret->format = unpack_u32(p + 24);
	ret->id_too_old_ms = unpack_i64(p + 28);
	ret->id_too_new_ms = unpack_i64(p + 36);
}

size_t account_pack(const struct account *account, uint8_t *ret)
{
	uint8_t *p = pack_u16(ret, (uint16_t)account->currency);
	p = pack_u8(p, (uint8_t)account->account_class);
	p = pack_u8(p, (uint8_t)(account->is_closed | account->has_floor << 1));
	p = pack_i64(p, amount_minor(account->floor));
	p = pack_i64(p, amount_minor(account->balances.debits_posted));
	p = pack_i64(p, amount_minor(account->balances.credits_posted));
	p = pack_i64(p, amount_minor(account->balances.debits_pending));
	p = pack_i64(p, amount_minor(account->balances.credits_pending));
	p = pack_i64(p, account->opened_sequence);
	return (size_t)(p - ret);
}

void account_unpack(const uint8_t *p, struct account *ret)
{
	ret->currency = (enum currency)unpack_u16(p);
	ret->account_class = (enum account_class)p[2];
	ret->is_closed = p[3] & 1;
	ret->has_floor = p[3] >> 1 & 1;
	ret->floor = amount_of(unpack_i64(p + 4));
	ret->balances.debits_posted = amount_of(unpack_i64(p + 12));
	ret->balances.credits_posted = amount_of(unpack_i64(p + 20));
	ret->balances.debits_pending = amount_of(unpack_i64(p + 28));
	ret->balances.credits_pending = amount_of(unpack_i64(p + 36));
	ret->opened_sequence = unpack_i64(p + 44);
}

size_t command_row_pack(const struct command_row *row, uint8_t *ret)
{
	uint8_t *p = pack_bytes(ret, row->digest.at, DIGEST_SIZE);
	p = pack_i64(p, row->sequence);
	p = pack_u8(p, (uint8_t)row->outcome);
	p = pack_u8(p, (uint8_t)row->reject);
	p = pack_u8(p, (uint8_t)row->topic);
	p = pack_i64(p, row->offset);
	return (size_t)(p - ret);
}

void command_row_unpack(const uint8_t *p, struct command_row *ret)
{
	memcpy(ret->digest.at, p, DIGEST_SIZE);
	ret->sequence = unpack_i64(p + 16);
	ret->outcome = (enum event_kind)p[24];
	ret->reject = (enum reject)p[25];
	ret->topic = (enum topic)p[26];
	ret->offset = unpack_i64(p + 27);
}

size_t hold_pack(const struct hold *hold, uint8_t *ret)
{
	uint8_t *p = pack_u8(ret, (uint8_t)hold->status);
	p = pack_u16(p, (uint16_t)hold->currency);
	p = pack_i64(p, amount_minor(hold->amount));
	p = pack_i64(p, amount_minor(hold->captured));
	p = pack_i64(p, hold->expires_at_ms);
	p = pack_u8(p, hold->reason.size);
	p = pack_bytes(p, hold->reason.at, hold->reason.size);
	p = pack_u8(p, hold->from_account.size);
	p = pack_bytes(p, hold->from_account.at, hold->from_account.size);
	p = pack_u8(p, hold->to_account.size);
	p = pack_bytes(p, hold->to_account.at, hold->to_account.size);
	return (size_t)(p - ret);
}

void hold_unpack(const uint8_t *p, struct hold *ret)
{
	ret->status = (enum hold_status)p[0];
	ret->currency = (enum currency)unpack_u16(p + 1);
	ret->amount = amount_of(unpack_i64(p + 3));
	ret->captured = amount_of(unpack_i64(p + 11));
	ret->expires_at_ms = unpack_i64(p + 19);
	p += HOLD_FIXED_SIZE;
	text64_set(&ret->reason, (const char *)p + 1, p[0]);
	p += 1 + p[0];
	bool parsed = account_id_parse_any(&ret->from_account, (const char *)p + 1, p[0]);
	assert(parsed);
	p += 1 + p[0];
	parsed = account_id_parse_any(&ret->to_account, (const char *)p + 1, p[0]);
	assert(parsed);
}
