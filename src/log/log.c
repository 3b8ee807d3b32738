/* SPDX-License-Identifier: Apache-2.0 */
/* The log that a URL names, and the limits every append keeps whatever log it goes to. */
#include "log/log.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

const char *log_stream_name(enum log_stream stream)
{
	static const char *const names[LOG_STREAMS] = {
		[LOG_COMMANDS] = "commands",
		[LOG_RAILS] = "rails",
		[LOG_CONTROL] = "control",
		[LOG_INTERNAL] = "internal",
		[LOG_EVENTS] = "events",
	};

	assert((unsigned)stream < LOG_STREAMS);
	return names[stream];
}

int log_open(struct log **ret, const struct log_config *config, struct fault *fault)
{
	const struct log_ops *ops;
	int r = log_ops_find(config->url, &ops, fault);
	if (r < 0)
		return r;
	return ops->open(ret, config, fault);
}

int log_create(const struct log_config *config, uint32_t shards, struct fault *fault)
{
	assert(shards >= 1 && shards <= 1024);

	const struct log_ops *ops;
	int r = log_ops_find(config->url, &ops, fault);
	if (r < 0)
		return r;
	return ops->create(config, shards, fault);
}

void log_close(struct log *log)
{
	if (log != NULL)
		log->ops->close(log);
}

void log_give_up_at(struct log *log, int64_t monotonic_ms)
{
	assert(monotonic_ms > 0);
	atomic_store(&log->give_up_ms, monotonic_ms);
}

int64_t log_deadline(struct log *log, int64_t monotonic_ms)
{
	int64_t give_up_ms = atomic_load(&log->give_up_ms);
	return give_up_ms != 0 && give_up_ms < monotonic_ms ? give_up_ms : monotonic_ms;
}

uint32_t log_shards(const struct log *log)
{
	return log->shards;
}

struct log_replication log_replication(const struct log *log)
{
	return log->replication;
}

int log_require(struct log *log, const struct log_replication *made, struct fault *fault)
{
	const struct log_replication *now = &log->replication;
	if (now->replicas > 0 && now->replicas < made->replicas)
		return FAULT(fault, FAULT_SETTINGS,
			"topic %s has %d replica%s, and the ledger was made with %d: give it as "
			"many "
			"again, or go on with what there is: --accept-fewer-replicas",
			now->fewest, now->replicas, now->replicas == 1 ? "" : "s", made->replicas);
	if (now->min_insync > 0 && now->min_insync < made->min_insync)
		return FAULT(fault, FAULT_SETTINGS,
			"topic %s has min.insync.replicas=%d, and the ledger was made with %d: "
			"alter "
			"the topic, or go on with what there is: --accept-fewer-replicas",
			now->least, now->min_insync, made->min_insync);
	log->replicas_required = made->replicas;
	return 0;
}

const char *log_notice(const struct log *log)
{
	return log->notice;
}

bool log_fence_is_ambiguous(const struct log *log)
{
	return log->fence_is_ambiguous;
}

int log_fence(struct log *log, uint32_t shard, struct log_writer **ret, struct fault *fault)
{
	assert(shard < log->shards);
	return log->ops->fence(log, shard, ret, fault);
}

int log_append(struct log_writer *writer, const struct log_entry *entries, size_t count)
{
	assert(count >= 1 && count <= LOG_BATCH_RECORDS_MAX);

	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		assert(entries[i].value.size <= LOG_RECORD_SIZE_MAX);
		size += entries[i].value.size;
	}
	assert(size <= LOG_BATCH_BYTES_MAX);

	return writer->ops->append(writer, entries, count);
}

void log_writer_close(struct log_writer *writer)
{
	if (writer != NULL)
		writer->ops->writer_close(writer);
}

int log_reader_open(struct log *log, uint32_t shard, enum log_stream stream, int64_t offset,
	struct log_reader **ret, struct fault *fault)
{
	assert(shard < log->shards && (unsigned)stream < LOG_STREAMS && offset >= 0);
	return log->ops->reader_open(log, shard, stream, offset, ret, fault);
}

int log_read(struct log_reader *reader, struct log_record *records, size_t capacity, int timeout_ms,
	size_t *ret_count)
{
	assert(capacity >= 1 && timeout_ms >= 0);
	return reader->ops->read(reader, records, capacity, timeout_ms, ret_count);
}

void log_reader_listen(struct log_reader *reader, void (*ring)(void *context), void *context)
{
	reader->ops->reader_listen(reader, ring, context);
}

int64_t log_reader_end_hint(struct log_reader *reader)
{
	return reader->ops->reader_end_hint(reader);
}

int64_t log_reader_held(struct log_reader *reader)
{
	return reader->ops->reader_held ? reader->ops->reader_held(reader) : 0;
}

int64_t log_reader_position(struct log_reader *reader)
{
	return reader->ops->reader_position(reader);
}

void log_reader_close(struct log_reader *reader)
{
	if (reader != NULL)
		reader->ops->reader_close(reader);
}

int log_end(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault)
{
	assert(shard < log->shards && (unsigned)stream < LOG_STREAMS);
	return log->ops->end(log, shard, stream, ret_end, fault);
}

int log_check(struct log *log, struct fault *fault)
{
	return log->ops->check(log, fault);
}

int log_begin(struct log *log, uint32_t shard, enum log_stream stream, int64_t *ret_begin,
	struct fault *fault)
{
	assert(shard < log->shards && (unsigned)stream < LOG_STREAMS);
	return log->ops->begin(log, shard, stream, ret_begin, fault);
}

int log_sender_open(struct log *log, struct log_sender **ret, struct fault *fault)
{
	return log->ops->sender_open(log, ret, fault);
}

int log_send(struct log_sender *sender, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count)
{
	assert((unsigned)stream < LOG_INPUTS); /* events are written by a shard's owner alone */
	return sender->ops->send(sender, shard, stream, entries, count);
}

void log_sender_close(struct log_sender *sender)
{
	if (sender != NULL)
		sender->ops->sender_close(sender);
}

bool log_has_groups(const struct log *log)
{
	return log->ops->group_open != NULL;
}

int log_group_open(struct log *log, const char *name, struct log_group **ret, struct fault *fault)
{
	assert(log_has_groups(log) && strlen(name) < LOG_MEMBER_NAME_MAX);
	return log->ops->group_open(log, name, ret, fault);
}

int log_group_step(struct log_group *group)
{
	return group->ops->group_step(group);
}

const struct log_members *log_group_members(const struct log_group *group)
{
	return &group->members;
}

void log_group_leave(struct log_group *group)
{
	group->ops->group_leave(group);
}

void log_group_close(struct log_group *group)
{
	if (group != NULL)
		group->ops->group_close(group);
}
