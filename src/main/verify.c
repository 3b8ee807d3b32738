/* SPDX-License-Identifier: Apache-2.0 */
/* pinion verify: everything again from the log alone, compared with what is stored, and with heads
 * kept elsewhere. */
#include "main/verify.h"
#include "main/between.h"
#include "main/help.h"
#include "main/limits.h"
#include "main/main.h"
#include "main/named.h"
#include "main/owners.h"
#include "main/temporary.h"
#include "shard/replica.h"
#include "shard/thread.h"
#include "wire/text.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_BYTES = 32 << 20, CURRENCIES_MAX = 200 };

/* What replica_follow ends with when a shard was read on far enough: no fault is above zero. */
enum { IS_COVERED = 1 };

struct sum {
	enum currency currency;
	wide debits_posted, credits_posted, debits_pending, credits_pending, held;
};

struct check {
	const struct options *options;
	struct fault fault;
	struct fault reading; /* the log's reader's */
	struct replica replica;
	struct store *rebuilt;
	struct store *stored; /* NULL: none to compare with */
	struct position position;
	bool heads_seen[PLACES_MAX];
	bool is_quiet;
	bool is_wrong;
	struct between *between; /* NULL: not all shards are verified */
	bool reads_on;           /* until what other shards know of this one is covered */

	struct sum sums[CURRENCIES_MAX];
	size_t sum_count;
	int64_t accounts, holds;
	struct verify_figures *figures;
};

static void wrong(struct check *check, const char *text)
{
	complain("shard %" PRIu32 ": %s", check->replica.shard, text);
	check->is_wrong = true;
}

static int event_seen(void *context, const struct event *event, const struct place *place)
{
	struct check *check = context;
	if (check->reads_on &&
		between_covers(check->between, check->replica.shard, check->replica.state))
		return IS_COVERED;
	check->figures->transfers +=
		(event->kind == EVENT_transfer_posted || event->kind == EVENT_transfer_sent) &&
		!event->dry_run;
	for (size_t i = 0; i < check->options->head_count; i++) {
		const struct head_option *head = &check->options->heads[i];
		if (head->shard != check->replica.shard || head->sequence != place->sequence)
			continue;
		check->heads_seen[i] = true;
		if (memcmp(head->hash, place->hash.at, HASH_SIZE) != 0)
			wrong(check,
				"the log does not hold the given head: its history was changed");
	}
	return 0;
}

static struct sum *sum_of(struct check *check, enum currency currency)
{
	for (size_t i = 0; i < check->sum_count; i++)
		if (check->sums[i].currency == currency)
			return &check->sums[i];
	assert(check->sum_count < CURRENCIES_MAX);
	check->sums[check->sum_count] = (struct sum){ .currency = currency };
	return &check->sums[check->sum_count++];
}

static bool account_sum(void *context, struct bytes key, struct bytes value)
{
	struct check *check = context;
	struct account account;
	(void)key;
	account_unpack(value.at, &account);
	struct sum *sum = sum_of(check, account.currency);
	sum->debits_posted += amount_minor(account.balances.debits_posted);
	sum->credits_posted += amount_minor(account.balances.credits_posted);
	sum->debits_pending += amount_minor(account.balances.debits_pending);
	sum->credits_pending += amount_minor(account.balances.credits_pending);
	check->accounts++;
	return true;
}

static bool hold_sum(void *context, struct bytes key, struct bytes value)
{
	struct check *check = context;
	struct hold hold;
	(void)key;
	hold_unpack(value.at, &hold);
	if (hold.status == HOLD_STATUS_open) {
		sum_of(check, hold.currency)->held += amount_minor(hold.amount);
		check->holds++;
	}
	return true;
}

static int table_scan(struct check *check, enum table table,
	bool (*row)(void *context, struct bytes key, struct bytes value))
{
	uint8_t from[1] = { (uint8_t)table }, to[1] = { (uint8_t)(table + 1) };
	return store_scan(check->rebuilt, (struct bytes){ from, 1 }, (struct bytes){ to, 1 }, row,
		check, &check->fault);
}

static int totals_check(struct check *check)
{
	check->sum_count = 0;
	check->accounts = check->holds = 0;
	int error = table_scan(check, TABLE_account, account_sum);
	if (!error)
		error = table_scan(check, TABLE_hold, hold_sum);
	for (size_t i = 0; i < check->sum_count && !error; i++) {
		const struct sum *sum = &check->sums[i];
		if (sum->debits_posted != sum->credits_posted ||
			sum->debits_pending != sum->credits_pending)
			wrong(check, "debits do not equal credits");
		if (sum->debits_pending != sum->held)
			wrong(check, "pending totals are not the open holds");
		char posted[WIDE_TEXT_SIZE], held[WIDE_TEXT_SIZE];
		wide_text(sum->debits_posted, posted);
		wide_text(sum->held, held);
		if (!check->is_quiet)
			(void)printf("  %s  debits = credits = %s minor units posted, %s pending "
				     "in open "
				     "holds\n",
				currency_name(sum->currency), posted, held);
	}
	return error;
}

static int digest_compare(struct check *check)
{
	struct hash stored, rebuilt;
	int error = store_digest(check->stored, &stored, &check->fault);
	if (!error)
		error = store_digest(check->rebuilt, &rebuilt, &check->fault);
	if (error)
		return error;
	char text[2 * HASH_SIZE + 1];
	(void)sodium_bin2hex(text, sizeof text, rebuilt.at, HASH_SIZE);
	if (!hash_equal(&stored, &rebuilt))
		wrong(check, "the stored state is not what the log says");
	else if (!check->is_quiet)
		(void)printf("  stored checkpoint at sequence %" PRId64
			     " is what the log says, digest %s\n",
			check->position.place.sequence, text);
	return 0;
}

/* Replays what follows, and stores the rows that it gives. */
static int replay(struct check *check, struct log_reader *reader, int64_t end, int64_t sequence_max)
{
	int64_t begun_ns = clock_monotonic_ns();
	int error = replica_follow(&check->replica, reader, end, sequence_max);
	if (!error)
		error = replica_checkpoint(&check->replica);
	check->figures->replay_ns += clock_monotonic_ns() - begun_ns;
	return error;
}

/* Up to the stored checkpoint, compare; then to the end. */
static int shard_rebuild(struct check *check, struct log *log)
{
	struct replica *replica = &check->replica;
	int64_t end;
	struct log_reader *reader = NULL;
	int error = log_end(log, replica->shard, LOG_EVENTS, &end, &check->fault);
	if (!error)
		error = log_reader_open(
			log, replica->shard, LOG_EVENTS, 0, &reader, &check->reading);
	if (!error && check->stored) {
		error = replay(check, reader, end, check->position.place.sequence);
		if (!error &&
			(replica->place.sequence != check->position.place.sequence ||
				!hash_equal(&replica->place.hash, &check->position.place.hash)))
			error = FAULT(&check->fault, FAULT_LOG,
				"the log does not hold event %" PRId64
				" that the stored checkpoint stands at",
				check->position.place.sequence);
		if (!error)
			error = digest_compare(check);
		/* What was read past the checkpoint is read again. */
		log_reader_close(reader);
		reader = NULL;
		if (!error)
			error = log_reader_open(log, replica->shard, LOG_EVENTS,
				replica->place.offset + 1, &reader, &check->reading);
	}
	if (!error)
		error = replay(check, reader, end, INT64_MAX);
	if (error && check->fault.code == 0)
		check->fault = check->reading;
	log_reader_close(reader);
	return error;
}

static void head_print(const struct check *check)
{
	char hash[2 * HASH_SIZE + 1];
	const struct place *place = &check->replica.place;
	(void)sodium_bin2hex(hash, sizeof hash, place->hash.at, HASH_SIZE);
	(void)printf("  %" PRId64 " accounts, %" PRId64 " open holds, head %" PRIu32 ":%" PRId64
		     ":%s\n",
		check->accounts, check->holds, check->replica.shard, place->sequence, hash);
}

static int rebuilt_open(struct check *check, uint32_t shard, const char *folder, struct store **ret)
{
	char path[PATH_SIZE_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/%" PRIu32, folder, shard);
	return store_open(ret, path, STORE_OWN, CACHE_BYTES, &check->fault);
}

static int stores_open(struct check *check, const char *folder)
{
	char path[PATH_SIZE_MAX + 16];
	if (options_state_path(check->options, check->replica.shard, path)) {
		struct fault none = { 0 };
		int error = store_open(&check->stored, path, STORE_READ, CACHE_BYTES, &none);
		if (!error)
			error = position_read(check->stored, &check->position, &none);
		if (error == FAULT_MISSING) {
			store_close(check->stored);
			check->stored = NULL; /* no checkpoint yet */
		} else if (error) {
			check->fault = none;
			return error;
		}
	}
	int error = rebuilt_open(check, check->replica.shard, folder, &check->rebuilt);
	return error ? error : replica_start(&check->replica, check->rebuilt, true);
}

static int between_take(struct check *check)
{
	bool fits = true;
	int error = check->between ? between_read(check->between, check->replica.shard,
					     check->rebuilt, &fits, &check->fault)
				   : 0;
	check->is_wrong |= !fits;
	return error;
}

static int shard_verify(struct check *check, struct log *log, uint32_t shard, const char *folder)
{
	int error =
		replica_init(&check->replica, shard, limits_memory(check->options), &check->fault);
	if (error)
		return error;
	check->replica.observe = event_seen;
	check->replica.context = check;
	error = stores_open(check, folder);
	if (!error)
		error = shard_rebuild(check, log);
	if (!error && !check->is_quiet)
		(void)printf("shard %" PRIu32 ": %" PRId64 " events, an unbroken chain\n", shard,
			check->replica.place.sequence);
	if (!error)
		error = totals_check(check);
	if (!error)
		error = between_take(check);
	if (!error && !check->is_quiet)
		head_print(check);
	return error;
}

static void check_deinit(struct check *check)
{
	replica_deinit(&check->replica);
	store_close(check->stored);
	store_close(check->rebuilt);
	check->stored = check->rebuilt = NULL;
}

static int heads_check(const struct check *check, uint32_t shard)
{
	for (size_t i = 0; i < check->options->head_count; i++)
		if (check->options->heads[i].shard == shard && !check->heads_seen[i]) {
			complain("shard %" PRIu32 ": the log ends before the given head %" PRId64
				 ": it lost events",
				shard, check->options->heads[i].sequence);
			return EXIT_REFUSED;
		}
	return EXIT_DONE;
}

/* EXIT_DONE where there is no error and nothing is wrong. */
static int check_exit(const struct check *check, int error)
{
	if (error == FAULT_LOG) {
		complain("%s", check->fault.text);
		return EXIT_REFUSED;
	}
	if (error)
		return fault_exit(&check->fault);
	return check->is_wrong ? EXIT_REFUSED : EXIT_DONE;
}

static int shards_verify(
	struct check *check, const struct check *start, struct log *log, const char *folder)
{
	int exit_code = EXIT_DONE;
	const struct options *options = start->options;
	size_t count = options->shard_count ? options->shard_count : log_shards(log);
	for (size_t i = 0; i < count && exit_code != EXIT_FAULT; i++) {
		uint32_t shard = options->shard_count ? options->shard[i] : (uint32_t)i;
		*check = *start;
		int error = shard_verify(check, log, shard, folder);
		check->figures->events += check->replica.place.sequence;
		check->figures->shards++;
		check->figures->compared += check->stored != NULL;
		int shard_exit = check_exit(check, error);
		if (shard_exit == EXIT_DONE)
			shard_exit = heads_check(check, shard);
		if (shard_exit != EXIT_DONE)
			exit_code = shard_exit;
		check_deinit(check);
	}
	return exit_code;
}

/* --- The ledger as a whole --- */

/* From where its store stands, until it covers what the others know of it, or to its end. */
static int read_on(struct check *check, struct log *log)
{
	struct replica *replica = &check->replica;
	int64_t end;
	struct log_reader *reader = NULL;
	int error = log_end(log, replica->shard, LOG_EVENTS, &end, &check->fault);
	if (!error)
		error = log_reader_open(log, replica->shard, LOG_EVENTS,
			replica_start_offset(replica), &reader, &check->reading);
	if (!error)
		error = replica_follow(replica, reader, end, INT64_MAX);
	if (error == IS_COVERED)
		error = 0;
	if (!error)
		error = replica_checkpoint(replica);
	if (error && check->fault.code == 0)
		check->fault = check->reading;
	log_reader_close(reader);
	return error;
}

static int shard_read_on(struct check *check, struct log *log, uint32_t shard, const char *folder)
{
	int error =
		replica_init(&check->replica, shard, limits_memory(check->options), &check->fault);
	if (!error)
		error = rebuilt_open(check, shard, folder, &check->rebuilt);
	if (error)
		return error;
	check->replica.observe = event_seen;
	check->replica.context = check;
	error = replica_start(&check->replica, check->rebuilt, true);
	int64_t before = check->replica.place.sequence;
	if (!error)
		error = read_on(check, log);
	if (error)
		return error;
	if (!check->is_quiet)
		(void)printf("shard %" PRIu32 ": read on to event %" PRId64
			     ", which other shards know of already\n",
			shard, check->replica.place.sequence);
	check->figures->events += check->replica.place.sequence - before;
	bool is_quiet = check->is_quiet;
	check->is_quiet = true; /* these totals were printed, as they were a little earlier */
	error = totals_check(check);
	check->is_quiet = is_quiet;
	return error ? error : between_take(check);
}

static int behind_read_on(struct check *check, const struct check *start, struct log *log,
	uint32_t shard, const char *folder)
{
	*check = *start;
	check->reads_on = true;
	int exit_code = check_exit(check, shard_read_on(check, log, shard, folder));
	check_deinit(check);
	if (exit_code == EXIT_DONE && between_is_behind(start->between, shard)) {
		between_say_behind(start->between, shard);
		return EXIT_REFUSED;
	}
	return exit_code;
}

/* Each shard was verified up to an event of its own: those that are behind are read on. That may
 * put others behind, but it ends, as all that is needed stands on the logs already. */
static int shards_meet(
	struct check *check, const struct check *start, struct log *log, const char *folder)
{
	int exit_code = EXIT_DONE;
	bool is_one_behind;
	do {
		is_one_behind = false;
		for (uint32_t i = 0; i < log_shards(log) && exit_code == EXIT_DONE; i++) {
			if (!between_is_behind(start->between, i))
				continue;
			is_one_behind = true;
			exit_code = behind_read_on(check, start, log, i, folder);
		}
	} while (is_one_behind && exit_code == EXIT_DONE);
	return exit_code;
}

static int shards_add_up(struct check *check, const struct check *start, const char *folder)
{
	*check = *start;
	uint32_t shards = (uint32_t)check->figures->shards;
	for (uint32_t shard = 0; shard < shards; shard++) {
		struct store *store = NULL;
		int error = rebuilt_open(check, shard, folder, &store);
		if (!error)
			error = between_add(check->between, shard, store, &check->fault);
		store_close(store);
		if (error)
			return fault_exit(&check->fault);
	}
	return between_adds_up(check->between, check->is_quiet) ? EXIT_DONE : EXIT_REFUSED;
}

static int all_verify(const struct options *options, struct log *log, const char *folder,
	bool is_quiet, struct verify_figures *figures)
{
	struct check *check = calloc(2, sizeof *check), *start = check + 1;
	assert(check);
	*start = (struct check){ .options = options, .is_quiet = is_quiet, .figures = figures };
	if (options->shard_count == 0 && log_shards(log) > 1)
		start->between = between_new(log_shards(log));
	int exit_code = shards_verify(check, start, log, folder);
	if (exit_code == EXIT_DONE && start->between)
		exit_code = shards_meet(check, start, log, folder);
	if (exit_code == EXIT_DONE && start->between)
		exit_code = shards_add_up(check, start, folder);
	between_free(start->between);
	free(check);
	return exit_code;
}

int ledger_verify(const struct options *options, bool is_quiet, struct verify_figures *ret)
{
	struct log *log;
	*ret = (struct verify_figures){ 0 };
	int exit_code = ledger_open(options, LOG_USE, &log);
	if (exit_code != 0)
		return exit_code;
	if (!named_shards_check(options, log_shards(log))) {
		log_close(log);
		return EXIT_USAGE;
	}
	char folder[PATH_SIZE_MAX];
	if (options_state_is_elsewhere(options, log_shards(log)) || !temporary_folder(folder)) {
		log_close(log);
		return EXIT_FAULT;
	}
	exit_code = all_verify(options, log, folder, is_quiet, ret);
	folder_remove(folder);
	log_close(log);
	return exit_code;
}

/* What was not compared is no news from a reader's own machine; but nobody may take it for
 * compared. */
static void verified_print(const struct options *options, const struct verify_figures *figures)
{
	char path[PATH_SIZE_MAX];
	(void)printf("verified: %" PRId64 " events", figures->events);
	if (figures->compared == figures->shards)
		(void)printf(", and the stored checkpoint of every shard\n");
	else if (figures->compared > 0)
		(void)printf(", and the stored checkpoints of %" PRId64 " of %" PRId64
			     " shards; the others have none here\n",
			figures->compared, figures->shards);
	else if (options_state_path(options, 0, path))
		(void)printf("; no stored checkpoint was compared: there is none yet\n");
	else
		(void)printf("; no stored checkpoint was compared: give --state DIR for that\n");
}

int main_verify(int count, char **arguments)
{
	struct options options;
	int exit_code;
	struct verify_figures figures;
	if (!options_parse(&options, help_verify,
		    OPTION_LEDGER | OPTION_STATE | OPTION_SHARD | OPTION_HEAD | OPTION_MEMORY,
		    count, arguments, &exit_code))
		return exit_code;
	exit_code = ledger_verify(&options, false, &figures);
	if (exit_code == EXIT_DONE)
		verified_print(&options, &figures);
	else if (exit_code == EXIT_REFUSED)
		(void)printf("NOT verified\n");
	return exit_code;
}
