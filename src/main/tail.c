/* SPDX-License-Identifier: Apache-2.0 */
/* pinion tail: events straight from the log, by the chain rule: in words on a terminal, elsewhere
 * as JSON lines. */
#include "main/help.h"
#include "main/main.h"
#include "main/named.h"
#include "main/options.h"
#include "main/output.h"
#include "wire/json.h"
#include "wire/words.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS_PER_READ = 512 };

struct tail {
	struct log_reader *reader;
	struct chain chain;
	int64_t end;
};

/* "2026-11-28 04:43:10 UTC  0:17  posted    transfer of ..." */
static char *words_print(struct codec *codec, const struct log_record *record)
{
	struct event event;
	struct link link;
	char time[TIME_TEXT_SIZE], place[48], *line = NULL;
	if (event_decode(codec, record->value, &event, &link) != DECODE_OK)
		return NULL;
	char *words = words_of_event(&event, NULL);
	time_to_text(event.engine_time_ms, time);
	(void)snprintf(place, sizeof place, "%" PRIu32 ":%" PRId64, link.shard, link.sequence);
	if (asprintf(&line, "%s  %6s  %s", time, place, words) < 0)
		abort();
	free(words);
	return line;
}

static char *event_print(
	struct codec *codec, const struct log_record *record, const struct options *options)
{
	switch (options_format(options)) {
	case FORMAT_words:
		return words_print(codec, record);
	case FORMAT_json_full:
		return json_event_print_full(codec, record->value, record->offset);
	case FORMAT_json:
	case FORMAT_none:
		break;
	}
	return json_event_print(codec, record->value, record->offset);
}

static int record_print(struct codec *codec, struct tail *tail, const struct log_record *record,
	const struct options *options)
{
	struct link link;
	struct hash hash = hash_of(record->value);
	if (link_decode(record->value, &link) != DECODE_OK) {
		complain("the record at offset %" PRId64
			 " is no event that this pinion knows: use a newer one",
			record->offset);
		return EXIT_FAULT;
	}
	if (chain_fold(&tail->chain, &link, &hash) != CHAIN_EVENT || link.sequence < options->from)
		return EXIT_DONE;
	char *line = event_print(codec, record, options);
	if (!line) {
		complain("event %" PRId64 " can't be printed", link.sequence);
		return EXIT_FAULT;
	}
	bool is_printed = puts(line) >= 0;
	free(line);
	return is_printed ? EXIT_DONE : EXIT_FAULT;
}

static int tail_step(struct codec *codec, struct tail *tail, const struct options *options,
	int timeout_ms, const struct fault *fault)
{
	struct log_record records[RECORDS_PER_READ];
	size_t n;
	if (log_read(tail->reader, records, RECORDS_PER_READ, timeout_ms, &n) != 0)
		return fault_exit(fault);
	for (size_t i = 0; i < n; i++) {
		int exit_code = record_print(codec, tail, &records[i], options);
		if (exit_code != EXIT_DONE)
			return exit_code;
	}
	return n > 0 && !output_flush() ? EXIT_FAULT : EXIT_DONE;
}

static int tails_print(struct log *log, struct tail *tails, size_t count,
	const struct options *options, struct fault *fault)
{
	struct codec *codec = codec_new();
	int exit_code = EXIT_DONE;
	for (size_t i = 0; i < count && exit_code == EXIT_DONE; i++) {
		uint32_t shard = options->shard_count ? options->shard[i] : (uint32_t)i;
		if (log_end(log, shard, LOG_EVENTS, &tails[i].end, fault) != 0 ||
			log_reader_open(log, shard, LOG_EVENTS, 0, &tails[i].reader, fault) != 0) {
			exit_code = fault_exit(fault);
		}
		while (exit_code == EXIT_DONE &&
			log_reader_position(tails[i].reader) < tails[i].end)
			exit_code = tail_step(codec, &tails[i], options, 100, fault);
	}
	while (options->follows && exit_code == EXIT_DONE)
		for (size_t i = 0; i < count && exit_code == EXIT_DONE; i++)
			exit_code =
				tail_step(codec, &tails[i], options, count == 1 ? 100 : 10, fault);
	codec_free(codec);
	return exit_code;
}

int main_tail(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_tail,
		    OPTION_LEDGER | OPTION_SHARD | OPTION_FROM | OPTION_FOLLOW | OPTION_FORMAT,
		    count, arguments, &exit_code))
		return exit_code;
	options.format = options_format(&options);
	struct log_config config = options_log_config(&options, LOG_USE);
	struct fault fault = { 0 };
	struct log *log;
	if (log_open(&log, &config, &fault) != 0)
		return fault_exit(&fault);
	log_notice_say(log);
	if (!named_shards_check(&options, log_shards(log))) {
		log_close(log);
		return EXIT_USAGE;
	}
	size_t shards = options.shard_count ? options.shard_count : log_shards(log);
	struct tail *tails = calloc(shards, sizeof *tails);
	assert(tails);
	exit_code = tails_print(log, tails, shards, &options, &fault);
	for (size_t i = 0; i < shards; i++)
		log_reader_close(tails[i].reader);
	free(tails);
	log_close(log);
	return exit_code;
}
