/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/testament.h"

#include "base/pack.h"

#include <sodium.h>

/* Its own format: it has to be read where the store's was raised. */
enum { TESTAMENT_FORMAT = 1, SUM_SIZE = 16, BODY_SIZE = 2 + 3 * 8 + HASH_SIZE + 16 + 4 };
_Static_assert(
	(int)BODY_SIZE + (int)SUM_SIZE <= (int)STORE_TESTAMENT_SIZE_MAX, "the store takes it");

int testament_write(const char *state_path, const struct testament *testament, struct fault *fault)
{
	uint8_t at[BODY_SIZE + SUM_SIZE];
	uint8_t *p = pack_u16(at, TESTAMENT_FORMAT);
	p = pack_i64(p, testament->place.offset);
	p = pack_i64(p, testament->place.sequence);
	p = pack_i64(p, testament->place.term);
	p = pack_bytes(p, testament->place.hash.at, HASH_SIZE);
	p = pack_bytes(p, testament->ledger_id.at, sizeof testament->ledger_id.at);
	p = pack_u32(p, testament->shard);
	(void)crypto_generichash(p, SUM_SIZE, at, BODY_SIZE, NULL, 0);
	return store_testament_put(state_path, (struct bytes){ at, sizeof at }, fault);
}

static bool testament_unpack(const uint8_t *at, size_t size, struct testament *ret)
{
	uint8_t sum[SUM_SIZE];
	if (size != BODY_SIZE + SUM_SIZE || unpack_u16(at) != TESTAMENT_FORMAT)
		return false;
	(void)crypto_generichash(sum, SUM_SIZE, at, BODY_SIZE, NULL, 0);
	if (memcmp(sum, at + BODY_SIZE, SUM_SIZE) != 0)
		return false;
	ret->place.offset = unpack_i64(at + 2);
	ret->place.sequence = unpack_i64(at + 10);
	ret->place.term = unpack_i64(at + 18);
	memcpy(ret->place.hash.at, at + 26, HASH_SIZE);
	memcpy(ret->ledger_id.at, at + 26 + HASH_SIZE, sizeof ret->ledger_id.at);
	ret->shard = unpack_u32(at + 26 + HASH_SIZE + sizeof ret->ledger_id.at);
	return ret->place.sequence > 0;
}

int testament_read(
	const char *state_path, struct testament *ret, bool *ret_damaged, struct fault *fault)
{
	uint8_t at[STORE_TESTAMENT_SIZE_MAX];
	size_t size;
	*ret = (struct testament){ .shard = 0 };
	*ret_damaged = false;
	int error = store_testament_get(state_path, at, &size, fault);
	if (error || size == 0)
		return error;
	*ret_damaged = !testament_unpack(at, size, ret);
	if (*ret_damaged)
		*ret = (struct testament){ .shard = 0 };
	return 0;
}
