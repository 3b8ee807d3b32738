/* SPDX-License-Identifier: Apache-2.0 */
/* pinion submit: JSON-lines commands in, outcomes out, in input order: words on a terminal, JSON
 * lines elsewhere.
 *
 * A window of lines is sent, then its outcomes are awaited on the event log, from the ends noted
 * before sending, by the chain rule. On an embedded ledger that nobody holds, the processor runs
 * here meanwhile.
 */
#include "base/murmur2.h"
#include "main/answers.h"
#include "main/help.h"
#include "main/main.h"
#include "main/output.h"
#include "main/owners.h"
#include "main/waiting.h"
#include "wire/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	WINDOW_LINES = 4096,
	RECORDS_PER_READ = 512,
	OUTCOME_WAIT_MS = 120000, /* rides out a recovery of the processor */
	SLOTS = 4 * WINDOW_LINES,
};

struct line {
	int64_t number;
	struct id id;
	uint32_t shard;
	enum log_stream stream;
	uint8_t *record; /* own copies, key behind value */
	size_t record_size, key_size;
	char *output; /* the outcome or the error */
	bool is_sent, is_answered;
	bool is_under_way; /* its outcome came, and its payment's end is waited for */
	struct line *next_of_slot;
};

/* One shard's events, from where they ended before the first send. */
struct outcomes {
	struct log_reader *reader;
	struct chain chain;
};

struct submit {
	const struct options *options;
	struct log *log;
	struct owners owners;
	bool is_processor;
	struct log_sender *sender;
	struct codec *codec;
	struct fault fault;
	struct outcomes *outcomes; /* by shard */
	FILE *input;
	const char *input_name;
	struct line lines[WINDOW_LINES];
	size_t count;
	struct line held; /* the first of the next window; number 0: none */
	struct line *slots[SLOTS];
	int64_t line_number, answered;
	struct answers answers;
};

static struct line **slot_of(struct submit *submit, const struct id *id)
{
	uint64_t h;
	memcpy(&h, id->at + 8, sizeof h);
	return &submit->slots[(h * 0x9e3779b97f4a7c15u >> 40) % SLOTS];
}

/* Appends to the slot's list: the first arrival of an id is the first to be answered. */
static void slot_add(struct submit *submit, struct line *line)
{
	struct line **at = slot_of(submit, &line->id);
	while (*at)
		at = &(*at)->next_of_slot;
	*at = line;
	line->next_of_slot = NULL;
}

static void line_error(struct submit *submit, struct line *line, const char *error)
{
	line->output = answer_error(&submit->answers, line->number, error);
	line->is_answered = true;
}

static void line_parse(struct submit *submit, struct line *line, const char *text, size_t size)
{
	struct json_command command;
	char error[JSON_ERROR_SIZE];
	if (json_command_parse(submit->codec, text, size, &command, error) != 0) {
		line_error(submit, line, error);
		return;
	}
	if (command.kind == COMMAND_tick) {
		line_error(submit, line, "tick is the processor's own");
		return;
	}
	if (command_is_of_shard(command.kind)) {
		line_error(submit, line, "only the owners of shards send this to each other");
		return;
	}
	line->id = command.id;
	line->stream = (enum log_stream)(command.topic - 1);
	line->shard =
		murmur2_partition(command.party.at, command.party.size, log_shards(submit->log));
	line->record_size = command.record.size;
	line->key_size = command.party.size;
	line->record = malloc(line->record_size + line->key_size + 1);
	assert(line->record);
	memcpy(line->record, command.record.at, command.record.size);
	memcpy(line->record + line->record_size, command.party.at, command.party.size);
}

static bool is_blank(const char *text, ssize_t size)
{
	for (ssize_t i = 0; i < size; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	return true;
}

/* A line of another topic waits for the next window: between topics only outcomes keep the file's
 * order. */
static bool is_of_window(struct submit *submit, struct line *line)
{
	for (size_t i = submit->count; i-- > 0;)
		if (submit->lines[i].record)
			return !line->record || submit->lines[i].stream == line->stream;
	return true;
}

static void line_take(struct submit *submit, const struct line *line)
{
	struct line *taken = &submit->lines[submit->count++];
	*taken = *line;
	if (taken->record)
		slot_add(submit, taken);
}

/* Reads until the window is full, the input ends, the topic changes, or a person waits for the
 * answer. */
static int window_read(struct submit *submit)
{
	char *text = NULL;
	size_t room = 0;
	bool is_interactive = isatty(fileno(submit->input));
	submit->count = 0;
	memset(submit->slots, 0, sizeof submit->slots);
	if (submit->held.number > 0)
		line_take(submit, &submit->held);
	submit->held = (struct line){ 0 };
	while (submit->count < WINDOW_LINES && !(is_interactive && submit->count > 0)) {
		ssize_t size = getline(&text, &room, submit->input);
		if (size < 0)
			break;
		submit->line_number++;
		if (is_blank(text, size))
			continue;
		struct line line = { .number = submit->line_number };
		line_parse(submit, &line, text, (size_t)size);
		if (!is_of_window(submit, &line)) {
			submit->held = line;
			break;
		}
		line_take(submit, &line);
	}
	free(text);
	if (ferror(submit->input)) {
		complain("can't read %s: %s", submit->input_name, strerror(errno));
		return EXIT_FAULT;
	}
	return EXIT_DONE;
}

static int outcomes_open(struct submit *submit, uint32_t shard)
{
	struct outcomes *outcomes = &submit->outcomes[shard];
	if (outcomes->reader)
		return EXIT_DONE;
	int64_t end;
	if (log_end(submit->log, shard, LOG_EVENTS, &end, &submit->fault) != 0 ||
		log_reader_open(submit->log, shard, LOG_EVENTS, end, &outcomes->reader,
			&submit->fault) != 0)
		return fault_exit(&submit->fault);
	return EXIT_DONE;
}

/* The holder of an embedded ledger may be another submit, which ends when its own commands are
 * answered, or may have been killed: then what is on the log waits for somebody to decide it, and
 * that is us. */
static void processor_become(struct submit *submit)
{
	struct log_config config = options_log_config(submit->options, LOG_OWN);
	struct fault held = { 0 };
	struct log *log;
	if (submit->is_processor || !options_is_embedded(submit->options) ||
		log_open(&log, &config, &held) != 0 ||
		owners_new(&submit->owners, submit->options, log) != EXIT_DONE)
		return;
	owners_start(&submit->owners);
	submit->is_processor = true;
}

/* Whoever decides the commands. */
static void wait_for_processor(const struct submit *submit, const char *what)
{
	if (submit->is_processor)
		waiting_for(
			"%s: this submit decides itself, and its log or its disk is slow", what);
	else if (options_is_embedded(submit->options))
		waiting_for("%s, for the process that holds '%s' (pinion run, or another submit); "
			    "for %d s at most",
			what, submit->options->ledger + strlen("embedded:"),
			OUTCOME_WAIT_MS / 1000);
	else
		waiting_for("%s, for a processor of %s: is `pinion run` running, and live? For %d "
			    "s at most",
			what, submit->options->ledger, OUTCOME_WAIT_MS / 1000);
}

/* Sends the very same records again when it is not known whether they are on the log: their ids
 * make that harmless, and the holder may only be starting again. */
static int entries_send(struct submit *submit, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count)
{
	time_t deadline = time(NULL) + OUTCOME_WAIT_MS / 1000;
	wait_for_processor(submit, "to send");
	for (;;) {
		int error = log_send(submit->sender, shard, stream, entries, count);
		if (error == 0)
			return EXIT_DONE;
		bool may_pass = error == FAULT_IO || error == FAULT_MISSING;
		bool is_own = submit->is_processor && submit->owners.log == submit->log;
		if (is_own || !may_pass || time(NULL) > deadline)
			return fault_exit(&submit->fault);
		fault_clear(&submit->fault);
		processor_become(submit);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
}

/* Sends in input order, as long as shard and stream stay the same in one go. */
static int window_send(struct submit *submit)
{
	static struct log_entry entries[WINDOW_LINES];
	for (size_t shard = 0; shard < log_shards(submit->log); shard++)
		for (unsigned stream = 0; stream < LOG_INPUTS; stream++) {
			size_t n = 0;
			for (size_t i = 0; i < submit->count; i++) {
				struct line *line = &submit->lines[i];
				if (!line->record || line->shard != shard || line->stream != stream)
					continue;
				entries[n++] = (struct log_entry){
					.key = { line->record + line->record_size, line->key_size },
					.value = { line->record, line->record_size },
				};
			}
			if (n == 0)
				continue;
			int exit_code = outcomes_open(submit, (uint32_t)shard);
			if (exit_code != EXIT_DONE)
				return exit_code;
			exit_code = entries_send(
				submit, (uint32_t)shard, (enum log_stream)stream, entries, n);
			if (exit_code != EXIT_DONE)
				return exit_code;
			for (size_t i = 0; i < submit->count; i++)
				if (submit->lines[i].record && submit->lines[i].shard == shard &&
					submit->lines[i].stream == stream)
					submit->lines[i].is_sent = true;
		}
	return EXIT_DONE;
}

/* The chain's state is not known where reading starts: the first event gives it. Should that one be
 * a stray of an older owner, the first event of a higher term gives it anew: only the present owner
 * has that. */
static bool record_is_valid(
	struct outcomes *outcomes, const struct link *link, const struct hash *hash)
{
	struct chain *chain = &outcomes->chain;
	if (chain_fold(chain, link, hash) == CHAIN_EVENT)
		return true;
	if (link->is_mark || (chain->sequence > 0 && link->term <= chain->term))
		return false;
	*chain = (struct chain){
		.term = link->term,
		.sequence = link->sequence,
		.hash = *hash,
	};
	return true;
}

/* The first line of this id that waits: for its outcome, or for its payment's end. NULL: none. */
static struct line *line_find(
	struct submit *submit, uint32_t shard, const struct id *id, bool is_under_way)
{
	struct line *line = *slot_of(submit, id);
	while (line && (line->is_answered || line->is_under_way != is_under_way ||
			       line->shard != shard || !id_equal(&line->id, id)))
		line = line->next_of_slot;
	return line;
}

static void line_answered(struct submit *submit, struct line *line)
{
	line->is_answered = true;
	submit->answered++;
}

static void outcome_match(struct submit *submit, uint32_t shard, const struct log_record *record,
	const struct event *event)
{
	if (!event->has_command_id || event_is_timers(event))
		return;
	struct line *line = line_find(submit, shard, &event->command_id, false);
	if (!line || line->stream != (enum log_stream)(event->topic - 1))
		return;
	struct bytes command = { line->record, line->record_size };
	line->output = answer_print(&submit->answers, submit->codec, line->number, command,
		record->value, record->offset, event);
	assert(line->output);
	line->is_under_way = submit->options->until_settled && !event->dry_run &&
			     event_is_under_way(event->kind);
	if (!line->is_under_way)
		line_answered(submit, line);
}

static void end_match(struct submit *submit, uint32_t shard, const struct id *payment_id,
	const struct log_record *record, const struct event *event)
{
	struct line *line = line_find(submit, shard, payment_id, true);
	if (!line)
		return;
	line->output = answer_end(&submit->answers, submit->codec, line->output, record->value,
		record->offset, event);
	line_answered(submit, line);
}

static void record_match(struct submit *submit, uint32_t shard, const struct log_record *record)
{
	struct event event;
	struct link link;
	struct hash hash = hash_of(record->value);
	if (event_decode(submit->codec, record->value, &event, &link) != DECODE_OK ||
		!record_is_valid(&submit->outcomes[shard], &link, &hash))
		return;
	outcome_match(submit, shard, record, &event);
	for (unsigned i = 0; i < event.effect_count; i++)
		if (event.effects[i].kind == EFFECT_settlement)
			end_match(submit, shard, &event.effects[i].settlement.payment_id, record,
				&event);
	if (event_ended_payment(&event))
		end_match(submit, shard, event_ended_payment(&event), record, &event);
}

/* The first line that waits; 0: none. */
static int64_t window_waiting(const struct submit *submit, uint32_t shard)
{
	for (size_t i = 0; i < submit->count; i++)
		if (submit->lines[i].is_sent && !submit->lines[i].is_answered &&
			submit->lines[i].shard == shard)
			return submit->lines[i].number;
	return 0;
}

static void progress(const struct submit *submit)
{
	if (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO))
		(void)fprintf(stderr, "\r%" PRId64 " answered", submit->answered);
}

static void outcome_wait(const struct submit *submit, uint32_t shard, int64_t line)
{
	char what[80];
	(void)snprintf(what, sizeof what, "for the outcome of line %" PRId64 " from shard %" PRIu32,
		line, shard);
	wait_for_processor(submit, what);
}

static int shard_await(struct submit *submit, uint32_t shard, time_t deadline)
{
	static struct log_record records[RECORDS_PER_READ];
	int64_t line, waits_for = 0;
	while ((line = window_waiting(submit, shard)) > 0) {
		size_t n;
		if (line != waits_for)
			outcome_wait(submit, shard, line);
		waits_for = line;
		if (log_read(submit->outcomes[shard].reader, records, RECORDS_PER_READ, 200, &n) !=
			0)
			return fault_exit(&submit->fault);
		for (size_t i = 0; i < n; i++)
			record_match(submit, shard, &records[i]);
		progress(submit);
		if (n > 0)
			continue;
		processor_become(submit);
		if (submit->is_processor && owners_ended(&submit->owners))
			return EXIT_FAULT; /* submit_close says why */
		if (time(NULL) > deadline) {
			complain(
				"no outcome of line %" PRId64 " in %d s: is a processor running "
				"(pinion run)? Its status line says what holds it up. The commands "
				"are on the log; submitting the same ids again is harmless",
				line, OUTCOME_WAIT_MS / 1000);
			return EXIT_FAULT;
		}
	}
	return EXIT_DONE;
}

static int window_finish(struct submit *submit)
{
	int exit_code = EXIT_DONE;
	time_t deadline = time(NULL) + OUTCOME_WAIT_MS / 1000;
	for (uint32_t shard = 0; shard < log_shards(submit->log) && exit_code == EXIT_DONE; shard++)
		if (submit->outcomes[shard].reader)
			exit_code = shard_await(submit, shard, deadline);
	waiting_ends();
	for (size_t i = 0; i < submit->count; i++) {
		struct line *line = &submit->lines[i];
		if (line->output && puts(line->output) < 0)
			exit_code = EXIT_FAULT;
		free(line->output);
		free(line->record);
	}
	if (!output_flush())
		exit_code = EXIT_FAULT;
	return exit_code;
}

/* The holder may be coming or going just now. */
static int sender_open(struct submit *submit)
{
	time_t deadline = time(NULL) + OUTCOME_WAIT_MS / 1000;
	wait_for_processor(submit, "to send");
	for (;;) {
		int error = log_sender_open(submit->log, &submit->sender, &submit->fault);
		if (error == 0)
			return EXIT_DONE;
		if (error != FAULT_MISSING || submit->is_processor || time(NULL) > deadline)
			return fault_exit(&submit->fault);
		fault_clear(&submit->fault);
		processor_become(submit);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
}

/* The holder's client, or the processor itself. */
static int submit_open(struct submit *submit)
{
	const struct options *options = submit->options;
	struct log_config config =
		options_log_config(options, options_is_embedded(options) ? LOG_OWN : LOG_USE);
	struct fault fault = { 0 };
	waiting_for("for the ledger %s to answer", options->ledger);
	int error = log_open(&submit->log, &config, &fault);
	if (error == FAULT_BUSY) {
		config.mode = LOG_USE;
		fault_clear(&fault);
		error = log_open(&submit->log, &config, &fault);
	} else if (!error && config.mode == LOG_OWN) {
		submit->is_processor = true;
	}
	if (error)
		return fault_exit(&fault);
	log_notice_say(submit->log);

	if (submit->is_processor) {
		int exit_code = owners_new(&submit->owners, options, submit->log);
		if (exit_code != EXIT_DONE) {
			submit->log = NULL;
			return exit_code;
		}
		owners_start(&submit->owners);
		if (!owners_await_live(&submit->owners))
			return EXIT_FAULT; /* submit_close says why */
	}
	submit->codec = codec_new();
	submit->outcomes = calloc(log_shards(submit->log), sizeof *submit->outcomes);
	assert(submit->outcomes);
	int exit_code = sender_open(submit);
	waiting_ends();
	return exit_code;
}

static int submit_close(struct submit *submit, int exit_code)
{
	waiting_ends();
	log_sender_close(submit->sender);
	for (uint32_t s = 0; submit->outcomes && s < log_shards(submit->log); s++)
		log_reader_close(submit->outcomes[s].reader);
	free(submit->outcomes);
	codec_free(submit->codec);
	/* The processor's own log is closed with it. */
	if (submit->log != submit->owners.log)
		log_close(submit->log);
	if (submit->owners.log) {
		int stopped = owners_stop(&submit->owners);
		if (exit_code == EXIT_DONE)
			exit_code = stopped;
		owners_free(&submit->owners);
	}
	return exit_code;
}

static int submit_all(struct submit *submit)
{
	int exit_code = submit_open(submit);
	while (exit_code == EXIT_DONE) {
		exit_code = window_read(submit);
		if (exit_code != EXIT_DONE || submit->count == 0)
			break;
		exit_code = window_send(submit);
		int finished = window_finish(submit);
		if (exit_code == EXIT_DONE)
			exit_code = finished;
	}
	if (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO))
		(void)fputc('\n', stderr);
	return submit_close(submit, exit_code);
}

int main_submit(int count, char **arguments)
{
	struct options options;
	int exit_code;
	if (!options_parse(&options, help_submit,
		    OPTION_LEDGER | OPTION_STATE | OPTION_FORMAT | OPTION_STRICT | OPTION_ARGUMENT,
		    count, arguments, &exit_code))
		return exit_code;
	struct submit *submit = calloc(1, sizeof *submit);
	assert(submit);
	submit->options = &options;
	submit->answers.format = options_format(&options);
	submit->input_name = options.argument ? options.argument : "standard input";
	submit->input = options.argument ? fopen(options.argument, "re") : stdin;
	if (!submit->input) {
		complain("can't open %s: %s", submit->input_name, strerror(errno));
		free(submit);
		return EXIT_USAGE;
	}
	exit_code = submit_all(submit);
	answers_summary(&submit->answers);
	const struct answers *answers = &submit->answers;
	bool is_refused = answers->errors > 0 ||
			  (options.is_strict && answers->rejected + answers->given_back > 0);
	if (exit_code == EXIT_DONE && is_refused)
		exit_code = EXIT_REFUSED;
	if (submit->input != stdin)
		(void)fclose(submit->input);
	free(submit);
	return exit_code;
}
