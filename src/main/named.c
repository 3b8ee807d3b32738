/* SPDX-License-Identifier: Apache-2.0 */
#include "main/named.h"

#include "ledger/account.h"

#include <inttypes.h>
#include <string.h>

static bool shard_is_there(const char *option, uint32_t shard, uint32_t shards)
{
	if (shard < shards)
		return true;
	complain("%s names shard %" PRIu32 ", and there is no shard %" PRIu32
		 ": the ledger has %" PRIu32 ", from 0 on",
		option, shard, shard, shards);
	return false;
}

static bool places_are_there(
	const char *option, const struct place_option *places, size_t count, uint32_t shards)
{
	for (size_t i = 0; i < count; i++)
		if (!shard_is_there(option, places[i].shard, shards))
			return false;
	return true;
}

static bool is_asked_for(const struct options *options, uint32_t shard)
{
	for (size_t i = 0; i < options->shard_count; i++)
		if (options->shard[i] == shard)
			return true;
	return options->shard_count == 0;
}

static bool heads_are_there(const struct options *options, uint32_t shards)
{
	for (size_t i = 0; i < options->head_count; i++) {
		uint32_t shard = options->heads[i].shard;
		if (!shard_is_there("--head", shard, shards))
			return false;
		if (!is_asked_for(options, shard)) {
			complain("--head names shard %" PRIu32
				 ", which --shard leaves out: name it there too",
				shard);
			return false;
		}
	}
	return true;
}

bool named_shards_check(const struct options *options, uint32_t shards)
{
	for (size_t i = 0; i < options->shard_count; i++)
		if (!shard_is_there("--shard", options->shard[i], shards))
			return false;
	for (uint32_t shard = 0; shard < SHARDS_MAX; shard++)
		if (options->restart_inputs_at[shard] != 0 &&
			!shard_is_there("--restart-inputs", shard, shards))
			return false;
	for (size_t i = 0; i < options->clock_restart_count; i++)
		if (!shard_is_there("--restart-clock", options->clock_restarts[i].shard, shards))
			return false;
	return places_are_there(
		       "--refuse-input", options->refused, options->refused_count, shards) &&
	       places_are_there("--accept-clock", options->clock_accepted,
		       options->clock_accepted_count, shards) &&
	       heads_are_there(options, shards);
}

static bool is_account(const char *wanted, size_t size)
{
	struct account_id id;
	if (!account_id_parse_any(&id, wanted, size))
		return false;
	const char *name = wanted + id.party_size + 1;
	return !account_id_is_platform(&id) ||
	       currency_by_name(name, strlen(name)) != CURRENCY_none;
}

bool named_account_check(const char *wanted)
{
	size_t size = strlen(wanted);
	size_t at = wanted[0] == '@';
	if (strchr(wanted, '/') ? is_account(wanted, size)
				: text_is_name(wanted + at, size - at, PARTY_SIZE_MAX))
		return true;
	complain("\"%s\" is neither a party nor an account: a party is 1 to 64 of [a-z0-9._-], and "
		 "PARTY/NAME an account, with a name of 1 to 32 of them; the platform's are like "
		 "@bank/USD",
		wanted);
	return false;
}
