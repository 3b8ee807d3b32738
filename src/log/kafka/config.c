/* SPDX-License-Identifier: Apache-2.0 */
/* Where the ledger lies on Kafka, read from URL and properties file: what a promise needs can't be
 * set there. */
#include "log/kafka/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_TIMEOUT_MS = 30000, TRANSACTION_TIMEOUT_MS = 45000 };

/* Each of these carries a promise of log.h, or is said elsewhere (the URL, struct log_config). */
static const char *const fixed[] = {
	"acks",
	"allow.auto.create.topics",
	"auto.commit.enable",
	"auto.offset.reset",
	"batch.num.messages",
	"batch.size",
	"bootstrap.servers",
	"check.crcs",
	"delivery.report.only.error",
	"delivery.timeout.ms",
	"enable.auto.commit",
	"enable.auto.offset.store",
	"enable.idempotence",
	"enable.partition.eof",
	"group.id",
	"group.instance.id",
	"heartbeat.interval.ms",
	"isolation.level",
	"max.poll.interval.ms",
	"message.max.bytes",
	"message.timeout.ms",
	"metadata.broker.list",
	"partition.assignment.strategy",
	"queue.buffering.max.kbytes",
	"queue.buffering.max.messages",
	"request.required.acks",
	"test.mock.num.brokers",
	"transaction.timeout.ms",
	"transactional.id",
};

static char *text_copy(const char *text, size_t size)
{
	char *copy = strndup(text, size);
	assert(copy);
	return copy;
}

/* kafka://HOST:PORT[,HOST:PORT]/PREFIX; its form was checked when it was found to be Kafka's. */
static void url_read(struct kafka_config *config, const char *url)
{
	static const char scheme[] = "kafka://";

	assert(strncmp(url, scheme, strlen(scheme)) == 0);
	const char *servers = url + strlen(scheme);
	const char *slash = strchr(servers, '/');
	assert(slash);
	config->servers = text_copy(servers, (size_t)(slash - servers));
	config->prefix = text_copy(slash + 1, strlen(slash + 1));
	for (int i = 0; i < LOG_STREAMS; i++) {
		int length = asprintf(&config->topics[i], "%s.%s", config->prefix,
			log_stream_name((enum log_stream)i));
		assert(length > 0);
	}
}

static char *blanks_trim(char *text)
{
	text += strspn(text, " \t\r\n");
	for (size_t size = strlen(text); size > 0 && strchr(" \t\r\n", text[size - 1]); size--)
		text[size - 1] = '\0';
	return text;
}

/* What clients of the events are told to expect: docs/reference/wire.md. */
static bool codec_ok(const char *name, const char *value)
{
	static const char *const codecs[] = { "lz4", "zstd", "gzip", "none" };

	if (strcmp(name, "compression.type") != 0 && strcmp(name, "compression.codec") != 0)
		return true;
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (strcmp(value, codecs[i]) == 0)
			return true;
	}
	return false;
}

static void property_add(struct kafka_config *config, const char *name, const char *value)
{
	size_t size = (config->property_count + 1) * sizeof(*config->properties);

	config->properties = realloc(config->properties, size);
	assert(config->properties);
	config->properties[config->property_count++] = (struct kafka_property){
		.name = text_copy(name, strlen(name)),
		.value = text_copy(value, strlen(value)),
	};
}

/* The client library keeps numbers in 32 bits, and what is left of a longer one may be in range. A
 * text that happens to be digits comes back as it was. */
static bool number_is_kept(const rd_kafka_conf_t *scratch, const char *name, const char *value)
{
	char kept[64];
	char *end;
	size_t size = sizeof(kept);

	if (rd_kafka_conf_get(scratch, name, kept, &size) != RD_KAFKA_CONF_OK ||
		size > sizeof(kept) || strcmp(kept, value) == 0)
		return true;
	long long number = strtoll(value, &end, 0);
	return *end != '\0' || number == strtoll(kept, NULL, 10) || kept[0] > '9';
}

static int property_try(rd_kafka_conf_t *scratch, const char *name, const char *value,
	const char *path, int number, struct fault *fault)
{
	char reason[256];
	char *end;
	bool is_well =
		rd_kafka_conf_set(scratch, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK;
	long long asked = strtoll(value, &end, 0);

	if (is_well ? !number_is_kept(scratch, name, value) : *end == '\0' && asked != (int)asked)
		return FAULT(fault, FAULT_SETTINGS,
			"%s:%d: %s: %s is more than the Kafka client takes: give a smaller number",
			path, number, name, value);
	if (is_well)
		return 0;
	reason[strcspn(reason, "\n")] = '\0';
	return FAULT(fault, FAULT_SETTINGS, "%s:%d: %s: %s", path, number, name, reason);
}

/* Tried on a scratch configuration at once, so that the answer can name file and line. */
static int property_read(struct kafka_config *config, rd_kafka_conf_t *scratch, char *line,
	const char *path, int number, struct fault *fault)
{
	char *name = blanks_trim(line);
	char *value = strchr(name, '=');

	if (strncmp(name, "\xef\xbb\xbf", 3) == 0)
		return FAULT(fault, FAULT_SETTINGS,
			"%s:%d: the line begins with a byte order mark: save the file as UTF-8 "
			"without it",
			path, number);
	if (name[0] == '\0' || name[0] == '#')
		return 0;
	if (!value)
		return FAULT(fault, FAULT_SETTINGS, "%s:%d: not a line of the form name=value",
			path, number);
	*value++ = '\0';
	name = blanks_trim(name);
	value = blanks_trim(value);

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(name, fixed[i]) == 0)
			return FAULT(fault, FAULT_SETTINGS,
				"%s:%d: %s is set by Pinion itself: remove the line", path, number,
				name);
	}
	if (!codec_ok(name, value))
		return FAULT(fault, FAULT_SETTINGS, "%s:%d: %s=%s: give lz4, zstd, gzip or none",
			path, number, name, value);
	int code = property_try(scratch, name, value, path, number, fault);
	if (code != 0)
		return code;
	if (strcmp(name, "debug") == 0)
		config->is_debugging = value[0] != '\0';
	property_add(config, name, value);
	return 0;
}

static int properties_read(struct kafka_config *config, const char *path, struct fault *fault)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return FAULT(fault, FAULT_SETTINGS, "can't read the Kafka properties %s: %s", path,
			strerror(errno));

	rd_kafka_conf_t *scratch = rd_kafka_conf_new();
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int code = 0;

	for (int number = 1; code == 0 && (length = getline(&line, &size, file)) >= 0; number++)
		code = strlen(line) == (size_t)length
			       ? property_read(config, scratch, line, path, number, fault)
			       : FAULT(fault, FAULT_SETTINGS,
					 "%s:%d: no text: it holds a zero byte, as UTF-16 does: "
					 "save the file as UTF-8",
					 path, number);
	if (code == 0 && ferror(file))
		code = FAULT(fault, FAULT_SETTINGS, "can't read the Kafka properties %s: %s", path,
			strerror(errno));

	free(line);
	rd_kafka_conf_destroy(scratch);
	(void)fclose(file);
	return code;
}

int kafka_config_read(struct kafka_config **ret, const struct log_config *from, struct fault *fault)
{
	struct kafka_config *config = calloc(1, sizeof(*config));
	assert(config);

	config->replication = from->replication;
	config->message_timeout_ms =
		from->message_timeout_ms ? from->message_timeout_ms : MESSAGE_TIMEOUT_MS;
	config->transaction_timeout_ms = from->transaction_timeout_ms ? from->transaction_timeout_ms
								      : TRANSACTION_TIMEOUT_MS;

	url_read(config, from->url);
	int code = from->kafka_config ? properties_read(config, from->kafka_config, fault) : 0;
	if (code != 0) {
		kafka_config_free(config);
		return code;
	}
	*ret = config;
	return 0;
}

void kafka_config_free(struct kafka_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->property_count; i++) {
		free(config->properties[i].name);
		free(config->properties[i].value);
	}
	for (int i = 0; i < LOG_STREAMS; i++)
		free(config->topics[i]);
	free(config->properties);
	free(config->servers);
	free(config->prefix);
	free(config);
}
