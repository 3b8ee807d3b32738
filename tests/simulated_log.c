/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated log: one lock, records in arrays, faults by plan. Nothing here is random or reads a
 * clock, but for how long a waiting reader waits. */
#include "simulated_log.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { TIME_FIRST_MS = 1000000000 };

struct kept {
	int64_t offset;
	int64_t time_ms;
	uint8_t *at;
	size_t size;
};

struct kept_list {
	struct kept *at;
	size_t count;
	size_t capacity;
};

struct stream {
	struct kept_list records;
	size_t readable;       /* so many of them, from the first on */
	uint64_t hidden_reads; /* so many reads must find nothing before the others are readable */
	struct kept_list late; /* written, readable after the next fence */
	int64_t begin;         /* what stood before it was deleted */
	int64_t end;
	uint64_t fences;
};

struct ledger {
	struct ledger *next;
	char *url;
	uint32_t shards;
	struct simulated_options options;
	struct stream *streams;
	struct simulated_plan plans[SIMULATED_PLANS_MAX];
	size_t plan_count;
	uint64_t calls[SIMULATED_CALLS];
	int64_t time_ms;
};

struct simulated_log {
	struct log log;
	struct ledger *ledger;
};

struct simulated_writer {
	struct log_writer writer;
	struct ledger *ledger;
	uint32_t shard;
	uint64_t fence;
	bool failed;
	struct fault *fault;
};

struct simulated_reader {
	struct log_reader reader;
	struct ledger *ledger;
	struct stream *stream;
	size_t next;
	/* Copies, so that a value used after its life is a use of freed memory. */
	uint8_t **values;
	size_t value_count;
	struct fault *fault;
};

struct simulated_sender {
	struct log_sender sender;
	struct ledger *ledger;
	struct fault *fault;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct ledger *ledgers;

static void *need(void *memory)
{
	assert(memory != NULL);
	return memory;
}

static uint8_t *bytes_copy(struct bytes bytes)
{
	uint8_t *copy = need(malloc(bytes.size + 1));
	if (bytes.size > 0)
		memcpy(copy, bytes.at, bytes.size);
	return copy;
}

/* --- Ledgers --- */

static struct ledger *ledger_find(const char *url)
{
	struct ledger *ledger = ledgers;
	while (ledger != NULL && strcmp(ledger->url, url) != 0)
		ledger = ledger->next;
	return ledger;
}

/* For the controls: locks, and finds a ledger that must be there. */
static struct ledger *ledger_lock(const char *url)
{
	(void)pthread_mutex_lock(&lock);
	return need(ledger_find(url));
}

static void ledger_unlock(void)
{
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&lock);
}

static struct stream *stream_of(struct ledger *ledger, uint32_t shard, enum log_stream stream)
{
	assert(shard < ledger->shards && (unsigned)stream < LOG_STREAMS);
	return &ledger->streams[shard * LOG_STREAMS + stream];
}

static void kept_add(struct kept_list *list, struct kept kept)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
		list->at = need(realloc(list->at, list->capacity * sizeof *list->at));
	}
	list->at[list->count++] = kept;
}

static void kept_cut(struct kept_list *list, size_t count)
{
	while (list->count > count)
		free(list->at[--list->count].at);
}

static void kept_free(struct kept_list *list)
{
	kept_cut(list, 0);
	free(list->at);
}

/* Returns the plan's fault for this call, or NULL when it goes well. */
static const struct simulated_plan *plan_next(struct ledger *ledger, enum simulated_call call)
{
	static struct simulated_plan met;
	const struct simulated_plan *found = NULL;

	ledger->calls[call]++;
	size_t left = 0;
	for (size_t i = 0; i < ledger->plan_count; i++) {
		struct simulated_plan plan = ledger->plans[i];
		if (plan.call == call && plan.nth > 1) {
			plan.nth--;
		} else if (plan.call == call && found == NULL) {
			met = plan;
			found = &met;
			plan.times--;
		}
		if (plan.times > 0)
			ledger->plans[left++] = plan;
	}
	ledger->plan_count = left;
	return found;
}

/* Writes the first `count` entries as one batch. */
static void stream_write(struct ledger *ledger, struct stream *stream, struct kept_list *list,
	const struct log_entry *entries, size_t count)
{
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		kept_add(list, (struct kept){
				       .offset = stream->end++,
				       .time_ms = ledger->time_ms,
				       .at = bytes_copy(entries[i].value),
				       .size = entries[i].value.size,
			       });
	ledger->time_ms++;
	if (ledger->options.markers)
		stream->end++;
}

/* What is hidden stays hidden, and so does what comes behind it. */
static void stream_show(struct stream *stream)
{
	if (stream->hidden_reads == 0)
		stream->readable = stream->records.count;
}

/* Late records keep the offsets they were given: nothing can have been written behind them, as
 * their writer has failed and no other is there before the next fence. */
static void stream_fence(struct stream *stream)
{
	for (size_t i = 0; i < stream->late.count; i++)
		kept_add(&stream->records, stream->late.at[i]);
	stream->late.count = 0;
	stream->hidden_reads = 0;
	stream_show(stream);
	stream->fences++;
}

/* Nothing below this offset becomes readable any more. */
static int64_t stream_readable_end(const struct stream *stream)
{
	if (stream->readable < stream->records.count)
		return stream->records.at[stream->readable].offset;
	return stream->late.count > 0 ? stream->late.at[0].offset : stream->end;
}

/* Carries out one append or send as planned. */
static int stream_append(struct ledger *ledger, struct stream *stream, enum simulated_call call,
	const struct log_entry *entries, size_t count, struct fault *fault)
{
	const struct simulated_plan *plan = plan_next(ledger, call);
	size_t written = count;
	struct kept_list *list = &stream->records;
	int r = 0;

	if (plan != NULL) {
		switch (plan->fault) {
		case SIMULATED_FAIL:
			return FAULT(fault, FAULT_IO, "simulated: the call fails");
		case SIMULATED_USURP:
			stream_fence(stream);
			return FAULT(fault, FAULT_FENCED, "simulated: another owner came");
		case SIMULATED_TEAR_LATE:
			assert(call == SIMULATED_APPEND);
			list = &stream->late;
			__attribute__((fallthrough));
		case SIMULATED_TEAR:
			written = plan->records < count ? plan->records : count;
			r = FAULT(fault, FAULT_TAINTED, "simulated: the answer is lost");
			break;
		case SIMULATED_DUPLICATE:
			assert(call == SIMULATED_SEND);
			stream_write(ledger, stream, list, entries, count);
			break;
		case SIMULATED_DELAY:
			stream->hidden_reads = plan->reads;
			break;
		}
	}
	stream_write(ledger, stream, list, entries, written);
	stream_show(stream);
	return r;
}

/* --- The contract's calls --- */

static int simulated_create(const struct log_config *config, uint32_t shards, struct fault *fault)
{
	int r = 0;
	(void)pthread_mutex_lock(&lock);
	struct ledger *ledger = ledger_find(config->url);
	if (ledger == NULL) {
		ledger = need(calloc(1, sizeof *ledger));
		ledger->url = need(strdup(config->url));
		ledger->shards = shards;
		ledger->streams =
			need(calloc((size_t)shards * LOG_STREAMS, sizeof *ledger->streams));
		ledger->time_ms = TIME_FIRST_MS;
		ledger->next = ledgers;
		ledgers = ledger;
	} else if (ledger->shards != shards) {
		r = FAULT(fault, FAULT_SETTINGS,
			"the ledger '%s' was created with %u shards, and that can't change",
			config->url, ledger->shards);
	}
	(void)pthread_mutex_unlock(&lock);
	return r;
}

static int simulated_open(struct log **ret, const struct log_config *config, struct fault *fault)
{
	int r = 0;
	(void)pthread_mutex_lock(&lock);
	struct ledger *ledger = ledger_find(config->url);
	if (ledger == NULL) {
		r = FAULT(fault, FAULT_MISSING, "no ledger '%s'", config->url);
	} else {
		struct simulated_log *log = need(calloc(1, sizeof *log));
		log->log.ops = &log_simulated;
		log->log.shards = ledger->shards;
		log->log.fence_is_ambiguous = ledger->options.fence_is_ambiguous;
		log->ledger = ledger;
		*ret = &log->log;
	}
	(void)pthread_mutex_unlock(&lock);
	return r;
}

/* Nobody but its own tests changes it. */
static int simulated_check(struct log *base, struct fault *fault)
{
	int64_t begin = 0;
	int r = 0;
	for (uint32_t shard = 0; r == 0 && begin == 0 && shard < base->shards; shard++)
		r = log_begin(base, shard, LOG_EVENTS, &begin, fault);
	return r == 0 && begin > 0 ? FAULT(fault, FAULT_LOG, "events were deleted") : r;
}

static void simulated_close(struct log *base)
{
	struct simulated_log *log = (struct simulated_log *)base;
	free(log);
}

static int call_fails(struct ledger *ledger, enum simulated_call call, struct fault *fault)
{
	const struct simulated_plan *plan = plan_next(ledger, call);
	if (plan == NULL)
		return 0;
	assert(plan->fault == SIMULATED_FAIL);
	return FAULT(fault, FAULT_IO, "simulated: the call fails");
}

static int simulated_fence(
	struct log *base, uint32_t shard, struct log_writer **ret, struct fault *fault)
{
	struct ledger *ledger = ((struct simulated_log *)base)->ledger;
	(void)pthread_mutex_lock(&lock);
	int r = call_fails(ledger, SIMULATED_FENCE, fault);
	if (r == 0) {
		struct stream *stream = stream_of(ledger, shard, LOG_EVENTS);
		stream_fence(stream);
		struct simulated_writer *writer = need(calloc(1, sizeof *writer));
		writer->writer.ops = &log_simulated;
		writer->ledger = ledger;
		writer->shard = shard;
		writer->fence = stream->fences;
		writer->fault = fault;
		*ret = &writer->writer;
	}
	ledger_unlock();
	return r;
}

static int simulated_append(struct log_writer *base, const struct log_entry *entries, size_t count)
{
	struct simulated_writer *writer = (struct simulated_writer *)base;
	int r;
	(void)pthread_mutex_lock(&lock);
	struct stream *stream = stream_of(writer->ledger, writer->shard, LOG_EVENTS);
	if (writer->failed)
		r = FAULT(writer->fault, FAULT_TAINTED, "simulated: the writer failed before");
	else if (writer->fence != stream->fences)
		r = FAULT(writer->fault, FAULT_FENCED, "simulated: there is a newer writer");
	else
		r = stream_append(
			writer->ledger, stream, SIMULATED_APPEND, entries, count, writer->fault);
	writer->failed = r < 0;
	ledger_unlock();
	return r;
}

static void simulated_writer_close(struct log_writer *base)
{
	struct simulated_writer *writer = (struct simulated_writer *)base;
	free(writer);
}

static int simulated_reader_open(struct log *base, uint32_t shard, enum log_stream which,
	int64_t offset, struct log_reader **ret, struct fault *fault)
{
	struct ledger *ledger = ((struct simulated_log *)base)->ledger;
	(void)pthread_mutex_lock(&lock);
	struct stream *stream = stream_of(ledger, shard, which);
	int r = call_fails(ledger, SIMULATED_READER_OPEN, fault);
	if (r == 0 && offset < stream->begin)
		r = FAULT(fault, FAULT_LOG, "%s:%u begins at %lld, after offset %lld",
			log_stream_name(which), shard, (long long)stream->begin, (long long)offset);
	if (r == 0 && offset > stream->end)
		r = FAULT(fault, FAULT_LOG, "%s:%u ends at %lld, before offset %lld",
			log_stream_name(which), shard, (long long)stream->end, (long long)offset);
	if (r == 0) {
		struct simulated_reader *reader = need(calloc(1, sizeof *reader));
		reader->reader.ops = &log_simulated;
		reader->ledger = ledger;
		reader->stream = stream;
		reader->fault = fault;
		while (reader->next < stream->records.count &&
			stream->records.at[reader->next].offset < offset)
			reader->next++;
		*ret = &reader->reader;
	}
	(void)pthread_mutex_unlock(&lock);
	return r;
}

static void values_free(struct simulated_reader *reader)
{
	for (size_t i = 0; i < reader->value_count; i++)
		free(reader->values[i]);
	free(reader->values);
	reader->values = NULL;
	reader->value_count = 0;
}

static size_t reader_take(
	struct simulated_reader *reader, struct log_record *records, size_t capacity)
{
	struct stream *stream = reader->stream;
	size_t count = 0;
	size_t left = reader->next < stream->readable ? stream->readable - reader->next : 0;
	if (left > capacity)
		left = capacity;
	reader->values = need(calloc(left + 1, sizeof *reader->values));
	for (; count < left; count++) {
		const struct kept *kept = &stream->records.at[reader->next++];
		uint8_t *value = bytes_copy((struct bytes){ kept->at, kept->size });
		reader->values[reader->value_count++] = value;
		records[count] = (struct log_record){
			.offset = kept->offset,
			.time_ms = kept->time_ms,
			.value = { value, kept->size },
		};
	}
	return count;
}

/* Waits for the deadline or a change; false: the deadline has passed. What is hidden counts reads,
 * so a reader that waits for it has to look now and then. */
static bool reader_wait(const struct simulated_reader *reader, const struct timespec *deadline)
{
	struct timespec look;
	(void)clock_gettime(CLOCK_REALTIME, &look);
	look.tv_nsec += 1000000;
	if (look.tv_nsec >= 1000000000) {
		look.tv_nsec -= 1000000000;
		look.tv_sec++;
	}
	bool looks = reader->stream->hidden_reads > 0 &&
		     (look.tv_sec < deadline->tv_sec ||
			     (look.tv_sec == deadline->tv_sec && look.tv_nsec < deadline->tv_nsec));
	int r = pthread_cond_timedwait(&changed, &lock, looks ? &look : deadline);
	return looks || r != ETIMEDOUT;
}

static int simulated_read(struct log_reader *base, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *ret_count)
{
	struct simulated_reader *reader = (struct simulated_reader *)base;
	struct timespec deadline;
	(void)clock_gettime(CLOCK_REALTIME, &deadline);
	int64_t nanoseconds = deadline.tv_nsec + (int64_t)timeout_ms * 1000000;
	deadline.tv_sec += nanoseconds / 1000000000;
	deadline.tv_nsec = nanoseconds % 1000000000;

	(void)pthread_mutex_lock(&lock);
	struct stream *stream = reader->stream;
	int r = call_fails(reader->ledger, SIMULATED_READ, reader->fault);
	if (r < 0) {
		(void)pthread_mutex_unlock(&lock);
		return r;
	}
	values_free(reader);
	bool waits = timeout_ms > 0 && !reader->ledger->options.never_waits;
	while (reader->next >= stream->readable) {
		if (stream->hidden_reads > 0 && --stream->hidden_reads == 0) {
			stream_show(stream);
			(void)pthread_cond_broadcast(&changed);
			continue;
		}
		if (!waits || !reader_wait(reader, &deadline))
			break;
	}
	*ret_count = reader_take(reader, records, capacity);
	(void)pthread_mutex_unlock(&lock);
	return 0;
}

static int64_t simulated_reader_end_hint(struct log_reader *base)
{
	struct simulated_reader *reader = (struct simulated_reader *)base;
	(void)pthread_mutex_lock(&lock);
	int64_t end = stream_readable_end(reader->stream);
	(void)pthread_mutex_unlock(&lock);
	return end;
}

static int64_t simulated_reader_position(struct log_reader *base)
{
	struct simulated_reader *reader = (struct simulated_reader *)base;
	(void)pthread_mutex_lock(&lock);
	struct stream *stream = reader->stream;
	int64_t position = reader->next < stream->readable ? stream->records.at[reader->next].offset
							   : stream_readable_end(stream);
	(void)pthread_mutex_unlock(&lock);
	return position;
}

static void simulated_reader_close(struct log_reader *base)
{
	struct simulated_reader *reader = (struct simulated_reader *)base;
	values_free(reader);
	free(reader);
}

static int simulated_end(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault)
{
	struct ledger *ledger = ((struct simulated_log *)base)->ledger;
	(void)pthread_mutex_lock(&lock);
	int r = call_fails(ledger, SIMULATED_END, fault);
	if (r == 0)
		*ret_end = stream_readable_end(stream_of(ledger, shard, stream));
	(void)pthread_mutex_unlock(&lock);
	return r;
}

static int simulated_begin(struct log *base, uint32_t shard, enum log_stream stream,
	int64_t *ret_begin, struct fault *fault)
{
	struct ledger *ledger = ((struct simulated_log *)base)->ledger;
	(void)fault;
	(void)pthread_mutex_lock(&lock);
	*ret_begin = stream_of(ledger, shard, stream)->begin;
	(void)pthread_mutex_unlock(&lock);
	return 0;
}

static int simulated_sender_open(struct log *base, struct log_sender **ret, struct fault *fault)
{
	struct simulated_sender *sender = need(calloc(1, sizeof *sender));
	sender->sender.ops = &log_simulated;
	sender->ledger = ((struct simulated_log *)base)->ledger;
	sender->fault = fault;
	*ret = &sender->sender;
	return 0;
}

static int simulated_send(struct log_sender *base, uint32_t shard, enum log_stream which,
	const struct log_entry *entries, size_t count)
{
	struct simulated_sender *sender = (struct simulated_sender *)base;
	(void)pthread_mutex_lock(&lock);
	struct stream *stream = stream_of(sender->ledger, shard, which);
	int r = stream_append(
		sender->ledger, stream, SIMULATED_SEND, entries, count, sender->fault);
	ledger_unlock();
	return r;
}

static void simulated_sender_close(struct log_sender *base)
{
	struct simulated_sender *sender = (struct simulated_sender *)base;
	free(sender);
}

const struct log_ops log_simulated = {
	.open = simulated_open,
	.create = simulated_create,
	.check = simulated_check,
	.close = simulated_close,
	.fence = simulated_fence,
	.append = simulated_append,
	.writer_close = simulated_writer_close,
	.reader_open = simulated_reader_open,
	.read = simulated_read,
	.reader_end_hint = simulated_reader_end_hint,
	.reader_position = simulated_reader_position,
	.reader_close = simulated_reader_close,
	.end = simulated_end,
	.begin = simulated_begin,
	.sender_open = simulated_sender_open,
	.send = simulated_send,
	.sender_close = simulated_sender_close,
};

/* --- Controls --- */

void simulated_options_set(const char *url, struct simulated_options options)
{
	ledger_lock(url)->options = options;
	ledger_unlock();
}

void simulated_forget(const char *url)
{
	(void)pthread_mutex_lock(&lock);
	struct ledger **link = &ledgers;
	while (*link != NULL && strcmp((*link)->url, url) != 0)
		link = &(*link)->next;
	struct ledger *ledger = *link;
	if (ledger != NULL)
		*link = ledger->next;
	ledger_unlock();
	if (ledger == NULL)
		return;

	for (size_t i = 0; i < (size_t)ledger->shards * LOG_STREAMS; i++) {
		kept_free(&ledger->streams[i].records);
		kept_free(&ledger->streams[i].late);
	}
	free(ledger->streams);
	free(ledger->url);
	free(ledger);
}

void simulated_plan(const char *url, struct simulated_plan plan)
{
	struct ledger *ledger = ledger_lock(url);
	assert(ledger->plan_count < SIMULATED_PLANS_MAX && plan.nth > 0 && plan.times > 0);
	assert(plan.fault != SIMULATED_DELAY || plan.reads > 0);
	ledger->plans[ledger->plan_count++] = plan;
	ledger_unlock();
}

uint64_t simulated_calls(const char *url, enum simulated_call call)
{
	uint64_t calls = ledger_lock(url)->calls[call];
	ledger_unlock();
	return calls;
}

void simulated_time_set(const char *url, int64_t time_ms)
{
	ledger_lock(url)->time_ms = time_ms;
	ledger_unlock();
}

void simulated_usurp(const char *url, uint32_t shard)
{
	stream_fence(stream_of(ledger_lock(url), shard, LOG_EVENTS));
	ledger_unlock();
}

void simulated_put(const char *url, uint32_t shard, enum log_stream which, struct bytes value)
{
	struct ledger *ledger = ledger_lock(url);
	struct stream *stream = stream_of(ledger, shard, which);
	assert(stream->late.count == 0); /* another owner has fenced first */
	struct log_entry entry = { .value = value };
	stream_write(ledger, stream, &stream->records, &entry, 1);
	stream_show(stream);
	ledger_unlock();
}

void simulated_truncate(const char *url, uint32_t shard, enum log_stream which, int64_t offset)
{
	struct stream *stream = stream_of(ledger_lock(url), shard, which);
	size_t count = 0;
	while (count < stream->records.count && stream->records.at[count].offset < offset)
		count++;
	kept_cut(&stream->records, count);
	stream->end = offset;
	stream->hidden_reads = 0;
	stream_show(stream);
	ledger_unlock();
}

void simulated_trim(const char *url, uint32_t shard, enum log_stream which, int64_t offset)
{
	struct stream *stream = stream_of(ledger_lock(url), shard, which);
	struct kept_list *records = &stream->records;
	size_t gone = 0;
	while (gone < records->count && records->at[gone].offset < offset)
		free(records->at[gone++].at);
	records->count -= gone;
	memmove(records->at, records->at + gone, records->count * sizeof *records->at);
	stream->begin = offset;
	stream_show(stream);
	ledger_unlock();
}

void simulated_change(
	const char *url, uint32_t shard, enum log_stream which, int64_t offset, struct bytes value)
{
	struct stream *stream = stream_of(ledger_lock(url), shard, which);
	size_t i = 0;
	while (i < stream->records.count && stream->records.at[i].offset != offset)
		i++;
	assert(i < stream->records.count);
	struct kept *kept = &stream->records.at[i];
	free(kept->at);
	kept->at = bytes_copy(value);
	kept->size = value.size;
	ledger_unlock();
}
