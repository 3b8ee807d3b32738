/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer of a transfer takes, alone, on this machine: nanoseconds a transfer, one thread.
 *
 *	layers [--accounts A] [--blocks N] [--log URL] [--json]
 *
 * A block is 8,192 transfers, as large as a batch gets. Of all blocks the median is told, so that
 * another process that takes the processor now and then does not count. The log is an embedded one
 * in a temporary folder, or the URL's, which is made. Layers that touch no log are the same on
 * either. What only computes is told in the thread's own time, what waits by the clock on the wall.
 */
#include "log/embedded/batch.h"
#include "main/temporary.h"
#include "shard/replica.h"
#include "traffic.h"

#include "pinion/v1/event.pb-c.h"

#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS_MAX = 1000, LAYERS_MAX = 32, PROBES = 200, MEMORY_BASE = 256 << 20 };
enum { MEMORY_PER_ACCOUNT = 2048, CACHE_BYTES = 64 << 20, ARENA_SIZE = 16 << 10 };

static const char client[] = "client";
static const char deciding[] = "deciding thread";
static const char committing[] = "committing thread";
static const char storing[] = "checkpoint thread";
static const char replaying[] = "replay";
static const char limits[] = "limits";
static const char *const parts[] = { client, deciding, committing, storing, replaying, limits };

struct timed {
	const char *part; /* of the path */
	const char *name;
	const char *what;
	double bytes; /* of a transfer that it goes over; 0: does not apply */
	size_t count;
	double ns[BLOCKS_MAX]; /* of a transfer, by block */
};

struct layers {
	struct traffic *traffic;
	struct log *log;
	struct fault fault;
	size_t blocks;
	int64_t accounts;
	bool is_json;
	char folder[PATH_SIZE_MAX];
	size_t timed_count;
	struct timed timed[LAYERS_MAX];
};

/* --- Keeping times --- */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add(struct layers *layers, const char *part, const char *name, const char *what,
	double bytes, double ns)
{
	size_t i = 0;
	while (i < layers->timed_count && strcmp(layers->timed[i].name, name) != 0)
		i++;
	assert(i < LAYERS_MAX);
	struct timed *timed = &layers->timed[i];
	if (i == layers->timed_count) {
		*timed = (struct timed){ .part = part, .name = name, .what = what };
		layers->timed_count++;
	}
	assert(timed->count < BLOCKS_MAX);
	timed->bytes = bytes;
	timed->ns[timed->count++] = ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(struct timed *timed)
{
	qsort(timed->ns, timed->count, sizeof timed->ns[0], compare);
	return timed->ns[timed->count / 2];
}

static void print_one(const struct layers *layers, struct timed *timed)
{
	if (layers->is_json) {
		(void)printf("{\"accounts\":%lld,\"part\":\"%s\",\"layer\":\"%s\",\"what\":\"%s\","
			     "\"bytes\":%.0f,\"ns\":%.1f}\n",
			(long long)layers->accounts, timed->part, timed->name, timed->what,
			timed->bytes, median(timed));
		return;
	}
	(void)printf("  %-16s %9.1f ns", timed->name, median(timed));
	if (timed->bytes > 0)
		(void)printf(" %6.0f bytes", timed->bytes);
	else
		(void)printf("             ");
	(void)printf("  %s\n", timed->what);
}

static void print(struct layers *layers)
{
	for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
		if (!layers->is_json)
			(void)printf("%s\n", parts[p]);
		for (size_t i = 0; i < layers->timed_count; i++)
			if (strcmp(layers->timed[i].part, parts[p]) == 0)
				print_one(layers, &layers->timed[i]);
	}
}

/* What is still open goes with the process. */
static void need(const struct layers *layers, int error)
{
	if (error == 0)
		return;
	(void)fprintf(stderr, "layers: %s\n", layers->fault.text);
	folder_remove(layers->folder);
	exit(1);
}

static double bytes_each(const struct log_entry *entries)
{
	size_t bytes = 0;
	for (size_t i = 0; i < BLOCK_TRANSFERS; i++)
		bytes += entries[i].value.size;
	return (double)bytes / BLOCK_TRANSFERS;
}

/* --- The core and its wire --- */

/* The thread's own time, which a busy machine does not stretch; for what waits, the wall clock's.
 */
#define TIME(part, name, what, bytes, ...) \
	TIME_BY(CLOCK_THREAD_CPUTIME_ID, part, name, what, bytes, __VA_ARGS__)
#define TIME_WAITING(part, name, what, bytes, ...) \
	TIME_BY(CLOCK_MONOTONIC, part, name, what, bytes, __VA_ARGS__)
#define TIME_BY(clock, part, name, what, bytes, ...)                             \
	do {                                                                     \
		int64_t begun_ns = clock_ns(clock);                              \
		__VA_ARGS__;                                                     \
		add(layers, part, name, what, bytes,                             \
			(double)(clock_ns(clock) - begun_ns) / BLOCK_TRANSFERS); \
	} while (false)

/* What the chunks of a block take together. */
enum core_layer { DECODE, PROCESS, ENCODE, HASH, REPLAY_DECODE, REPLAY, COPY, CORE_LAYERS };

#define CHUNK(layer, ...)                                                                         \
	do {                                                                                      \
		int64_t begun_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);                             \
		__VA_ARGS__;                                                                      \
		ns[layer] +=                                                                      \
			(double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns) / BLOCK_TRANSFERS; \
	} while (false)

static void copy_chunk(const struct traffic *traffic, size_t from)
{
	static uint8_t to[CHUNK_TRANSFERS * EVENT_RECORD_ROOM];
	uint8_t *at = to;
	for (size_t i = from; i < from + CHUNK_TRANSFERS; i++) {
		memcpy(at, traffic->written[i].value.at, traffic->written[i].value.size);
		at += traffic->written[i].value.size;
	}
	__asm__ volatile("" ::: "memory"); /* somebody may read it */
}

static void core_time(struct layers *layers)
{
	struct traffic *traffic = layers->traffic;
	double ns[CORE_LAYERS] = { 0 };
	traffic_draw(traffic);
	for (size_t from = 0; from < BLOCK_TRANSFERS; from += CHUNK_TRANSFERS) {
		CHUNK(DECODE, layer_decode(traffic, from));
		CHUNK(PROCESS, layer_process(traffic, from));
		traffic_write(traffic, from);
		CHUNK(ENCODE, layer_encode(traffic, from));
		CHUNK(HASH, (void)layer_hash(traffic, from));
		CHUNK(REPLAY_DECODE, layer_replay_decode(traffic, from));
		CHUNK(REPLAY, layer_replay(traffic, from));
		CHUNK(COPY, copy_chunk(traffic, from));
	}
	double command_bytes = bytes_each(traffic->records);
	double event_bytes = bytes_each(traffic->written);
	add(layers, deciding, "decode", "command_decode, with the digest of the body",
		command_bytes, ns[DECODE]);
	add(layers, deciding, "decide and apply", "engine_process, all rows in memory", 0,
		ns[PROCESS]);
	add(layers, deciding, "encode", "event_encode", event_bytes, ns[ENCODE]);
	add(layers, deciding, "hash", "BLAKE2b-256 of the event's record", event_bytes, ns[HASH]);
	add(layers, replaying, "decode event", "link_decode and event_decode", event_bytes,
		ns[REPLAY_DECODE]);
	add(layers, replaying, "apply", "engine_replay, with its checks", 0, ns[REPLAY]);
	add(layers, limits, "memcpy", "the event's record, copied", event_bytes, ns[COPY]);
}

/* --- What no layer can be faster than --- */

static void *arena_take(void *context, size_t size)
{
	struct arena {
		size_t used;
		_Alignas(max_align_t) uint8_t at[ARENA_SIZE];
	} *arena = context;
	size_t begin = (arena->used + 15) & ~(size_t)15;
	assert(begin + size <= ARENA_SIZE);
	arena->used = begin + size;
	return arena->at + begin;
}

static void arena_give(void *context, void *at)
{
	(void)context;
	(void)at;
}

/* The generated code alone, over an arena. */
static void protobuf_both_ways(const struct traffic *traffic)
{
	static struct {
		size_t used;
		_Alignas(max_align_t) uint8_t at[ARENA_SIZE];
	} arena;
	uint8_t packed[EVENT_SIZE_MAX];
	ProtobufCAllocator allocator = { arena_take, arena_give, &arena };
	for (size_t i = 0; i < BLOCK_TRANSFERS; i++) {
		struct bytes record = traffic->written[i].value;
		arena.used = 0;
		Pinion__V1__EventRecord *event =
			pinion__v1__event_record__unpack(&allocator, record.size, record.at);
		assert(event);
		size_t size = pinion__v1__event_record__pack(event, packed);
		assert(size == record.size);
	}
}

static void hash_250(const uint8_t *bytes)
{
	uint8_t hash[HASH_SIZE];
	for (size_t i = 0; i < BLOCK_TRANSFERS; i++) {
		(void)crypto_generichash(hash, sizeof hash, bytes + 250 * i, 250, NULL, 0);
		__asm__ volatile("" ::: "memory");
	}
}

static void limits_time(struct layers *layers)
{
	struct traffic *traffic = layers->traffic;
	double event_bytes = bytes_each(traffic->written);
	TIME(limits, "BLAKE2b", "libsodium, 250 bytes", 250, hash_250(traffic->written_bytes));
	TIME(limits, "protobuf-c", "generated code: the event's record unpacked and packed again",
		event_bytes, protobuf_both_ways(traffic));
}

/* --- The embedded log's packing, and the disk --- */

static void file_write(int file, struct bytes bytes)
{
	bool is_written =
		write(file, bytes.at, bytes.size) == (ssize_t)bytes.size && fdatasync(file) == 0;
	assert(is_written);
}

static void packing_time(struct layers *layers, struct batch_packer *packer,
	struct batch_unpacker *unpacker, int file)
{
	struct traffic *traffic = layers->traffic;
	double event_bytes = bytes_each(traffic->written);
	struct bytes packed;
	struct batch_cursor cursor;
	size_t size;
	static uint8_t room[BATCH_ROOM];

	packed = batch_pack(packer, traffic->records, BLOCK_TRANSFERS, 1);
	TIME(deciding, "unpack inputs", "embedded: LZ4, checksum", bytes_each(traffic->records),
		bool is_whole = batch_unpack(unpacker, packed, room, &cursor, &size);
		assert(is_whole));
	TIME(committing, "pack events", "embedded: copy, LZ4, checksum", event_bytes,
		packed = batch_pack(packer, traffic->written, BLOCK_TRANSFERS, 1));
	TIME(committing, "unpack events", "embedded, on reading back: LZ4, checksum", event_bytes,
		bool is_whole = batch_unpack(unpacker, packed, room, &cursor, &size);
		assert(is_whole));
	TIME_WAITING(limits, "synced write", "the packed batch written and synced",
		(double)packed.size / BLOCK_TRANSFERS, file_write(file, packed));
}

/* --- The log --- */

static void read_all(
	struct layers *layers, struct log_reader *reader, const struct log_entry *entries)
{
	static struct log_record records[2048];
	for (size_t seen = 0; seen < BLOCK_TRANSFERS;) {
		size_t count, left = BLOCK_TRANSFERS - seen;
		need(layers, log_read(reader, records, left < 2048 ? left : 2048, 10000, &count));
		for (size_t i = 0; i < count; i++, seen++)
			assert(records[i].value.size == entries[seen].value.size &&
				memcmp(records[i].value.at, entries[seen].value.at,
					records[i].value.size) == 0);
	}
}

static void log_time(struct layers *layers, struct log_sender *sender, struct log_writer *writer,
	struct log_reader *inputs, struct log_reader *tail)
{
	struct traffic *traffic = layers->traffic;
	double command_bytes = bytes_each(traffic->records);
	double event_bytes = bytes_each(traffic->written);
	TIME_WAITING(client, "send", "log_send: durable when it returns", command_bytes,
		need(layers, log_send(sender, 0, LOG_COMMANDS, traffic->records, BLOCK_TRANSFERS)));
	TIME_WAITING(deciding, "read inputs", "log_read, waiting included; compared here",
		command_bytes, read_all(layers, inputs, traffic->records));
	TIME_WAITING(committing, "append", "log_append: packed, written, durable", event_bytes,
		need(layers, log_append(writer, traffic->written, BLOCK_TRANSFERS)));
	TIME_WAITING(committing, "read back", "log_read, waiting included, and memcmp", event_bytes,
		read_all(layers, tail, traffic->written));
}

/* --- Checkpoints --- */

static double cpu_ns(int who)
{
	struct rusage usage;
	(void)getrusage(who, &usage);
	return 1e9 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* All that the blocks before have changed, in one checkpoint. */
static void checkpoint_time(struct layers *layers, struct store *store, size_t transfers)
{
	static struct row_order order;
	struct state *state = layers->traffic->live.state;
	int64_t begun_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct sealed sealed = layer_seal(layers->traffic);
	add(layers, deciding, "seal", "rows copied aside, between batches", 0,
		(double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns) / (double)transfers);

	struct place place = { .sequence = sealed.head.sequence, .hash = { { 1 } } };
	double others_ns = cpu_ns(RUSAGE_SELF) - cpu_ns(RUSAGE_THREAD);
	begun_ns = clock_ns(CLOCK_MONOTONIC);
	need(layers, checkpoint_write(store, &sealed, &place, &order, &layers->fault));
	add(layers, storing, "sort and ingest",
		"rows sorted, an SST file a table, synced, ingested: wall clock", 0,
		(double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / (double)transfers);
	others_ns = cpu_ns(RUSAGE_SELF) - cpu_ns(RUSAGE_THREAD) - others_ns;
	add(layers, storing, "background", "RocksDB's own threads meanwhile: processor time", 0,
		others_ns / (double)transfers);
	state_sealed_stored(state);
	state_batch_begin(state);
}

/* --- All of them --- */

static void blocks_time(struct layers *layers)
{
	enum { CHECKPOINTS = 4 };
	struct batch_packer *packer;
	struct batch_unpacker *unpacker;
	struct log_sender *sender;
	struct log_writer *writer;
	struct log_reader *inputs, *tail;
	struct store *store;
	char path[PATH_SIZE_MAX + 8];
	struct fault *fault = &layers->fault;
	int file = open(layers->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert(file >= 0);
	(void)snprintf(path, sizeof path, "%s/store", layers->folder);
	need(layers, batch_packer_new(&packer, fault));
	need(layers, batch_unpacker_new(&unpacker, fault));
	need(layers, log_sender_open(layers->log, &sender, fault));
	need(layers, log_fence(layers->log, 0, &writer, fault));
	need(layers, log_reader_open(layers->log, 0, LOG_COMMANDS, 0, &inputs, fault));
	need(layers, log_reader_open(layers->log, 0, LOG_EVENTS, 0, &tail, fault));
	need(layers, store_open(&store, path, STORE_OWN, CACHE_BYTES, fault));

	size_t since_checkpoint = 0;
	for (size_t i = 0; i < layers->blocks; i++) {
		core_time(layers);
		limits_time(layers);
		packing_time(layers, packer, unpacker, file);
		log_time(layers, sender, writer, inputs, tail);
		since_checkpoint++;
		if (since_checkpoint * CHECKPOINTS < layers->blocks && i + 1 < layers->blocks)
			continue;
		checkpoint_time(layers, store, since_checkpoint * BLOCK_TRANSFERS);
		since_checkpoint = 0;
	}

	store_close(store);
	log_reader_close(tail);
	log_reader_close(inputs);
	log_writer_close(writer);
	log_sender_close(sender);
	batch_unpacker_free(unpacker);
	batch_packer_free(packer);
	(void)close(file);
}

/* What one payment alone waits for. */
static void sync_time(struct layers *layers)
{
	static const uint8_t page[4096] = { 1 };
	int file = open(layers->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert(file >= 0);
	for (int i = 0; i < PROBES; i++) {
		int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
		file_write(file, (struct bytes){ page, sizeof page });
		add(layers, limits, "sync", "4 KiB written and synced: once, not a transfer",
			sizeof page, (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns));
	}
	(void)close(file);
}

int main(int count, char **arguments)
{
	static const struct option options[] = {
		{ "accounts", required_argument, NULL, 'a' },
		{ "blocks", required_argument, NULL, 'b' },
		{ "log", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	static struct layers layers = { .accounts = 10000, .blocks = 64 };
	struct log_config config = { .mode = LOG_OWN };
	char url[PATH_SIZE_MAX + 16];
	for (int at; (at = getopt_long(count, arguments, "", options, NULL)) != -1;)
		if (at == 'a')
			layers.accounts = atoll(optarg);
		else if (at == 'b')
			layers.blocks = (size_t)atoll(optarg);
		else if (at == 'l')
			config.url = optarg;
		else if (at == 'j')
			layers.is_json = true;
		else
			return 2;
	if (layers.accounts < 2 || layers.blocks < 1 || layers.blocks > BLOCKS_MAX)
		return 2;
	const char *base = getenv("TMPDIR");
	(void)snprintf(layers.folder, sizeof layers.folder, "%s/layers-XXXXXX",
		base && *base ? base : "/tmp");
	bool is_made = mkdtemp(layers.folder) != NULL;
	assert(is_made);
	if (!config.url) {
		(void)snprintf(url, sizeof url, "embedded:%s/ledger", layers.folder);
		config.url = url;
	}
	need(&layers, log_create(&config, 1, &layers.fault));
	need(&layers, log_open(&layers.log, &config, &layers.fault));
	size_t memory = (MEMORY_BASE + (size_t)layers.accounts * MEMORY_PER_ACCOUNT) >> 21 << 21;
	layers.traffic = traffic_new(layers.accounts, memory);
	blocks_time(&layers);
	sync_time(&layers);
	print(&layers);
	traffic_free(layers.traffic);
	log_close(layers.log);
	folder_remove(layers.folder);
	return 0;
}
