/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include "broker.h"
#include "twin.h"

#include "../auditor/auditor.h"
#include "base/pack.h"
#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { SHARDS_MAX = 4, CLOCK_AHEAD_MAX_MS = 5 * 60000 };

/* Where each event of the chain stands. */
struct event_place {
	int64_t offset, term;
	struct hash hash;
};

struct follower {
	struct auditor *auditor;
	struct twin *twin;
	size_t taken[LOG_STREAMS];
	/* The chain as this file understands it. */
	int64_t term, sequence;
	bool is_first_of_term;
	struct hash mark;
	struct event_place *places; /* by sequence */
	int64_t capacity;
};

static struct {
	uint32_t shards;
	bool has_kafka_transactions;
	struct codec *codec;
	int64_t host_most_ms; /* the latest that any machine's clock ever showed */
	struct follower followers[SHARDS_MAX];
} checks;
struct checks_totals checks_totals;

void checks_begin(uint32_t shards, bool has_kafka_transactions)
{
	assert(shards <= SHARDS_MAX);
	if (!checks.codec)
		checks.codec = codec_new();
	checks.shards = shards;
	checks.host_most_ms = 0;
	checks.has_kafka_transactions = has_kafka_transactions;
	for (uint32_t s = 0; s < shards; s++)
		checks.followers[s] = (struct follower){
			.auditor = auditor_new(s, shards),
			.twin = twin_begin(s),
		};
}

void checks_end(void)
{
	for (uint32_t s = 0; s < checks.shards; s++)
		auditor_free(checks.followers[s].auditor);
}

static void place_add(struct follower *follower, const struct event_place *place)
{
	follower->sequence++;
	if (follower->sequence >= follower->capacity) {
		int64_t capacity = follower->capacity == 0 ? 512 : 2 * follower->capacity;
		struct event_place *at = world_take((size_t)capacity * sizeof *at);
		if (follower->capacity > 0)
			memcpy(at, follower->places, (size_t)follower->capacity * sizeof *at);
		follower->places = at;
		follower->capacity = capacity;
	}
	follower->places[follower->sequence] = *place;
}

static bool mark_take(struct follower *follower, const struct link *link, const struct hash *hash)
{
	bool is_valid = link->term > follower->term;
	checks_totals.marks++;
	checks_totals.void_marks += !is_valid;
	if (!is_valid)
		return false;
	follower->term = link->term;
	follower->mark = *hash;
	follower->is_first_of_term = true;
	return true;
}

/* The chain rule of event.proto, read by a stranger: of the highest term, next in the dense count,
 * and with the hash of the valid event before it; a term's first also with its mark's. */
static bool event_is_valid(const struct follower *follower, const struct link *link)
{
	static const struct hash none;
	const struct hash *before =
		follower->sequence == 0 ? &none : &follower->places[follower->sequence].hash;
	return link->term == follower->term && link->sequence == follower->sequence + 1 &&
	       memcmp(link->previous.at, before->at, HASH_SIZE) == 0 &&
	       link->has_opened == follower->is_first_of_term &&
	       (!link->has_opened || memcmp(link->opened.at, follower->mark.at, HASH_SIZE) == 0);
}

static void event_take(uint32_t shard, const struct broker_record *record)
{
	struct follower *follower = &checks.followers[shard];
	struct link link;
	struct event event;
	if (event_decode(checks.codec, record->value, &event, &link) != DECODE_OK)
		violation("shard %" PRIu32 ": no event stands at offset %" PRId64, shard,
			record->offset);
	struct hash hash = hash_of(record->value);
	if (link.is_mark) {
		bool is_valid = mark_take(follower, &link, &hash);
		say("shard %" PRIu32 ": %s mark, term %" PRId64 ", at %" PRId64, shard,
			is_valid ? "valid" : "void", link.term, record->offset);
		return;
	}
	if (!event_is_valid(follower, &link)) {
		checks_totals.void_events++;
		say("shard %" PRIu32 ": void event %" PRId64 " of term %" PRId64 " at %" PRId64,
			shard, link.sequence, link.term, record->offset);
		if (checks.has_kafka_transactions)
			violation("shard %" PRIu32 ": a plain reader sees the void event %" PRId64
				  " of term %" PRId64 " at offset %" PRId64,
				shard, link.sequence, link.term, record->offset);
		return;
	}
	checks_totals.events++;
	checks_totals.remittances[0] += event.kind == EVENT_payment_received;
	checks_totals.remittances[1] += event.kind == EVENT_remittance_refused;
	checks_totals.remittances[2] += event.kind == EVENT_remittance_repeated;
	follower->is_first_of_term = false;
	place_add(follower, &(struct event_place){ record->offset, link.term, hash });
	say("shard %" PRIu32 ": event %" PRId64 " %s of term %" PRId64 " at %" PRId64, shard,
		link.sequence, event_name(event.kind), link.term, record->offset);
	if (event.engine_time_ms > checks.host_most_ms + CLOCK_AHEAD_MAX_MS)
		violation("shard %" PRIu32 ": event %" PRId64 " is %" PRId64
			  " s ahead of all clocks",
			shard, link.sequence, (event.engine_time_ms - checks.host_most_ms) / 1000);
	const char *wrong = auditor_event(follower->auditor, &event);
	if (wrong)
		violation("shard %" PRIu32 ": event %" PRId64 ": %s", shard, link.sequence, wrong);
	twin_take(follower->twin, &event);
}

static void shard_look(uint32_t shard)
{
	struct follower *follower = &checks.followers[shard];
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		while (follower->taken[s] < broker_readable(shard, s)) {
			const struct broker_record *record =
				broker_record(shard, s, follower->taken[s]++);
			auditor_input(follower->auditor, (enum topic)(s + 1), record->offset,
				record->time_ms, record->value);
		}
	while (follower->taken[LOG_EVENTS] < broker_readable(shard, LOG_EVENTS))
		event_take(shard, broker_record(shard, LOG_EVENTS, follower->taken[LOG_EVENTS]++));
}

/* Nothing is received before the log says that it was sent, and so on. */
static void orders_look(uint32_t home)
{
	for (uint32_t s = 0; s < checks.shards; s++) {
		const char *wrong = s == home ? NULL
					      : auditor_order(checks.followers[home].auditor,
							checks.followers[s].auditor);
		if (wrong)
			violation("%s", wrong);
	}
}

void checks_look(void)
{
	if (clock_host_ms() > checks.host_most_ms)
		checks.host_most_ms = clock_host_ms();
	uint64_t events = checks_totals.events;
	for (uint32_t s = 0; s < checks.shards; s++)
		shard_look(s);
	for (uint32_t s = 0; s < checks.shards && checks_totals.events > events; s++)
		orders_look(s);
}

void checks_verified(uint32_t shard, int64_t sequence)
{
	if (sequence > checks.followers[shard].sequence)
		violation("shard %" PRIu32 ": an owner calls event %" PRId64
			  " verified, the log ends with %" PRId64,
			shard, sequence, checks.followers[shard].sequence);
}

void checks_checkpoint(uint32_t shard, struct bytes position, uint64_t mix)
{
	struct follower *follower = &checks.followers[shard];
	if (!position.at)
		violation("shard %" PRIu32 ": a checkpoint without a position", shard);
	/* cppcheck-suppress nullPointerArithmeticRedundantCheck; a violation does not return */
	int64_t offset = unpack_i64(position.at + 2), sequence = unpack_i64(position.at + 10);
	shard_look(shard); /* it may be as fresh as this step */
	checks_totals.checkpoints++;
	if (sequence < 1 || sequence > follower->sequence)
		violation("shard %" PRIu32 ": a checkpoint of event %" PRId64
			  ", the log ends with %" PRId64,
			shard, sequence, follower->sequence);
	const struct event_place *place = &follower->places[sequence];
	if (place->offset != offset || unpack_i64(position.at + 18) != place->term ||
		memcmp(position.at + 26, place->hash.at, HASH_SIZE) != 0)
		violation("shard %" PRIu32 ": the checkpoint of event %" PRId64
			  " has another place than the log",
			shard, sequence);
	if (mix != twin_mix(follower->twin, sequence))
		violation("shard %" PRIu32 ": the checkpoint of event %" PRId64
			  " is not what replay gives",
			shard, sequence);
}

void checks_stored(uint32_t shard, int64_t term, uint64_t mix)
{
	struct follower *follower = &checks.followers[shard];
	shard_look(shard);
	if (term == follower->term && mix != twin_mix(follower->twin, follower->sequence))
		violation("shard %" PRIu32
			  ": an owner was stopped, and what it stored is not what the chain's "
			  "%" PRId64 " events give",
			shard, follower->sequence);
}

void checks_accept_clock(uint32_t shard, enum log_stream stream, int64_t offset)
{
	auditor_accept_clock(checks.followers[shard].auditor, (enum topic)(stream + 1), offset);
}

void checks_input_lost(uint32_t shard, enum log_stream stream, int64_t offset)
{
	struct follower *follower = &checks.followers[shard];
	follower->taken[stream] = broker_readable(shard, stream);
	auditor_input_cut(follower->auditor, (enum topic)(stream + 1), offset);
}

const char *checks_unanswered(void)
{
	static char text[400];
	for (uint32_t s = 0; s < checks.shards; s++) {
		const char *wrong = auditor_all_answered(checks.followers[s].auditor);
		size_t open = auditor_remittances_open(checks.followers[s].auditor);
		if (!wrong && open == 0)
			continue;
		if (wrong)
			(void)snprintf(text, sizeof text, "shard %" PRIu32 ": %s", s, wrong);
		else
			(void)snprintf(text, sizeof text,
				"shard %" PRIu32 ": %zu remittances are open", s, open);
		return text;
	}
	return NULL;
}

void checks_sums(void)
{
	for (uint32_t s = 0; s < checks.shards; s++) {
		const struct follower *follower = &checks.followers[s];
		const char *wrong = auditor_sums(follower->auditor);
		if (wrong)
			violation("shard %" PRIu32 ": %s", s, wrong);
		if (twin_count(follower->twin, TABLE_outbox) !=
				auditor_under_way(follower->auditor) ||
			twin_count(follower->twin, TABLE_refusal) !=
				auditor_refusals(follower->auditor))
			violation(
				"shard %" PRIu32
				": there are rows of remittances that are known no longer, or none",
				s);
	}
	for (uint32_t s = 0; s < checks.shards; s++)
		for (uint32_t other = s + 1; other < checks.shards; other++) {
			const char *wrong = auditor_pair(
				checks.followers[s].auditor, checks.followers[other].auditor);
			if (wrong)
				violation("%s", wrong);
		}
}
