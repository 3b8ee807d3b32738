/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor.h"

#include "predict.h"
#include "remittance.h"

#include "wire/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct record {
	struct input input;
	struct command command;
};

/* Which record stood where. */
struct seen {
	int64_t offset;
	struct witness witness;
};

struct inputs {
	struct record *at; /* what stands there now, in the order of their offsets */
	size_t count, capacity;
	size_t next;         /* the first one that is undecided */
	int64_t offset_next; /* no record that is to come stands before it */
	int64_t clock_up_to; /* decided at the last engine time; -1: none */
	int64_t *refused;    /* offsets */
	size_t refused_count;
	struct seen *decided; /* what stood there when it was decided */
	size_t decided_count, decided_capacity;
	size_t known_from; /* the processor knows none before that one of them any more */
};

struct auditor {
	struct books books;
	struct codec *codec;
	struct inputs inputs[TOPIC_COUNT + 1]; /* by topic */
	enum topic fired_topic;                /* whose time fired timers; books.timers_fired > 0 */
	char message[1024];
};

/* Of the records that were decided last so many are compared before any other is taken. */
enum { COMPARED_MAX = 32 };

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
		free(auditor->inputs[t].decided);
	}
	books_free(&auditor->books);
	codec_free(auditor->codec);
	free(auditor);
}

/* --- What stands on the inputs --- */

static struct witness record_witness(const struct record *record)
{
	const struct command *command = &record->command;
	struct witness witness = { .digest = command->digest };
	if (!command->id.is_malformed)
		witness.command_id = command->id.id;
	return witness;
}

/* Room for one more. */
static void *widen(void *at, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return at;
	*capacity = *capacity == 0 ? INPUTS_FIRST : 2 * *capacity;
	at = realloc(at, *capacity * size);
	assert(at);
	return at;
}

static bool is_same(const struct inputs *inputs, size_t record, size_t decided)
{
	if (record >= inputs->count || decided >= inputs->decided_count)
		return false;
	struct witness witness = record_witness(&inputs->at[record]);
	return inputs->at[record].input.offset == inputs->decided[decided].offset &&
	       witness_equal(&witness, &inputs->decided[decided].witness);
}

/* How many of the decided records stand there as they stood. */
static size_t same_count(const struct inputs *inputs)
{
	size_t i = 0;
	while (is_same(inputs, i, i))
		i++;
	return i;
}

/* Which of the decided records is the first that is compared. */
static size_t compared_from(const struct inputs *inputs)
{
	size_t count = inputs->decided_count;
	size_t last = count > COMPARED_MAX ? count - COMPARED_MAX : 0;
	return last > inputs->known_from ? last : inputs->known_from;
}

/* After a cut: where those that are compared stand there as they stood, all up to the last one
 * counts as decided. */
static void decided_skip(struct inputs *inputs)
{
	size_t from = compared_from(inputs), i = 0;
	if (from == inputs->decided_count)
		return;
	while (i < inputs->count && inputs->at[i].input.offset < inputs->decided[from].offset)
		i++;
	while (is_same(inputs, i, from)) {
		i++;
		from++;
	}
	if (from == inputs->decided_count && i > inputs->next)
		inputs->next = i;
}

void auditor_input_cut(struct auditor *auditor, enum topic topic, int64_t offset)
{
	struct inputs *inputs = &auditor->inputs[topic];
	while (inputs->count > 0 && inputs->at[inputs->count - 1].input.offset >= offset)
		inputs->count--;
	if (inputs->next > inputs->count)
		inputs->next = inputs->count;
	inputs->offset_next = offset;
}

void auditor_input(struct auditor *auditor, enum topic topic, int64_t offset,
	int64_t record_time_ms, struct bytes value)
{
	assert(topic >= TOPIC_commands && topic <= TOPIC_internal);
	struct inputs *inputs = &auditor->inputs[topic];
	assert(offset >= inputs->offset_next);
	inputs->offset_next = offset + 1;
	inputs->at = widen(inputs->at, inputs->count, &inputs->capacity, sizeof *inputs->at);
	struct record *record = &inputs->at[inputs->count++];
	record->input = (struct input){ topic, offset, record_time_ms };
	command_decode(auditor->codec, value, &record->command);
	if (inputs->decided_count > 0 &&
		offset == inputs->decided[inputs->decided_count - 1].offset)
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
		if (inputs->next == inputs->count)
			continue;
		(void)snprintf(message, sizeof message,
			"%zu inputs of %s have no outcome, from offset %" PRId64,
			inputs->count - inputs->next, topic_name(t),
			inputs->at[inputs->next].input.offset);
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
			.format = 2,
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
	const struct seen *decided = inputs->decided;
	size_t same = same_count(inputs), from = compared_from(inputs);
	if (!is_topic || same == inputs->decided_count) {
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
			.expected_offset = decided[inputs->decided_count - 1].offset + 1,
			.expected_digest = decided[inputs->decided_count - 1].witness.digest,
			.expected_command_id =
				decided[inputs->decided_count - 1].witness.command_id },
	};
	if (same > 0) {
		predicted.inputs_restarted.offset = decided[same - 1].offset + 1;
		predicted.inputs_restarted.digest = decided[same - 1].witness.digest;
		predicted.inputs_restarted.command_id = decided[same - 1].witness.command_id;
		from = from < same - 1 ? from : same - 1;
	}
	const char *message =
		event_compare(&predicted, event, auditor->message, sizeof auditor->message);
	if (message)
		return message;
	books_take(books, &predicted);
	inputs->next = inputs->decided_count = same;
	inputs->known_from = same > 0 ? from : 0;
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
	bool is_any = inputs->next < inputs->count;
	int64_t next = is_any ? inputs->at[inputs->next].input.offset : -1;
	if (!is_any || next != event->offset) {
		(void)snprintf(message, sizeof auditor->message,
			"event %" PRId64 ": came %s of %s:%" PRId64 ", where offset %" PRId64
			" is next (-1: none)",
			sequence, event_name(event->kind), topic_name(event->topic), event->offset,
			next);
		return message;
	}
	if (auditor->books.timers_fired > 0 && event->topic != fired) {
		const struct inputs *first = &auditor->inputs[fired];
		(void)snprintf(message, sizeof auditor->message,
			"event %" PRId64 ": came %s of %s:%" PRId64
			", where timers have fired for %s:%" PRId64 ", which is to be decided next",
			sequence, event_name(event->kind), topic_name(event->topic), event->offset,
			topic_name(fired), first->at[first->next].input.offset);
		return message;
	}
	return NULL;
}

static void inputs_take(struct inputs *inputs)
{
	const struct record *record = &inputs->at[inputs->next++];
	int64_t offset = record->input.offset;
	for (size_t i = 0; i < inputs->refused_count;)
		if (inputs->refused[i] <= offset)
			inputs->refused[i] = inputs->refused[--inputs->refused_count];
		else
			i++;
	inputs->decided = widen(inputs->decided, inputs->decided_count, &inputs->decided_capacity,
		sizeof *inputs->decided);
	inputs->decided[inputs->decided_count++] = (struct seen){ offset, record_witness(record) };
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
	const struct record *record = &inputs->at[inputs->next];
	struct input input = record->input;
	if (input.offset <= inputs->clock_up_to)
		input.record_time_ms = books->engine_time_ms;

	struct event predicted;
	event_predict(
		books, &input, &record->command, is_refused(inputs, input.offset), &predicted);
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

const char *auditor_order(const struct auditor *home, const struct auditor *away)
{
	static _Thread_local char message[256];
	return remittance_order(&home->books, &away->books, message, sizeof message);
}

const char *auditor_pair(const struct auditor *one, const struct auditor *other)
{
	static _Thread_local char message[256];
	return remittance_pair(&one->books, &other->books, message, sizeof message);
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
	size_t open = 0;
	const struct hold_page *hold;
	for (size_t at = 0; (hold = shelf_next(&auditor->books.holds, &at));)
		open += hold->end == HOLD_OPEN;
	return open;
}

size_t auditor_under_way(const struct auditor *auditor)
{
	return remittances_open(&auditor->books).under_way;
}

size_t auditor_refusals(const struct auditor *auditor)
{
	return remittances_open(&auditor->books).refused;
}

size_t auditor_remittances_open(const struct auditor *auditor)
{
	struct remittances_open open = remittances_open(&auditor->books);
	return open.under_way + open.unconfirmed;
}

size_t auditor_command_ids(const struct auditor *auditor)
{
	return auditor->books.commands.count;
}
