/* SPDX-License-Identifier: Apache-2.0 */
/* A log in memory that keeps log.h's contract and does, on demand, everything that contract allows
 * to go wrong.
 *
 * A ledger lives from log_simulated.create to simulated_forget, whatever is opened and closed on it
 * meanwhile, so closing and opening again is a restart. Faults come only from plans, times only
 * from the ledger's own clock: the same calls give the same answers. URL: "simulated:NAME".
 */
#ifndef TESTS_SIMULATED_LOG_H
#define TESTS_SIMULATED_LOG_H

#include "log/log.h"

extern const struct log_ops log_simulated;

struct simulated_options {
	bool markers;     /* an offset without a record follows every append */
	bool never_waits; /* log_read answers at once whatever its timeout: for one thread alone */
	bool fence_is_ambiguous; /* as on Kafka; told to those who open later */
};
void simulated_options_set(const char *url, struct simulated_options options);
void simulated_forget(const char *url); /* if it is there; nothing is open on it */

enum simulated_call {
	SIMULATED_FENCE,
	SIMULATED_APPEND,
	SIMULATED_SEND,
	SIMULATED_READER_OPEN,
	SIMULATED_READ,
	SIMULATED_END,
	SIMULATED_CALLS,
};

enum simulated_fault {
	/* Any call: nothing happens, FAULT_IO. */
	SIMULATED_FAIL,
	/* Append and send: only the first `records` are written, readable at once; FAULT_TAINTED.
	 * All of them when `records` is larger: the answer is lost. None when it is 0: an
	 * unacknowledged tail is lost. */
	SIMULATED_TEAR,
	/* Append: the same, but readable only when the next log_fence of the shard returns. */
	SIMULATED_TEAR_LATE,
	/* Send: written twice, 0. */
	SIMULATED_DUPLICATE,
	/* Append and send: written, 0, but readable only once `reads` reads of the stream have
	   found nothing. */
	SIMULATED_DELAY,
	/* Append: another owner fences the shard just before; FAULT_FENCED. */
	SIMULATED_USURP,
};

/* The nth call from now on (1: the next) meets the fault, and so do the `times` - 1 calls that
 * follow. */
struct simulated_plan {
	enum simulated_call call;
	enum simulated_fault fault;
	uint64_t nth;
	uint64_t times;
	size_t records;
	uint64_t reads;
};
/* At most SIMULATED_PLANS_MAX under way; the earliest made that fits wins. */
enum { SIMULATED_PLANS_MAX = 16 };
void simulated_plan(const char *url, struct simulated_plan plan);
uint64_t simulated_calls(const char *url, enum simulated_call call);

/* Record times: `time_ms` for the next append, one more for each after it. */
void simulated_time_set(const char *url, int64_t time_ms);

/* What another owner would do: fence a shard; append as the only writer. */
void simulated_usurp(const char *url, uint32_t shard);
void simulated_put(const char *url, uint32_t shard, enum log_stream which, struct bytes value);

/* What retention does: the records before `offset` are deleted. No reader is open on them. */
void simulated_trim(const char *url, uint32_t shard, enum log_stream which, int64_t offset);

/* What no log may do: lose the readable records from `offset` on, or change one. */
void simulated_truncate(const char *url, uint32_t shard, enum log_stream which, int64_t offset);
void simulated_change(
	const char *url, uint32_t shard, enum log_stream which, int64_t offset, struct bytes value);

#endif
