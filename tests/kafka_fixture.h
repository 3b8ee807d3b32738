/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the log on Kafka share: ledgers of their own, and a client of the broker beside
 * our code. */
#ifndef TESTS_KAFKA_FIXTURE_H
#define TESTS_KAFKA_FIXTURE_H

#include "log/log.h"

#include <librdkafka/rdkafka.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SHARDS = 2, ADMIN_MS = 20000, DEADLINE_MS = 30000 };

struct ledger {
	char prefix[100];
	char url[200];
	struct log_config config;
	struct fault fault;
	struct log *log;
};

int64_t clock_ms(void);
void pause_ms(int64_t time_ms);
void must(int code, const struct fault *fault);
void ledger_name(struct ledger *ledger);
void ledger_create(struct ledger *ledger);
void ledger_open(struct ledger *ledger);
void refused(struct ledger *ledger, int code, int expected, const char *const *words);
int open_until_refused(struct ledger *ledger);
rd_kafka_t *client_open(const char *transactional_id);
void settings_alter(const char *topic, const char *name, const char *value);
void setting_await(const char *topic, const char *name, const char *value);
void topic_make(const char *topic, int partitions);
void partitions_add(const char *topic, size_t count);
void records_delete(const char *topic, int partition, int64_t before);
struct log_entry entry(const char *text);
int append(struct log_writer *writer, const char *a, const char *b);
struct log_writer *fence(struct ledger *ledger, struct fault *fault);
struct log_reader *reader_open(struct ledger *ledger, enum log_stream stream, int64_t offset);
void read_until(struct ledger *ledger, struct log_reader *reader, const char *last, char *text,
	size_t size);

/* The settings every topic needs, as name and value. */
enum { RIGHT = 5 };
extern const char *const right[RIGHT][2];

/* 0: there is a broker to test on. Else says loudly that there is none and is what main returns. */
int broker_missing(void);

#endif
