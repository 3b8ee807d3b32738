/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include "hearing.h"
#include "tasks.h"

#include "shard/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { SHARDS_MAX = 4, UNDER_WAY_MAX = 64, PARTS_MAX = 3, ODD_LOOKS_MAX = 2 };

/* Records as written, in offset order; those that readers may have by now stand in `readable` too.
 */
enum fate { PENDING, COMMITTED, ABORTED };
struct kept {
	struct broker_record record;
	enum fate fate;
	int64_t visible_at_ns; /* committed, but its marker is written then */
};
struct list {
	struct kept *at;
	size_t count, capacity;
};
struct readable {
	const struct broker_record **at;
	size_t count, capacity;
};

struct stream {
	struct list records;
	size_t settled; /* so many of them will not change any more, and are readable or aborted */
	struct readable readable;
	struct log_reader_simulated *listening;
	int64_t begin; /* those before were deleted */
	int64_t end;   /* the next offset */
	int64_t fence; /* events: the highest epoch that has written here */
	/* The coordinator's. */
	int64_t epoch;
	bool is_open;
};

/* A request that was sent and has not arrived. */
struct request {
	int64_t at_ns;
	struct stream *stream;
	int64_t epoch; /* of an input's: -1 */
	size_t count;  /* records; 0: it asks for commit */
	struct log_entry *entries;
};

static struct broker {
	bool has_other_settings;
	uint32_t shards;
	bool has_kafka_transactions, fences;
	struct stream streams[SHARDS_MAX][LOG_STREAMS];
	struct request requests[UNDER_WAY_MAX];
	size_t request_count;
	int64_t clock_ahead_ms;
} broker;

struct log_writer_simulated {
	struct log_writer writer;
	struct log *log;
	uint32_t shard;
	struct stream *stream;
	int64_t epoch;
	bool has_failed;
	struct fault *fault;
};
struct log_reader_simulated {
	struct log_reader reader;
	struct log *log;
	struct stream *stream;
	size_t next; /* of the readable ones */
	struct log_reader_simulated *next_listening;
	void (*ring)(void *context);
	void *ring_context;
	int64_t from;
	struct fault *fault;
};
struct log_sender_simulated {
	struct log_sender sender;
	struct log *log;
	struct fault *fault;
};

static const struct log_ops broker_ops;

/* --- Streams --- */

int64_t broker_now_ms(void)
{
	return clock_host_ms() + broker.clock_ahead_ms;
}

void broker_cut(uint32_t shard, int64_t offset)
{
	struct stream *stream = &broker.streams[shard][LOG_EVENTS];
	while (stream->records.count > 0 &&
		stream->records.at[stream->records.count - 1].record.offset >= offset)
		stream->records.count--;
	while (stream->readable.count > 0 &&
		stream->readable.at[stream->readable.count - 1]->offset >= offset)
		stream->readable.count--;
	if (stream->settled > stream->records.count)
		stream->settled = stream->records.count;
	stream->end = offset;
	broker.request_count = 0;
}

void broker_clock_set(int64_t ahead_ms)
{
	broker.clock_ahead_ms = ahead_ms;
}

int64_t broker_clock_ahead_ms(void)
{
	return broker.clock_ahead_ms;
}

static void stream_write(struct stream *stream, const struct log_entry *entries, size_t count,
	enum fate fate, int64_t time_ms)
{
	for (size_t i = 0; i < count; i++) {
		struct list *list = &stream->records;
		if (list->count == list->capacity) {
			list->capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
			struct kept *at = world_take(list->capacity * sizeof *at);
			if (list->count > 0)
				memcpy(at, list->at, list->count * sizeof *at);
			list->at = at;
		}
		list->at[list->count++] = (struct kept){
			.record = { stream->end++, time_ms, world_copy(entries[i].value) },
			.fate = fate,
		};
	}
}

static void readable_add(struct readable *readable, const struct broker_record *record)
{
	if (readable->count == readable->capacity) {
		readable->capacity = readable->capacity == 0 ? 256 : 2 * readable->capacity;
		const struct broker_record **at = world_take(readable->capacity * sizeof *at);
		if (readable->count > 0)
			memcpy(at, readable->at, readable->count * sizeof *at);
		readable->at = at;
	}
	struct broker_record *copy = world_take(sizeof *copy); /* the list may move */
	*copy = *record;
	readable->at[readable->count++] = copy;
}

/* Readers stop before the first record whose fate is open or not told yet. */
static void stream_settle(struct stream *stream)
{
	size_t before = stream->readable.count;
	for (; stream->settled < stream->records.count; stream->settled++) {
		const struct kept *kept = &stream->records.at[stream->settled];
		if (kept->fate == PENDING || kept->visible_at_ns > ground.now_ns)
			break;
		if (kept->fate == COMMITTED)
			readable_add(&stream->readable, &kept->record);
	}
	if (stream->readable.count == before)
		return;
	task_wake(stream);
	for (struct log_reader_simulated *one = stream->listening; one; one = one->next_listening)
		one->ring(one->ring_context);
}

/* A marker ends whatever this partition holds of the producer's. */
static void stream_mark(struct stream *stream, enum fate fate, int64_t visible_at_ns)
{
	for (size_t i = stream->settled; i < stream->records.count; i++) {
		struct kept *kept = &stream->records.at[i];
		if (kept->fate != PENDING)
			continue;
		kept->fate = fate;
		kept->visible_at_ns = visible_at_ns;
	}
	stream->end++; /* where the marker stands */
	stream->is_open = false;
	stream_settle(stream);
}

static void commit(struct stream *stream)
{
	int64_t visible_at_ns = 0;
	if (inject(INJECT_commit_visible_late))
		visible_at_ns = ground.now_ns + draw_between(1, 200) * NS_PER_MS;
	stream_mark(stream, COMMITTED, visible_at_ns);
}

/* The coordinator settles what the older epoch has open. Without one, the partition does not learn
 * of the new epoch before its first record. */
static void epoch_raise(struct stream *stream)
{
	for (size_t i = stream->settled; i < stream->records.count; i++)
		stream->records.at[i].visible_at_ns = 0; /* markers are written before it answers */
	stream->epoch++;
	if (stream->is_open || !broker.has_kafka_transactions)
		stream->fence = stream->epoch;
	if (stream->is_open)
		stream_mark(stream, ABORTED, 0);
	stream_settle(stream);
}

/* --- Requests under way --- */

static void request_send(struct stream *stream, int64_t epoch, const struct log_entry *entries,
	size_t count, int64_t delay_ms)
{
	if (broker.request_count == UNDER_WAY_MAX)
		return; /* lost */
	struct request *request = &broker.requests[broker.request_count++];
	*request = (struct request){
		.at_ns = ground.now_ns + delay_ms * NS_PER_MS,
		.stream = stream,
		.epoch = epoch,
		.count = count,
		.entries = count == 0 ? NULL : world_take(count * sizeof *entries),
	};
	for (size_t i = 0; i < count; i++)
		request->entries[i].value = world_copy(entries[i].value);
}

static void request_arrive(const struct request *request)
{
	struct stream *stream = request->stream;
	if (request->count == 0) {
		if (request->epoch == stream->epoch && stream->is_open)
			commit(stream);
		return;
	}
	if (request->epoch < 0) {
		stream_write(stream, request->entries, request->count, COMMITTED, broker_now_ms());
		stream_settle(stream);
		return;
	}
	if (broker.fences && request->epoch < stream->fence)
		return;
	stream->fence = request->epoch;
	stream_write(stream, request->entries, request->count,
		broker.has_kafka_transactions ? PENDING : COMMITTED, broker_now_ms());
	stream_settle(stream);
}

void broker_advance(void)
{
	for (size_t i = 0; i < broker.request_count;) {
		if (broker.requests[i].at_ns > ground.now_ns) {
			i++;
			continue;
		}
		struct request request = broker.requests[i];
		broker.requests[i] = broker.requests[--broker.request_count];
		say("a late request arrives: %s, epoch %" PRId64,
			request.count == 0 ? "commit" : "records", request.epoch);
		request_arrive(&request);
	}
	for (uint32_t s = 0; s < broker.shards; s++)
		stream_settle(&broker.streams[s][LOG_EVENTS]);
}

int64_t broker_next_ns(void)
{
	int64_t next_ns = INT64_MAX;
	for (size_t i = 0; i < broker.request_count; i++)
		if (broker.requests[i].at_ns < next_ns)
			next_ns = broker.requests[i].at_ns;
	for (uint32_t s = 0; s < broker.shards; s++) {
		const struct stream *stream = &broker.streams[s][LOG_EVENTS];
		if (stream->settled == stream->records.count)
			continue;
		int64_t at_ns = stream->records.at[stream->settled].visible_at_ns;
		if (at_ns > ground.now_ns && at_ns < next_ns)
			next_ns = at_ns;
	}
	return next_ns;
}

/* --- The world's --- */

void broker_begin(uint32_t shards, enum broker_kind kind)
{
	assert(shards <= SHARDS_MAX);
	bool has_kafka_transactions = kind == BROKER_KAFKA;
	broker = (struct broker){
		.shards = shards,
		.has_kafka_transactions = has_kafka_transactions,
		.fences = kind != BROKER_UNFENCED,
	};
	hearing_begin(&(struct log){ .ops = &broker_ops,
		.shards = shards,
		.fence_is_ambiguous = has_kafka_transactions });
}

void broker_change(bool is_deletion)
{
	struct stream *events = &broker.streams[draw(broker.shards)][LOG_EVENTS];
	size_t count = events->readable.count;
	if (is_deletion && count > 0)
		events->begin = events->readable.at[draw(count)]->offset;
	broker.has_other_settings = !is_deletion;
}

void broker_restore(void)
{
	broker.has_other_settings = false;
	for (uint32_t s = 0; s < broker.shards; s++)
		broker.streams[s][LOG_EVENTS].begin = 0;
}

bool broker_is_changed(void)
{
	bool is_changed = broker.has_other_settings;
	for (uint32_t s = 0; s < broker.shards; s++)
		is_changed = is_changed || broker.streams[s][LOG_EVENTS].begin > 0;
	return is_changed;
}

int64_t broker_send(uint32_t shard, enum log_stream which, struct bytes value)
{
	struct stream *stream = &broker.streams[shard][which];
	int64_t offset = stream->end;
	struct log_entry entry = { .value = value };
	stream_write(stream, &entry, 1, COMMITTED, broker_now_ms());
	stream_settle(stream);
	return offset;
}

void broker_input_lose(uint32_t shard, enum log_stream which, int64_t offset)
{
	struct stream *stream = &broker.streams[shard][which];
	struct list *records = &stream->records;
	struct readable *readable = &stream->readable;
	assert(which < LOG_EVENTS && offset <= stream->end);
	while (records->count > 0 && records->at[records->count - 1].record.offset >= offset)
		records->count--;
	while (readable->count > 0 && readable->at[readable->count - 1]->offset >= offset)
		readable->count--;
	stream->settled = records->count;
	stream->end = offset;
}

/* Also what was written and would have been committed by a later Kafka transaction. */
void broker_lose_under_way(void)
{
	broker.request_count = 0;
	for (uint32_t s = 0; s < broker.shards; s++) {
		struct stream *events = &broker.streams[s][LOG_EVENTS];
		for (size_t i = events->settled; i < events->records.count; i++)
			events->records.at[i].visible_at_ns = 0;
		stream_settle(events);
		if (events->settled < events->records.count)
			stream_mark(events, ABORTED, 0);
	}
}

size_t broker_readable(uint32_t shard, enum log_stream stream)
{
	return broker.streams[shard][stream].readable.count;
}

const struct broker_record *broker_record(uint32_t shard, enum log_stream stream, size_t index)
{
	assert(index < broker_readable(shard, stream));
	return broker.streams[shard][stream].readable.at[index];
}

/* --- log.h: writers --- */

#define DEAD(sink) FAULT((sink), FAULT_IO, "the process is dead")
#define UNHEARD(sink) FAULT((sink), FAULT_IO, "simulated: the log does not answer")

static int broker_fence(
	struct log *log, uint32_t shard, struct log_writer **ret, struct fault *fault)
{
	struct stream *stream = &broker.streams[shard][LOG_EVENTS];
	if (!step(STEP_fence))
		return DEAD(fault);
	if (!is_heard(log, shard, CALL_FENCE))
		return UNHEARD(fault);
	if (inject(INJECT_fence_fails)) {
		if (draw(2) == 0)
			epoch_raise(stream);
		return FAULT(fault, FAULT_IO, "simulated: the fence is not answered");
	}
	epoch_raise(stream);
	int64_t epoch = stream->epoch;
	if (!step(STEP_fenced))
		return DEAD(fault);
	if (!is_heard(log, shard, CALL_FENCE))
		return UNHEARD(fault);
	struct log_writer_simulated *writer = calloc(1, sizeof *writer);
	assert(writer);
	writer->writer.ops = &broker_ops;
	writer->log = log;
	writer->shard = shard;
	writer->stream = stream;
	writer->epoch = epoch;
	writer->fault = fault;
	*ret = &writer->writer;
	return 0;
}

static int tainted(struct log_writer_simulated *writer, const char *why)
{
	return FAULT(writer->fault, FAULT_TAINTED, "simulated: %s", why);
}

/* One produce request. */
static int part_write(
	struct log_writer_simulated *writer, const struct log_entry *entries, size_t count)
{
	struct stream *stream = writer->stream;
	if (broker.fences && (writer->epoch < stream->fence || writer->epoch < stream->epoch))
		return FAULT(writer->fault, FAULT_FENCED, "simulated: there is a newer writer");
	stream->fence = writer->epoch;
	stream_write(stream, entries, count, broker.has_kafka_transactions ? PENDING : COMMITTED,
		broker_now_ms());
	stream_settle(stream);
	return 0;
}

static int parts_write(
	struct log_writer_simulated *writer, const struct log_entry *entries, size_t count)
{
	size_t parts = 1 + draw(PARTS_MAX), done = 0;
	if (inject(INJECT_append_lost))
		return tainted(writer, "the records are lost");
	for (size_t part = 1; part <= parts && done < count; part++) {
		size_t n = part == parts ? count - done : draw(count - done + 1);
		if (inject(INJECT_append_delayed)) {
			request_send(writer->stream, writer->epoch, entries + done, count - done,
				draw_between(1, 3000));
			return tainted(writer, "the records are late");
		}
		int error = part_write(writer, entries + done, n);
		if (error)
			return error;
		done += n;
		int64_t slow_ms = inject(INJECT_append_slow) ? draw_between(1, 300) : 0;
		if (!(slow_ms ? step_wait(
					STEP_append_part, NULL, ground.now_ns + slow_ms * NS_PER_MS)
			      : step(STEP_append_part)))
			return DEAD(writer->fault);
		if (done < count && inject(INJECT_append_torn))
			return tainted(writer, "the rest of the records is lost");
	}
	return 0;
}

static int end_write(struct log_writer_simulated *writer)
{
	struct stream *stream = writer->stream;
	if (inject(INJECT_commit_lost))
		return tainted(writer, "the commit is lost");
	if (inject(INJECT_commit_delayed)) {
		request_send(stream, writer->epoch, NULL, 0, draw_between(1, 3000));
		return tainted(writer, "the commit is late");
	}
	if (writer->epoch != stream->epoch)
		return FAULT(writer->fault, FAULT_FENCED, "simulated: there is a newer writer");
	/* Where a copy of an older commit has ended it, the coordinator says yes to this one too.
	 */
	if (stream->is_open)
		commit(stream);
	if (inject(INJECT_commit_copied))
		request_send(
			stream, writer->epoch, NULL, 0, draw_between(1, 1 << draw_between(1, 12)));
	return 0;
}

static int append(
	struct log_writer_simulated *writer, const struct log_entry *entries, size_t count)
{
	struct stream *stream = writer->stream;
	if (writer->has_failed)
		return tainted(writer, "the writer failed before");
	if (broker.has_kafka_transactions && inject(INJECT_fenced_by_time_out))
		epoch_raise(stream);
	if (broker.fences && writer->epoch != stream->epoch)
		return FAULT(writer->fault, FAULT_FENCED, "simulated: there is a newer writer");
	stream->is_open = broker.has_kafka_transactions;
	int error = parts_write(writer, entries, count);
	if (!error && !step(STEP_append_whole))
		return DEAD(writer->fault);
	if (!error && broker.has_kafka_transactions)
		error = end_write(writer);
	if (!error && !step(STEP_committed))
		return DEAD(writer->fault);
	if (!error && inject(INJECT_commit_answer_lost))
		return tainted(writer, "the answer is lost");
	return error;
}

static int broker_append(struct log_writer *base, const struct log_entry *entries, size_t count)
{
	struct log_writer_simulated *writer = (struct log_writer_simulated *)base;
	if (!step(STEP_append))
		return DEAD(writer->fault);
	int error = is_heard(writer->log, writer->shard, CALL_APPEND)
			    ? append(writer, entries, count)
			    : tainted(writer, "the log does not answer");
	if (!error && !is_heard(writer->log, writer->shard, CALL_APPEND))
		error = tainted(writer, "the log took it, and does not answer");
	writer->has_failed = error != 0;
	if (!step(STEP_append_end))
		return error ? error : DEAD(writer->fault);
	return error;
}

static void broker_writer_close(struct log_writer *writer)
{
	free(writer);
}

/* --- log.h: readers --- */

static int broker_reader_open(struct log *log, uint32_t shard, enum log_stream which,
	int64_t offset, struct log_reader **ret, struct fault *fault)
{
	struct stream *stream = &broker.streams[shard][which];
	if (!step(STEP_reader_open))
		return DEAD(fault);
	if (!is_heard(log, shard, CALL_READER_OPEN))
		return UNHEARD(fault);
	if (offset < stream->begin)
		return FAULT(fault, FAULT_LOG, "simulated: events before %" PRId64 " were deleted",
			stream->begin);
	if (inject(INJECT_reader_open_fails))
		return FAULT(fault, FAULT_IO, "simulated: no reader");
	if (offset > stream->end)
		return FAULT(fault, FAULT_LOG, "simulated: the stream ends before offset %" PRId64,
			offset);
	struct log_reader_simulated *reader = calloc(1, sizeof *reader);
	assert(reader);
	reader->reader.ops = &broker_ops;
	reader->log = log;
	reader->stream = stream;
	reader->from = offset;
	reader->fault = fault;
	size_t low = 0, high = stream->readable.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (stream->readable.at[middle]->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	reader->next = low;
	*ret = &reader->reader;
	return 0;
}

static size_t records_take(
	struct log_reader_simulated *reader, struct log_record *records, size_t capacity)
{
	const struct stream *stream = reader->stream;
	size_t left = stream->readable.count - reader->next;
	size_t count = left < capacity ? left : capacity;
	if (count > 1 && draw(2) == 0)
		count = 1 + draw(count);
	for (size_t i = 0; i < count;) {
		const struct broker_record *record = stream->readable.at[reader->next++];
		if (record->offset < reader->from) {
			count--; /* readable since, and before where it was asked to start */
			continue;
		}
		records[i++] = (struct log_record){
			.offset = record->offset,
			.time_ms = record->time_ms,
			.value = record->value,
		};
	}
	return count;
}

static int broker_read(struct log_reader *base, struct log_record *records, size_t capacity,
	int timeout_ms, size_t *ret_count)
{
	struct log_reader_simulated *reader = (struct log_reader_simulated *)base;
	*ret_count = 0;
	if (!step(STEP_read))
		return DEAD(reader->fault);
	if (inject(INJECT_read_fails))
		return FAULT(reader->fault, FAULT_IO, "simulated: the read fails");
	int64_t asked_ms = clock_monotonic_ms() + timeout_ms;
	int64_t until_ns = ground.now_ns + (int64_t)timeout_ms * NS_PER_MS;
	for (;;) {
		if (!hearing_is_deaf(CALL_READ))
			*ret_count = records_take(reader, records, capacity);
		if (*ret_count > 0)
			return 0;
		if (timeout_ms > 0 && log_deadline(reader->log, asked_ms) < asked_ms &&
			clock_monotonic_ms() >= log_deadline(reader->log, asked_ms))
			return FAULT(reader->fault, FAULT_IO,
				"simulated: nothing came, and the process is to end");
		if (ground.now_ns >= until_ns)
			return 0;
		if (!step_wait(STEP_read_waits, reader->stream, until_ns))
			return DEAD(reader->fault);
	}
}

static int64_t end_of(const struct stream *stream)
{
	if (stream->settled < stream->records.count)
		return stream->records.at[stream->settled].record.offset;
	return stream->end;
}

static int64_t broker_reader_position(struct log_reader *base)
{
	const struct log_reader_simulated *reader = (struct log_reader_simulated *)base;
	const struct stream *stream = reader->stream;
	int64_t at = reader->next < stream->readable.count
			     ? stream->readable.at[reader->next]->offset
			     : end_of(stream);
	return at > reader->from ? at : reader->from;
}

static int64_t end_stale(const struct stream *stream)
{
	int64_t end = end_of(stream);
	return inject(INJECT_end_stale) ? end - (int64_t)draw((uint64_t)end + 1) : end;
}

static int64_t broker_reader_end_hint(struct log_reader *base)
{
	return end_stale(((struct log_reader_simulated *)base)->stream);
}

static void broker_reader_listen(
	struct log_reader *base, void (*ring)(void *context), void *context)
{
	struct log_reader_simulated *reader = (struct log_reader_simulated *)base;
	reader->ring = ring;
	reader->ring_context = context;
	reader->next_listening = reader->stream->listening;
	reader->stream->listening = reader;
}

static void broker_reader_close(struct log_reader *base)
{
	struct log_reader_simulated *reader = (struct log_reader_simulated *)base;
	struct log_reader_simulated **link = &reader->stream->listening;
	while (*link && *link != reader)
		link = &(*link)->next_listening;
	if (*link)
		*link = reader->next_listening;
	free(reader);
}

static int broker_end(struct log *log, uint32_t shard, enum log_stream which, int64_t *ret_end,
	struct fault *fault)
{
	if (!step(STEP_log_end))
		return DEAD(fault);
	if (!is_heard(log, shard, CALL_END))
		return UNHEARD(fault);
	if (inject(INJECT_end_fails))
		return FAULT(fault, FAULT_IO, "simulated: the end is not told");
	*ret_end = end_stale(&broker.streams[shard][which]);
	return 0;
}

static int broker_begin_of(struct log *log, uint32_t shard, enum log_stream which,
	int64_t *ret_begin, struct fault *fault)
{
	if (!is_heard(log, shard, CALL_END))
		return UNHEARD(fault);
	*ret_begin = broker.streams[shard][which].begin;
	return 0;
}

/* --- log.h: what the log rests on --- */

/* As it is, or what one odd look sees; never so many of them in a row that they would count. */
static int look(struct log_simulated *log, struct fault *fault)
{
	static const int odd[] = { FAULT_SETTINGS, FAULT_LOG, FAULT_MISSING };
	if (broker.has_other_settings)
		return FAULT(fault, FAULT_SETTINGS, "simulated: the topics' settings were changed");
	if (broker_is_changed())
		return FAULT(fault, FAULT_LOG, "simulated: the first events were deleted");
	if (log->looks_lost == log->looks_odd && log->looks_odd < ODD_LOOKS_MAX &&
		inject(INJECT_check_odd)) {
		log->looks_odd++;
		return FAULT(fault, odd[draw(3)], "simulated: an odd look");
	}
	return 0;
}

static int broker_check(struct log *base, struct fault *fault)
{
	struct log_simulated *log = (struct log_simulated *)base;
	if (!step(STEP_check))
		return DEAD(fault);
	bool is_heard_of = is_heard(base, 0, CALL_CHECK);
	int error = !is_heard_of || inject(INJECT_check_fails) ? UNHEARD(fault) : look(log, fault);
	log->looks++;
	log->looks_lost = error && error != FAULT_IO ? log->looks_lost + 1 : 0;
	if (log->looks_lost == 0)
		log->looks_odd = 0;
	return error;
}

/* --- log.h: senders --- */

static int broker_sender_open(struct log *log, struct log_sender **ret, struct fault *fault)
{
	struct log_sender_simulated *sender = calloc(1, sizeof *sender);
	assert(sender);
	sender->sender.ops = &broker_ops;
	sender->log = log;
	sender->fault = fault;
	*ret = &sender->sender;
	return 0;
}

static int broker_send_entries(struct log_sender *base, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count)
{
	struct log_sender_simulated *sender = (struct log_sender_simulated *)base;
	if (!step(STEP_send))
		return DEAD(sender->fault);
	if (!is_heard(sender->log, shard, CALL_SEND))
		return UNHEARD(sender->fault);
	bool fails = inject(INJECT_send_fails);
	if (inject(INJECT_send_late))
		request_send(&broker.streams[shard][stream], -1, entries, count,
			draw_between(1, (int64_t)1 << draw_between(4, 27)));
	if (!fails || draw(2) == 0)
		for (size_t i = 0; i < count; i++)
			(void)broker_send(shard, stream, entries[i].value);
	if (!step(STEP_sent))
		return DEAD(sender->fault);
	if (!is_heard(sender->log, shard, CALL_SEND))
		return UNHEARD(sender->fault);
	return fails ? FAULT(sender->fault, FAULT_IO, "simulated: the send is not answered") : 0;
}

static void broker_sender_close(struct log_sender *sender)
{
	free(sender);
}

static void broker_close(struct log *log)
{
	(void)log;
}

static const struct log_ops broker_ops = {
	.check = broker_check,
	.close = broker_close,
	.fence = broker_fence,
	.append = broker_append,
	.writer_close = broker_writer_close,
	.reader_open = broker_reader_open,
	.read = broker_read,
	.reader_listen = broker_reader_listen,
	.reader_end_hint = broker_reader_end_hint,
	.reader_position = broker_reader_position,
	.reader_close = broker_reader_close,
	.end = broker_end,
	.begin = broker_begin_of,
	.sender_open = broker_sender_open,
	.send = broker_send_entries,
	.sender_close = broker_sender_close,
};
