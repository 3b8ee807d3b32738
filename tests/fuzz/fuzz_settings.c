/* SPDX-License-Identifier: Apache-2.0 */
/* What operators write: a ledger's URL, the Kafka properties, a command line. It is taken as it was
 * meant, or refused with a text; and nothing in a properties file changes what a promise needs.
 *
 * The first byte says what the others are. */
#include "fuzz.h"

#include "log/kafka/internal.h"
#include "main/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 100 };

static char *text_of(struct bytes bytes)
{
	char *text = malloc(bytes.size + 1);
	assert(text);
	memcpy(text, bytes.at, bytes.size);
	text[bytes.size] = '\0';
	return text;
}

static void fault_check(int code, const struct fault *fault)
{
	assert(code == FAULT_SETTINGS);
	assert(fault->code == code && fault->text[0] != '\0');
}

/* --- URL --- */

static void kafka_url_check(const struct kafka_config *config, const char *url)
{
	size_t servers = strlen(config->servers), prefix = strlen(config->prefix);
	assert(servers > 0 && strncmp(url + 8, config->servers, servers) == 0);
	const char *rest = url + 8 + servers;
	assert(rest[0] == '/' && strcmp(config->prefix, rest + 1) == 0);
	for (int i = 0; i < LOG_STREAMS; i++) {
		const char *topic = config->topics[i];
		/* Kafka takes names of up to 249 characters. */
		assert(strlen(topic) <= 249 && strncmp(topic, config->prefix, prefix) == 0);
		assert(topic[prefix] == '.');
		assert(strcmp(topic + prefix + 1, log_stream_name((enum log_stream)i)) == 0);
	}
}

static void url_check(const char *url)
{
	struct fault fault = { 0 };
	const struct log_ops *ops = NULL;
	int code = log_ops_find(url, &ops, &fault);
	if (code != 0) {
		fault_check(code, &fault);
		return;
	}
	if (ops == &log_embedded) {
		assert(strncmp(url, "embedded:", 9) == 0 && url[9] != '\0');
		return;
	}
	assert(ops == &log_kafka);
	struct log_config from = { .url = url };
	struct kafka_config *config;
	code = kafka_config_read(&config, &from, &fault);
	if (code != 0) {
		fault_check(code, &fault);
		return;
	}
	kafka_url_check(config, url);
	kafka_config_free(config);
}

/* --- Properties --- */

/* Promises of log.h stand on these. A name of their own here: what a property is called twice, or
 * is set beside, must not matter. */
static const char *const promised[] = { "bootstrap.servers", "acks", "request.required.acks",
	"enable.idempotence", "transactional.id", "transaction.timeout.ms", "message.timeout.ms",
	"isolation.level", "auto.offset.reset", "enable.auto.commit", "enable.auto.offset.store",
	"enable.partition.eof", "group.id", "check.crcs", "message.max.bytes",
	"allow.auto.create.topics", "delivery.report.only.error", "test.mock.num.brokers",
	"batch.size", "batch.num.messages", "queue.buffering.max.messages",
	"queue.buffering.max.kbytes" };

static void promised_check(rd_kafka_conf_t *conf, rd_kafka_conf_t *plain)
{
	for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
		char value[256] = "", meant[256] = "";
		size_t size = sizeof value, meant_size = sizeof meant;
		rd_kafka_conf_res_t a = rd_kafka_conf_get(conf, promised[i], value, &size);
		rd_kafka_conf_res_t b = rd_kafka_conf_get(plain, promised[i], meant, &meant_size);
		assert(a == b && size == meant_size && strcmp(value, meant) == 0);
	}
}

/* What belongs to topics is there to be read only once one of those was set. */
static rd_kafka_conf_t *conf_new(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_res_t result =
		rd_kafka_conf_set(conf, "request.timeout.ms", "30000", NULL, 0);
	assert(result == RD_KAFKA_CONF_OK);
	return conf;
}

static void config_check(const struct kafka_config *config)
{
	static rd_kafka_conf_t *plain;
	if (!plain)
		plain = conf_new();
	rd_kafka_conf_t *conf = conf_new();
	for (size_t i = 0; i < config->property_count; i++) {
		char reason[256];
		rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, config->properties[i].name,
			config->properties[i].value, reason, sizeof reason);
		assert(result == RD_KAFKA_CONF_OK);
	}
	promised_check(conf, plain);
	rd_kafka_conf_destroy(conf);
}

static void properties_check(struct bytes input)
{
	/* Its value names a library to load, which is not ours to test. */
	if (memmem(input.at, input.size, "plugin", 6))
		return;
	int file = memfd_create("properties", MFD_CLOEXEC);
	assert(file >= 0);
	ssize_t written = write(file, input.at, input.size);
	assert(written == (ssize_t)input.size);
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	struct log_config from = { .url = "kafka://host:9092/bank", .kafka_config = path };
	struct kafka_config *config;
	struct fault fault = { 0 };
	int code = kafka_config_read(&config, &from, &fault);
	(void)close(file);
	if (code != 0) {
		fault_check(code, &fault);
		return;
	}
	/* A C string would end there, and what follows be left out unsaid. */
	assert(!memchr(input.at, '\0', input.size));
	config_check(config);
	kafka_config_free(config);
}

/* --- Command line --- */

/* Numbers may begin with zeros. */
static void zeros_drop(const char *from, char *to)
{
	bool begins = true;
	for (; *from != '\0'; from++) {
		bool is_digit = from[1] >= '0' && from[1] <= '9';
		if (!(begins && *from == '0' && is_digit)) {
			*to++ = *from;
			begins = *from == ':' || *from == '=';
		}
	}
	*to = '\0';
}

/* As it would be written: so that "1", " 1", "+1" and 2^32 + 1 are not one and the same. */
static bool stands_in(char **arguments, int count, const char *text)
{
	char wanted[128];
	bool is_there = false;
	zeros_drop(text, wanted);
	for (int i = 1; i < count && !is_there; i++) {
		char *argument = malloc(strlen(arguments[i]) + 1);
		assert(argument);
		zeros_drop(arguments[i], argument);
		size_t size = strlen(argument), wanted_size = strlen(wanted);
		is_there = size >= wanted_size &&
			   strcmp(argument + size - wanted_size, wanted) == 0 &&
			   (size == wanted_size || argument[size - wanted_size - 1] == '=');
		free(argument);
	}
	return is_there;
}

static bool place_stands_in(char **arguments, int count, const struct place_option *place)
{
	char text[96];
	(void)snprintf(text, sizeof text, "%s:%u:%lld", log_stream_name(place->stream),
		place->shard, (long long)place->offset);
	return stands_in(arguments, count, text);
}

static bool head_stands_in(char **arguments, int count, const struct head_option *head)
{
	char text[128];
	int size = snprintf(text, sizeof text, "%u:%lld:", head->shard, (long long)head->sequence);
	for (size_t i = 0; i < sizeof head->hash; i++)
		size += snprintf(text + size, sizeof text - (size_t)size, "%02x", head->hash[i]);
	return stands_in(arguments, count, text);
}

static void options_check(const struct options *options, unsigned bits, char **all, int count)
{
	assert(!(bits & OPTION_LEDGER) || options->ledger);
	assert(options->shards <= SHARDS_MAX && options->shard_count <= SHARDS_MAX);
	for (size_t i = 0; i < options->shard_count; i++)
		assert(options->shard[i] < SHARDS_MAX);
	assert(options->refused_count <= PLACES_MAX);
	for (size_t i = 0; i < options->refused_count; i++)
		assert(place_stands_in(all, count, &options->refused[i]));
	assert(options->clock_accepted_count <= PLACES_MAX);
	for (size_t i = 0; i < options->clock_accepted_count; i++)
		assert(place_stands_in(all, count, &options->clock_accepted[i]));
	assert(options->head_count <= PLACES_MAX);
	for (size_t i = 0; i < options->head_count; i++)
		assert(head_stands_in(all, count, &options->heads[i]));
	assert(options->memory_bytes >= 8u << 20 && options->checkpoint_ms >= 1);
	assert(options->from >= 0 && options->accounts >= 2 && options->transfers >= 1);
	assert(!options->argument || (bits & OPTION_ARGUMENT && count > 1));
	for (size_t i = 1; i < options->shard_count; i++)
		assert(options->shard[i] != options->shard[i - 1]);
	char first[PATH_SIZE_MAX], second[PATH_SIZE_MAX];
	if (options->ledger && options_state_path(options, 1, first) &&
		options_state_path(options, 12, second))
		assert(strcmp(first, second) != 0);
}

/* Two bytes say what the subcommand takes; then the arguments, a line each. */
static void command_line_check(struct bytes input)
{
	unsigned bits = fuzz_take_u8(&input);
	bits |= (unsigned)fuzz_take_u8(&input) << 8 | OPTION_LEDGER;
	char *text = text_of(input), name[] = "run", *arguments[ARGUMENTS_MAX + 1] = { name };
	int count = 1;
	for (char *at = text; at && count < ARGUMENTS_MAX;)
		arguments[count++] = strsep(&at, "\n");
	char *all[ARGUMENTS_MAX]; /* getopt changes their order */
	memcpy(all, arguments, sizeof all);

	/* It complains there: but not of thousands of command lines. */
	static FILE *nowhere;
	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	assert(nowhere);
	FILE *complaints = stderr;
	stderr = nowhere;
	optind = 0;
	struct options options;
	int exit_code;
	bool is_parsed = options_parse(&options, "", bits, count, arguments, &exit_code);
	stderr = complaints;
	if (is_parsed)
		options_check(&options, bits, all, count);
	else
		assert(exit_code == EXIT_USAGE || exit_code == EXIT_DONE);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)unsetenv("PINION_LEDGER");
	struct bytes input = { data, size };
	uint8_t what = fuzz_take_u8(&input) % 3;
	if (what == 0) {
		char *url = text_of(input);
		url_check(url);
		free(url);
	} else if (what == 1) {
		properties_check(input);
	} else {
		command_line_check(input);
	}
	return 0;
}
