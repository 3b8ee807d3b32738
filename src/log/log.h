/* SPDX-License-Identifier: Apache-2.0 */
/* The log: four input streams and one event stream per shard, ordered and durable.
 *
 * One contract, three implementations: kafka.c (Apache Kafka), embedded.c (a RocksDB of its own),
 * and the simulated one in tests. What holds for all of them, and is checked by
 * tests/log/log_contract.c against each:
 *
 *  - A record has an offset, int64 >= 0, growing along its stream, not always dense (Kafka's
 * transaction markers take offsets). A reader opened at offset o delivers every readable record at
 * o or above, in order.
 *  - A record's time is the log's own append time, Unix milliseconds; records of one append share
 * it (on Kafka: of one produce batch). It can jump; the shard guards against that.
 *  - What log_append or log_send returned 0 for is durable: embedded syncs to disk before it
 * returns; Kafka answers with acks=all under the broker's own flush settings (power loss of all
 * replicas at once is the operator's choice there).
 *  - log_fence makes its caller the only writer of the shard's events: appends through an older
 * writer that come later fail. Before it returns, the fate of everything the older writer had under
 * way is settled.
 *  - A failed append may have been written, wholly or as a prefix of the batch, and may become
 * readable until the next log_fence of that shard has returned. So a writer whose append failed is
 * good for nothing but log_writer_close; nothing is ever aborted by hand.
 *  - Readers see committed records only; a successful append becomes readable soon, not at once.
 *  - End offsets are hints. Proof of the end is reading one's own record back.
 *
 * Threads: a struct log may be shared; a writer, reader or sender belongs to one thread at a time.
 * Every call below notes its fault in the sink its object was opened with.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/bytes.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Topic order: ties of record time among inputs go to the first. LOG_EVENTS is the output. */
enum log_stream {
	LOG_COMMANDS,
	LOG_RAILS,
	LOG_CONTROL,
	LOG_INTERNAL,
	LOG_EVENTS,
};
enum { LOG_INPUTS = 4, LOG_STREAMS = 5 };

/* "commands", "rails", "control", "internal", "events". */
const char *log_stream_name(enum log_stream stream);

enum {
	/* A record's value is at most this long (bytes). */
	LOG_RECORD_SIZE_MAX = 900000,
	/* A batch holds at most this many records, and this many bytes of values: under the topics'
	 * max.message.bytes, so that one batch can be one produce request. */
	LOG_BATCH_RECORDS_MAX = 16384,
	LOG_BATCH_BYTES_MAX = 3500000,
};

/* As written. The key goes to Kafka (the deciding party, for compaction-free partition-stable
 * readers); the embedded log does not keep it, and no reader of ours uses it. */
struct log_entry {
	struct bytes key;
	struct bytes value;
};

/* As read. The value lives until the next log_read or log_reader_close of the same reader. */
struct log_record {
	int64_t offset;
	int64_t time_ms;
	struct bytes value;
};

enum log_mode {
	LOG_OWN, /* may fence and append events; on embedded: holds the folder, alone */
	LOG_USE, /* reads, and sends inputs; on embedded: beside the holder, through its socket */
};

struct log_config {
	const char *url; /* "embedded:DIR" or "kafka://HOST:PORT[,HOST:PORT]/PREFIX" */
	const char
		*kafka_config; /* a file of librdkafka properties, "name=value" a line, or NULL */
	enum log_mode mode;
	/* 0 = the defaults 30000 and 45000; tests shorten them. Milliseconds. */
	int message_timeout_ms;
	int transaction_timeout_ms;
	/* log_create on Kafka: so many replicas of what it makes; 0: as many as there are brokers,
	 * up to three. */
	int replication;
	/* A folder in which temporary ones are made, or NULL with errno. NULL: TMPDIR, or /tmp. */
	const char *(*temporary_root)(void);
};

/* How often the log has each record at least, and on how many of those it stands before it counts
 * as written. 0: not known, or nothing that can be chosen. */
struct log_replication {
	int replicas, min_insync;
	const char *fewest, *least; /* the topics that have so few */
};

struct log;
struct log_writer;
struct log_reader;
struct log_sender;

/* Opens the log of an existing ledger and checks it: FAULT_MISSING where there is none,
 * FAULT_SETTINGS where it is not as it must be (see log_create), FAULT_BUSY where LOG_OWN finds the
 * folder held. */
int log_open(struct log **ret, const struct log_config *config, struct fault *fault);

/* Makes what is missing of a ledger with this many shards (1 .. 1024): folder or topics, with the
 * settings that the promises need (Kafka: cleanup.policy=delete, retention.ms=-1,
 * retention.bytes=-1 and message.timestamp.type=LogAppendTime on all five). Refuses existing ones
 * that differ: FAULT_SETTINGS. Made twice is made once. On embedded this needs the folder not to be
 * held. */
int log_create(const struct log_config *config, uint32_t shards, struct fault *fault);

/* Whether all that the promises rest on still is as it was when the log was opened, which somebody
 * may have changed since (Kafka: the topics' settings, partitions and replicas, and that no event
 * was deleted; embedded: that the folder is still the one held). FAULT_SETTINGS, FAULT_LOG or
 * FAULT_MISSING: it is not. Any other fault: it could not be looked at. Takes as long as the log's
 * answers do, so not for a thread that others wait for. */
int log_check(struct log *log, struct fault *fault);

void log_close(struct log *log); /* NULL is fine. Writers, readers and senders are closed before. */

/* Asks every call on this log, also those begun later, to wait no longer than until then (the
 * monotonic clock's milliseconds); what is not done by then ends with FAULT_IO or FAULT_TAINTED.
 * For a process that is to end, whatever the log does. Any thread. */
void log_give_up_at(struct log *log, int64_t monotonic_ms);

uint32_t log_shards(const struct log *log);

/* As it was when the log was opened with LOG_OWN. */
struct log_replication log_replication(const struct log *log);
/* FAULT_SETTINGS where that is less than `made`, with which the ledger was made; log_check then
 * holds the log to as much. */
int log_require(struct log *log, const struct log_replication *made, struct fault *fault);

/* What an operator should know of this log though it could be opened, or NULL. */
const char *log_notice(const struct log *log);

/* Where a second look at one's own ownership makes sense after FAULT_FENCED (Kafka: a broker's
 * time-out abort looks the same as a second owner); false where fencing proves another owner
 * (embedded). */
bool log_fence_is_ambiguous(const struct log *log);

int log_fence(struct log *log, uint32_t shard, struct log_writer **ret, struct fault *fault);

/* Appends all entries in order as one batch and makes them durable. 0: done. FAULT_TAINTED,
 * FAULT_FENCED or FAULT_IO: close the writer. A log that is slow or far away only takes its time;
 * where an answer is missing (Kafka: a request without one for 6 s, a connection that broke, no
 * commit within 20 s) it is FAULT_TAINTED, though all may be well: the shard recovers and finds
 * out. */
int log_append(struct log_writer *writer, const struct log_entry *entries, size_t count);

void log_writer_close(struct log_writer *writer); /* without abort; NULL is fine */

/* A reader that starts at the first readable record whose offset is at least `offset`. FAULT_LOG
 * when the log no longer holds that offset (trimmed) or ends before it. */
int log_reader_open(struct log *log, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault);

/* Where a log may have lost records of an input meanwhile (a broker was away), a reader of it does
 * not go on by offset: FAULT_IO, and whoever reads opens it anew, and compares.
 *
 * Up to `capacity` records that follow. Waits at most timeout_ms for the first one (0: does not
 * wait), never for more. *ret_count = 0 means none came in time. */
int log_read(struct log_reader *reader, struct log_record *records, size_t capacity, int timeout_ms,
	size_t *ret_count);

/* For who can't wait in log_read, as he waits for more than one stream: `ring` is called when the
 * reader may have something for log_read that it had not when that last gave nothing (a record, a
 * fault, a new position). It may be called for nothing, by any thread, also inside the log's locks
 * and until log_reader_close has returned: so it does next to nothing, and calls nothing of the
 * log. Only with LOG_OWN. */
void log_reader_listen(struct log_reader *reader, void (*ring)(void *context), void *context);

/* The offset after the last readable record as far as this reader knows without waiting: a hint,
 * cheap. */
int64_t log_reader_end_hint(struct log_reader *reader);

/* How many offsets from the position on the log holds but lets nobody read yet, as far as this
 * reader knows without waiting (Kafka: what stands in a Kafka transaction that is open, and behind
 * it). 0 where they are only on their way. */
int64_t log_reader_held(struct log_reader *reader);

/* The offset the next read starts from at the earliest. It passes what is not a record (markers)
 * too, so a reader that has seen everything has position >= end. */
int64_t log_reader_position(struct log_reader *reader);

void log_reader_close(struct log_reader *reader);

/* Asks the log itself for the apparent end of a stream (a round trip on Kafka). */
int log_end(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault);

/* The offset of the first record kept, or of the end where there is none: 0, but on Kafka where
 * records were deleted. */
int log_begin(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
	struct fault *fault);

/* For those who publish inputs: clients, ticks, relays. */
int log_sender_open(struct log *log, struct log_sender **ret, struct fault *fault);

/* Appends to an input stream of a shard; returns when all are durable. After a fault some may be on
 * the log: the ids make sending again harmless. Without entries it only tells whether the log would
 * take some. */
int log_send(struct log_sender *sender, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count);

void log_sender_close(struct log_sender *sender);

/* --- Which processes share this log's shards. ---
 *
 * It is advice: who owns a shard is decided by log_fence and the marks on its events alone. */

enum { LOG_MEMBER_NAME_MAX = 96 }; /* with its end */

/* As last looked at. */
struct log_members {
	char (*names)[LOG_MEMBER_NAME_MAX]; /* sorted, each once */
	size_t count;
	uint64_t sum;    /* another one where any process came or went, also one of the same name */
	bool is_stable;  /* all of them have heard of each other */
	bool was_there;  /* our name was, before we joined: we were killed a moment ago */
	bool has_double; /* another process that lives has our name */
	unsigned looks;  /* how often it was looked at; 0: not yet */
};

struct log_group;

/* False: one process holds this log, and owns all. */
bool log_has_groups(const struct log *log);

/* Joins those who share this log's shards, under a name that outlives a restart; the name is kept
 * by whoever calls. Waits for nothing. */
int log_group_open(struct log *log, const char *name, struct log_group **ret, struct fault *fault);

/* Stays a member, and looks who the others are: to be called again and again, at least some times a
 * second. Waits for the log's answer, up to 2 s. FAULT_DENIED, FAULT_SETTINGS: it can't be a
 * member; what only comes and goes is no fault. */
int log_group_step(struct log_group *group);
const struct log_members *log_group_members(const struct log_group *group);

/* Leaves, so that the others take over at once and not only after the session's time-out. Waits for
 * nothing; steps go on until it is closed. */
void log_group_leave(struct log_group *group);
void log_group_close(struct log_group *group); /* NULL is fine */

/* --- What an implementation fills in. Each object begins with the matching struct below. --- */

struct log_ops {
	int (*open)(struct log **ret, const struct log_config *config, struct fault *fault);
	int (*create)(const struct log_config *config, uint32_t shards, struct fault *fault);
	int (*check)(struct log *log, struct fault *fault);
	void (*close)(struct log *log);
	int (*fence)(struct log *log, uint32_t shard, struct log_writer **ret, struct fault *fault);
	int (*append)(struct log_writer *writer, const struct log_entry *entries, size_t count);
	void (*writer_close)(struct log_writer *writer);
	int (*reader_open)(struct log *log, uint32_t shard, enum log_stream stream, int64_t offset,
		struct log_reader **ret, struct fault *fault);
	int (*read)(struct log_reader *reader, struct log_record *records, size_t capacity,
		int timeout_ms, size_t *ret_count);
	void (*reader_listen)(
		struct log_reader *reader, void (*ring)(void *context), void *context);
	int64_t (*reader_end_hint)(struct log_reader *reader);
	int64_t (*reader_held)(struct log_reader *reader); /* NULL: never any */
	int64_t (*reader_position)(struct log_reader *reader);
	void (*reader_close)(struct log_reader *reader);
	int (*end)(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_end,
		struct fault *fault);
	int (*begin)(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
		struct fault *fault);
	int (*sender_open)(struct log *log, struct log_sender **ret, struct fault *fault);
	int (*send)(struct log_sender *sender, uint32_t shard, enum log_stream stream,
		const struct log_entry *entries, size_t count);
	void (*sender_close)(struct log_sender *sender);
	/* NULL, all four: there are no groups. */
	int (*group_open)(
		struct log *log, const char *name, struct log_group **ret, struct fault *fault);
	int (*group_step)(struct log_group *group);
	void (*group_leave)(struct log_group *group);
	void (*group_close)(struct log_group *group);
};

struct log {
	const struct log_ops *ops;
	uint32_t shards;
	bool fence_is_ambiguous;
	struct log_replication replication;
	int replicas_required; /* see log_require */
	const char *notice;
	_Atomic int64_t give_up_ms; /* see log_give_up_at; 0: nobody asked */
};
/* For whoever waits: this deadline, or that of log_give_up_at where it is earlier. */
int64_t log_deadline(struct log *log, int64_t monotonic_ms);
struct log_writer {
	const struct log_ops *ops;
};
struct log_reader {
	const struct log_ops *ops;
};
struct log_sender {
	const struct log_ops *ops;
};
struct log_group {
	const struct log_ops *ops;
	struct log_members members;
};

extern const struct log_ops log_embedded;
extern const struct log_ops log_kafka;

/* Whose a URL is, by its form alone; FAULT_SETTINGS: nobody's, and the text says why, and what a
 * URL looks like. */
int log_ops_find(const char *url, const struct log_ops **ret, struct fault *fault);

#endif
