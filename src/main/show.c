/* SPDX-License-Identifier: Apache-2.0 */
/* pinion show: a party's balances, from its shard's last checkpoint and the events since. */
#include "base/murmur2.h"
#include "main/help.h"
#include "main/main.h"
#include "main/named.h"
#include "main/owners.h"
#include "main/temporary.h"
#include "shard/replica.h"
#include "wire/text.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 512 << 20, CACHE_BYTES = 16 << 20 };

/* Accounts of interest, as they are met. */
struct found {
	const char *wanted; /* PARTY or PARTY/ACCOUNT */
	struct account_id *at;
	size_t count, size;
};

static void found_add(struct found *found, const struct account_id *id)
{
	size_t size = strlen(found->wanted);
	bool is_whole = strchr(found->wanted, '/') != NULL;
	if (is_whole ? id->size != size || memcmp(id->at, found->wanted, size) != 0
		     : id->party_size != size || memcmp(id->at, found->wanted, size) != 0)
		return;
	for (size_t i = 0; i < found->count; i++)
		if (account_id_equal(&found->at[i], id))
			return;
	if (found->count == found->size) {
		found->size = found->size ? 2 * found->size : 16;
		found->at = realloc(found->at, found->size * sizeof *found->at);
		if (!found->at)
			abort();
	}
	found->at[found->count++] = *id;
}

static bool row_found(void *context, struct bytes key, struct bytes value)
{
	struct account_id id;
	(void)value;
	if (account_id_parse_any(&id, (const char *)key.at + 1, key.size - 1))
		found_add(context, &id);
	return true;
}

static int event_found(void *context, const struct event *event, const struct place *place)
{
	(void)place;
	if (event->kind == EVENT_account_opened && !event->dry_run)
		found_add(context, &event->account_opened.account);
	for (uint8_t i = 0; !event->dry_run && i < event->balance_count; i++)
		found_add(context, &event->balances[i].account);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct account_id *x = a, *y = b;
	size_t size = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->at, y->at, size);
	return order != 0 ? order : (int)x->size - (int)y->size;
}

static int account_print(struct replica *replica, const struct account_id *id)
{
	struct account account;
	enum answer answer = view_account(replica->state, id, &account);
	if (answer == ANSWER_NOT_LOADED) {
		size_t loaded;
		int error = replica_load(replica, &loaded);
		if (error)
			return error;
		answer = view_account(replica->state, id, &account);
	}
	if (answer != ANSWER_PRESENT)
		return FAULT(
			replica->fault, FAULT_IO, "account %.*s can't be read", id->size, id->at);

	const struct balances *b = &account.balances;
	char posted[MONEY_TEXT_SIZE], out[MONEY_TEXT_SIZE], in[MONEY_TEXT_SIZE],
		available[MONEY_TEXT_SIZE];
	money_to_text(account_posted(account.account_class, b), account.currency, posted);
	money_to_text(b->debits_pending, account.currency, out);
	money_to_text(b->credits_pending, account.currency, in);
	money_to_text(account_available(account.account_class, b), account.currency, available);
	(void)printf("%-40.*s posted %18s  pending debits %18s  pending credits %18s  available "
		     "%18s%s\n",
		id->size, id->at, posted, out, in, available, account.is_closed ? "  closed" : "");
	return 0;
}

static void head_print(const struct replica *replica)
{
	char hash[2 * HASH_SIZE + 1];
	(void)sodium_bin2hex(hash, sizeof hash, replica->place.hash.at, HASH_SIZE);
	(void)printf("as of sequence %" PRId64 ", head %" PRIu32 ":%" PRId64 ":%s\n",
		replica->place.sequence, replica->shard, replica->place.sequence, hash);
}

static int store_scan_accounts(struct store *store, struct found *found, struct fault *fault)
{
	uint8_t from[1 + 128] = { TABLE_account }, to[1 + 128] = { TABLE_account };
	size_t size = strcspn(found->wanted, "/");
	if (size > 126)
		return 0;
	memcpy(from + 1, found->wanted, size);
	memcpy(to + 1, found->wanted, size);
	from[1 + size] = '/';
	to[1 + size] = '/' + 1;
	return store_scan(store, (struct bytes){ from, size + 2 }, (struct bytes){ to, size + 2 },
		row_found, found, fault);
}

static int events_read(
	struct replica *replica, struct log *log, struct found *found, struct fault *fault)
{
	int64_t end;
	struct log_reader *reader = NULL;
	struct fault reading = { 0 };
	int error = log_end(log, replica->shard, LOG_EVENTS, &end, fault);
	if (!error)
		error = log_reader_open(log, replica->shard, LOG_EVENTS,
			replica_start_offset(replica), &reader, &reading);
	replica->observe = event_found;
	replica->context = found;
	if (!error)
		error = replica_follow(replica, reader, end, INT64_MAX);
	if (!error)
		error = replica_rest(replica);
	if (error && fault->code == 0)
		*fault = reading;
	log_reader_close(reader);
	return error;
}

/* The owner's store when it can be found, else a store of our own in `folder`. */
static int shard_store(const struct options *options, uint32_t shard, const char *folder,
	struct store **ret, bool *ret_own, struct fault *fault)
{
	char path[PATH_SIZE_MAX + 16];
	*ret_own = false;
	if (options_state_path(options, shard, path)) {
		struct fault none = { 0 };
		struct position position;
		int error = store_open(ret, path, STORE_READ, CACHE_BYTES, &none);
		if (!error && position_read(*ret, &position, &none) == 0)
			return 0;
		if (none.code != FAULT_MISSING)
			complain("the state of shard %" PRIu32
				 " is left out, and all events are read: %s",
				shard, none.text);
		store_close(*ret);
		*ret = NULL;
	}
	*ret_own = true;
	(void)snprintf(path, sizeof path, "%s/%" PRIu32, folder, shard);
	return store_open(ret, path, STORE_OWN, CACHE_BYTES, fault);
}

static int shard_show(const struct options *options, struct log *log, uint32_t shard,
	const char *folder, size_t *shown)
{
	struct fault fault = { 0 };
	struct replica replica;
	struct store *store = NULL;
	struct found found = { .wanted = options->argument };
	bool is_own;
	int error = replica_init(&replica, shard, MEMORY_BYTES, &fault);
	if (error)
		return fault_exit(&fault);
	error = shard_store(options, shard, folder, &store, &is_own, &fault);
	if (!error)
		error = replica_start(&replica, store, is_own);
	if (!error && !is_own)
		error = store_scan_accounts(store, &found, &fault);
	if (!error)
		error = events_read(&replica, log, &found, &fault);
	if (!error) {
		qsort(found.at, found.count, sizeof *found.at, compare);
		for (size_t i = 0; i < found.count && !error; i++)
			error = account_print(&replica, &found.at[i]);
		if (!error && found.count > 0)
			head_print(&replica);
		*shown += found.count;
	}
	free(found.at);
	replica_deinit(&replica);
	store_close(store);
	return error ? fault_exit(&fault) : EXIT_DONE;
}

int main_show(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_show, OPTION_LEDGER | OPTION_STATE | OPTION_ARGUMENT,
		    count, arguments, &exit_code))
		return exit_code;
	if (!options.argument) {
		complain("show wants one PARTY or PARTY/ACCOUNT: see `pinion show --help`");
		return EXIT_USAGE;
	}
	if (!named_account_check(options.argument))
		return EXIT_USAGE;
	struct log *log;
	exit_code = ledger_open(&options, LOG_USE, &log);
	if (exit_code != 0)
		return exit_code;
	char folder[PATH_SIZE_MAX];
	if (options_state_is_elsewhere(&options, log_shards(log)) || !temporary_folder(folder)) {
		log_close(log);
		return EXIT_FAULT;
	}

	const char *wanted = options.argument;
	size_t shown = 0;
	bool is_platform = wanted[0] == '@';
	uint32_t own = murmur2_partition(wanted, strcspn(wanted, "/"), log_shards(log));
	for (uint32_t shard = 0; shard < log_shards(log) && exit_code == EXIT_DONE; shard++)
		if (is_platform || shard == own)
			exit_code = shard_show(&options, log, shard, folder, &shown);
	if (exit_code == EXIT_DONE && shown == 0) {
		complain("%s has no account", wanted);
		exit_code = EXIT_REFUSED;
	}
	folder_remove(folder);
	log_close(log);
	return exit_code;
}
