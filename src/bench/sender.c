/* SPDX-License-Identifier: Apache-2.0 */
/* Commands made and put on the log, a batch at a time. */
#include "bench/bench.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum {
	FUNDS_MINOR = 100000000,
	/* Amounts of two bytes as a varint. */
	AMOUNT_MINOR_MIN = 128,
	AMOUNT_MINOR_MAX = 1128,
	RECORD_SIZE_MAX = 320,
};

static struct money usd(int64_t minor)
{
	return (struct money){ amount_of(minor), CURRENCY_USD, .is_absent = false };
}

static struct command command_of(const struct sender *sender, enum command_kind kind,
	uint32_t shard, int64_t account, const struct id *id)
{
	struct command command = { .kind = kind, .id.id = *id, .initiator = INITIATOR_owner };
	keys_party(sender->keys, shard, account, &command.party);
	return command;
}

static size_t command_put(
	struct sender *sender, const struct command *command, uint8_t *ret, size_t *ret_key_size)
{
	size_t size = command_encode(sender->codec, command, ret, COMMAND_SIZE_MAX);
	memcpy(ret + size, command->party.at, command->party.size);
	*ret_key_size = command->party.size;
	return size;
}

size_t make_party(struct sender *sender, uint32_t shard, int64_t i, const struct id *id,
	uint8_t *ret, size_t *ret_key_size)
{
	struct command command = command_of(sender, COMMAND_party_open, shard, i, id);
	command.party_open.kind = PARTY_KIND_person;
	return command_put(sender, &command, ret, ret_key_size);
}

size_t make_account(struct sender *sender, uint32_t shard, int64_t i, const struct id *id,
	uint8_t *ret, size_t *ret_key_size)
{
	struct command command = command_of(sender, COMMAND_account_open, shard, i, id);
	command.account_open.account = keys_account(&command.party);
	command.account_open.currency = CURRENCY_USD;
	return command_put(sender, &command, ret, ret_key_size);
}

size_t make_funds(struct sender *sender, uint32_t shard, int64_t i, const struct id *id,
	uint8_t *ret, size_t *ret_key_size)
{
	struct command command = command_of(sender, COMMAND_funds_receive, shard, i, id);
	command.funds_receive = (struct command_funds_receive){
		.to_account = keys_account(&command.party),
		.amount = usd(FUNDS_MINOR),
		.rail = RAIL_wire,
		.rail_reference = command.party,
	};
	return command_put(sender, &command, ret, ret_key_size);
}

/* --- Transfers --- */

static void varint_put(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value | 0x80);
	at[1] = (uint8_t)(value >> 7);
}

/* Where it stands in the record, from `from` on. */
static size_t find(const struct transfer_form *form, size_t from, const void *at, size_t size)
{
	const uint8_t *found = memmem(form->record + from, form->size - from, at, size);
	assert(found);
	return (size_t)(found - form->record);
}

static void form_make(struct sender *sender)
{
	struct transfer_form *form = &sender->form;
	struct id id;
	struct text64 payee;
	uint8_t amount[2];
	memset(&id, 0xab, sizeof id);
	struct command command = command_of(sender, COMMAND_transfer_create, 0, 0, &id);
	keys_party(sender->keys, 0, 1, &payee);
	command.transfer_create = (struct command_transfer_create){
		.from_account = keys_account(&command.party),
		.to_account = keys_account(&payee),
		.amount = usd(AMOUNT_MINOR_MAX),
	};
	varint_put(amount, AMOUNT_MINOR_MAX);
	form->size = command_encode(sender->codec, &command, form->record, sizeof form->record);
	form->name_size = command.party.size;
	form->id = find(form, 0, &id, sizeof id);
	form->party = find(form, 0, command.party.at, form->name_size);
	form->from = find(form, form->party + 1, command.party.at, form->name_size);
	form->to = find(form, 0, payee.at, form->name_size);
	form->amount = find(form, 0, amount, sizeof amount);
}

size_t make_transfer(struct sender *sender, uint32_t shard, int64_t i, const struct id *id,
	uint8_t *ret, size_t *ret_key_size)
{
	const struct transfer_form *form = &sender->form;
	int64_t from, to;
	struct text64 payer, payee;
	(void)i;
	keys_pair(sender->keys, shard, &sender->random, &from, &to);
	uint32_t to_shard = keys_payee_shard(sender->keys, shard, &sender->random);
	keys_party(sender->keys, shard, from, &payer);
	keys_party(sender->keys, to_shard, to % keys_count(sender->keys, to_shard), &payee);
	assert(payer.size == form->name_size && payee.size == form->name_size);
	memcpy(ret, form->record, form->size);
	memcpy(ret + form->id, id->at, sizeof id->at);
	memcpy(ret + form->party, payer.at, payer.size);
	memcpy(ret + form->from, payer.at, payer.size);
	memcpy(ret + form->to, payee.at, payee.size);
	varint_put(ret + form->amount,
		AMOUNT_MINOR_MIN + (unsigned)(keys_random_next(&sender->random) %
					      (AMOUNT_MINOR_MAX - AMOUNT_MINOR_MIN)));
	memcpy(ret + form->size, payer.at, payer.size);
	*ret_key_size = payer.size;
	return form->size;
}

/* Written over, a record must still be the transfer that it should be. */
static void transfer_check(
	struct sender *sender, const struct log_entry *entry, const struct id *id)
{
	struct command command;
	command_decode(sender->codec, entry->value, &command);
	const struct command_transfer_create *transfer = &command.transfer_create;
	int64_t minor = amount_minor(transfer->amount.amount);
	assert(command.kind == COMMAND_transfer_create && id_equal(&command.id.id, id));
	assert(command.party.size == entry->key.size &&
		memcmp(command.party.at, entry->key.at, entry->key.size) == 0);
	assert(account_id_is_of(&transfer->from_account, &command.party));
	assert(transfer->to_account.size == transfer->from_account.size);
	assert(!account_id_equal(&transfer->to_account, &transfer->from_account));
	assert(minor >= AMOUNT_MINOR_MIN && minor < AMOUNT_MINOR_MAX);
}

/* --- Sending --- */

int sender_open(struct sender *sender, const struct keys *keys, struct log *log)
{
	*sender = (struct sender){ .keys = keys, .codec = codec_new() };
	randombytes_buf(&sender->random, sizeof sender->random);
	sender->random.state |= 1;
	sender->bytes = malloc((size_t)SEND_RECORDS * RECORD_SIZE_MAX + COMMAND_SIZE_MAX);
	sender->entries = malloc(SEND_RECORDS * sizeof *sender->entries);
	assert(sender->bytes && sender->entries);
	form_make(sender);
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

void sender_add(
	struct sender *sender, uint32_t shard, command_maker *make, int64_t i, int64_t count)
{
	uint8_t *at = sender->bytes + sender->used;
	int64_t now_ms = host_ms();
	assert(sender->count + (size_t)count <= SEND_RECORDS);
	for (int64_t n = 0; n < count; n++) {
		struct id id = id_make(&sender->ids, now_ms);
		size_t key_size, size = make(sender, shard, i + n, &id, at, &key_size);
		assert(size + key_size <= RECORD_SIZE_MAX);
		sender->entries[sender->count++] = (struct log_entry){
			.key = { at + size, key_size },
			.value = { at, size },
		};
		at += size + key_size;
		if (n == 0 && make == make_transfer)
			transfer_check(sender, &sender->entries[sender->count - 1], &id);
	}
	sender->used = (size_t)(at - sender->bytes);
}

int sender_flush(struct sender *sender, uint32_t shard, enum log_stream stream)
{
	size_t count = sender->count;
	sender->count = sender->used = 0;
	return log_send(sender->log, shard, stream, sender->entries, count);
}

int sender_send(struct sender *sender, uint32_t shard, enum log_stream stream, command_maker *make,
	int64_t i, int64_t count)
{
	sender_add(sender, shard, make, i, count);
	return sender_flush(sender, shard, stream);
}
