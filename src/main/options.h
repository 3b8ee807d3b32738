/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: their options, their exit codes, and how they open a ledger. */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include "base/fault.h"
#include "log/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* refused, or verification failed */
	EXIT_USAGE = 2,
	EXIT_FAULT = 3,
	EXIT_OTHER_OWNER = 4, /* another owner took a shard: do not start again */
};

enum { SHARDS_MAX = 1024, PATH_SIZE_MAX = 4096 };

/* Which options a subcommand takes, besides --help. */
enum option_bit {
	OPTION_LEDGER = 1, /* --ledger, --kafka-config */
	OPTION_STATE = 2,  /* --state */
	OPTION_SHARDS = 4, /* --shards N */
	OPTION_SHARD = 8,  /* --shard S, may come again */
	OPTION_MEMORY = 16,
	OPTION_OWNER = 32,        /* what run alone takes */
	OPTION_SERVER = 32768,    /* what run and follow take */
	OPTION_CHECKPOINT = 1024, /* --checkpoint-ms */
	OPTION_FROM = 64,
	OPTION_FOLLOW = 128,
	OPTION_HEAD = 256,
	OPTION_BENCH = 512,   /* what bench alone takes */
	OPTION_FORMAT = 2048, /* --format, --json */
	OPTION_STRICT = 4096,
	OPTION_ARGUMENT = 8192,      /* one argument behind the options; without this bit: none */
	OPTION_STATE_NEEDED = 16384, /* --state, but for an embedded ledger */
};

struct head_option {
	uint32_t shard;
	int64_t sequence;
	uint8_t hash[32];
};

struct place_option {
	uint32_t shard;
	enum log_stream stream;
	int64_t offset;
};

struct clock_option {
	uint32_t shard;
	int64_t engine_time_ms;
};

enum { PLACES_MAX = 64, LOADS_MAX = 8, CLIENTS_MAX = 10000, CLIENT_BATCH_MAX = 10000 };

/* Which accounts the transfers of bench are between. */
enum keys_kind {
	KEYS_uniform,
	KEYS_zipf,
	KEYS_hot,
};

enum format {
	FORMAT_none, /* not given: words on a terminal, else json */
	FORMAT_words,
	FORMAT_json,
	FORMAT_json_full,
};

/* There is one, so its order is for readers. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct options {
	const char *ledger;
	const char *kafka_config;
	const char *state;
	const char *from_snapshot; /* NULL: the state is as it stands */
	uint32_t shards;           /* 0: not given */
	int replication;           /* 0: not given */
	bool accepts_fewer_replicas;
	uint32_t shard[SHARDS_MAX];
	size_t shard_count; /* 0: all */
	int standby;        /* processes that follow each shard */
	bool is_standby_given;
	size_t memory_bytes;
	bool is_memory_given;
	int checkpoint_ms;
	struct place_option refused[PLACES_MAX];
	size_t refused_count;
	struct place_option clock_accepted[PLACES_MAX];
	size_t clock_accepted_count;
	int64_t restart_inputs_at[SHARDS_MAX]; /* by shard: a sequence; 0: not given */
	struct clock_option clock_restarts[PLACES_MAX];
	size_t clock_restart_count;
	int64_t from;
	bool follows;
	bool log_is_json;
	struct head_option heads[PLACES_MAX];
	size_t head_count;
	int64_t accounts;
	int64_t transfers;
	enum keys_kind keys;
	double cross;         /* share of transfers between shards */
	int loads[LOADS_MAX]; /* percent of the peak */
	size_t load_count;
	int seconds; /* of each load; 0: no load */
	int restarts;
	int clients; /* 0: the peak and the loads instead */
	int batch;   /* of one client, in transfers */
	bool is_raw;
	bool leaves_made_up_money;
	const char *progress; /* a file; NULL: none */
	bool is_json;
	enum format format;
	bool is_strict;
	bool until_settled;   /* submit: waits for the end of payments to other shards */
	const char *argument; /* what stands behind the options; NULL: nothing */
};

/* False: what was wrong has been said, or --help was given; the process exits with *ret_exit. All
 * that can be told from the words alone is told here, before anything is opened or asked. */
bool options_parse(struct options *options, const char *usage, unsigned bits, int count,
	char **arguments, int *ret_exit);

/* Says it on standard error, with what to do. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says a fault; returns the exit code that it has. */
int fault_exit(const struct fault *fault);

/* What an operator should know of a log that was opened, on standard error. */
void log_notice_say(const struct log *log);

struct log_config options_log_config(const struct options *options, enum log_mode mode);
enum format options_format(const struct options *options); /* never none */
bool options_is_embedded(const struct options *options);

/* This shard's state folder: DIR/state/<shard> of an embedded ledger, <--state>/<shard> of one on
 * Kafka. False: Kafka, and no --state. */
bool options_state_path(const struct options *options, uint32_t shard, char path[PATH_SIZE_MAX]);

/* --state was given, and holds no folder for any of these shards (of those named, else of all):
 * said. */
bool options_state_is_elsewhere(const struct options *options, uint32_t shards);

#endif
