/* SPDX-License-Identifier: Apache-2.0 */
/* What bench makes up stays on a log for ever: so the log must be one that was made for it. */
#include "bench/bench.h"

#include <inttypes.h>
#include <time.h>

enum { RECORDS_PER_READ = 64, END_WAIT_S = 30 };

static int inputs_look(struct bench *bench, struct log *log, uint32_t shard, bool *ret_fresh)
{
	for (unsigned stream = 0; stream < LOG_INPUTS; stream++) {
		int64_t end;
		int error = log_end(log, shard, (enum log_stream)stream, &end, &bench->fault);
		if (error)
			return error;
		*ret_fresh &= end == 0;
	}
	return 0;
}

/* `pinion init` leaves marks, and behind them the first event. Whatever comes behind that is a
 * processor's. */
static int events_look(struct bench *bench, struct log *log, uint32_t shard, bool *ret_fresh)
{
	int64_t end;
	struct log_reader *reader;
	struct chain chain = { 0 };
	time_t deadline = time(NULL) + END_WAIT_S;
	int error = log_end(log, shard, LOG_EVENTS, &end, &bench->fault);
	if (error || end == 0)
		return error;
	error = log_reader_open(log, shard, LOG_EVENTS, 0, &reader, &bench->fault);
	if (error)
		return error;
	while (!error && *ret_fresh && log_reader_position(reader) < end) {
		struct log_record records[RECORDS_PER_READ];
		size_t count;
		error = log_read(reader, records, RECORDS_PER_READ, 100, &count);
		if (!error && count == 0 && time(NULL) > deadline)
			error = FAULT(&bench->fault, FAULT_IO,
				"the events of shard %" PRIu32 " can't be read to their end",
				shard);
		for (size_t i = 0; i < count && !error; i++) {
			struct link link;
			struct hash hash = hash_of(records[i].value);
			*ret_fresh &= link_decode(records[i].value, &link) == DECODE_OK &&
				      chain.sequence == 0;
			if (*ret_fresh)
				(void)chain_fold(&chain, &link, &hash);
		}
	}
	log_reader_close(reader);
	return error;
}

int bench_fresh_check(struct bench *bench, struct log *log, const char *url)
{
	bool is_fresh = true;
	for (uint32_t shard = 0; shard < log_shards(log) && is_fresh; shard++)
		if (inputs_look(bench, log, shard, &is_fresh) != 0 ||
			events_look(bench, log, shard, &is_fresh) != 0)
			return fault_exit(&bench->fault);
	if (!is_fresh && !bench->options->leaves_made_up_money) {
		complain("%s holds something already, or a processor owns it or did: bench would "
			 "take it over, and leave made-up parties, accounts and money in it for "
			 "ever. Make a ledger for it with `pinion init`. Only where all that is "
			 "wanted: --leave-made-up-money",
			url);
		return EXIT_REFUSED;
	}
	if (!is_fresh)
		complain("%s was used before: what bench makes up now stays in it for ever", url);
	return EXIT_DONE;
}
