/* SPDX-License-Identifier: Apache-2.0 */
/* The three logs, each as the contract suite meets it: log_contract embedded|simulated|kafka. */
#include "log_contract.h"
#include "simulated_log.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77 };

static void folder_remove(const char *path)
{
	DIR *folder = opendir(path);
	for (struct dirent *file; folder != NULL && (file = readdir(folder)) != NULL;) {
		char inner[LOG_FIXTURE_URL_SIZE + sizeof file->d_name + 1];
		struct stat status;
		if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0)
			continue;
		(void)snprintf(inner, sizeof inner, "%s/%s", path, file->d_name);
		if (lstat(inner, &status) == 0 && S_ISDIR(status.st_mode))
			folder_remove(inner);
		else
			(void)unlink(inner);
	}
	if (folder != NULL)
		(void)closedir(folder);
	(void)rmdir(path);
}

static void embedded_url_make(char url[LOG_FIXTURE_URL_SIZE])
{
	const char *folder = getenv("TMPDIR");
	char path[LOG_FIXTURE_URL_SIZE / 2];
	int size = snprintf(path, sizeof path, "%s/log_contract-XXXXXX",
		folder != NULL && *folder != '\0' ? folder : "/tmp");
	assert(size > 0 && (size_t)size < sizeof path);
	char *made = mkdtemp(path);
	assert(made != NULL);
	(void)snprintf(url, LOG_FIXTURE_URL_SIZE, "embedded:%s", path);
}

static void embedded_url_drop(const char *url)
{
	folder_remove(url + strlen("embedded:"));
}

/* A file may grow to one byte: to RocksDB that is a full disk. */
static void embedded_appends_fail(const char *url, bool fail)
{
	(void)url;
	struct rlimit limit;
	int r = getrlimit(RLIMIT_FSIZE, &limit);
	assert(r == 0);
	limit.rlim_cur = fail ? 1 : limit.rlim_max;
	r = setrlimit(RLIMIT_FSIZE, &limit);
	assert(r == 0);
	(void)signal(SIGXFSZ, SIG_IGN);
}

static unsigned number_next(void)
{
	static unsigned number;
	return ++number;
}

static void simulated_url_make(char url[LOG_FIXTURE_URL_SIZE])
{
	(void)snprintf(url, LOG_FIXTURE_URL_SIZE, "simulated:%u", number_next());
}

/* Kafka's offsets have holes, and its records are not readable at once: the suite must bear both
 * here too. */
static int simulated_create_like_kafka(
	const struct log_config *config, uint32_t shards, struct fault *fault)
{
	int r = log_simulated.create(config, shards, fault);
	if (r == 0)
		simulated_options_set(config->url, (struct simulated_options){ .markers = true });
	if (r == 0)
		simulated_plan(config->url, (struct simulated_plan){ .call = SIMULATED_APPEND,
						    .fault = SIMULATED_DELAY,
						    .nth = 1,
						    .times = 1,
						    .reads = 3 });
	return r;
}

static void simulated_appends_fail(const char *url, bool fail)
{
	if (fail)
		simulated_plan(url, (struct simulated_plan){ .call = SIMULATED_APPEND,
					    .fault = SIMULATED_TEAR_LATE,
					    .nth = 1,
					    .times = 1,
					    .records = 1 });
}

static void kafka_url_make(char url[LOG_FIXTURE_URL_SIZE])
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(url, LOG_FIXTURE_URL_SIZE, "kafka://%s/contract-%lld-%ld-%u",
		getenv("PINION_KAFKA"), (long long)now.tv_sec, (long)getpid(), number_next());
}

static void kafka_url_drop(const char *url)
{
	(void)url; /* the topics stay: the broker is a test's own */
}

static const struct log_fixture fixtures[] = {
	{
		.name = "embedded",
		.open = log_open,
		.create = log_create,
		.url_make = embedded_url_make,
		.url_drop = embedded_url_drop,
		.readable_within_ms = 10000,
		.appends_fail = embedded_appends_fail,
		.host_clock = true,
	},
	{
		.name = "simulated",
		.open = NULL, /* from log_simulated, below */
		.create = simulated_create_like_kafka,
		.url_make = simulated_url_make,
		.url_drop = simulated_forget,
		.readable_within_ms = 10000,
		.appends_fail = simulated_appends_fail,
	},
	{
		.name = "kafka",
		.open = log_open,
		.create = log_create,
		.url_make = kafka_url_make,
		.url_drop = kafka_url_drop,
		.message_timeout_ms = 20000,
		.transaction_timeout_ms = 30000,
		.readable_within_ms = 30000,
		.host_clock = true,
	},
};

int main(int argc, char **argv)
{
	const char *name = argc == 2 ? argv[1] : "";
	if (strcmp(name, "kafka") == 0 && getenv("PINION_KAFKA") == NULL) {
		const char *required = getenv("PINION_REQUIRE_KAFKA");
		bool fails = required != NULL && strcmp(required, "1") == 0;
		(void)fprintf(stderr, "%s: PINION_KAFKA names no broker (HOST:PORT)\n",
			fails ? "failed" : "skipped");
		return fails ? 1 : EXIT_SKIPPED;
	}
	for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
		if (strcmp(name, fixtures[i].name) != 0)
			continue;
		struct log_fixture fixture = fixtures[i];
		if (fixture.open == NULL)
			fixture.open = log_simulated.open;
		return log_contract_run(&fixture) == 0 ? 0 : 1;
	}
	(void)fprintf(stderr, "usage: log_contract embedded|simulated|kafka\n");
	return 2;
}
