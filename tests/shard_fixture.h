/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of a shard share: a ledger on the simulated log, folders for states, owners, and
 * an auditor who believes nothing but the log. */
#ifndef TESTS_SHARD_FIXTURE_H
#define TESTS_SHARD_FIXTURE_H

#include "simulated_log.h"
#include "workload.h"

#include "engine/engine.h"
#include "shard/replica.h"
#include "shard/shard.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { RIG_SHARDS_MAX = 4, PATH_SIZE = 320, WAIT_MS = 60000 };

struct rig {
	char url[64];
	char folder[200];
	uint32_t shards;
	struct log *log;
	struct log_sender *sender;
	struct fault fault;
	struct codec *codec;
	struct id ledger_id;
	struct workload workloads[RIG_SHARDS_MAX];
	int64_t behind_ms;
};

/* A ledger with its first events. Record times start at the host's clock. */
struct rig *rig_open(const char *name, uint32_t shards);
/* One shard's ledger that was opened so long ago, and whose log's clock still stands there. */
struct rig *rig_open_past(const char *name, uint32_t shards, int64_t behind_ms);
void rig_come_closer(struct rig *rig, int64_t behind_ms);
int64_t rig_now_ms(const struct rig *rig);
void rig_close(struct rig *rig);

void rig_path(const struct rig *rig, const char *name, char ret[PATH_SIZE]);
int64_t host_ms(void);

void rig_send(struct rig *rig, uint32_t shard, enum log_stream stream, struct bytes value);
void rig_send_command(struct rig *rig, uint32_t shard, const struct command *command);
void rig_send_traffic(struct rig *rig, uint32_t shard, size_t count);

/* Until every input has its outcome on the log; fails the test when it takes too long. */
void rig_wait_answered(struct rig *rig, uint32_t shard);

struct owner {
	struct shard *shard;
	struct shard_config config;
	char path[PATH_SIZE];
	pthread_mutex_t mutex;
	char lines[16384]; /* what it said */
	size_t used;
};

/* Defaults; change `config`, then owner_start. `folder` names its state folder. */
struct owner *owner_new(struct rig *rig, uint32_t shard, const char *folder);
void owner_start(struct owner *owner);
/* Waits for its end, which must be this (0: it was asked to stop), and frees it. */
void owner_ends(struct owner *owner, int error);
/* The same, and what it says of its end contains this. */
void owner_ends_saying(struct owner *owner, int error, const char *text);
void owner_stop(struct owner *owner);
void owner_wait_live(struct owner *owner);
bool owner_said(struct owner *owner, const char *text);

/* Runs until all inputs are answered, stops, and audits. */
void rig_run(struct rig *rig, uint32_t shard, const char *folder);

/* shard_audit.c: what must be true whatever happened.
 *
 *  - the chain's events answer every input exactly once, each input stream in order (and all that
 *    is there, when the shard was drained);
 *  - deciding the same inputs again gives the same bytes, term and hashes apart;
 *  - replaying gives the same rows, and so does what `folder` holds (NULL: not compared);
 *  - balances are the sums of the events' effects, debits equal credits, open holds are pending.
 */
struct audit {
	int64_t sequence;
	int64_t term;
	int64_t void_records;
	int64_t timers_events;
	int64_t kinds[64]; /* events by kind */
	int64_t rejects[256];
	size_t rows;
	int64_t commands; /* command ids that have a row */
};
struct audit rig_audit(struct rig *rig, uint32_t shard, const char *folder);

/* The end of a stream; a reader for the whole of it. */
int64_t rig_end(struct rig *rig, uint32_t shard, enum log_stream stream);
struct records {
	struct log_record *at; /* values are copies */
	size_t count;
};
struct records rig_records(struct rig *rig, uint32_t shard, enum log_stream stream);
void records_free(struct records *records);

void folder_remove(const char *path);
void folder_copy(const char *from, const char *to);

#endif
