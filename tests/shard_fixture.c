/* SPDX-License-Identifier: Apache-2.0 */
#include "shard_fixture.h"

#include <assert.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { TRAFFIC_PER_SEND = 16, MEMORY_BYTES = 32 << 20, CACHE_BYTES = 4 << 20 };

int64_t host_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* --- Folders --- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

void folder_remove(const char *path)
{
	if (access(path, F_OK) == 0)
		assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

void folder_copy(const char *from, const char *to)
{
	char command[2 * PATH_SIZE + 32];
	folder_remove(to);
	(void)snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
	run(command);
}

void rig_path(const struct rig *rig, const char *name, char ret[PATH_SIZE])
{
	(void)snprintf(ret, PATH_SIZE, "%s/%s", rig->folder, name);
}

/* --- Ledgers --- */

static void ledger_init(struct rig *rig, uint32_t shard)
{
	struct owner *owner = owner_new(rig, shard, "init");
	struct id id;
	if (shard_init_ledger(owner->shard, &rig->ledger_id, &id) != 0)
		fail_msg("%s", shard_fault(owner->shard)->text);
	assert_true(id_equal(&id, &rig->ledger_id));
	owner_ends(owner, 0);
	char path[PATH_SIZE];
	rig_path(rig, "init", path);
	folder_remove(path);
}

/* As an owner of long ago has left it: a mark, and the first event. */
static void ledger_write(struct rig *rig)
{
	struct link link = { .is_mark = true, .term = 1, .incarnation = { { 1 } } };
	uint8_t mark[EVENT_SIZE_MAX], value[EVENT_SIZE_MAX];
	struct bytes mark_bytes = { mark, mark_encode(rig->codec, &link, mark) };
	struct event event = {
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.engine_time_ms = rig_now_ms(rig),
		.ledger_opened = { .ledger_id = rig->ledger_id,
			.shards = 1,
			.format = LEDGER_FORMAT,
			.id_too_old_ms = ID_TOO_OLD_MS,
			.id_too_new_ms = ID_TOO_NEW_MS },
	};
	link = (struct link){
		.term = 1, .sequence = 1, .has_opened = true, .opened = hash_of(mark_bytes)
	};
	size_t size = event_encode(rig->codec, &event, &link, value);
	simulated_put(rig->url, 0, LOG_EVENTS, mark_bytes);
	simulated_put(rig->url, 0, LOG_EVENTS, (struct bytes){ value, size });
}

int64_t rig_now_ms(const struct rig *rig)
{
	return host_ms() - rig->behind_ms;
}

void rig_come_closer(struct rig *rig, int64_t behind_ms)
{
	rig->behind_ms = behind_ms;
	simulated_time_set(rig->url, rig_now_ms(rig));
}

struct rig *rig_open(const char *name, uint32_t shards)
{
	return rig_open_past(name, shards, 0);
}

struct rig *rig_open_past(const char *name, uint32_t shards, int64_t behind_ms)
{
	struct rig *rig = calloc(1, sizeof *rig);
	assert_non_null(rig);
	assert_true(shards <= RIG_SHARDS_MAX);
	rig->shards = shards;
	(void)snprintf(rig->url, sizeof rig->url, "simulated:%s", name);
	const char *parent = getenv("TMPDIR");
	(void)snprintf(rig->folder, sizeof rig->folder, "%s/pinion-shard-XXXXXX",
		parent ? parent : "/tmp");
	assert_non_null(mkdtemp(rig->folder));

	struct log_config config = { .url = rig->url };
	assert_int_equal(log_simulated.create(&config, shards, &rig->fault), 0);
	rig_come_closer(rig, behind_ms);
	assert_int_equal(log_simulated.open(&rig->log, &config, &rig->fault), 0);
	assert_int_equal(log_sender_open(rig->log, &rig->sender, &rig->fault), 0);
	rig->codec = codec_new();
	memcpy(rig->ledger_id.at, name, strnlen(name, sizeof rig->ledger_id.at));
	for (uint32_t s = 0; s < shards; s++) {
		workload_init(&rig->workloads[s], 1 + s, rig->codec, s, shards, 16);
		if (behind_ms == 0)
			ledger_init(rig, s);
	}
	if (behind_ms != 0)
		ledger_write(rig);
	return rig;
}

void rig_close(struct rig *rig)
{
	log_sender_close(rig->sender);
	log_close(rig->log);
	simulated_forget(rig->url);
	codec_free(rig->codec);
	folder_remove(rig->folder);
	free(rig);
}

void rig_send(struct rig *rig, uint32_t shard, enum log_stream stream, struct bytes value)
{
	struct log_entry entry = { .value = value };
	assert_int_equal(log_send(rig->sender, shard, stream, &entry, 1), 0);
}

void rig_send_command(struct rig *rig, uint32_t shard, const struct command *command)
{
	struct work work;
	work_encode(&rig->workloads[shard], command, &work);
	rig_send(rig, shard, work.stream, (struct bytes){ work.value, work.size });
}

/* In small batches of one stream, so that there are ties of record time and runs. */
void rig_send_traffic(struct rig *rig, uint32_t shard, size_t count)
{
	static struct work works[TRAFFIC_PER_SEND];
	struct log_entry entries[TRAFFIC_PER_SEND];
	for (size_t done = 0; done < count;) {
		size_t n = 0;
		for (; n < TRAFFIC_PER_SEND && done + n < count; n++) {
			workload_next(&rig->workloads[shard], rig_now_ms(rig), &works[n]);
			if (n > 0 && works[n].stream != works[0].stream)
				break;
			entries[n] = (struct log_entry){
				.value = { works[n].value, works[n].size },
			};
		}
		/* The one that broke the run goes alone, behind it. */
		bool is_broken = n < TRAFFIC_PER_SEND && done + n < count;
		assert_int_equal(log_send(rig->sender, shard, works[0].stream, entries, n), 0);
		if (is_broken)
			rig_send(rig, shard, works[n].stream,
				(struct bytes){ works[n].value, works[n].size });
		done += n + is_broken;
	}
}

static struct log_reader *reader_open(struct rig *rig, uint32_t shard, enum log_stream stream)
{
	struct log_reader *reader;
	int64_t begin;
	while (log_begin(rig->log, shard, stream, &begin, &rig->fault) != 0 ||
		log_reader_open(rig->log, shard, stream, begin, &reader, &rig->fault) != 0)
		fault_clear(&rig->fault);
	return reader;
}

static size_t reader_read(
	struct rig *rig, struct log_reader *reader, struct log_record *records, size_t capacity)
{
	size_t count;
	while (log_read(reader, records, capacity, 20, &count) != 0)
		fault_clear(&rig->fault);
	return count;
}

int64_t rig_end(struct rig *rig, uint32_t shard, enum log_stream stream)
{
	int64_t end;
	while (log_end(rig->log, shard, stream, &end, &rig->fault) != 0)
		fault_clear(&rig->fault); /* a planned one was for somebody else */
	return end;
}

/* Follows the chain as any reader does. */
void rig_wait_answered(struct rig *rig, uint32_t shard)
{
	int64_t ends[TOPIC_COUNT + 1] = { 0 };
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		struct records inputs = rig_records(rig, shard, s);
		ends[s + 1] = inputs.count == 0 ? 0 : inputs.at[inputs.count - 1].offset + 1;
		records_free(&inputs);
	}
	struct log_reader *reader = reader_open(rig, shard, LOG_EVENTS);
	struct chain chain = { 0 };
	int64_t next[TOPIC_COUNT + 1] = { 0 }, deadline_ms = host_ms() + WAIT_MS;
	for (;;) {
		bool is_answered = true;
		for (int topic = 1; topic <= TOPIC_COUNT; topic++)
			is_answered = is_answered && next[topic] >= ends[topic];
		if (is_answered)
			break;
		struct log_record records[512];
		size_t count = reader_read(rig, reader, records, 512);
		if (count > 0) /* busy machines take their time, but not for ever */
			deadline_ms = host_ms() + WAIT_MS;
		if (host_ms() > deadline_ms)
			fail_msg("shard %" PRIu32
				 ": inputs are there, and in %d ms nothing more was "
				 "answered",
				shard, WAIT_MS);
		for (size_t i = 0; i < count; i++) {
			struct link link;
			struct event event;
			assert_int_equal(link_decode(records[i].value, &link), DECODE_OK);
			struct hash hash = hash_of(records[i].value);
			if (chain_fold(&chain, &link, &hash) != CHAIN_EVENT)
				continue;
			assert_int_equal(event_decode(rig->codec, records[i].value, &event, &link),
				DECODE_OK);
			if (event.kind == EVENT_inputs_restarted)
				next[event.inputs_restarted.topic] = event.inputs_restarted.offset;
			if (event.topic != TOPIC_none && !event_is_timers(&event))
				next[event.topic] = event.offset + 1;
		}
	}
	log_reader_close(reader);
}

struct records rig_records(struct rig *rig, uint32_t shard, enum log_stream stream)
{
	struct records records = { 0 };
	int64_t end = rig_end(rig, shard, stream);
	struct log_reader *reader = reader_open(rig, shard, stream);
	records.at = calloc((size_t)end + 1, sizeof *records.at);
	assert_non_null(records.at);
	while (log_reader_position(reader) < end) {
		struct log_record read[512];
		size_t count = reader_read(rig, reader, read, 512);
		/* What comes meanwhile is not asked for. */
		for (size_t i = 0; i < count && read[i].offset < end; i++) {
			uint8_t *copy = malloc(read[i].value.size + 1);
			assert_non_null(copy);
			if (read[i].value.size > 0)
				memcpy(copy, read[i].value.at, read[i].value.size);
			read[i].value.at = copy;
			records.at[records.count++] = read[i];
		}
	}
	log_reader_close(reader);
	return records;
}

void records_free(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free((void *)(uintptr_t)records->at[i].value.at);
	free(records->at);
	*records = (struct records){ 0 };
}

/* --- Owners --- */

static void owner_diag(void *context, const char *line)
{
	struct owner *owner = context;
	(void)pthread_mutex_lock(&owner->mutex);
	size_t size = strlen(line);
	if (owner->used + size + 2 < sizeof owner->lines) {
		memcpy(owner->lines + owner->used, line, size);
		owner->lines[owner->used + size] = '\n';
		owner->used += size + 1;
	}
	(void)pthread_mutex_unlock(&owner->mutex);
	if (getenv("SHARD_LOUD"))
		(void)fprintf(stderr, "%s\n", line);
}

bool owner_said(struct owner *owner, const char *text)
{
	(void)pthread_mutex_lock(&owner->mutex);
	bool said = strstr(owner->lines, text) != NULL;
	(void)pthread_mutex_unlock(&owner->mutex);
	return said;
}

struct owner *owner_new(struct rig *rig, uint32_t shard, const char *folder)
{
	struct owner *owner = calloc(1, sizeof *owner);
	assert_non_null(owner);
	rig_path(rig, folder, owner->path);
	(void)pthread_mutex_init(&owner->mutex, NULL);
	owner->config = (struct shard_config){
		.log = rig->log,
		.shard = shard,
		.state_path = owner->path,
		.memory_bytes = MEMORY_BYTES,
		.store_cache_bytes = CACHE_BYTES,
		.checkpoint_ms = 50,
		.read_back_ms = 20000,
		.diag = owner_diag,
		.context = owner,
	};
	owner->shard = shard_new(&owner->config);
	return owner;
}

/* Settings may have been changed since owner_new. */
void owner_start(struct owner *owner)
{
	shard_free(owner->shard);
	owner->shard = shard_new(&owner->config);
	shard_start(owner->shard);
}

void owner_wait_live(struct owner *owner)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	struct shard_status status;
	for (;;) {
		shard_status(owner->shard, &status);
		if (status.is_live)
			return;
		if (status.is_ended)
			fail_msg("ended: %s", shard_fault(owner->shard)->text);
		if (host_ms() > deadline_ms)
			fail_msg("not live in %d ms", WAIT_MS);
		nap();
	}
}

void owner_ends_saying(struct owner *owner, int error, const char *text)
{
	int64_t deadline_ms = host_ms() + WAIT_MS;
	struct shard_status status;
	shard_status(owner->shard, &status);
	while (error != 0 && !status.is_ended) {
		if (host_ms() > deadline_ms)
			fail_msg("no end in %d ms; it should be %d", WAIT_MS, error);
		nap();
		shard_status(owner->shard, &status);
	}
	int result = shard_join(owner->shard);
	const struct fault *fault = shard_fault(owner->shard);
	if (result != error || (text && !strstr(fault->text, text)))
		fail_msg("ended with %d, not %d: %s (%s:%d)", result, error, fault->text,
			fault->file ? fault->file : "", fault->line);
	shard_free(owner->shard);
	(void)pthread_mutex_destroy(&owner->mutex);
	free(owner);
}

void owner_ends(struct owner *owner, int error)
{
	owner_ends_saying(owner, error, NULL);
}

void owner_stop(struct owner *owner)
{
	shard_stop(owner->shard);
	owner_ends(owner, 0);
}

void rig_run(struct rig *rig, uint32_t shard, const char *folder)
{
	struct owner *owner = owner_new(rig, shard, folder);
	owner_start(owner);
	rig_wait_answered(rig, shard);
	owner_stop(owner);
}
