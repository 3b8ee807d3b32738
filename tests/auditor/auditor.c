/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor.h"

#include "predict.h"

#include "wire/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A record without its outcome. */
struct pending {
	struct input input;
	struct command command;
};

/* Which record stood where. */
struct seen {
	int64_t offset;
	struct witness witness;
};
struct seen_list {
	struct seen *at;
	size_t count, capacity;
};

/* The undecided records of a topic, in the order of their offsets: a ring. */
struct inputs {
	struct pending *at;
	size_t first;
	size_t count;
	size_t capacity;     /* a power of two, or 0 */
	int64_t offset_next; /* no record that is to come stands before it */
	int64_t clock_up_to; /* decided at the last engine time; -1: none */
	int64_t *refused;    /* offsets */
	size_t refused_count;
	struct seen_list on_log;  /* what stands there now */
	struct seen_list decided; /* what stood there when it was decided */
};

struct auditor {
	struct books books;
	struct codec *codec;
	struct inputs inputs[TOPIC_COUNT + 1]; /* by topic */
	enum topic fired_topic;                /* whose time fired timers; books.timers_fired > 0 */
	char message[1024];
};

enum { INPUTS_FIRST = 8 };

struct auditor *auditor_new(uint32_t shard, uint32_t shards)
{
	struct auditor *auditor = calloc(1, sizeof *auditor);
	assert(auditor && shard < shards);
	books_init(&auditor->books, shard, shards);
	auditor->codec = codec_new();
	for (enum topic t = TOPIC_none; t <= TOPIC_internal; t++)
		auditor->inputs[t].clock_up_to = -1;
	return auditor;
}

void auditor_free(struct auditor *auditor)
{
	if (!auditor)
		return;
	for (enum topic t = TOPIC_none; t <= TOPIC_internal; t++) {
		free(auditor->inputs[t].at);
		free(auditor->inputs[t].refused);
		free(auditor->inputs[t].on_log.at);
		free(auditor->inputs[t].decided.at);
	}
	books_free(&auditor->books);
	codec_free(auditor->codec);
	free(auditor);
}

/* --- What stands on the inputs --- */

static struct pending *pending_at(const struct inputs *inputs, size_t i)
{
	return &inputs->at[(inputs->first + i) & (inputs->capacity - 1)];
}

static void inputs_widen(struct inputs *inputs)
{
	size_t capacity = inputs->capacity == 0 ? INPUTS_FIRST : 2 * inputs->capacity;
	struct pending *at = malloc(capacity * sizeof *at);
	assert(at);
	for (size_t i = 0; i < inputs->count; i++)
		at[i] = *pending_at(inputs, i);
	free(inputs->at);
	inputs->at = at;
	inputs->first = 0;
	inputs->capacity = capacity;
}

static void seen_add(struct seen_list *list, const struct pending *pending)
{
	const struct command *command = &pending->command;
	struct seen seen = { pending->input.offset, { .digest = command->digest } };
	if (!command->id.is_malformed)
		seen.witness.command_id = command->id.id;
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? INPUTS_FIRST : 2 * list->capacity;
		list->at = realloc(list->at, list->capacity * sizeof *list->at);
		assert(list->at);
	}
	list->at[list->count++] = seen;
}

/* How many of the decided records stand there as they stood. */
static size_t same_count(const struct inputs *inputs)
{
	const struct seen_list *on_log = &inputs->on_log, *decided = &inputs->decided;
	size_t i = 0;
	while (i < on_log->count && i < decided->count &&
		on_log->at[i].offset == decided->at[i].offset &&
		witness_equal(&on_log->at[i].witness, &decided->at[i].witness))
		i++;
	return i;
}

static void pending_drop(struct inputs *inputs)
{
	inputs->first = (inputs->first + 1) & (inputs->capacity - 1);
	inputs->count--;
}

/* After a cut: those that were decided before it, the same ones, are no input. */
static void decided_skip(struct inputs *inputs)
{
	const struct seen_list *decided = &inputs->decided;
	int64_t last = decided->count > 0 ? decided->at[decided->count - 1].offset : -1;
	if (inputs->count == 0 || pending_at(inputs, 0)->input.offset > last ||
		same_count(inputs) < decided->count)
		return;
	while (inputs->count > 0 && pending_at(inputs, 0)->input.offset <= last)
		pending_drop(inputs);
}

void auditor_input_cut(struct auditor *auditor, enum topic topic, int64_t offset)
{
	struct inputs *inputs = &auditor->inputs[topic];
	struct seen_list *on_log = &inputs->on_log;
	while (on_log->count > 0 && on_log->at[on_log->count - 1].offset >= offset)
		on_log->count--;
	while (inputs->count > 0 && pending_at(inputs, inputs->count - 1)->input.offset >= offset)
		inputs->count--;
	inputs->offset_next = offset;
}

void auditor_input(struct auditor *auditor, enum topic topic, int64_t offset,
	int64_t record_time_ms, struct bytes value)
{
	assert(topic >= TOPIC_commands && topic <= TOPIC_internal);
	struct inputs *inputs = &auditor->inputs[topic];
	assert(offset >= inputs->offset_next);
	inputs->offset_next = offset + 1;
	if (inputs->count == inputs->capacity)
		inputs_widen(inputs);
	struct pending *pending = pending_at(inputs, inputs->count++);
	pending->input = (struct input){ topic, offset, record_time_ms };
	command_decode(auditor->codec, value, &pending->command);
	seen_add(&inputs->on_log, pending);
	decided_skip(inputs);
}

void auditor_refuse(struct auditor *auditor, enum topic topic, int64_t offset)
{
	struct inputs *inputs = &auditor->inputs[topic];
	if (offset < 0) {
		inputs->refused_count = 0;
		return;
	}
	inputs->refused =
		realloc(inputs->refused, (inputs->refused_count + 1) * sizeof *inputs->refused);
	assert(inputs->refused);
	inputs->refused[inputs->refused_count++] = offset;
}

void auditor_accept_clock(struct auditor *auditor, enum topic topic, int64_t offset_up_to)
{
	struct inputs *inputs = &auditor->inputs[topic];
	if (offset_up_to > inputs->clock_up_to || offset_up_to < 0)
		inputs->clock_up_to = offset_up_to;
}

static bool is_refused(const struct inputs *inputs, int64_t offset)
{
	for (size_t i = 0; i < inputs->refused_count; i++)
		if (inputs->refused[i] == offset)
			return true;
	return false;
}

const char *auditor_all_answered(const struct auditor *auditor)
{
	static _Thread_local char message[128];
	for (enum topic t = TOPIC_commands; t <= TOPIC_internal; t++) {
		const struct inputs *inputs = &auditor->inputs[t];
		if (inputs->count == 0)
			continue;
		(void)snprintf(message, sizeof message,
			"%zu inputs of %s have no outcome, from offset %" PRId64, inputs->count,
			topic_name(t), pending_at(inputs, 0)->input.offset);
		return message;
	}
	return NULL;
}

/* --- Events --- */

static const char *opened(struct auditor *auditor, const struct event *event)
{
	struct books *books = &auditor->books;
	struct event predicted = {
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.engine_time_ms = event->engine_time_ms, /* any: it answers no input */
		.ledger_opened = {
			.shard = books->shard,
			.shards = books->shards,
			.format = 1,
			.id_too_old_ms = 604800000,
			.id_too_new_ms = 300000,
		},
	};
	if (event->kind == EVENT_ledger_opened) /* any too: it is random */
		predicted.ledger_opened.ledger_id = event->ledger_opened.ledger_id;
	const char *message =
		event_compare(&predicted, event, auditor->message, sizeof auditor->message);
	if (!message)
		books_take(books, &predicted);
	return message;
}

/* At an operator's word an input goes on where the first other record stands. */
static const char *restarted(struct auditor *auditor, const struct event *event)
{
	struct books *books = &auditor->books;
	enum topic topic = event->inputs_restarted.topic;
	bool is_topic = topic >= TOPIC_commands && topic <= TOPIC_internal;
	struct inputs *inputs = &auditor->inputs[is_topic ? topic : TOPIC_none];
	struct seen_list *decided = &inputs->decided;
	size_t same = same_count(inputs);
	if (!is_topic || same == decided->count) {
		(void)snprintf(auditor->message, sizeof auditor->message,
			"event %" PRId64 ": came inputs_restarted of topic %d, whose records are "
			"those that were decided",
			books->sequence + 1, (int)topic);
		return auditor->message;
	}
	struct event predicted = {
		.kind = EVENT_inputs_restarted,
		.sequence = books->sequence + 1,
		.engine_time_ms = books->engine_time_ms,
		.inputs_restarted = { .topic = topic,
			.expected_offset = decided->at[decided->count - 1].offset + 1,
			.expected_digest = decided->at[decided->count - 1].witness.digest,
			.expected_command_id = decided->at[decided->count - 1].witness.command_id },
	};
	if (same > 0) {
		predicted.inputs_restarted.offset = decided->at[same - 1].offset + 1;
		predicted.inputs_restarted.digest = decided->at[same - 1].witness.digest;
		predicted.inputs_restarted.command_id = decided->at[same - 1].witness.command_id;
	}
	const char *message =
		event_compare(&predicted, event, auditor->message, sizeof auditor->message);
	if (message)
		return message;
	books_take(books, &predicted);
	decided->count = same;
	decided_skip(inputs);
	return NULL;
}

/* An operator's doing: when, and to what time, is any, so that it goes back. */
static const char *clock_restarted(struct auditor *auditor, const struct event *event)
{
	struct books *books = &auditor->books;
	struct event predicted = {
		.kind = EVENT_clock_restarted,
		.sequence = books->sequence + 1,
		.engine_time_ms = event->engine_time_ms,
		.clock_restarted = {
			.left_ms = books->engine_time_ms,
			.command_ids_from_ms = books->gone_ms,
		},
	};
	if (event->engine_time_ms >= books->engine_time_ms)
		predicted.engine_time_ms = books->engine_time_ms - 1;
	const char *message =
		event_compare(&predicted, event, auditor->message, sizeof auditor->message);
	if (!message)
		books_take(books, &predicted);
	return message;
}

/* The input that the event names: the processor chooses the topic, and nothing else. */
static const char *input_of(struct auditor *auditor, const struct event *event, struct inputs **ret)
{
	int64_t sequence = auditor->books.sequence + 1;
	enum topic fired = auditor->fired_topic;
	char *message = auditor->message;
	if (event->topic < TOPIC_commands || event->topic > TOPIC_internal) {
		(void)snprintf(message, sizeof auditor->message,
			"event %" PRId64 ": came %s (kind %d) of topic %d, which is no input",
			sequence, event_name(event->kind), (int)event->kind, (int)event->topic);
		return message;
	}
	struct inputs *inputs = *ret = &auditor->inputs[event->topic];
	int64_t next = inputs->count > 0 ? pending_at(inputs, 0)->input.offset : -1;
	if (inputs->count == 0 || next != event->offset) {
		(void)snprintf(message, sizeof auditor->message,
			"event %" PRId64 ": came %s of %s:%" PRId64 ", where offset %" PRId64
			" is next (-1: none)",
			sequence, event_name(event->kind), topic_name(event->topic), event->offset,
			next);
		return message;
	}
	if (auditor->books.timers_fired > 0 && event->topic != fired) {
		(void)snprintf(message, sizeof auditor->message,
			"event %" PRId64 ": came %s of %s:%" PRId64
			", where timers have fired for %s:%" PRId64 ", which is to be decided next",
			sequence, event_name(event->kind), topic_name(event->topic), event->offset,
			topic_name(fired), pending_at(&auditor->inputs[fired], 0)->input.offset);
		return message;
	}
	return NULL;
}

static void inputs_take(struct inputs *inputs)
{
	int64_t offset = pending_at(inputs, 0)->input.offset;
	for (size_t i = 0; i < inputs->refused_count;)
		if (inputs->refused[i] <= offset)
			inputs->refused[i] = inputs->refused[--inputs->refused_count];
		else
			i++;
	seen_add(&inputs->decided, pending_at(inputs, 0));
	pending_drop(inputs);
}

const char *auditor_event(struct auditor *auditor, const struct event *event)
{
	struct books *books = &auditor->books;
	if (books->sequence == 0)
		return opened(auditor, event);
	if (event->kind == EVENT_inputs_restarted)
		return restarted(auditor, event);
	if (event->kind == EVENT_clock_restarted)
		return clock_restarted(auditor, event);
	struct inputs *inputs;
	const char *message = input_of(auditor, event, &inputs);
	if (message)
		return message;
	const struct pending *pending = pending_at(inputs, 0);
	struct input input = pending->input;
	if (input.offset <= inputs->clock_up_to)
		input.record_time_ms = books->engine_time_ms;

	struct event predicted;
	event_predict(
		books, &input, &pending->command, is_refused(inputs, input.offset), &predicted);
	message = event_compare(&predicted, event, auditor->message, sizeof auditor->message);
	if (message)
		return message;
	if (books_has_paid(books, &predicted)) {
		(void)snprintf(auditor->message, sizeof auditor->message,
			"event %" PRId64 ": its command's id has moved money before",
			predicted.sequence);
		return auditor->message;
	}
	books_take(books, &predicted);
	auditor->fired_topic = input.topic;
	if (!event_is_timers(&predicted))
		inputs_take(inputs);
	return NULL;
}

/* --- What the books say --- */

const char *auditor_sums(const struct auditor *auditor)
{
	static _Thread_local char message[512];
	return books_sums(&auditor->books, message, sizeof message);
}

bool auditor_account(const struct auditor *auditor, const struct account_id *id,
	struct balances *ret, bool *ret_is_closed)
{
	const struct account_page *page = books_account(&auditor->books, id);
	if (!page)
		return false;
	*ret = balances_of(page->totals);
	*ret_is_closed = page->is_closed;
	return true;
}

size_t auditor_accounts(const struct auditor *auditor)
{
	return auditor->books.accounts.count;
}

size_t auditor_open_holds(const struct auditor *auditor)
{
	size_t cut_offs = auditor->books.sequence > 0; /* the only other timer */
	return auditor->books.timers.count - cut_offs;
}

size_t auditor_command_ids(const struct auditor *auditor)
{
	return auditor->books.commands.count;
}
