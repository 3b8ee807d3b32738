/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated log: a broker of one world, behind log.h.
 *
 * The event streams are kept as Kafka keeps them under the old transaction protocol (KIP-98,
 * without KIP-890's verification): a coordinator with the producer's epoch and whether a Kafka
 * transaction is open, a partition that knows the highest epoch it has seen, records that are
 * pending until a marker ends them, readers that stop before the first pending one. Requests may
 * come late, copies of them too, also behind the next fence, as far as epochs let them. Other
 * worlds have a log without Kafka transactions, like the embedded one: what a failed append has
 * written is readable, and may come late. And some have a log that does not even fence (a broker
 * that forgot its epochs): there plain readers see void events, but money must hold all the same.
 */
#ifndef SIMULATOR_BROKER_H
#define SIMULATOR_BROKER_H

#include "ground.h"

#include "log/log.h"

struct broker_record {
	int64_t offset;
	int64_t time_ms;
	struct bytes value; /* lives as long as the world */
};

enum broker_kind {
	BROKER_KAFKA,
	BROKER_EMBEDDED,
	BROKER_UNFENCED,
};

/* A new world's, empty. */
void broker_begin(uint32_t shards, enum broker_kind kind);
/* Requests under way arrive, markers are written, as far as it is time. */
void broker_advance(void);
/* When that will be next; INT64_MAX: nothing is under way. */
int64_t broker_next_ns(void);

/* A client's record; its offset. */
int64_t broker_send(uint32_t shard, enum log_stream stream, struct bytes value);
/* What was committed is readable, what is under way is lost. */
void broker_lose_under_way(void);
/* An input loses its records from this offset on. No reader is open on it. */
void broker_input_lose(uint32_t shard, enum log_stream stream, int64_t offset);
/* The log loses a shard's events from this offset on. */
void broker_cut(uint32_t shard, int64_t offset);
void broker_clock_set(int64_t ahead_ms);

/* Somebody changes what the log rests on: its settings, or its first events are deleted. */
void broker_change(bool is_deletion);
void broker_restore(void);
bool broker_is_changed(void);

int64_t broker_clock_ahead_ms(void);
int64_t broker_now_ms(void);

/* How many records of a stream a reader that sees everything at once can read, and which. */
size_t broker_readable(uint32_t shard, enum log_stream stream);
const struct broker_record *broker_record(uint32_t shard, enum log_stream stream, size_t index);

#endif
