/* SPDX-License-Identifier: Apache-2.0 */
/* The limit: what the log lets through when nobody decides anything.
 *
 * Per shard the same input records are read; for each one an event record as it stands on the log
 * is appended, in batches of the processor's sizes; they are read back and compared, while the next
 * batch is filled. That goes to a log of its own beside the ledger's, DIR/raw or PREFIX-raw, since
 * on the ledger's own it would be void.
 */
#include "bench/bench.h"
#include "main/temporary.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_RECORDS = 8192,
	BATCH_BYTES = 3 << 20,
	SAMPLE_RECORDS = 8192,
	READ_RECORDS = 2048,
	READ_BACK_RECORDS = 1024,
	READ_TIMEOUT_MS = 1000,
	TRIES = 30, /* of READ_TIMEOUT_MS each */
	RECORDS_MAX = 10000000,
};

struct raw_batch {
	size_t count;
	size_t used;
	uint8_t *bytes;
	struct log_entry entries[BATCH_RECORDS];
};

struct raw_lane {
	struct thread *thread;
	uint32_t shard;
	struct log *from;
	struct log *to;
	struct log_reader *inputs;
	struct log_writer *writer;
	struct log_reader *tail;
	int64_t inputs_first, events_first, count;

	/* Event records of the ledger, to be appended again and again. */
	size_t sample_count;
	struct bytes sample[SAMPLE_RECORDS];
	uint8_t *sample_bytes;

	struct raw_batch batches[2];
	struct monitor *monitor;
	struct raw_batch *handed; /* NULL: the committer is idle */
	bool is_over;
	int64_t first_ns, last_ns;
	int error;                    /* under the monitor */
	struct fault fault;           /* of the reading thread */
	struct fault committer_fault; /* of the committing one */
};

/* --- Committing --- */

static int batch_commit(struct raw_lane *lane, const struct raw_batch *batch)
{
	struct log_record records[READ_BACK_RECORDS];
	int error = log_append(lane->writer, batch->entries, batch->count);
	size_t seen = 0;
	for (int tries = 0; !error && seen < batch->count;) {
		size_t count, wanted = batch->count - seen;
		error = log_read(lane->tail, records,
			wanted < READ_BACK_RECORDS ? wanted : READ_BACK_RECORDS, READ_TIMEOUT_MS,
			&count);
		if (!error && count == 0 && ++tries == TRIES)
			error = FAULT(&lane->committer_fault, FAULT_IO, "nothing is read back");
		for (size_t i = 0; i < count && !error; i++, seen++) {
			struct bytes sent = batch->entries[seen].value;
			if (records[i].value.size != sent.size ||
				memcmp(records[i].value.at, sent.at, sent.size) != 0)
				error = FAULT(&lane->committer_fault, FAULT_LOG,
					"what is read back is not what was appended");
		}
	}
	lane->last_ns = now_ns();
	return error;
}

static void committer_main(void *context)
{
	struct raw_lane *lane = context;
	for (;;) {
		monitor_enter(lane->monitor);
		while (!lane->handed && !lane->is_over)
			monitor_wait(lane->monitor);
		struct raw_batch *batch = lane->handed;
		monitor_leave(lane->monitor);
		if (!batch)
			return;
		int error = batch_commit(lane, batch);
		monitor_enter(lane->monitor);
		lane->handed = NULL;
		lane->error = error;
		monitor_wake(lane->monitor);
		monitor_leave(lane->monitor);
	}
}

/* Waits until the batch before is committed. */
static int batch_hand(struct raw_lane *lane, struct raw_batch *batch)
{
	monitor_enter(lane->monitor);
	while (lane->handed)
		monitor_wait(lane->monitor);
	int error = lane->error;
	if (!error && batch)
		lane->handed = batch;
	lane->is_over = error || !batch;
	monitor_wake(lane->monitor);
	monitor_leave(lane->monitor);
	return error;
}

/* --- Reading --- */

static void batch_add(struct raw_batch *batch, struct bytes value, struct bytes key)
{
	uint8_t *at = batch->bytes + batch->used;
	memcpy(at, value.at, value.size);
	batch->entries[batch->count++] =
		(struct log_entry){ .key = key, .value = { at, value.size } };
	batch->used += value.size;
}

static bool batch_is_full(const struct raw_batch *batch)
{
	return batch->count == BATCH_RECORDS || batch->used + EVENT_SIZE_MAX > BATCH_BYTES;
}

static int pass_through(struct raw_lane *lane)
{
	static const uint8_t key[20] = { 'r' };
	struct log_record records[READ_RECORDS];
	struct raw_batch *batch = &lane->batches[0];
	int64_t passed = 0;
	int error = 0;
	lane->first_ns = now_ns();
	for (int tries = 0; !error && passed < lane->count;) {
		size_t count;
		int64_t left = lane->count - passed;
		error = log_read(lane->inputs, records,
			left < READ_RECORDS ? (size_t)left : READ_RECORDS, READ_TIMEOUT_MS, &count);
		if (!error && count == 0 && ++tries == TRIES)
			error = FAULT(&lane->fault, FAULT_IO, "the inputs end too soon");
		for (size_t i = 0; i < count && !error; i++, passed++) {
			batch_add(batch, lane->sample[(size_t)passed % lane->sample_count],
				(struct bytes){ key, sizeof key });
			if (!batch_is_full(batch))
				continue;
			error = batch_hand(lane, batch);
			batch = &lane->batches[batch == &lane->batches[0]];
			batch->count = batch->used = 0;
		}
	}
	if (!error && batch->count > 0)
		error = batch_hand(lane, batch);
	int ended = batch_hand(lane, NULL);
	return error ? error : ended;
}

static void lane_main(void *context)
{
	struct raw_lane *lane = context;
	struct thread *committer = thread_start("raw-commit", lane->shard, committer_main, lane);
	assert(committer);
	int error = pass_through(lane);
	thread_join(committer);
	lane->error = error;
}

/* --- Before and after --- */

static int sample_take(struct raw_lane *lane, struct fault *fault)
{
	struct log_record records[READ_BACK_RECORDS];
	struct log_reader *reader = NULL;
	size_t used = 0;
	int error = log_reader_open(
		lane->from, lane->shard, LOG_EVENTS, lane->events_first, &reader, fault);
	for (bool is_whole = false; !error && !is_whole;) {
		size_t count;
		error = log_read(reader, records, READ_BACK_RECORDS, READ_TIMEOUT_MS, &count);
		is_whole = !error && count == 0;
		for (size_t i = 0; i < count && !error && !is_whole; i++) {
			struct bytes value = records[i].value;
			is_whole = lane->sample_count == SAMPLE_RECORDS ||
				   used + value.size > BATCH_BYTES;
			if (is_whole)
				break;
			memcpy(lane->sample_bytes + used, value.at, value.size);
			lane->sample[lane->sample_count++] =
				(struct bytes){ lane->sample_bytes + used, value.size };
			used += value.size;
		}
	}
	log_reader_close(reader);
	if (!error && lane->sample_count == 0)
		error = FAULT(fault, FAULT_LOG, "there are no events to pass through");
	return error;
}

static int lane_open(struct raw_lane *lane, struct bench *bench, struct log *to, uint32_t shard)
{
	int64_t end, shards = bench->keys.shards;
	int64_t total =
		bench->options->transfers < RECORDS_MAX ? bench->options->transfers : RECORDS_MAX;
	*lane = (struct raw_lane){
		.shard = shard,
		.from = bench->log,
		.to = to,
		.inputs_first = bench->inputs_first[shard],
		.events_first = bench->events_first[shard],
		.count = (total + shards - 1 - shard) / shards,
		.monitor = monitor_new(),
	};
	lane->sample_bytes = malloc(BATCH_BYTES);
	lane->batches[0].bytes = malloc(BATCH_BYTES);
	lane->batches[1].bytes = malloc(BATCH_BYTES);
	assert(lane->sample_bytes && lane->batches[0].bytes && lane->batches[1].bytes);
	int error = sample_take(lane, &bench->fault);
	if (!error)
		error = log_reader_open(lane->from, shard, LOG_COMMANDS, lane->inputs_first,
			&lane->inputs, &lane->fault);
	if (!error)
		error = log_fence(to, shard, &lane->writer, &lane->committer_fault);
	if (!error)
		error = log_end(to, shard, LOG_EVENTS, &end, &lane->fault);
	if (!error)
		error = log_reader_open(
			to, shard, LOG_EVENTS, end, &lane->tail, &lane->committer_fault);
	return error;
}

static void lane_close(struct raw_lane *lane)
{
	log_reader_close(lane->inputs);
	log_reader_close(lane->tail);
	log_writer_close(lane->writer);
	if (lane->monitor)
		monitor_free(lane->monitor);
	free(lane->sample_bytes);
	free(lane->batches[0].bytes);
	free(lane->batches[1].bytes);
}

static const struct fault *lane_fault(const struct raw_lane *lane, const struct bench *bench)
{
	return lane->fault.code             ? &lane->fault
	       : lane->committer_fault.code ? &lane->committer_fault
					    : &bench->fault;
}

static void raw_report(struct bench *bench, const struct raw_lane *lanes)
{
	int64_t first_ns = INT64_MAX, last_ns = 0, count = 0;
	for (uint32_t i = 0; i < bench->keys.shards; i++) {
		count += lanes[i].count;
		first_ns = lanes[i].first_ns < first_ns ? lanes[i].first_ns : first_ns;
		last_ns = lanes[i].last_ns > last_ns ? lanes[i].last_ns : last_ns;
	}
	double rate = per_second(count, last_ns - first_ns);
	if (rate == 0) {
		report_line(&bench->report, "raw",
			"%" PRId64 " records took no time that can be told", count);
		return;
	}
	report_line(&bench->report, "raw",
		"%.0f records/s read, appended, read back and compared (%" PRId64
		" of them); the rate is %.2f of it",
		rate, count, bench->rate / rate);
	report_number(&bench->report, "raw_per_s", rate, 0);
	report_number(&bench->report, "rate_of_raw", bench->rate / rate, 3);
}

static int raw_run(struct bench *bench, struct log *to)
{
	struct raw_lane *lanes = calloc(bench->keys.shards, sizeof *lanes);
	int exit_code = EXIT_DONE;
	assert(lanes);
	for (uint32_t i = 0; i < bench->keys.shards && exit_code == EXIT_DONE; i++)
		if (lane_open(&lanes[i], bench, to, i) != 0)
			exit_code = fault_exit(lane_fault(&lanes[i], bench));
	for (uint32_t i = 0; i < bench->keys.shards && exit_code == EXIT_DONE; i++) {
		lanes[i].thread = thread_start("raw", i, lane_main, &lanes[i]);
		assert(lanes[i].thread);
	}
	for (uint32_t i = 0; i < bench->keys.shards; i++) {
		thread_join(lanes[i].thread);
		if (lanes[i].error && exit_code == EXIT_DONE)
			exit_code = fault_exit(lane_fault(&lanes[i], bench));
	}
	if (exit_code == EXIT_DONE)
		raw_report(bench, lanes);
	for (uint32_t i = 0; i < bench->keys.shards; i++)
		lane_close(&lanes[i]);
	free(lanes);
	return exit_code;
}

int bench_raw(struct bench *bench)
{
	const char *ledger = bench->options->ledger;
	char url[PATH_SIZE_MAX];
	bool is_embedded = options_is_embedded(bench->options);
	(void)snprintf(url, sizeof url, "%s%s", ledger, is_embedded ? "/raw" : "-raw");
	struct log_config config = options_log_config(bench->options, LOG_OWN);
	struct log *to;
	config.url = url;
	if (log_create(&config, bench->keys.shards, &bench->fault) != 0 ||
		log_open(&to, &config, &bench->fault) != 0)
		return fault_exit(&bench->fault);
	int found = bench_fresh_check(bench, to, url);
	if (found != EXIT_DONE) {
		log_close(to);
		return found;
	}
	int exit_code = raw_run(bench, to);
	log_close(to);
	if (is_embedded)
		folder_remove(url + strlen("embedded:"));
	return exit_code;
}
