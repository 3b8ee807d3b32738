/* SPDX-License-Identifier: Apache-2.0 */
#include "main/option_at.h"

#include "main/temporary.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MEMORY_MIB_MIN = 8,
	MEMORY_MIB_MAX = 1 << 20,
	MEMORY_MIB_DEFAULT = 1024,
	CHECKPOINT_MS_DEFAULT = 2000,
	REPLICATION_MAX = 9,
	STANDBY_MAX = 4,
};

static const struct option_row {
	struct option name;
	unsigned bit; /* 0: always */
} rows[] = {
	{ { "help", no_argument, NULL, AT_HELP }, 0 },
	{ { "ledger", required_argument, NULL, AT_LEDGER }, OPTION_LEDGER },
	{ { "kafka-config", required_argument, NULL, AT_KAFKA_CONFIG }, OPTION_LEDGER },
	{ { "state", required_argument, NULL, AT_STATE }, OPTION_STATE },
	{ { "shards", required_argument, NULL, AT_SHARDS }, OPTION_SHARDS },
	{ { "replication", required_argument, NULL, AT_REPLICATION }, OPTION_SHARDS },
	{ { "shard", required_argument, NULL, AT_SHARD }, OPTION_SHARD },
	{ { "memory", required_argument, NULL, AT_MEMORY }, OPTION_MEMORY },
	{ { "checkpoint-ms", required_argument, NULL, AT_CHECKPOINT_MS }, OPTION_CHECKPOINT },
	{ { "refuse-input", required_argument, NULL, AT_REFUSE_INPUT }, OPTION_OWNER },
	{ { "accept-clock", required_argument, NULL, AT_ACCEPT_CLOCK }, OPTION_OWNER },
	{ { "restart-inputs", required_argument, NULL, AT_RESTART_INPUTS }, OPTION_OWNER },
	{ { "restart-clock", required_argument, NULL, AT_RESTART_CLOCK }, OPTION_OWNER },
	{ { "accept-fewer-replicas", no_argument, NULL, AT_ACCEPT_FEWER_REPLICAS }, OPTION_OWNER },
	{ { "from-snapshot", required_argument, NULL, AT_FROM_SNAPSHOT }, OPTION_SERVER },
	{ { "standby", required_argument, NULL, AT_STANDBY }, OPTION_OWNER },
	{ { "from", required_argument, NULL, AT_FROM }, OPTION_FROM },
	{ { "follow", no_argument, NULL, AT_FOLLOW }, OPTION_FOLLOW },
	{ { "head", required_argument, NULL, AT_HEAD }, OPTION_HEAD },
	{ { "accounts", required_argument, NULL, AT_ACCOUNTS }, OPTION_BENCH },
	{ { "transfers", required_argument, NULL, AT_TRANSFERS }, OPTION_BENCH },
	{ { "keys", required_argument, NULL, AT_KEYS }, OPTION_BENCH },
	{ { "cross", required_argument, NULL, AT_CROSS }, OPTION_BENCH },
	{ { "load", required_argument, NULL, AT_LOAD }, OPTION_BENCH },
	{ { "seconds", required_argument, NULL, AT_SECONDS }, OPTION_BENCH },
	{ { "restarts", required_argument, NULL, AT_RESTARTS }, OPTION_BENCH },
	{ { "log-format", required_argument, NULL, AT_LOG_FORMAT }, OPTION_SERVER },
	{ { "raw", no_argument, NULL, AT_RAW }, OPTION_BENCH },
	{ { "leave-made-up-money", no_argument, NULL, AT_LEAVE_MADE_UP_MONEY }, OPTION_BENCH },
	{ { "progress", required_argument, NULL, AT_PROGRESS }, OPTION_BENCH },
	{ { "clients", required_argument, NULL, AT_CLIENTS }, OPTION_BENCH },
	{ { "batch", required_argument, NULL, AT_BATCH }, OPTION_BENCH },
	{ { "json", no_argument, NULL, AT_JSON }, OPTION_BENCH | OPTION_FORMAT },
	{ { "format", required_argument, NULL, AT_FORMAT }, OPTION_FORMAT },
	{ { "strict", no_argument, NULL, AT_STRICT }, OPTION_STRICT },
	{ { "until", required_argument, NULL, AT_UNTIL }, OPTION_STRICT },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

int fault_exit(const struct fault *fault)
{
	complain("%s (%s:%d)", fault->text, fault->file, fault->line);
	return fault->code == FAULT_USURPED ? EXIT_OTHER_OWNER : EXIT_FAULT;
}

bool number_parse(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	long long value = strtoll(text, NULL, 10);
	if (errno != 0 || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

/* Digits and nothing else: no blank, no sign. */
/* The number before the next colon; *text then stands behind that. */
static bool part_parse(const char **text, int64_t max, int64_t *ret)
{
	char part[24];
	const char *colon = strchr(*text, ':');
	if (!colon || (size_t)(colon - *text) >= sizeof part)
		return false;
	memcpy(part, *text, (size_t)(colon - *text));
	part[colon - *text] = '\0';
	*text = colon + 1;
	return number_parse(part, 0, max, ret);
}

/* commands:3:1234 */
static bool place_parse(const char *text, struct place_option *ret)
{
	for (unsigned s = 0; s < LOG_INPUTS; s++) {
		const char *name = log_stream_name((enum log_stream)s);
		size_t size = strlen(name);
		if (strncmp(text, name, size) != 0 || text[size] != ':')
			continue;
		const char *rest = text + size + 1;
		int64_t shard, offset;
		if (!part_parse(&rest, SHARDS_MAX - 1, &shard) ||
			!number_parse(rest, 0, INT64_MAX, &offset))
			return false;
		*ret = (struct place_option){
			.shard = (uint32_t)shard,
			.stream = (enum log_stream)s,
			.offset = offset,
		};
		return true;
	}
	return false;
}

static bool places_add(const char *text, struct place_option *places, size_t *count)
{
	return *count < PLACES_MAX && place_parse(text, &places[*count]) && (*count)++ < PLACES_MAX;
}

/* SHARD:SEQUENCE */
static bool restart_parse(const char *text, int64_t sequences[SHARDS_MAX])
{
	int64_t shard;
	return part_parse(&text, SHARDS_MAX - 1, &shard) &&
	       number_parse(text, 1, INT64_MAX, &sequences[shard]);
}

/* SHARD:SEQ:HASH, the hash as 64 hexadecimal digits */
static bool head_parse(const char *text, struct head_option *ret)
{
	int64_t shard, sequence;
	if (!part_parse(&text, SHARDS_MAX - 1, &shard) ||
		!part_parse(&text, INT64_MAX, &sequence) || strlen(text) != 64 ||
		strspn(text, "0123456789abcdef") != 64)
		return false;
	ret->shard = (uint32_t)shard;
	ret->sequence = sequence;
	return sodium_hex2bin(ret->hash, sizeof ret->hash, text, 64, NULL, NULL, NULL) == 0;
}

static bool format_parse(const char *text, enum format *ret)
{
	static const char *const names[] = {
		[FORMAT_words] = "words",
		[FORMAT_json] = "json",
		[FORMAT_json_full] = "json-full",
	};
	for (size_t i = FORMAT_words; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum format)i;
			return true;
		}
	return false;
}

/* What is printed, and how that is taken. */
static const char *format_option_set(struct options *options, enum option_at at, const char *text)
{
	if (at == AT_FORMAT)
		return format_parse(text, &options->format) ? NULL : "words, json or json-full";
	if (at == AT_LOG_FORMAT) {
		options->log_is_json = strcmp(text, "json") == 0;
		return options->log_is_json || strcmp(text, "text") == 0 ? NULL : "text or json";
	}
	if (at == AT_UNTIL) {
		options->until_settled = strcmp(text, "settled") == 0;
		return options->until_settled ? NULL : "settled";
	}
	if (at == AT_STRICT) {
		options->is_strict = true;
	} else {
		options->is_json = true;
		options->format = FORMAT_json;
	}
	return NULL;
}

/* Records by their places. */
static const char *place_option_set(struct options *options, enum option_at at, const char *text)
{
	if (at == AT_RESTART_INPUTS)
		return restart_parse(text, options->restart_inputs_at)
			       ? NULL
			       : "SHARD:SEQUENCE, such as 0:1234";
	bool is_added =
		at == AT_REFUSE_INPUT
			? places_add(text, options->refused, &options->refused_count)
			: places_add(text, options->clock_accepted, &options->clock_accepted_count);
	return is_added ? NULL
			: "TOPIC:PARTITION:OFFSET, such as commands:0:1234, at most 64 times";
}

/* Twice the same would be two owners of it. */
static bool shard_add(struct options *options, uint32_t shard)
{
	for (size_t i = 0; i < options->shard_count; i++)
		if (options->shard[i] == shard)
			return false;
	options->shard[options->shard_count++] = shard;
	return true;
}

/* Which shards, and followed by how many. */
static const char *shards_option_set(struct options *options, enum option_at at, const char *text)
{
	int64_t n = 0;
	if (!number_parse(text, 0, at == AT_SHARD ? SHARDS_MAX - 1 : STANDBY_MAX, &n))
		return at == AT_SHARD ? "a number from 0 to 1023" : "a number from 0 to 4";
	if (at == AT_SHARD)
		return shard_add(options, (uint32_t)n) ? NULL : "each shard once";
	options->standby = (int)n;
	options->is_standby_given = true;
	return NULL;
}

/* SHARD:ENGINE_TIME_MS */
static const char *clock_option_set(struct options *options, const char *text)
{
	int64_t shard;
	struct clock_option *option = &options->clock_restarts[options->clock_restart_count];
	if (options->clock_restart_count == PLACES_MAX ||
		!part_parse(&text, SHARDS_MAX - 1, &shard) ||
		!number_parse(text, 1, INT64_MAX, &option->engine_time_ms))
		return "SHARD:ENGINE_TIME_MS, as the stop for the clock names them";
	option->shard = (uint32_t)shard;
	options->clock_restart_count++;
	return NULL;
}

/* Where something stands. */
static const char *where_option_set(struct options *options, enum option_at at, const char *text)
{
	if (at == AT_LEDGER)
		options->ledger = text;
	else if (at == AT_KAFKA_CONFIG)
		options->kafka_config = text;
	else if (at == AT_STATE)
		options->state = text;
	else if (text[0] == '\0' || strlen(text) + sizeof "/4294967295/store" > PATH_SIZE_MAX)
		return "a folder";
	else
		options->from_snapshot = text;
	return NULL;
}

/* How the topics are made, and taken. */
static const char *topics_option_set(struct options *options, enum option_at at, const char *text)
{
	int64_t n = 0;
	if (at == AT_ACCEPT_FEWER_REPLICAS) {
		options->accepts_fewer_replicas = true;
	} else if (at == AT_REPLICATION) {
		if (!number_parse(text, 1, REPLICATION_MAX, &n))
			return "a number from 1 to 9";
		options->replication = (int)n;
	} else {
		if (!number_parse(text, 1, SHARDS_MAX, &n))
			return "a number from 1 to 1024";
		options->shards = (uint32_t)n;
	}
	return NULL;
}

/* The text that says what the option wants, or NULL when it is well. */
static const char *option_set(struct options *options, enum option_at at, const char *text)
{
	int64_t n = 0;
	switch (at) {
	case AT_LEDGER:
	case AT_KAFKA_CONFIG:
	case AT_STATE:
	case AT_FROM_SNAPSHOT:
		return where_option_set(options, at, text);
	case AT_SHARDS:
	case AT_REPLICATION:
	case AT_ACCEPT_FEWER_REPLICAS:
		return topics_option_set(options, at, text);
	case AT_SHARD:
	case AT_STANDBY:
		return shards_option_set(options, at, text);
	case AT_MEMORY:
		if (!number_parse(text, MEMORY_MIB_MIN, MEMORY_MIB_MAX, &n))
			return "a number of MiB from 8 to 1048576";
		options->memory_bytes = (size_t)n << 20;
		options->is_memory_given = true;
		return NULL;
	case AT_CHECKPOINT_MS:
		if (!number_parse(text, 1, 86400000, &n))
			return "milliseconds, from 1 to 86400000";
		options->checkpoint_ms = (int)n;
		return NULL;
	case AT_REFUSE_INPUT:
	case AT_ACCEPT_CLOCK:
	case AT_RESTART_INPUTS:
		return place_option_set(options, at, text);
	case AT_RESTART_CLOCK:
		return clock_option_set(options, text);
	case AT_FROM:
		return number_parse(text, 0, INT64_MAX, &options->from) ? NULL
									: "a sequence, from 0 on";
	case AT_FOLLOW:
		options->follows = true;
		return NULL;
	case AT_HEAD:
		if (options->head_count == PLACES_MAX ||
			!head_parse(text, &options->heads[options->head_count++]))
			return "SHARD:SEQUENCE:HASH, the hash as 64 digits of hexadecimal in "
			       "lower case, at most 64 times";
		return NULL;
	case AT_ACCOUNTS:
	case AT_TRANSFERS:
	case AT_KEYS:
	case AT_CROSS:
	case AT_LOAD:
	case AT_SECONDS:
	case AT_RESTARTS:
	case AT_RAW:
	case AT_LEAVE_MADE_UP_MONEY:
	case AT_PROGRESS:
	case AT_CLIENTS:
	case AT_BATCH:
		return bench_option_set(options, at, text);
	case AT_JSON:
	case AT_FORMAT:
	case AT_LOG_FORMAT:
	case AT_STRICT:
	case AT_UNTIL:
		return format_option_set(options, at, text);
	case AT_HELP:
		break;
	}
	return "nothing";
}

static void options_default(struct options *options)
{
	*options = (struct options){
		.ledger = getenv("PINION_LEDGER"),
		.memory_bytes = (size_t)MEMORY_MIB_DEFAULT << 20,
		.checkpoint_ms = CHECKPOINT_MS_DEFAULT,
		.standby = 1,
		.accounts = 10000,
		.transfers = 1000000,
		.seconds = 5,
		.batch = 1,
	};
}

/* Only those that the subcommand takes: getopt itself then refuses the others. */
static void options_allowed(unsigned bits, struct option allowed[ROWS + 1])
{
	size_t n = 0;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].bit == 0 || rows[i].bit & bits)
			allowed[n++] = rows[i].name;
	allowed[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* A path that was cut off would be another shard's. */
static bool state_path_fits(const struct options *options)
{
	const char *base = options->state ? options->state : options->ledger;
	return !base || strlen(base) + sizeof "/state/4294967295" <= PATH_SIZE_MAX;
}

static bool arguments_take(
	struct options *options, unsigned bits, int count, char **arguments, const char *name)
{
	int taken = bits & OPTION_ARGUMENT ? 1 : 0;
	if (count > taken) {
		complain("%s does not take \"%s\": see `pinion %s --help`", name, arguments[taken],
			name);
		return false;
	}
	options->argument = count > 0 ? arguments[0] : NULL;
	return true;
}

static bool ledger_check(const struct options *options, unsigned bits)
{
	const struct log_ops *ops;
	struct fault fault = { 0 };
	if (!(bits & OPTION_LEDGER))
		return true;
	if (!options->ledger) {
		complain("which ledger? Give --ledger embedded:DIR or "
			 "kafka://HOST:PORT[,HOST:PORT]/PREFIX, or set PINION_LEDGER");
		return false;
	}
	if (log_ops_find(options->ledger, &ops, &fault) == 0)
		return true;
	complain("%s", fault.text);
	return false;
}

static bool state_check(const struct options *options, unsigned bits)
{
	if (options->state && options->state[0] == '\0') {
		complain("--state wants a folder, not \"\"");
		return false;
	}
	if (bits & OPTION_STATE_NEEDED && !options->state && !options_is_embedded(options)) {
		complain("where is the state? Give --state DIR: it holds a RocksDB per shard");
		return false;
	}
	if (!state_path_fits(options)) {
		complain("the path of the state folder is too long: use a shorter one");
		return false;
	}
	return true;
}

bool options_parse(struct options *options, const char *usage, unsigned bits, int count,
	char **arguments, int *ret_exit)
{
	struct option allowed[ROWS + 1];
	options_default(options);
	options_allowed(bits, allowed);
	*ret_exit = EXIT_USAGE;
	for (;;) {
		int index = 0;
		int at = getopt_long(count, arguments, "h", allowed, &index);
		if (at == -1)
			break;
		if (at == AT_HELP) {
			(void)fputs(usage, stdout);
			*ret_exit = EXIT_DONE;
			return false;
		}
		if (at == '?') {
			complain("see `pinion %s --help`", arguments[0]);
			return false;
		}
		const char *wanted = option_set(options, (enum option_at)at, optarg);
		if (wanted) {
			complain("--%s wants %s, not \"%s\"", allowed[index].name, wanted, optarg);
			return false;
		}
	}
	bool is_well =
		arguments_take(options, bits, count - optind, arguments + optind, arguments[0]) &&
		ledger_check(options, bits) && state_check(options, bits);
	return is_well;
}

void log_notice_say(const struct log *log)
{
	if (log_notice(log))
		complain("%s", log_notice(log));
}

struct log_config options_log_config(const struct options *options, enum log_mode mode)
{
	return (struct log_config){
		.url = options->ledger,
		.kafka_config = options->kafka_config,
		.mode = mode,
		.replication = options->replication,
		.temporary_root = temporary_root,
	};
}

enum format options_format(const struct options *options)
{
	if (options->format != FORMAT_none)
		return options->format;
	return isatty(STDOUT_FILENO) ? FORMAT_words : FORMAT_json;
}

bool options_is_embedded(const struct options *options)
{
	return strncmp(options->ledger, "embedded:", 9) == 0;
}

bool options_state_path(const struct options *options, uint32_t shard, char path[PATH_SIZE_MAX])
{
	if (options->state)
		(void)snprintf(path, PATH_SIZE_MAX, "%s/%" PRIu32, options->state, shard);
	else if (options_is_embedded(options))
		(void)snprintf(
			path, PATH_SIZE_MAX, "%s/state/%" PRIu32, options->ledger + 9, shard);
	else
		return false;
	return true;
}

bool options_state_is_elsewhere(const struct options *options, uint32_t shards)
{
	char path[PATH_SIZE_MAX];
	size_t count = options->shard_count ? options->shard_count : shards;
	if (!options->state)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t shard = options->shard_count ? options->shard[i] : (uint32_t)i;
		struct stat found;
		if (options_state_path(options, shard, path) && stat(path, &found) == 0 &&
			S_ISDIR(found.st_mode))
			return false;
	}
	complain("--state %s holds no shard's state: give the processor's own folder, or none, "
		 "and the log alone is read",
		options->state);
	return true;
}
