/* SPDX-License-Identifier: Apache-2.0 */
/* Where an input goes on, an offset alone does not say: a topic that lost its tail, or was made
 * anew, holds other records at the same offsets. So the state keeps a witness of the records that
 * were decided last: of each its place, its digest and its command id, and an owner takes nothing
 * before it has read these very records again. One would not do: upstreams send again what was
 * lost, and among few records one easily comes to stand where it stood.
 *
 * Where one stands there no more, the events tell which records were decided, and so where the
 * first other one stands. The shard stops and says so; it goes on from there when an operator says
 * that it may, and an event notes it.
 */
#include "ledger/restart.h"
#include "shard/internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { LOOK_MS = 50, ABSENT_AFTER_MS = 2000 };

/* An input, compared with the events that answered it. */
struct compared {
	struct log_reader *reader;
	int64_t begin;
	bool differs;          /* at `from`; what the events say of later ones is not looked at */
	int64_t from;          /* up to there it is what was decided */
	struct witness before; /* of the record before `from`; absent: none is known */
};

struct comparison {
	struct shard *shard;
	struct log_reader *events;
	struct compared inputs[LOG_INPUTS];
};

static bool is_stopping(struct shard *shard)
{
	return atomic_load(&shard->is_stopping);
}

/* The next record of a reader that has not passed `offset`. None: it has, or none came in time, or
 * the owner is asked to stop. */
static int record_await(struct shard *shard, struct log_reader *reader, int64_t offset, int wait_ms,
	struct log_record *ret, bool *ret_came)
{
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
	*ret_came = false;
	while (!is_stopping(shard) && log_reader_position(reader) <= offset &&
		clock_monotonic_ms() < deadline_ms) {
		size_t count;
		int error = log_read(reader, ret, 1, LOOK_MS, &count);
		*ret_came = !error && count == 1;
		if (error || *ret_came)
			return error;
	}
	return 0;
}

/* The record or what comes after it, or nobody waits any more. */
static bool has_come(
	struct shard *shard, struct log_reader *reader, int64_t offset, bool has_record)
{
	return has_record || is_stopping(shard) || log_reader_position(reader) > offset;
}

static int not_read(struct shard *shard, enum log_stream stream, int64_t offset)
{
	return FAULT(&shard->fault, FAULT_IO, "%s:%" PRIu32 ":%" PRId64 " was not read in time",
		log_stream_name(stream), shard->config.shard, offset);
}

/* The record at an offset, or what comes instead of it. An end is a hint, and a broker may be slow:
 * it is not there where it does not come, and the end says so too. Where the end says that it is
 * there, it is waited for. */
static int input_read(struct shard *shard, struct log_reader *reader, enum log_stream stream,
	int64_t offset, struct log_record *ret, bool *ret_came)
{
	int wait_ms = shard->config.read_back_ms;
	int64_t end = 0;
	int error = record_await(shard, reader, offset,
		wait_ms < ABSENT_AFTER_MS ? wait_ms : ABSENT_AFTER_MS, ret, ret_came);
	if (error || has_come(shard, reader, offset, *ret_came))
		return error;
	error = log_end(shard->config.log, shard->config.shard, stream, &end, &shard->fault);
	if (error || end <= offset)
		return error;
	error = record_await(shard, reader, offset, wait_ms, ret, ret_came);
	if (error || has_come(shard, reader, offset, *ret_came))
		return error;
	return not_read(shard, stream, offset);
}

/* --- The records that were decided last --- */

static int record_confirm(
	struct shard *shard, enum log_stream stream, const struct trail_record *decided)
{
	struct log_record record;
	bool came;
	int error = input_read(
		shard, shard->inputs.readers[stream], stream, decided->offset, &record, &came);
	if (error || is_stopping(shard))
		return error;
	if (came && record.offset == decided->offset &&
		command_is_witnessed(shard->replica.codec, record.value, &decided->witness))
		return 0;
	return FAULT(&shard->fault, FAULT_LOG,
		"%s:%" PRIu32 ":%" PRId64 " is not the record that was decided",
		log_stream_name(stream), shard->config.shard, decided->offset);
}

static int input_confirm(struct shard *shard, enum log_stream stream)
{
	const struct head *head = state_head(shard->replica.state);
	const struct trail *trail = &head->input_trail[input_topic(stream)];
	int error = 0;
	for (size_t i = 0; i < trail_size(trail) && !error && !is_stopping(shard); i++)
		if (trail_at(trail, i)->offset >= shard->inputs.from[stream])
			error = record_confirm(shard, stream, trail_at(trail, i));
	return error;
}

/* --- The first record that is another one --- */

static int input_seek(struct comparison *comparison, enum log_stream stream, int64_t offset)
{
	const struct shard_config *config = &comparison->shard->config;
	struct compared *input = &comparison->inputs[stream];
	log_reader_close(input->reader);
	input->reader = NULL;
	input->from = offset > input->begin ? offset : input->begin;
	return log_reader_open(config->log, config->shard, stream, input->from, &input->reader,
		&comparison->shard->fault);
}

static int comparison_begin(struct comparison *comparison)
{
	struct shard *shard = comparison->shard;
	const struct shard_config *config = &shard->config;
	int error = log_reader_open(
		config->log, config->shard, LOG_EVENTS, 0, &comparison->events, &shard->fault);
	for (enum log_stream s = 0; s < LOG_EVENTS && !error; s++) {
		struct compared *input = &comparison->inputs[s];
		error = log_begin(config->log, config->shard, s, &input->begin, &shard->fault);
		if (!error)
			error = input_seek(comparison, s, 0);
	}
	return error;
}

static void comparison_end(struct comparison *comparison)
{
	log_reader_close(comparison->events);
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		log_reader_close(comparison->inputs[s].reader);
}

/* An outcome says which record stood there. */
static int outcome_compare(struct comparison *comparison, const struct event *event)
{
	enum log_stream stream = topic_stream(event->topic);
	struct shard *shard = comparison->shard;
	struct compared *input = &comparison->inputs[stream];
	struct witness witness = event_witness(event);
	struct log_record record;
	bool came;
	if (input->differs || event->offset < input->begin)
		return 0;
	int error = input_read(shard, input->reader, stream, event->offset, &record, &came);
	if (error || is_stopping(shard))
		return error;
	input->differs = !came || record.offset != event->offset ||
			 !command_is_witnessed(shard->replica.codec, record.value, &witness);
	if (input->differs)
		return 0;
	input->from = event->offset + 1;
	input->before = witness;
	return 0;
}

/* What was decided from there on before is no matter any more, where all before it is the same. */
static int restart_follow(
	struct comparison *comparison, const struct event_inputs_restarted *restarted)
{
	enum log_stream stream = topic_stream(restarted->topic);
	struct compared *input = &comparison->inputs[stream];
	if (input->from < restarted->offset)
		return 0;
	int error = input_seek(comparison, stream, restarted->offset);
	bool is_whole = input->from == restarted->offset;
	input->differs = false;
	input->before = is_whole ? restart_before(restarted) : (struct witness){ 0 };
	return error;
}

static int events_compare(struct comparison *comparison)
{
	struct shard *shard = comparison->shard;
	struct codec *codec = shard->replica.codec;
	struct chain chain = { 0 };
	while (chain.sequence < shard->replica.place.sequence) {
		struct log_record record;
		struct event event;
		struct link link;
		bool came;
		int error = record_await(shard, comparison->events, INT64_MAX,
			shard->config.read_back_ms, &record, &came);
		if (error || is_stopping(shard))
			return error;
		if (!came)
			return not_read(shard, LOG_EVENTS, log_reader_position(comparison->events));
		struct hash hash = hash_of(record.value);
		if (event_decode(codec, record.value, &event, &link) != DECODE_OK ||
			chain_fold(&chain, &link, &hash) != CHAIN_EVENT || event_is_timers(&event))
			continue;
		if (event.kind == EVENT_inputs_restarted)
			error = restart_follow(comparison, &event.inputs_restarted);
		else if (event.topic != TOPIC_none)
			error = outcome_compare(comparison, &event);
		if (error)
			return error;
	}
	return 0;
}

static bool input_differs(
	const struct shard *shard, const struct comparison *comparison, enum log_stream stream)
{
	const struct head *head = state_head(shard->replica.state);
	const struct compared *input = &comparison->inputs[stream];
	struct witness last = trail_last(&head->input_trail[input_topic(stream)]);
	return input->from != head->input_next[input_topic(stream)] ||
	       !witness_equal(&input->before, &last);
}

/* --- The operator's word --- */

static int restart_write(struct shard *shard, const struct comparison *comparison)
{
	struct state *state = shard->replica.state;
	struct event event;
	shard->batch = &shard->batches[0];
	shard->batch->count = shard->batch->used = 0;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		if (!input_differs(shard, comparison, s))
			continue;
		struct event_inputs_restarted restarted = {
			.topic = input_topic(s),
			.offset = comparison->inputs[s].from,
			.digest = comparison->inputs[s].before.digest,
			.command_id = comparison->inputs[s].before.command_id,
		};
		state_batch_begin(state);
		if (engine_restart_inputs(state, &restarted, &event) != ENGINE_OUTCOME)
			return FAULT(&shard->fault, FAULT_SETTINGS,
				"shard %" PRIu32 " needs more memory than %zu bytes: see --memory",
				shard->config.shard, shard->config.memory_bytes);
		batch_add(shard, &event);
		shard_diag(shard,
			"%s goes on from offset %" PRId64 " instead of %" PRId64
			", as the operator said: event %" PRId64,
			log_stream_name(s), restarted.offset,
			event.inputs_restarted.expected_offset, event.sequence);
	}
	return shard_flush(shard);
}

static int restart_refuse(struct shard *shard, const struct comparison *comparison)
{
	const struct head *head = state_head(shard->replica.state);
	char places[200] = "";
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		size_t used = strlen(places);
		if (input_differs(shard, comparison, s))
			(void)snprintf(places + used, sizeof places - used,
				"%s%s from offset %" PRId64 " on (next was %" PRId64 ")",
				used > 0 ? ", " : "", log_stream_name(s),
				comparison->inputs[s].from, head->input_next[input_topic(s)]);
	}
	return FAULT(&shard->fault, FAULT_LOG,
		"shard %" PRIu32
		": inputs no longer hold the records that were decided: %s. What stands there now "
		"was "
		"never decided; those that did are lost or were changed. Restore them, or have "
		"what "
		"stands there decided: pinion run --restart-inputs %" PRIu32 ":%" PRId64,
		shard->config.shard, places, shard->config.shard, head->sequence);
}

static int restart_or_refuse(struct shard *shard, const struct comparison *comparison)
{
	bool is_any = false;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		is_any = is_any || input_differs(shard, comparison, s);
	if (!is_any)
		return FAULT(&shard->fault, FAULT_IO,
			"shard %" PRIu32
			": the inputs looked changed, and at a second look are not: the log was "
			"slow",
			shard->config.shard);
	if (shard->config.restart_inputs_at == 0 ||
		shard->config.restart_inputs_at != state_head(shard->replica.state)->sequence)
		return restart_refuse(shard, comparison);
	return restart_write(shard, comparison);
}

static int inputs_restart(struct shard *shard)
{
	struct comparison comparison = { .shard = shard };
	shard_diag(shard, "an input is not the one that was decided: %s. Comparing all of them",
		shard->fault.text);
	fault_clear(&shard->fault);
	int error = comparison_begin(&comparison);
	if (!error)
		error = events_compare(&comparison);
	if (!error && !is_stopping(shard))
		error = restart_or_refuse(shard, &comparison);
	comparison_end(&comparison);
	return error;
}

static void input_rings(void *context)
{
	bell_ring(context);
}

static int inputs_confirm(struct shard *shard)
{
	int error = inputs_open(&shard->inputs, shard->config.log, shard->config.shard,
		state_head(shard->replica.state), &shard->fault);
	if (!error)
		inputs_listen(&shard->inputs, input_rings, shard->bell);
	for (enum log_stream s = 0; s < LOG_EVENTS && !error; s++)
		error = input_confirm(shard, s);
	return error;
}

int inputs_enter(struct shard *shard)
{
	int error = inputs_confirm(shard);
	if (error != FAULT_LOG)
		return error;
	inputs_close(&shard->inputs);
	error = inputs_restart(shard);
	if (error || is_stopping(shard))
		return error;
	return inputs_confirm(shard);
}
