/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the options: what stands on a command line, and how its text is taken. */
#ifndef MAIN_OPTION_AT_H
#define MAIN_OPTION_AT_H

#include "main/options.h"

enum option_at {
	AT_HELP = 'h',
	AT_LEDGER = 256,
	AT_KAFKA_CONFIG,
	AT_STATE,
	AT_SHARDS,
	AT_SHARD,
	AT_MEMORY,
	AT_CHECKPOINT_MS,
	AT_REFUSE_INPUT,
	AT_ACCEPT_CLOCK,
	AT_RESTART_INPUTS,
	AT_RESTART_CLOCK,
	AT_FROM,
	AT_FOLLOW,
	AT_HEAD,
	AT_ACCOUNTS,
	AT_TRANSFERS,
	AT_KEYS,
	AT_CROSS,
	AT_LOAD,
	AT_SECONDS,
	AT_RESTARTS,
	AT_RAW,
	AT_LOG_FORMAT,
	AT_LEAVE_MADE_UP_MONEY,
	AT_PROGRESS,
	AT_JSON,
	AT_CLIENTS,
	AT_BATCH,
	AT_FORMAT,
	AT_STRICT,
	AT_UNTIL,
	AT_FROM_SNAPSHOT,
	AT_REPLICATION,
	AT_ACCEPT_FEWER_REPLICAS,
	AT_STANDBY,
};

/* Digits only, from min to max. */
bool number_parse(const char *text, int64_t min, int64_t max, int64_t *ret);

/* What bench alone takes. NULL, or what would have been wanted, in words. */
const char *bench_option_set(struct options *options, enum option_at at, const char *text);

#endif
