/* SPDX-License-Identifier: Apache-2.0 */
#include "main/limits.h"

#include "store/store.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum {
	/* Standard input and output, locks, the socket and who calls it, and the embedded log's own
	 * files but for its tables. */
	FILES_PROCESS = 40,
	FILES_LOG_MIN = 24,
	/* A shard's clients of Kafka: one writes, one reads back, others read inputs or send. */
	KAFKA_CLIENTS = 6,
	FILES_KAFKA_BOOTSTRAP = 2, /* of each client for each broker named in the URL */
	FILES_KAFKA_BROKER = 3,    /* and for each broker that there is */
	/* From there on a store opens all its tables at once, as a damaged one is then met at once.
	 */
	FILES_STORE_ALL = 4096,
};

static size_t files_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX)
		return INT32_MAX;
	return (size_t)limit.rlim_cur;
}

void limits_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static size_t kafka_files(const struct options *options)
{
	size_t brokers = 1;
	for (const char *c = options->ledger; *c; c++)
		brokers += *c == ',';
	return KAFKA_CLIENTS * brokers * (FILES_KAFKA_BOOTSTRAP + FILES_KAFKA_BROKER);
}

static int files_check(const struct options *options, size_t shards)
{
	bool is_embedded = options_is_embedded(options);
	size_t limit = files_limit();
	size_t others = is_embedded ? FILES_PROCESS + FILES_LOG_MIN : FILES_PROCESS;
	size_t each = STORE_FILES_MIN + (is_embedded ? 0 : kafka_files(options));
	size_t needed = others + shards * each;
	if (limit < needed) {
		complain(
			"%zu shard%s need%s at least %zu open files (%zu each, and %zu), and this "
			"process may have %zu: raise its limit (`ulimit -n`, LimitNOFILE=), or own "
			"fewer shards (--shard)",
			shards, shards == 1 ? "" : "s", shards == 1 ? "s" : "", needed, each,
			others, limit);
		return EXIT_FAULT;
	}
	/* An embedded log takes a quarter of all. */
	size_t rest = limit - needed;
	size_t share = STORE_FILES_MIN + (is_embedded ? rest / 4 * 3 : rest / 2) / shards;
	store_set_files_max(share < FILES_STORE_ALL ? (int)share : -1);
	return 0;
}

int limits_check(const struct options *options, size_t shards)
{
	return files_check(options, shards);
}
