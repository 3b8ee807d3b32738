/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the cluster about the five topics, and what they found. */
#ifndef LOG_KAFKA_ADMIN_H
#define LOG_KAFKA_ADMIN_H

#include "log/kafka/internal.h"

enum { TOPIC_SETTINGS = 5 };

struct topic {
	const char *name;
	bool exists;
	int partitions; /* 0 where the broker did not tell */
	int replicas;   /* the fewest of a partition */
	char values[TOPIC_SETTINGS][64];
	char min_insync[64], unclean[64];
};

struct admin {
	struct log *log;
	rd_kafka_t *client;
	const struct kafka_config *config;
	struct kafka_notes *notes;
	struct fault *fault;
	struct topic topics[LOG_STREAMS];
};

/* The first question of all. */
int admin_reach(struct admin *admin);

/* What one topic is like (NULL: which brokers there are). */
int admin_metadata_ask(struct admin *admin, rd_kafka_topic_t *topic, const char *what,
	const struct rd_kafka_metadata **ret);

/* Waits for the one event of an admin request. NULL: a fault was noted. The caller destroys the
 * event. */
rd_kafka_event_t *admin_answer_wait(
	struct admin *admin, rd_kafka_queue_t *queue, const char *what, int *ret_code);
rd_kafka_AdminOptions_t *admin_options_make(struct admin *admin, rd_kafka_admin_op_t operation);

#endif
