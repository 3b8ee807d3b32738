/* SPDX-License-Identifier: Apache-2.0 */
/* Commands made and put on the log, a batch at a time. */
#include "main/bench.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum { FUNDS_MINOR = 100000000, AMOUNT_MINOR_MAX = 1000, RECORD_SIZE_MAX = 320 };

static struct money usd(int64_t minor)
{
	return (struct money){ amount_of(minor), CURRENCY_USD, .is_absent = false };
}

void make_party(struct sender *sender, uint32_t shard, int64_t i, struct command *ret)
{
	ret->kind = COMMAND_party_open;
	keys_party(sender->keys, shard, i, &ret->party);
	ret->party_open.kind = PARTY_KIND_person;
}

void make_account(struct sender *sender, uint32_t shard, int64_t i, struct command *ret)
{
	ret->kind = COMMAND_account_open;
	keys_party(sender->keys, shard, i, &ret->party);
	ret->account_open.account = keys_account(&ret->party);
	ret->account_open.currency = CURRENCY_USD;
}

void make_funds(struct sender *sender, uint32_t shard, int64_t i, struct command *ret)
{
	ret->kind = COMMAND_funds_receive;
	keys_party(sender->keys, shard, i, &ret->party);
	ret->funds_receive.to_account = keys_account(&ret->party);
	ret->funds_receive.money = usd(FUNDS_MINOR);
	ret->funds_receive.rail = RAIL_wire;
	ret->funds_receive.rail_reference = ret->party;
}

void make_transfer(struct sender *sender, uint32_t shard, int64_t i, struct command *ret)
{
	int64_t from, to;
	struct text64 payee;
	(void)i;
	keys_pair(sender->keys, shard, &sender->random, &from, &to);
	keys_party(sender->keys, shard, from, &ret->party);
	keys_party(sender->keys, shard, to, &payee);
	ret->kind = COMMAND_transfer_create;
	ret->transfer_create.from_account = keys_account(&ret->party);
	ret->transfer_create.to_account = keys_account(&payee);
	ret->transfer_create.money =
		usd(1 + (int64_t)(keys_random_next(&sender->random) % AMOUNT_MINOR_MAX));
}

int sender_open(struct sender *sender, const struct keys *keys, struct log *log)
{
	*sender = (struct sender){ .keys = keys, .codec = codec_new() };
	randombytes_buf(&sender->random, sizeof sender->random);
	sender->random.state |= 1;
	sender->bytes = malloc((size_t)SEND_RECORDS * RECORD_SIZE_MAX + COMMAND_SIZE_MAX);
	sender->entries = malloc(SEND_RECORDS * sizeof *sender->entries);
	assert(sender->bytes && sender->entries);
	return log_sender_open(log, &sender->log, &sender->fault);
}

void sender_close(struct sender *sender)
{
	if (!sender)
		return;
	log_sender_close(sender->log);
	codec_free(sender->codec);
	free(sender->bytes);
	free(sender->entries);
}

static int64_t host_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int sender_send(struct sender *sender, uint32_t shard, enum log_stream stream, command_maker *make,
	int64_t i, int64_t count)
{
	uint8_t *at = sender->bytes;
	int64_t now_ms = host_ms();
	assert(count <= SEND_RECORDS);
	for (int64_t n = 0; n < count; n++) {
		struct command command = { .initiator = INITIATOR_owner };
		command.id.id = id_make(&sender->ids, now_ms);
		make(sender, shard, i + n, &command);
		size_t size = command_encode(sender->codec, &command, at, COMMAND_SIZE_MAX);
		assert(size + command.party.size <= RECORD_SIZE_MAX);
		memcpy(at + size, command.party.at, command.party.size);
		sender->entries[n] = (struct log_entry){
			.key = { at + size, command.party.size },
			.value = { at, size },
		};
		at += size + command.party.size;
	}
	return log_send(sender->log, shard, stream, sender->entries, (size_t)count);
}
