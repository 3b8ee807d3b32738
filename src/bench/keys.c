/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts by number, without a table: names are computed, and so is who is drawn how often.
 *
 * Account n belongs to shard n mod N. Its party is RUN-n, or with several shards RUN-n.K, with the
 * first K that murmur2 sends to that shard. All names of a run have one size.
 */
#include "bench/bench.h"

#include "base/murmur2.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

const char *keys_name(enum keys_kind kind)
{
	switch (kind) {
	case KEYS_uniform:
		return "uniform";
	case KEYS_zipf:
		return "zipf";
	case KEYS_hot:
		return "hot";
	}
	return "";
}

/* xorshift64* */
uint64_t keys_random_next(struct keys_random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

static int64_t below(struct keys_random *random, int64_t end)
{
	return (int64_t)(keys_random_next(random) % (uint64_t)end);
}

int64_t keys_count(const struct keys *keys, uint32_t shard)
{
	return (keys->accounts + keys->shards - 1 - shard) / keys->shards;
}

static int digits_of(int64_t number)
{
	int count = 1;
	while ((number /= 10) != 0)
		count++;
	return count;
}

static char *digits_put(char *at, int64_t number, int count)
{
	for (int i = count; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

void keys_init(struct keys *keys, enum keys_kind kind, int64_t accounts, uint32_t shards,
	uint32_t run_number)
{
	*keys = (struct keys){
		.kind = kind,
		.accounts = accounts,
		.shards = shards,
		.digits = digits_of(accounts - 1),
	};
	(void)snprintf(keys->run, sizeof keys->run, "bench%08" PRIx32, run_number);
}

void keys_party(const struct keys *keys, uint32_t shard, int64_t i, struct text64 *ret)
{
	enum { K_DIGITS = 5 }; /* of 1,024 shards some K below that is sent to each */
	memcpy(ret->at, keys->run, RUN_SIZE);
	char *at = ret->at + RUN_SIZE;
	*at++ = '-';
	at = digits_put(at, i * keys->shards + shard, keys->digits);
	ret->size = (uint8_t)(at - ret->at);
	if (keys->shards == 1)
		return;
	*at++ = '.';
	ret->size += 1 + K_DIGITS;
	for (int64_t k = 0;; k++) {
		(void)digits_put(at, k, K_DIGITS);
		if (murmur2_partition(ret->at, ret->size, keys->shards) == shard)
			return;
	}
}

struct account_id keys_account(const struct text64 *party)
{
	static const char name[] = "/main";
	struct account_id id = {
		.size = (uint8_t)(party->size + sizeof name - 1),
		.party_size = party->size,
	};
	memcpy(id.at, party->at, party->size);
	memcpy(id.at + party->size, name, sizeof name - 1);
	return id;
}

/* A rank from 1 to `count`, the k-th with a chance in proportion to 1/k: rejection-inversion
 * (Hörmann and Derflinger 1996), for the exponent 1, where the integral of 1/x is log x. */
static int64_t zipf(struct keys_random *random, int64_t count)
{
	const double first = log(1.5) - 1, last = log((double)count + 0.5);
	const double squeeze = 2 - exp(log(2.5) - 0.5);
	for (;;) {
		double chance = (double)(keys_random_next(random) >> 11) * 0x1p-53;
		double integral = last + chance * (first - last);
		double x = exp(integral);
		int64_t rank = (int64_t)(x + 0.5);
		rank = rank < 1 ? 1 : rank > count ? count : rank;
		if ((double)rank - x <= squeeze ||
			integral >= log((double)rank + 0.5) - 1 / (double)rank)
			return rank;
	}
}

/* Neighbours in rank are no neighbours in the store: multiplied by a prime above every count. */
static int64_t zipf_account(struct keys_random *random, int64_t count)
{
	return (int64_t)((uint64_t)(zipf(random, count) - 1) * UINT64_C(2654435761) %
			 (uint64_t)count);
}

void keys_pair(const struct keys *keys, uint32_t shard, struct keys_random *random,
	int64_t *ret_from, int64_t *ret_to)
{
	int64_t count = keys_count(keys, shard);
	assert(count >= 2);
	switch (keys->kind) {
	case KEYS_uniform:
		*ret_from = below(random, count);
		*ret_to = (*ret_from + 1 + below(random, count - 1)) % count;
		return;
	case KEYS_zipf:
		*ret_from = zipf_account(random, count);
		do
			*ret_to = zipf_account(random, count);
		while (*ret_to == *ret_from);
		return;
	case KEYS_hot: /* pays every second one, and is paid in the others: its balance stays */
		*ret_from = 0;
		*ret_to = 1 + below(random, count - 1);
		if (below(random, 2) == 0) {
			*ret_from = *ret_to;
			*ret_to = 0;
		}
		return;
	}
}

uint32_t keys_payee_shard(const struct keys *keys, uint32_t shard, struct keys_random *random)
{
	if (keys->cross == 0 || (double)(keys_random_next(random) >> 11) * 0x1p-53 >= keys->cross)
		return shard;
	return (shard + 1 + (uint32_t)below(random, keys->shards - 1)) % keys->shards;
}
