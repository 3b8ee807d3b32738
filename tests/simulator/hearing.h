/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated log as each process has it open, and whether it answers: brokers die, or are cut
 * off, and then a call waits as long as its own bound and a stop's let it (log.h). */
#ifndef SIMULATOR_HEARING_H
#define SIMULATOR_HEARING_H

#include "ground.h"

#include "log/log.h"

enum { HEARING_SHARDS_MAX = 4 };

/* Kinds of calls. */
enum call {
	CALL_FENCE = 1,
	CALL_APPEND = 2,
	CALL_READER_OPEN = 4,
	CALL_READ = 8,
	CALL_END = 16,
	CALL_SEND = 32,
	CALL_CHECK = 64,
	CALLS_ALL = 127,
};

/* As one process has it open. */
struct log_simulated {
	struct log log;
	int64_t hangs_since_ns[HEARING_SHARDS_MAX]; /* by shard; INT64_MAX: no call does */
	enum call hangs[HEARING_SHARDS_MAX];
	int looks, looks_lost, looks_odd; /* the latter two in a row, to the last look */
};

/* A new world's: all processes open this. */
void hearing_begin(const struct log *log);
/* Processes are numbered from -1 on: that is `pinion init`. */
struct log_simulated *hearing_log(int process);
struct log *broker_log(int process);
/* A process starts. */
void hearing_open(int process);

/* Calls of these kinds (bits) have no answer until then. */
void hearing_deafen(uint32_t calls, int64_t until_ns);
bool hearing_is_deaf(uint32_t call);
/* What bounds a call. */
int64_t hearing_bound_ns(void);
/* A process is asked to end: its calls wait no longer than until then. */
void hearing_give_up_at(int process, int64_t monotonic_ms);

/* Waits while the log is deaf. False: the call was not heard, or its process is dead. */
bool is_heard(struct log *log, uint32_t shard, enum call call);

#endif
