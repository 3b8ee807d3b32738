/* SPDX-License-Identifier: Apache-2.0 */
/* The log in a folder: one process holds it and is alone in writing, synced, stream by stream in
 * order; others read beside it and send through its socket. */
#include "log/embedded/embedded.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_TIMEOUT_MS = 30000 };

struct embedded_writer {
	struct log_writer writer;
	struct embedded_log *log;
	uint32_t shard;
	uint64_t fence;
	bool failed;
	struct batch_packer *packer;
	struct fault *fault;
};

struct embedded_sender {
	struct log_sender sender;
	struct embedded_log *log;
	struct batch_packer *packer;  /* LOG_OWN */
	struct socket_client *client; /* LOG_USE */
	struct fault *fault;
};

/* --- Streams --- */

static int streams_new(struct embedded_log *log, struct fault *fault)
{
	size_t count = (size_t)log->log.shards * LOG_STREAMS;
	log->streams = calloc(count, sizeof *log->streams);
	if (log->streams == NULL)
		return embedded_no_memory(fault);

	pthread_condattr_t monotonic;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (size_t i = 0; i < count; i++) {
		(void)pthread_mutex_init(&log->streams[i].append, NULL);
		(void)pthread_mutex_init(&log->streams[i].lock, NULL);
		(void)pthread_cond_init(&log->streams[i].grown, &monotonic);
	}
	(void)pthread_condattr_destroy(&monotonic);
	return 0;
}

static void streams_free(struct embedded_log *log)
{
	if (log->streams == NULL)
		return;
	for (size_t i = 0; i < (size_t)log->log.shards * LOG_STREAMS; i++) {
		(void)pthread_cond_destroy(&log->streams[i].grown);
		(void)pthread_mutex_destroy(&log->streams[i].lock);
		(void)pthread_mutex_destroy(&log->streams[i].append);
	}
	free(log->streams);
}

/* The caller holds the stream's `lock`. */
static void stream_grown(struct stream *stream)
{
	(void)pthread_cond_broadcast(&stream->grown);
	for (const struct listener *one = stream->listeners; one; one = one->next)
		one->ring(one->context);
}

int embedded_stream_end(struct embedded_log *log, enum log_stream which, uint32_t shard,
	int64_t *ret_end, struct fault *fault)
{
	int64_t base;
	if (log->mode == LOG_USE)
		return database_find(log->database, which, shard, INT64_MAX, &base, ret_end, fault);

	int r = 0;
	struct stream *stream = embedded_stream(log, which, shard);
	(void)pthread_mutex_lock(&stream->lock);
	if (stream->opening != database_opening(log->database)) {
		int64_t end;
		r = database_find(log->database, which, shard, INT64_MAX, &base, &end, fault);
		if (r == 0 && end < stream->end)
			r = FAULT(fault, FAULT_LOG,
				"the log in '%s' lost records of %s:%u: it ends at %lld, it did at "
				"%lld",
				log->folder, log_stream_name(which), shard, (long long)end,
				(long long)stream->end);
		if (r == 0) {
			stream->end = end;
			stream->opening = database_opening(log->database);
			stream_grown(stream);
		}
	}
	*ret_end = stream->end;
	(void)pthread_mutex_unlock(&stream->lock);
	return r;
}

/* The caller holds the stream's `append`. */
static int stream_append(struct embedded_log *log, enum log_stream which, uint32_t shard,
	struct bytes batch, size_t count, struct fault *fault)
{
	int r = database_enter(log->database, fault);
	if (r < 0)
		return r;

	int64_t end;
	bool written = false;
	r = embedded_stream_end(log, which, shard, &end, fault);
	if (r == 0) {
		r = database_put(log->database, which, shard, end, batch, fault);
		written = true;
	}
	if (r == 0) {
		struct stream *stream = embedded_stream(log, which, shard);
		(void)pthread_mutex_lock(&stream->lock);
		stream->end = end + (int64_t)count;
		stream_grown(stream);
		(void)pthread_mutex_unlock(&stream->lock);
		socket_server_grown(log->server);
	}
	database_leave(log->database);
	if (r < 0 && written)
		database_drop(log->database);
	return r;
}

/* --- The log --- */

static const char *url_folder(const char *url)
{
	return url + strlen("embedded:");
}

/* The file is held for as long as its descriptor is open, so never by a dead process. It is not
 * RocksDB's own lock because the database may be dropped and opened anew while the ledger stays
 * held. */
static int holder_lock(const char *folder, int *ret_fd, struct fault *fault)
{
	char *path;
	if (asprintf(&path, "%s/lock", folder) < 0)
		return embedded_no_memory(fault);
	int r = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		r = FAULT(fault, FAULT_IO, "can't open '%s': %s", path, strerror(errno));
	else if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		*ret_fd = fd;
	else if (errno == EWOULDBLOCK)
		r = FAULT(fault, FAULT_BUSY,
			"another process holds '%s': stop it first, or use its ledger through it",
			folder);
	else
		r = FAULT(fault, FAULT_IO, "can't lock '%s': %s", path, strerror(errno));
	if (r < 0 && fd >= 0)
		(void)close(fd);
	free(path);
	return r;
}

/* Makes the folder, and its name in the parent folder durable. */
static int folder_make(const char *path, struct fault *fault)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return FAULT(
			fault, FAULT_IO, "can't make the folder '%s': %s", path, strerror(errno));
	struct stat made;
	if (stat(path, &made) == 0 && !S_ISDIR(made.st_mode))
		return FAULT(fault, FAULT_SETTINGS,
			"'%s' is not a folder, which an embedded ledger is: give another path",
			path);
	char *parent;
	if (asprintf(&parent, "%s/..", path) < 0)
		return embedded_no_memory(fault);
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;
	if (fd < 0 || fsync(fd) != 0)
		r = FAULT(
			fault, FAULT_IO, "can't sync the folder '%s': %s", parent, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	free(parent);
	return r;
}

static int embedded_create(const struct log_config *config, uint32_t shards, struct fault *fault)
{
	const char *folder = url_folder(config->url);
	int holder;
	int r = folder_make(folder, fault);
	if (r == 0)
		r = holder_lock(folder, &holder, fault);
	if (r < 0)
		return r;

	char *path;
	if (asprintf(&path, "%s/log", folder) < 0) {
		r = embedded_no_memory(fault);
	} else {
		r = folder_make(path, fault);
		if (r == 0)
			r = database_create(path, shards, fault);
		free(path);
	}
	(void)close(holder);
	return r;
}

/* The lock's file is still there under its name: nobody has replaced or removed the folder. */
static int embedded_check(struct log *base, struct fault *fault)
{
	struct embedded_log *log = (struct embedded_log *)base;
	struct stat held, named;
	char *path;
	if (log->mode != LOG_OWN)
		return 0;
	if (asprintf(&path, "%s/lock", log->folder) < 0)
		return embedded_no_memory(fault);
	int r = 0;
	if (fstat(log->holder, &held) != 0 ||
		(stat(path, &named) != 0 && errno != ENOENT && errno != ENOTDIR))
		r = FAULT(fault, FAULT_IO, "can't look at '%s': %s", path, strerror(errno));
	else if (stat(path, &named) != 0 || held.st_ino != named.st_ino ||
		 held.st_dev != named.st_dev)
		r = FAULT(fault, FAULT_LOG,
			"'%s' was removed or replaced while this process held it: another one may "
			"write there now. Put the ledger's folder back",
			path);
	free(path);
	return r;
}

static void embedded_close(struct log *base)
{
	struct embedded_log *log = (struct embedded_log *)base;
	socket_server_stop(log->server);
	embedded_clock_close(&log->clock);
	batch_packer_free(log->socket_packer);
	streams_free(log);
	database_close(log->database);
	if (log->holder >= 0)
		(void)close(log->holder);
	(void)pthread_mutex_destroy(&log->clock.lock);
	free(log->folder);
	free(log);
}

static int inputs_append(struct embedded_log *log, struct batch_packer *packer, uint32_t shard,
	enum log_stream which, const struct log_entry *entries, size_t count, struct fault *fault)
{
	int64_t now_ms;
	int r = embedded_clock_read(&log->clock, &now_ms, fault);
	if (r < 0)
		return r;
	struct stream *stream = embedded_stream(log, which, shard);
	struct bytes batch = batch_pack(packer, entries, count, now_ms);
	(void)pthread_mutex_lock(&stream->append);
	r = stream_append(log, which, shard, batch, count, fault);
	(void)pthread_mutex_unlock(&stream->append);
	return r;
}

static int inputs_append_for_socket(void *context, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault)
{
	struct embedded_log *log = context;
	return inputs_append(log, log->socket_packer, shard, stream, entries, count, fault);
}

/* As this process has learnt it: all of it is durable. */
static int64_t end_for_socket(void *context, uint32_t shard, enum log_stream which)
{
	struct embedded_log *log = context;
	struct stream *stream = embedded_stream(log, which, shard);
	(void)pthread_mutex_lock(&stream->lock);
	int64_t end = stream->end;
	(void)pthread_mutex_unlock(&stream->lock);
	return end;
}

static int embedded_hold(struct embedded_log *log, struct fault *fault)
{
	int r = streams_new(log, fault);
	if (r == 0)
		r = batch_packer_new(&log->socket_packer, fault);
	if (r == 0)
		r = socket_server_start(&log->server, log->folder, log->log.shards,
			inputs_append_for_socket, end_for_socket, log, fault);
	return r;
}

static int embedded_open_at(struct embedded_log *log, const char *path,
	const struct log_config *config, struct fault *fault)
{
	int r = 0;
	if (log->mode == LOG_OWN) {
		/* Asks first, so that no lock file is made where there is no ledger. */
		r = database_exists(path, fault);
		if (r == 0)
			r = holder_lock(log->folder, &log->holder, fault);
		if (r == 0)
			r = embedded_clock_open(&log->clock, log->folder, fault);
	}
	if (r == 0)
		r = database_open(&log->database, path, config, fault);
	if (r < 0)
		return r;
	log->log.shards = database_shards(log->database);
	return log->mode == LOG_OWN ? embedded_hold(log, fault) : 0;
}

static int embedded_open(struct log **ret, const struct log_config *config, struct fault *fault)
{
	struct embedded_log *log = calloc(1, sizeof *log);
	if (log == NULL)
		return embedded_no_memory(fault);
	log->log.ops = &log_embedded;
	log->mode = config->mode;
	log->holder = -1;
	(void)pthread_mutex_init(&log->clock.lock, NULL);
	log->message_timeout_ms =
		config->message_timeout_ms > 0 ? config->message_timeout_ms : MESSAGE_TIMEOUT_MS;
	log->folder = strdup(url_folder(config->url));

	int r;
	char *path = NULL;
	if (log->folder == NULL || asprintf(&path, "%s/log", log->folder) < 0)
		r = embedded_no_memory(fault);
	else
		r = embedded_open_at(log, path, config, fault);
	free(path);
	if (r < 0) {
		embedded_close(&log->log);
		return r;
	}
	*ret = &log->log;
	return 0;
}

static int embedded_end(struct log *base, uint32_t shard, enum log_stream stream, int64_t *ret_end,
	struct fault *fault)
{
	struct embedded_log *log = (struct embedded_log *)base;
	int r = database_enter_newest(log->database, fault);
	if (r < 0)
		return r;
	r = embedded_stream_end(log, stream, shard, ret_end, fault);
	database_leave(log->database);
	return r;
}

/* Nothing is ever deleted. */
static int embedded_begin(struct log *base, uint32_t shard, enum log_stream stream,
	int64_t *ret_begin, struct fault *fault)
{
	(void)base;
	(void)shard;
	(void)stream;
	(void)fault;
	*ret_begin = 0;
	return 0;
}

/* --- Writers --- */

static void embedded_writer_close(struct log_writer *base)
{
	struct embedded_writer *writer = (struct embedded_writer *)base;
	batch_packer_free(writer->packer);
	free(writer);
}

/* Waiting for `append` settles what an older writer has under way; entering settles what one has
 * failed with. */
static int embedded_fence(
	struct log *base, uint32_t shard, struct log_writer **ret, struct fault *fault)
{
	struct embedded_log *log = (struct embedded_log *)base;
	assert(log->mode == LOG_OWN);

	struct embedded_writer *writer = calloc(1, sizeof *writer);
	if (writer == NULL)
		return embedded_no_memory(fault);
	writer->writer.ops = &log_embedded;
	writer->log = log;
	writer->shard = shard;
	writer->fault = fault;
	int r = batch_packer_new(&writer->packer, fault);
	if (r == 0) {
		int64_t end;
		struct stream *stream = embedded_stream(log, LOG_EVENTS, shard);
		(void)pthread_mutex_lock(&stream->append);
		r = database_enter(log->database, fault);
		if (r == 0) {
			r = embedded_stream_end(log, LOG_EVENTS, shard, &end, fault);
			database_leave(log->database);
		}
		if (r == 0)
			writer->fence = ++stream->fences;
		(void)pthread_mutex_unlock(&stream->append);
	}
	if (r < 0) {
		embedded_writer_close(&writer->writer);
		return r;
	}
	*ret = &writer->writer;
	return 0;
}

static int embedded_append(struct log_writer *base, const struct log_entry *entries, size_t count)
{
	struct embedded_writer *writer = (struct embedded_writer *)base;
	if (writer->failed)
		return FAULT(writer->fault, FAULT_TAINTED,
			"shard %u's writer has failed before: it can only be closed",
			writer->shard);

	int r;
	struct stream *stream = embedded_stream(writer->log, LOG_EVENTS, writer->shard);
	struct bytes batch =
		batch_pack(writer->packer, entries, count, embedded_clock_ms(CLOCK_REALTIME));
	(void)pthread_mutex_lock(&stream->append);
	if (writer->fence != stream->fences)
		r = FAULT(writer->fault, FAULT_FENCED,
			"shard %u has a newer writer in this process", writer->shard);
	else
		r = stream_append(
			writer->log, LOG_EVENTS, writer->shard, batch, count, writer->fault);
	(void)pthread_mutex_unlock(&stream->append);
	writer->failed = r < 0;
	return r;
}

/* --- Senders --- */

static void embedded_sender_close(struct log_sender *base)
{
	struct embedded_sender *sender = (struct embedded_sender *)base;
	socket_client_close(sender->client);
	batch_packer_free(sender->packer);
	free(sender);
}

static int sender_connect(struct embedded_sender *sender)
{
	socket_client_close(sender->client);
	sender->client = NULL;
	return socket_client_open(&sender->client, sender->log->folder,
		sender->log->message_timeout_ms, sender->fault);
}

static int embedded_sender_open(struct log *base, struct log_sender **ret, struct fault *fault)
{
	struct embedded_sender *sender = calloc(1, sizeof *sender);
	if (sender == NULL)
		return embedded_no_memory(fault);
	sender->sender.ops = &log_embedded;
	sender->log = (struct embedded_log *)base;
	sender->fault = fault;
	int r = sender->log->mode == LOG_OWN ? batch_packer_new(&sender->packer, fault)
					     : sender_connect(sender);
	if (r < 0) {
		embedded_sender_close(&sender->sender);
		return r;
	}
	*ret = &sender->sender;
	return 0;
}

static int embedded_send(struct log_sender *base, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count)
{
	struct embedded_sender *sender = (struct embedded_sender *)base;
	int r = 0;
	if (sender->log->mode == LOG_USE &&
		(sender->client == NULL || socket_client_is_lost(sender->client)))
		r = sender_connect(sender);
	while (r == 0 && count > 0) {
		size_t fit = batch_fit(entries, count);
		if (fit == 0)
			return FAULT(sender->fault, FAULT_SETTINGS,
				"a record of %zu bytes is too large for the log: at most %d",
				entries[0].value.size, LOG_RECORD_SIZE_MAX);
		r = sender->log->mode == LOG_OWN ? inputs_append(sender->log, sender->packer, shard,
							   stream, entries, fit, sender->fault)
						 : socket_client_append(sender->client, shard,
							   stream, entries, fit, sender->fault);
		entries += fit;
		count -= fit;
	}
	return r;
}

const struct log_ops log_embedded = {
	.open = embedded_open,
	.create = embedded_create,
	.check = embedded_check,
	.close = embedded_close,
	.fence = embedded_fence,
	.append = embedded_append,
	.writer_close = embedded_writer_close,
	.reader_open = embedded_reader_open,
	.read = embedded_read,
	.reader_listen = embedded_reader_listen,
	.reader_end_hint = embedded_reader_end_hint,
	.reader_position = embedded_reader_position,
	.reader_close = embedded_reader_close,
	.end = embedded_end,
	.begin = embedded_begin,
	.sender_open = embedded_sender_open,
	.send = embedded_send,
	.sender_close = embedded_sender_close,
};
