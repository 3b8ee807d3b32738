/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of pinion bench. Whatever it keeps has a size that does not grow with accounts,
 * transfers or seconds: accounts and times are computed, latencies counted, not kept.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "main/options.h"
#include "main/owners.h"
#include "wire/text.h"
#include "wire/wire.h"

#include <stdatomic.h>
#include <stdio.h>

/* --- histogram.c --- */

/* Counts of nanoseconds, in steps of under 1 % of the value. All zero is an empty one. */
enum { HISTOGRAM_STEPS = 128, HISTOGRAM_SLOTS = 58 * HISTOGRAM_STEPS };
struct histogram {
	int64_t count;
	int64_t max;
	int64_t slots[HISTOGRAM_SLOTS];
};

void histogram_add(struct histogram *histogram, int64_t ns);
/* The least value that this share of all is not above; 0 where there is none. */
double histogram_ms(const struct histogram *histogram, double share);

/* --- keys.c: which accounts, and what they are called --- */

enum { RUN_SIZE = 13 };

struct keys {
	enum keys_kind kind;
	double cross;     /* share of transfers whose payee is of another shard; 0 at first */
	int64_t accounts; /* of all shards */
	uint32_t shards;
	int digits;             /* of an account's number */
	char run[RUN_SIZE + 1]; /* leads all names, so that a ledger can be benched again */
};

/* `run_number`: another one for each run. */
void keys_init(struct keys *keys, enum keys_kind kind, int64_t accounts, uint32_t shards,
	uint32_t run_number);

struct keys_random {
	uint64_t state; /* not 0 */
};
uint64_t keys_random_next(struct keys_random *random);

/* How many accounts are this shard's: every shards-th, or one more. */
int64_t keys_count(const struct keys *keys, uint32_t shard);
/* The i-th of a shard. Its party's name is such that murmur2 gives that shard. */
void keys_party(const struct keys *keys, uint32_t shard, int64_t i, struct text64 *ret);
struct account_id keys_account(const struct text64 *party);
/* Two different ones of a shard. */
void keys_pair(const struct keys *keys, uint32_t shard, struct keys_random *random,
	int64_t *ret_from, int64_t *ret_to);
/* Where the payee of a transfer is: on the same shard, but for a share of them. */
uint32_t keys_payee_shard(const struct keys *keys, uint32_t shard, struct keys_random *random);
const char *keys_name(enum keys_kind kind);

/* --- sender.c: commands onto the log --- */

enum { SEND_RECORDS = 10000 };

/* A transfer's record, and where in it stands what differs from one to the next. All names of a run
 * have one size, and so have the amounts, so that one record becomes another by writing over it:
 * whoever makes the load takes no time from those who bear it. */
struct transfer_form {
	uint8_t record[COMMAND_SIZE_MAX];
	size_t size;
	size_t id, party, from, to, amount;
	size_t name_size; /* of a party */
};

/* One thread's. */
struct sender {
	const struct keys *keys;
	struct log_sender *log;
	struct codec *codec;
	struct id_maker ids;
	struct keys_random random;
	struct transfer_form form;
	uint8_t *bytes; /* of what was added and not sent yet */
	size_t used;
	struct log_entry *entries;
	size_t count;
	struct fault fault;
};

/* Writes the record of the i-th command of a step, of a shard, and behind it its party, the key;
 * returns the record's size. */
typedef size_t command_maker(struct sender *sender, uint32_t shard, int64_t i, const struct id *id,
	uint8_t *ret, size_t *ret_key_size);
command_maker make_party, make_account, make_funds, make_transfer;

int sender_open(struct sender *sender, const struct keys *keys, struct log *log);
void sender_close(struct sender *sender); /* NULL and half-opened ones are fine */
/* The commands from the i-th on; SEND_RECORDS of them, at most, can wait for the flush. The id of
 * the last one is sender->ids.last. */
void sender_add(
	struct sender *sender, uint32_t shard, command_maker *make, int64_t i, int64_t count);
/* What was added; durable when it returns. */
int sender_flush(struct sender *sender, uint32_t shard, enum log_stream stream);
/* Both. */
int sender_send(struct sender *sender, uint32_t shard, enum log_stream stream, command_maker *make,
	int64_t i, int64_t count);

/* --- report.c: what was found, as lines for people or as one JSON object --- */

struct report {
	bool is_json;
	FILE *file; /* of the object's text */
	char *text;
	size_t text_size;
	bool has_before; /* a comma comes first */
};

void report_begin(struct report *report, bool is_json);
/* Printed at once, unless JSON is asked for. */
void report_line(struct report *report, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Fields of the object; a name that is NULL is an array's. */
void report_number(struct report *report, const char *name, double value, int decimals);
void report_text(struct report *report, const char *name, const char *value);
void report_open(struct report *report, const char *name, char bracket);
void report_close(struct report *report, char bracket);
/* Prints the object where JSON is asked for and all went well. */
void report_end(struct report *report, bool is_done);

/* --- watch.c: how far the shards are --- */

enum { WATCH_STEP_NS = 250000, BUCKET_MS = 100, STALLED_S = 60 };

struct watch {
	struct owners *owners;
	FILE *file; /* PHASE, milliseconds, verified: a line for each bucket; or NULL */
	const char *phase;
	int64_t begun_ns, bucket_ns, moved_ns, pause_ns;
	int64_t verified_first, verified, stored, checkpoints, recoveries;
};

int64_t now_ns(void);
void watch_begin(struct watch *watch, struct owners *owners, FILE *file, const char *phase);
/* Looks, and waits a little. False: a shard has ended, or nothing was verified for STALLED_S; said.
 */
bool watch_step(struct watch *watch);
/* The last bucket. */
void watch_end(struct watch *watch);

/* --- sync.c: how long the disk takes --- */

/* Writes 4 KiB to the end of a nameless file and syncs it, 50 times a second, beside a load. */
struct sync_probe {
	struct histogram histogram;
	struct thread *thread; /* NULL: none, the folder can't be written */
	int file;
	_Atomic bool is_stopping;
};

void sync_probe_start(struct sync_probe *probe, const char *folder);
void sync_probe_stop(struct sync_probe *probe);

/* --- lanes.c: open-loop load --- */

/* One shard's. The i-th transfer is due at begun_ns + i * interval_ns, whatever became of those
 * before it. */
struct lane {
	struct thread *thread;
	uint32_t shard;
	struct sender sender;
	int64_t begun_ns;
	double interval_ns;
	int64_t count;
	_Atomic bool is_stopping;
	_Atomic bool has_failed; /* sender.fault says why, after lanes_join */
};

struct lanes {
	struct lane *at; /* one for each shard */
	uint32_t count;
};

/* Sends `rate` transfers a second, spread over all shards, for so long, from now on. */
int lanes_start(struct lanes *lanes, const struct keys *keys, struct log *log, double rate,
	double seconds, struct fault *fault);
bool lanes_failed(const struct lanes *lanes);
/* Stops what still sends. 0, or the first fault of one. */
int lanes_join(struct lanes *lanes, struct fault *fault);

/* A second's share; 0 where that took no time that can be told. */
static inline double per_second(int64_t count, int64_t ns)
{
	return ns > 0 ? (double)count * 1e9 / (double)ns : 0;
}

/* --- The steps; each returns an exit code and reports what it found --- */

struct bench {
	const struct options *options;
	struct keys keys;
	struct report report;
	struct log *log; /* NULL: closed */
	FILE *progress;  /* or NULL */
	struct fault fault;
	char disk[PATH_SIZE_MAX]; /* a folder on the disk that the ledger, or its state, stands on
				   */
	double rate;              /* the peak */
	int64_t verified_before;  /* events, all shards, when the accounts were made */
	int64_t transfers_sent;
	/* By shard: where the transfers of the peak begin. */
	int64_t *inputs_first;
	int64_t *events_first;
};

/* Refuses a log that holds anything, or is or was owned by a processor, but where the operator said
 * that this is wanted. */
int bench_fresh_check(struct bench *bench, struct log *log, const char *url);
int bench_setup(struct bench *bench);
int bench_rate(struct bench *bench, struct owners *owners);
int bench_load(struct bench *bench, struct owners *owners, int percent);
int bench_clients(struct bench *bench, struct owners *owners);
int bench_raw(struct bench *bench);
int bench_restart(struct bench *bench); /* the log is closed */

/* Owners of all shards, live; the log stays the bench's. */
int bench_owners_begin(struct bench *bench, struct owners *owners);
int bench_owners_end(struct owners *owners);

#endif
