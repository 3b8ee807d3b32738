/* SPDX-License-Identifier: Apache-2.0 */
/* The log on Kafka: what its files share. Nothing here is seen outside src/log.
 *
 * One client library handle (rd_kafka_t, with threads and connections of its own) serves for
 * questions to the cluster, each writer has one, and each sender from its first record on, readers
 * share a few, and the membership in a group has one.
 */
#ifndef LOG_KAFKA_INTERNAL_H
#define LOG_KAFKA_INTERNAL_H

#include "log/log.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
	KAFKA_ANSWER_MS = 10000,          /* how long a question to the cluster may take */
	KAFKA_RECORD_BYTES_MAX = 4194304, /* the topics' max.message.bytes */
};

/* --- config.c: the URL and the properties file --- */

struct kafka_property {
	char *name;
	char *value;
};

struct kafka_config {
	char *servers; /* "HOST:PORT[,HOST:PORT]" */
	char *prefix;
	char *topics[LOG_STREAMS];
	struct kafka_property *properties;
	size_t property_count;
	bool is_debugging; /* `debug` is among them: the client library prints */
	uint32_t shards;   /* 0 until the topics were seen */
	int replication;   /* of new topics; 0: not chosen */
	int message_timeout_ms;
	int transaction_timeout_ms;
};

int kafka_config_read(
	struct kafka_config **ret, const struct log_config *from, struct fault *fault);
void kafka_config_free(struct kafka_config *config);

/* --- handle.c: handles of the client library, and what it tells them --- */

/* What a handle's callbacks note, in the thread that serves them. */
struct kafka_notes {
	bool transport; /* a connection broke, or a request was not answered in time */
	_Atomic unsigned
		breaks; /* of a reader's handle, which several threads serve: all that it notes */
	size_t delivered;
	size_t failed;
	size_t payload_size;         /* of the records delivered or failed */
	rd_kafka_resp_err_t failure; /* of the first failed one */
	bool has_regrouped;          /* of a member's handle: somebody came or went */
	/* --- cause.c --- */
	bool all_down; /* no broker of those known could be reached */
	bool is_final; /* the cause is one that waiting does not mend */
	bool scram_is_doubtful;
	char cause[600];               /* the first trouble, or the first that is final; "": none */
	_Atomic int certificate_error; /* OpenSSL's; from the client library's threads */
};

enum kafka_role {
	KAFKA_CLIENT, /* asks the cluster: topics, settings, ends */
	KAFKA_READER,
	KAFKA_WRITER,
	KAFKA_SENDER,
	KAFKA_READ_PROBE,
	KAFKA_WRITE_PROBE, /* what it sends is refused */
	KAFKA_MEMBER,      /* of the group of those who share the shards; reads nothing */
};

/* transactional_id: of a KAFKA_WRITER, else NULL. notes may be NULL; it must live as long as the
 * handle. */
int kafka_handle_open(rd_kafka_t **ret, const struct kafka_config *config, enum kafka_role role,
	const char *transactional_id, struct kafka_notes *notes, struct fault *fault);

/* Of a KAFKA_MEMBER: its group, its name there, and after how long without a word from it the
 * broker takes it for dead. */
struct kafka_membership {
	const char *group, *name;
	int session_ms;
};
int kafka_member_open(rd_kafka_t **ret, const struct kafka_config *config,
	const struct kafka_membership *membership, struct kafka_notes *notes, struct fault *fault);

/* The topic of a stream; a handle that knows its topics early has no wait at its first record. */
int kafka_topic_open(rd_kafka_topic_t **ret, rd_kafka_t *rk, const char *name, struct fault *fault);

/* Fills messages from entries, without copying the bytes. */
void kafka_messages_fill(
	rd_kafka_message_t *messages, const struct log_entry *entries, size_t count);

int64_t kafka_clock_ms(void);

/* --- cause.c: why the cluster can't be used --- */

/* Of the library's callbacks: for errors, and for each certificate of a broker's. */
void kafka_cause_note(struct kafka_notes *notes, int error, const char *reason);
int kafka_certificate_note(rd_kafka_t *rk, const char *name, int32_t id, int *error, int depth,
	const char *at, size_t size, char *reason, size_t reason_size, void *opaque);

/* Forgets all but what belongs to the handle. */
void kafka_notes_clear(struct kafka_notes *notes);

/* Whether to wait no longer for an answer: no broker is there, for a reason that waiting does not
 * mend, or for so long that whoever starts us may try again. */
bool kafka_is_hopeless(const struct kafka_notes *notes, int64_t waited_ms);

/* SCRAM of this client library fails against Kafka 4, though not against older ones. */
#define KAFKA_SCRAM_NOTICE                                                                      \
	"SCRAM of a librdkafka below 2.6.1 fails against Kafka 4 (librdkafka#4895): use PLAIN " \
	"over TLS, or client certificates"
bool kafka_scram_is_doubtful(const struct kafka_config *config);

/* As FAULT, the cause first where one is known. */
void kafka_fault_note(struct fault *fault, const char *file, int line, int code,
	const struct kafka_notes *notes, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
#define KAFKA_FAULT(fault, code, notes, ...) \
	(kafka_fault_note((fault), __FILE__, __LINE__, (code), (notes), __VA_ARGS__), (code))

/* --- topics.c: the five topics, as they must be --- */

struct kafka_log;

/* How many shards there are, and with LOG_OWN whether all is as it must be. Asked over this client,
 * the log's or another one, with that client's notes. */
int kafka_topics_check(struct kafka_log *log, rd_kafka_t *client, struct kafka_notes *notes,
	enum log_mode mode, uint32_t *ret_shards, struct fault *fault);
int kafka_topics_create(struct kafka_log *log, uint32_t shards, struct fault *fault);

/* --- rights.c: what the broker lets us do --- */

/* What the mode needs: to read all topics and write events and internal, or to read events. */
int kafka_rights_check(struct kafka_log *log, enum log_mode mode, struct fault *fault);

/* Before the first record of a stream is sent. */
int kafka_write_check(struct kafka_log *log, enum log_stream stream, struct fault *fault);

bool kafka_is_denied(rd_kafka_resp_err_t error);

/* Operation and resource as in the broker's ACLs. */
#define KAFKA_DENIED(fault, config, operation, resource, name)                                   \
	FAULT((fault), FAULT_DENIED,                                                             \
		"not allowed: Kafka at %s denies us the operation %s on the %s %s: an ACL must " \
		"grant it",                                                                      \
		(config)->servers, (operation), (resource), (name))

/* --- kafka.c --- */

struct kafka_consumer;

/* Of a topic, as it was last seen with LOG_OWN; 0: not. */
struct kafka_replication {
	int replicas, min_insync;
};

struct kafka_log {
	struct log base;
	struct kafka_replication replication[LOG_STREAMS]; /* topics.c */
	struct kafka_config *config;
	rd_kafka_t *client;
	struct kafka_notes notes; /* of client; under lock */
	pthread_mutex_t lock;
	struct kafka_consumer *consumers;    /* under lock; reader.c */
	_Atomic bool may_write[LOG_STREAMS]; /* that was tried; rights.c */
};

/* --- what fills in struct log_ops --- */

int kafka_fence(struct log *base, uint32_t shard, struct log_writer **ret, struct fault *fault);
int kafka_append(struct log_writer *base, const struct log_entry *entries, size_t count);
void kafka_writer_close(struct log_writer *base);

int kafka_reader_open(struct log *base, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault);
int kafka_read(struct log_reader *base, struct log_record *records, size_t capacity, int timeout_ms,
	size_t *ret_count);
void kafka_reader_listen(struct log_reader *base, void (*ring)(void *context), void *context);
int64_t kafka_reader_end_hint(struct log_reader *base);
int64_t kafka_reader_held(struct log_reader *base);
int64_t kafka_reader_position(struct log_reader *base);
void kafka_reader_close(struct log_reader *base);

int kafka_begin(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
	struct fault *fault);
int kafka_end(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault);

int kafka_sender_open(struct log *base, struct log_sender **ret, struct fault *fault);
int kafka_send(struct log_sender *base, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count);
void kafka_sender_close(struct log_sender *base);

int kafka_group_open(
	struct log *base, const char *name, struct log_group **ret, struct fault *fault);
int kafka_group_step(struct log_group *base);
void kafka_group_leave(struct log_group *base);
void kafka_group_close(struct log_group *base);

#endif
