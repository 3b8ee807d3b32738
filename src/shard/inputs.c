/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/inputs.h"

#include <assert.h>
#include <stdlib.h>

/* An input that lags behind what it is known to hold is waited for, but not for ever: milliseconds.
 */
enum { UNREAD_WAIT_MS = 1000, TAKES_PER_POLL = 256 };

enum topic input_topic(enum log_stream stream)
{
	static const enum topic topics[LOG_INPUTS] = {
		[LOG_COMMANDS] = TOPIC_commands,
		[LOG_RAILS] = TOPIC_rails,
		[LOG_CONTROL] = TOPIC_control,
		[LOG_INTERNAL] = TOPIC_internal,
	};
	assert(stream < LOG_EVENTS);
	return topics[stream];
}

enum log_stream topic_stream(enum topic topic)
{
	assert(topic != TOPIC_none);
	return (enum log_stream)(topic - 1);
}

/* Of the records whose witness the state has, the oldest one that the log was not to delete. The
 * last one must be there. */
static int input_begin(struct log *log, uint32_t shard, enum log_stream stream,
	const struct head *head, int64_t *ret, struct fault *fault)
{
	const struct trail *trail = &head->input_trail[input_topic(stream)];
	*ret = head->input_next[input_topic(stream)];
	if (trail->count == 0)
		return 0;
	int64_t begin;
	int error = log_begin(log, shard, stream, &begin, fault);
	size_t i = 0;
	while (i + 1 < trail_size(trail) && trail_at(trail, i)->offset < begin)
		i++;
	*ret = trail_at(trail, i)->offset;
	return error;
}

int inputs_open(struct inputs *inputs, struct log *log, uint32_t shard, const struct head *head,
	struct fault *fault)
{
	*inputs = (struct inputs){ .topic_first = head->timers_topic };
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		inputs->records[s] = calloc(INPUT_RECORDS_PER_READ, sizeof *inputs->records[s]);
		assert(inputs->records[s]);
		int error = input_begin(log, shard, s, head, &inputs->from[s], fault);
		if (!error)
			error = log_reader_open(
				log, shard, s, inputs->from[s], &inputs->readers[s], fault);
		if (error)
			return error;
	}
	return 0;
}

void inputs_listen(struct inputs *inputs, void (*ring)(void *context), void *context)
{
	for (enum log_stream s = 0; s < LOG_EVENTS; s++)
		log_reader_listen(inputs->readers[s], ring, context);
}

void inputs_close(struct inputs *inputs)
{
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		log_reader_close(inputs->readers[s]);
		free(inputs->records[s]);
	}
	*inputs = (struct inputs){ 0 };
}

static bool is_empty(const struct inputs *inputs, enum log_stream s)
{
	return inputs->next[s] == inputs->count[s];
}

static int refill(struct inputs *inputs, enum log_stream s, int timeout_ms)
{
	inputs->next[s] = inputs->count[s] = 0;
	return log_read(inputs->readers[s], inputs->records[s], INPUT_RECORDS_PER_READ, timeout_ms,
		&inputs->count[s]);
}

static int refill_all(struct inputs *inputs)
{
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		if (!is_empty(inputs, s))
			continue;
		int error = refill(inputs, s, 0);
		for (int waited = 0; !error && is_empty(inputs, s) && inputs_lag(inputs, s) > 0 &&
				     waited < UNREAD_WAIT_MS;
			waited += 50)
			error = refill(inputs, s, 50);
		if (error)
			return error;
	}
	inputs->takes_until_poll = TAKES_PER_POLL;
	return 0;
}

static bool first(const struct inputs *inputs, enum log_stream *ret)
{
	if (inputs->topic_first != TOPIC_none) {
		*ret = topic_stream(inputs->topic_first);
		return !is_empty(inputs, *ret);
	}
	bool is_any = false;
	int64_t time_ms = 0;
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		if (is_empty(inputs, s))
			continue;
		int64_t other_ms = inputs->records[s][inputs->next[s]].time_ms;
		if (is_any && other_ms >= time_ms)
			continue;
		is_any = true;
		time_ms = other_ms;
		*ret = s;
	}
	return is_any;
}

int inputs_peek(
	struct inputs *inputs, enum log_stream *ret_stream, const struct log_record **ret_record)
{
	*ret_record = NULL;
	if (inputs->takes_until_poll == 0 || !first(inputs, ret_stream)) {
		int error = refill_all(inputs);
		if (error)
			return error;
	}
	if (first(inputs, ret_stream))
		*ret_record = &inputs->records[*ret_stream][inputs->next[*ret_stream]];
	return 0;
}

void inputs_take(struct inputs *inputs, enum log_stream stream)
{
	assert(!is_empty(inputs, stream));
	inputs->next[stream]++;
	inputs->topic_first = TOPIC_none;
	if (inputs->takes_until_poll > 0)
		inputs->takes_until_poll--;
	/* The stream's next record may be older than what stands first elsewhere: look before
	 * choosing. */
	if (is_empty(inputs, stream))
		inputs->takes_until_poll = 0;
}

size_t inputs_buffered(
	const struct inputs *inputs, enum log_stream stream, const struct log_record **ret)
{
	*ret = inputs->records[stream] + inputs->next[stream];
	return inputs->count[stream] - inputs->next[stream];
}

int64_t inputs_lag(const struct inputs *inputs, enum log_stream stream)
{
	if (!inputs->readers[stream])
		return 0;
	int64_t lag = log_reader_end_hint(inputs->readers[stream]) -
		      log_reader_position(inputs->readers[stream]);
	return (lag > 0 ? lag : 0) + (int64_t)(inputs->count[stream] - inputs->next[stream]);
}

int64_t inputs_held(const struct inputs *inputs, enum log_stream stream, int64_t *ret_offset)
{
	*ret_offset = log_reader_position(inputs->readers[stream]);
	return log_reader_held(inputs->readers[stream]);
}
