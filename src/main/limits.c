/* SPDX-License-Identifier: Apache-2.0 */
#include "main/limits.h"

#include "main/cgroup.h"
#include "main/owners.h"
#include "store/store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
	/* Standard input and output, locks, the socket and who calls it, and the embedded log's own
	 * files but for its tables. */
	FILES_PROCESS = 40,
	FILES_LOG_MIN = 24,
	/* Of a shard's own clients of Kafka one writes and two may send; the process's ask, share,
	 * look whether all is as it was, and read, for all shards. */
	KAFKA_CLIENTS_SHARD = 3,
	KAFKA_CLIENTS_PROCESS = 19,
	FILES_KAFKA_BOOTSTRAP = 2, /* of each client for each broker named in the URL */
	FILES_KAFKA_BROKER = 3,    /* and for each broker that there is */
	/* From there on a store opens all its tables at once, as a damaged one is then met at once.
	 */
	FILES_STORE_ALL = 4096,

	/* One decides, one commits, one writes checkpoints, one reads ahead, one sends to others.
	 */
	THREADS_SHARD = 5,
	/* RocksDB opens a log's tables by 16, and has some of its own; the socket's. */
	THREADS_PROCESS = 24,

	MEMORY_SHARD_MIN = 8 << 20,
	/* The log's memory tables, or what Kafka's clients fetch ahead; batches; code. */
	MEMORY_OTHERS = 100 << 20,
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

/* As far as the URL names them. */
static size_t kafka_brokers(const struct options *options)
{
	size_t brokers = 1;
	for (const char *c = options->ledger; *c; c++)
		brokers += *c == ',';
	return brokers;
}

static size_t kafka_files(const struct options *options, size_t clients)
{
	return clients * kafka_brokers(options) * (FILES_KAFKA_BOOTSTRAP + FILES_KAFKA_BROKER);
}

static size_t kafka_threads(const struct options *options, size_t clients)
{
	return clients * (1 + 2 * kafka_brokers(options));
}

static int files_check(const struct options *options, size_t shards)
{
	bool is_embedded = options_is_embedded(options);
	size_t limit = files_limit();
	size_t others = FILES_PROCESS, each = STORE_FILES_MIN;
	if (is_embedded) {
		others += FILES_LOG_MIN;
	} else {
		others += kafka_files(options, KAFKA_CLIENTS_PROCESS);
		each += kafka_files(options, KAFKA_CLIENTS_SHARD);
	}
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

/* --- Memory --- */

size_t limits_memory(const struct options *options)
{
	int64_t share = cgroup_memory_limit("") / 8 * 3;
	if (options->is_memory_given || share > (int64_t)options->memory_bytes)
		return options->memory_bytes;
	return (size_t)share;
}

size_t limits_cache(void)
{
	int64_t share = cgroup_memory_limit("") / 8;
	return share > STORE_CACHE_BYTES ? STORE_CACHE_BYTES : (size_t)share;
}

/* What is met later is met by the kernel, which kills. */
static int memory_check(const struct options *options, size_t shards)
{
	int64_t limit = cgroup_memory_limit("");
	size_t rows = limits_memory(options), cache = limits_cache();
	if (limit == INT64_MAX)
		return 0;
	if (!options->is_memory_given && rows / shards < MEMORY_SHARD_MIN) {
		complain(
			"%zu shard%s need%s at least %zu MiB of memory for rows (%d MiB each), and "
			"the control group's limit of %" PRId64
			" MiB leaves %zu: raise it (memory.max, MemoryMax=), or own fewer shards",
			shards, shards == 1 ? "" : "s", shards == 1 ? "s" : "",
			shards * (MEMORY_SHARD_MIN >> 20), MEMORY_SHARD_MIN >> 20, limit >> 20,
			rows >> 20);
		return EXIT_FAULT;
	}
	static bool is_said;
	if (rows + cache + MEMORY_OTHERS <= (size_t)limit || is_said)
		return 0;
	is_said = true;
	complain("the control group allows %" PRId64
		 " MiB of memory: rows take up to %zu, RocksDB's cache up to %zu, and the "
		 "rest some %d; beyond the limit the kernel kills this process. Give less "
		 "with --memory, or raise memory.max (MemoryMax=)",
		limit >> 20, rows >> 20, cache >> 20, MEMORY_OTHERS >> 20);
	return 0;
}

/* --- Threads --- */

struct crowd {
	pthread_mutex_t mutex;
	pthread_cond_t may_go;
	bool is_over;
};

static void *crowd_member(void *context)
{
	struct crowd *crowd = context;
	(void)pthread_mutex_lock(&crowd->mutex);
	while (!crowd->is_over)
		(void)pthread_cond_wait(&crowd->may_go, &crowd->mutex);
	(void)pthread_mutex_unlock(&crowd->mutex);
	return NULL;
}

/* How many threads of these can live at once: no limit tells, as others share it. */
static size_t threads_try(size_t wanted)
{
	struct crowd crowd = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	pthread_t *threads = calloc(wanted, sizeof *threads);
	pthread_attr_t small;
	size_t count = 0;
	if (!threads)
		return 0;
	(void)pthread_attr_init(&small);
	(void)pthread_attr_setstacksize(&small, 64 << 10);
	while (count < wanted && pthread_create(&threads[count], &small, crowd_member, &crowd) == 0)
		count++;
	(void)pthread_attr_destroy(&small);
	(void)pthread_mutex_lock(&crowd.mutex);
	crowd.is_over = true;
	(void)pthread_cond_broadcast(&crowd.may_go);
	(void)pthread_mutex_unlock(&crowd.mutex);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	free(threads);
	return count;
}

/* RocksDB aborts where a thread is not to be had. */
static int threads_check(const struct options *options, size_t shards)
{
	size_t others = THREADS_PROCESS, each = THREADS_SHARD;
	if (!options_is_embedded(options)) {
		others += kafka_threads(options, KAFKA_CLIENTS_PROCESS);
		each += kafka_threads(options, KAFKA_CLIENTS_SHARD);
	}
	size_t wanted = others + shards * each;
	size_t count = threads_try(wanted);
	if (count == wanted)
		return 0;
	complain(
		"%zu shard%s need%s up to %zu threads (%zu each, and %zu), and %zu could be "
		"started: "
		"raise the limit (`ulimit -u`, TasksMax=, pids.max), or own fewer shards (--shard)",
		shards, shards == 1 ? "" : "s", shards == 1 ? "s" : "", wanted, each, others,
		count);
	return EXIT_FAULT;
}

int limits_check(const struct options *options, size_t shards)
{
	int exit_code = files_check(options, shards);
	if (exit_code == 0)
		exit_code = threads_check(options, shards);
	return exit_code != 0 ? exit_code : memory_check(options, shards);
}
