/* SPDX-License-Identifier: Apache-2.0 */
/* pinion bench: transfers between random accounts, through everything that a payment goes through.
 *
 *   set up    accounts are opened and funded, by commands, through the processor
 *   rate      the transfers are put on the log first, durable; then the processor takes them: first
 * input to last verified event latency   commands are sent at a fixed rate, half of the one
 * measured; from append to verified verify    everything is rebuilt from the log and compared: the
 * replay rate
 */
#include "base/murmur2.h"
#include "main/main.h"
#include "main/owners.h"
#include "main/verify.h"
#include "wire/text.h"
#include "wire/wire.h"

#include <assert.h>
#include <ftw.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: pinion bench [--ledger URL] [--accounts A] [--transfers N] [--json]\n"
	"\n"
	"Makes A accounts, then N transfers, uniform over them, and reports the rate from the "
	"first input to the\n"
	"last verified event, latency from append to verified at half that rate, replay rate, "
	"bytes, memory.\n"
	"All checks and idempotency are on; embedded logs are synced, Kafka is acks=all with the "
	"broker's own\n"
	"flush settings. The ledger must be made by `pinion init` and nobody may own it. Ends by "
	"verifying it.\n"
	"\n"
	"  --ledger URL         embedded:DIR or kafka://HOST:PORT[,HOST:PORT]/PREFIX (or "
	"PINION_LEDGER)\n"
	"  --state DIR          the processor's state folder (needed on Kafka)\n"
	"  --accounts A         10000\n"
	"  --transfers N        1000000\n"
	"  --memory MIB         for rows in memory (1024)\n"
	"  --checkpoint-ms MS   a checkpoint at least this often (2000)\n"
	"  --json               the report as one JSON object\n"
	"  --kafka-config FILE  librdkafka properties, name=value a line (TLS, SASL)\n";

enum {
	SEND_RECORDS = 10000,
	FUNDS_MINOR = 100000000,
	LATENCY_S = 5,
	LATENCY_STEP_MS = 2,
	RECORD_SIZE_MAX = 256,
};

struct bench {
	const struct options *options;
	struct log *log;
	struct log_sender *sender;
	struct codec *codec;
	struct id_maker ids;
	struct fault fault;
	char name[16];      /* of this run's parties, so that a ledger can be benched again */
	uint32_t *shard_of; /* by account */
	uint32_t *accounts; /* by shard, one after the other */
	size_t *first;      /* where a shard's accounts begin; shards + 1 */
	uint64_t random;
	uint8_t *bytes; /* SEND_RECORDS records */
	struct log_entry *entries;

	double rate, replay_rate, latency_p50_ms, latency_p99_ms, latency_rate;
	double events_per_batch, bytes_per_transfer;
	int64_t resident_kib;
};

static int64_t now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t bench_random(struct bench *bench)
{
	bench->random ^= bench->random << 13;
	bench->random ^= bench->random >> 7;
	bench->random ^= bench->random << 17;
	return bench->random;
}

static void party_name(const struct bench *bench, uint32_t account, struct text64 *ret)
{
	char text[64];
	int size = snprintf(text, sizeof text, "%s-%" PRIu32, bench->name, account);
	text64_set(ret, text, (size_t)size);
}

static struct account_id account_name(const struct bench *bench, uint32_t account)
{
	char text[128];
	int size = snprintf(text, sizeof text, "%s-%" PRIu32 "/main", bench->name, account);
	struct account_id id;
	bool parsed = account_id_parse(&id, text, (size_t)size);
	assert(parsed);
	return id;
}

/* The i-th command of a step, for an account or a transfer of a shard. */
typedef void command_maker(struct bench *bench, uint32_t shard, uint32_t i, struct command *ret);

static void make_party(struct bench *bench, uint32_t shard, uint32_t i, struct command *ret)
{
	ret->kind = COMMAND_party_open;
	party_name(bench, bench->accounts[bench->first[shard] + i], &ret->party);
	ret->party_open.kind = PARTY_KIND_person;
}

static void make_account(struct bench *bench, uint32_t shard, uint32_t i, struct command *ret)
{
	uint32_t account = bench->accounts[bench->first[shard] + i];
	ret->kind = COMMAND_account_open;
	party_name(bench, account, &ret->party);
	ret->account_open.account = account_name(bench, account);
	ret->account_open.currency = CURRENCY_USD;
}

static void make_funds(struct bench *bench, uint32_t shard, uint32_t i, struct command *ret)
{
	uint32_t account = bench->accounts[bench->first[shard] + i];
	ret->kind = COMMAND_funds_receive;
	party_name(bench, account, &ret->party);
	ret->funds_receive.to_account = account_name(bench, account);
	ret->funds_receive.money = (struct money){ amount_of(FUNDS_MINOR), CURRENCY_USD, false };
	ret->funds_receive.rail = RAIL_wire;
	ret->funds_receive.rail_reference = ret->party;
}

static void make_transfer(struct bench *bench, uint32_t shard, uint32_t i, struct command *ret)
{
	size_t count = bench->first[shard + 1] - bench->first[shard];
	const uint32_t *accounts = bench->accounts + bench->first[shard];
	size_t from = bench_random(bench) % count;
	size_t to = (from + 1 + bench_random(bench) % (count - 1)) % count;
	(void)i;
	ret->kind = COMMAND_transfer_create;
	party_name(bench, accounts[from], &ret->party);
	ret->transfer_create.from_account = account_name(bench, accounts[from]);
	ret->transfer_create.to_account = account_name(bench, accounts[to]);
	ret->transfer_create.money = (struct money){
		amount_of(1 + (int64_t)(bench_random(bench) % 1000)),
		CURRENCY_USD,
		false,
	};
}

static int send_some(struct bench *bench, uint32_t shard, enum log_stream stream,
	command_maker *make, uint32_t from, uint32_t count)
{
	uint8_t *at = bench->bytes;
	for (uint32_t i = 0; i < count; i++) {
		struct command command = { .initiator = INITIATOR_owner };
		make(bench, shard, from + i, &command);
		command.id.id = id_make(&bench->ids, now_ms());
		size_t size = command_encode(bench->codec, &command, at, COMMAND_SIZE_MAX);
		assert(size + command.party.size <= RECORD_SIZE_MAX);
		memcpy(at + size, command.party.at, command.party.size);
		bench->entries[i] = (struct log_entry){
			.key = { at + size, command.party.size },
			.value = { at, size },
		};
		at += size + command.party.size;
	}
	return log_send(bench->sender, shard, stream, bench->entries, count);
}

/* One command for each account of each shard, or `total` spread over the shards by their accounts.
 */
static int send_all(struct bench *bench, enum log_stream stream, command_maker *make, int64_t total)
{
	for (uint32_t shard = 0; shard < log_shards(bench->log); shard++) {
		int64_t accounts = (int64_t)(bench->first[shard + 1] - bench->first[shard]);
		int64_t count = total ? total * accounts / bench->options->accounts : accounts;
		for (int64_t done = 0; done < count && accounts > 1; done += SEND_RECORDS) {
			int64_t n = count - done < SEND_RECORDS ? count - done : SEND_RECORDS;
			int error =
				send_some(bench, shard, stream, make, (uint32_t)done, (uint32_t)n);
			if (error)
				return error;
		}
	}
	return 0;
}

struct progress {
	int64_t decided, verified, batches, first_ns, last_ns;
	bool is_ended;
};

static struct progress progress_of(struct owners *owners)
{
	struct progress all = { .first_ns = INT64_MAX };
	for (size_t i = 0; i < owners->count; i++) {
		struct shard_status status;
		shard_status(owners->shards[i], &status);
		all.decided += status.inputs_decided;
		all.verified += status.verified_sequence;
		all.batches += status.batches;
		if (status.first_input_ns > 0 && status.first_input_ns < all.first_ns)
			all.first_ns = status.first_input_ns;
		if (status.verified_ns > all.last_ns)
			all.last_ns = status.verified_ns;
		all.is_ended |= status.is_ended;
	}
	return all;
}

/* Waits until so many events more are verified. */
static bool await_verified(struct owners *owners, int64_t verified)
{
	for (;;) {
		struct progress all = progress_of(owners);
		if (all.verified >= verified)
			return true;
		if (all.is_ended)
			return false;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
}

static int owners_begin(struct bench *bench, struct owners *owners)
{
	/* The log stays open over all steps: owners_free would close it. */
	int exit_code = owners_new(owners, bench->options, bench->log);
	if (exit_code != EXIT_DONE)
		bench->log = NULL;
	return exit_code;
}

static int owners_end(struct owners *owners)
{
	int exit_code = owners_stop(owners);
	owners->log = NULL;
	owners_free(owners);
	return exit_code;
}

static int setup(struct bench *bench)
{
	struct owners owners;
	int exit_code = owners_begin(bench, &owners);
	if (exit_code != EXIT_DONE)
		return exit_code;
	owners_start(&owners);
	if (owners_await_live(&owners)) {
		int64_t verified = progress_of(&owners).verified;
		int error = send_all(bench, LOG_COMMANDS, make_party, 0);
		bool is_done =
			!error && await_verified(&owners, verified += bench->options->accounts);
		if (is_done)
			error = send_all(bench, LOG_COMMANDS, make_account, 0);
		is_done = is_done && !error &&
			  await_verified(&owners, verified += bench->options->accounts);
		if (is_done)
			error = send_all(bench, LOG_RAILS, make_funds, 0);
		is_done = is_done && !error &&
			  await_verified(&owners, verified += bench->options->accounts);
		if (error)
			exit_code = fault_exit(&bench->fault);
	}
	int ended = owners_end(&owners);
	return exit_code != EXIT_DONE ? exit_code : ended;
}

static int64_t folder_bytes;

static int file_add(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (kind == FTW_F)
		folder_bytes += stat->st_size;
	return 0;
}

/* The embedded log's files; 0 on Kafka. */
static int64_t log_bytes(const struct options *options)
{
	char path[PATH_SIZE_MAX];
	if (!options_is_embedded(options))
		return 0;
	(void)snprintf(path, sizeof path, "%s/log", options->ledger + 9);
	folder_bytes = 0;
	(void)nftw(path, file_add, 16, FTW_PHYS);
	return folder_bytes;
}

static int64_t resident_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file) {
		if (fscanf(file, "%*s %ld", &pages) != 1)
			pages = 0;
		(void)fclose(file);
	}
	return (int64_t)pages * 4;
}

static int measure_rate(struct bench *bench, struct owners *owners)
{
	owners_start(owners);
	if (!owners_await_live(owners))
		return EXIT_FAULT;
	int64_t target = 0;
	for (;;) {
		struct progress all = progress_of(owners);
		if (all.decided >= bench->options->transfers - (int64_t)log_shards(bench->log) &&
			target == 0)
			target = all.verified;
		if (all.is_ended)
			return EXIT_FAULT;
		int64_t lag = 0;
		for (size_t i = 0; i < owners->count; i++) {
			struct shard_status status;
			shard_status(owners->shards[i], &status);
			lag += status.lag[LOG_COMMANDS];
		}
		if (target > 0 && lag == 0 && all.batches > 0 &&
			now_ns() - all.last_ns > 300000000) {
			bench->rate =
				(double)all.decided * 1e9 / (double)(all.last_ns - all.first_ns);
			bench->events_per_batch = (double)all.decided / (double)all.batches;
			bench->resident_kib = resident_kib();
			return EXIT_DONE;
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Open loop on shard 0: what is due is sent, whether or not the last was answered. */
static int measure_latency(struct bench *bench, struct owners *owners)
{
	struct shard_status status;
	shard_status(owners->shards[0], &status);
	int64_t base = status.verified_sequence;
	double rate = bench->rate / 2 / (double)log_shards(bench->log);
	size_t size = (size_t)(rate * LATENCY_S) + SEND_RECORDS;
	int64_t *sent = malloc(size * sizeof *sent);
	assert(sent);
	size_t n = 0, done = 0;
	int64_t begun = now_ns();
	while (now_ns() - begun < (int64_t)LATENCY_S * 1000000000 || done < n) {
		double elapsed = (double)(now_ns() - begun) / 1e9;
		size_t due = elapsed < LATENCY_S ? (size_t)(elapsed * rate) : n;
		if (due > n + SEND_RECORDS)
			due = n + SEND_RECORDS;
		if (due > n) {
			int64_t at = now_ns();
			if (send_some(bench, 0, LOG_COMMANDS, make_transfer, 0,
				    (uint32_t)(due - n)) != 0) {
				free(sent);
				return fault_exit(&bench->fault);
			}
			for (; n < due; n++)
				sent[n] = at;
		}
		shard_status(owners->shards[0], &status);
		int64_t at = now_ns();
		for (; done < n && (int64_t)done < status.verified_sequence - base; done++)
			sent[done] = at - sent[done];
		if (status.is_ended)
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = LATENCY_STEP_MS * 100000 }, NULL);
	}
	qsort(sent, done, sizeof *sent, compare);
	if (done > 0) {
		bench->latency_p50_ms = (double)sent[done / 2] / 1e6;
		bench->latency_p99_ms = (double)sent[done * 99 / 100] / 1e6;
	}
	bench->latency_rate = (double)done / LATENCY_S;
	free(sent);
	return EXIT_DONE;
}

static int measure(struct bench *bench)
{
	int64_t before = log_bytes(bench->options);
	if (send_all(bench, LOG_COMMANDS, make_transfer, bench->options->transfers) != 0)
		return fault_exit(&bench->fault);
	struct owners owners;
	int exit_code = owners_begin(bench, &owners);
	if (exit_code != EXIT_DONE)
		return exit_code;
	exit_code = measure_rate(bench, &owners);
	bench->bytes_per_transfer =
		(double)(log_bytes(bench->options) - before) / (double)bench->options->transfers;
	if (exit_code == EXIT_DONE)
		exit_code = measure_latency(bench, &owners);
	int ended = owners_end(&owners);
	return exit_code != EXIT_DONE ? exit_code : ended;
}

static void accounts_spread(struct bench *bench)
{
	uint32_t shards = log_shards(bench->log);
	size_t count = (size_t)bench->options->accounts;
	bench->shard_of = malloc(count * sizeof *bench->shard_of);
	bench->accounts = malloc(count * sizeof *bench->accounts);
	bench->first = calloc(shards + 2, sizeof *bench->first);
	assert(bench->shard_of && bench->accounts && bench->first);
	for (size_t i = 0; i < count; i++) {
		struct text64 name;
		party_name(bench, (uint32_t)i, &name);
		bench->shard_of[i] = murmur2_partition(name.at, name.size, shards);
		bench->first[bench->shard_of[i] + 2]++;
	}
	for (uint32_t s = 1; s <= shards + 1; s++)
		bench->first[s] += bench->first[s - 1];
	for (size_t i = 0; i < count; i++)
		bench->accounts[bench->first[bench->shard_of[i] + 1]++] = (uint32_t)i;
}

static void report(const struct bench *bench)
{
	const struct options *o = bench->options;
	bool is_embedded = options_is_embedded(o);
	const char *durability =
		is_embedded ? "synced to disk" : "acks=all, the broker's default flush";
	if (o->is_json) {
		(void)printf("{\"log\":\"%s\",\"durability\":\"%s\",\"shards\":%" PRIu32
			     ",\"accounts\":%" PRId64 ",\"transfers\":%" PRId64
			     ",\"transfers_per_s\":%.0f,\"events_per_batch\":%.1f,"
			     "\"latency_rate_per_s\":%.0f,\"latency_p50_ms\":%.2f,\"latency_p99_"
			     "ms\":%.2f,"
			     "\"replay_per_s\":%.0f,\"log_bytes_per_transfer\":%.1f,\"resident_"
			     "mib\":%" PRId64 ",\"verified\":true}\n",
			is_embedded ? "embedded" : "kafka", durability, log_shards(bench->log),
			o->accounts, o->transfers, bench->rate, bench->events_per_batch,
			bench->latency_rate, bench->latency_p50_ms, bench->latency_p99_ms,
			bench->replay_rate, bench->bytes_per_transfer, bench->resident_kib / 1024);
		return;
	}
	(void)printf("log               %s, %s, %" PRIu32 " shards\n",
		is_embedded ? "embedded" : "Kafka", durability, log_shards(bench->log));
	(void)printf("accounts          %" PRId64 "\n", o->accounts);
	(void)printf("transfers         %" PRId64 "\n", o->transfers);
	(void)printf("rate              %.0f transfers/s, first input to last verified event\n",
		bench->rate);
	(void)printf("batch             %.1f events on average\n", bench->events_per_batch);
	(void)printf("latency           p50 %.2f ms, p99 %.2f ms, append to verified, at %.0f/s\n",
		bench->latency_p50_ms, bench->latency_p99_ms, bench->latency_rate);
	(void)printf("replay            %.0f events/s, with all checks, into a store\n",
		bench->replay_rate);
	if (is_embedded)
		(void)printf("log bytes         %.1f a transfer (command and event, compressed)\n",
			bench->bytes_per_transfer);
	(void)printf("resident memory   %" PRId64 " MiB\n", bench->resident_kib / 1024);
	(void)printf("books             verified\n");
}

static int bench_all(struct bench *bench)
{
	randombytes_buf(&bench->random, sizeof bench->random);
	bench->random |= 1;
	(void)snprintf(bench->name, sizeof bench->name, "bench%08" PRIx32,
		(uint32_t)(bench->random >> 32));
	bench->codec = codec_new();
	bench->bytes = malloc((size_t)SEND_RECORDS * RECORD_SIZE_MAX + COMMAND_SIZE_MAX);
	bench->entries = malloc(SEND_RECORDS * sizeof *bench->entries);
	assert(bench->bytes && bench->entries);
	accounts_spread(bench);
	if (log_sender_open(bench->log, &bench->sender, &bench->fault) != 0)
		return fault_exit(&bench->fault);
	int exit_code = setup(bench);
	return exit_code != EXIT_DONE ? exit_code : measure(bench);
}

int main_bench(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, usage,
		    OPTION_LEDGER | OPTION_STATE | OPTION_MEMORY | OPTION_CHECKPOINT | OPTION_BENCH,
		    count, arguments, &exit_code))
		return exit_code;
	struct bench bench = { .options = &options };
	exit_code = ledger_open(&options, LOG_OWN, &bench.log);
	if (exit_code != EXIT_DONE)
		return exit_code;
	exit_code = bench_all(&bench);
	log_sender_close(bench.sender);

	if (exit_code == EXIT_DONE) {
		int64_t events, begun = now_ns();
		exit_code = ledger_verify(&options, true, &events);
		bench.replay_rate = (double)events * 1e9 / (double)(now_ns() - begun);
		if (exit_code == EXIT_DONE)
			report(&bench);
	}
	log_close(bench.log);
	codec_free(bench.codec);
	free(bench.bytes);
	free(bench.entries);
	free(bench.shard_of);
	free(bench.accounts);
	free(bench.first);
	return exit_code;
}
