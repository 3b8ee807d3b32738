/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs for fuzzers to begin with: golden events, and random commands, events and rows from the
 * generators that other tests use. Usage: seeds FOLDER
 *
 * A new command or event comes in by itself, with the registries. */
#include "model_store.h"
#include "nouns.h"
#include "opened.h"
#include "workload.h"

#include "base/pack.h"
#include "engine/engine.h"
#include "log/embedded/batch.h"
#include "shard/position.h"
#include "wire/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { WORKS = 120, INPUT_SIZE_MAX = 64 * 1024 };
static const int64_t now_ms = 1767225600000;

static const char *folder;
static struct codec *codec;

static void seed_put(const char *target, const char *name, unsigned number, struct bytes input)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, target);
	int made = mkdir(path, 0777);
	assert(made == 0 || errno == EEXIST);
	(void)snprintf(path, sizeof path, "%s/%s/%s-%03u", folder, target, name, number);
	FILE *file = fopen(path, "we");
	assert(file);
	size_t written = fwrite(input.at, 1, input.size, file);
	assert(written == input.size);
	(void)fclose(file);
}

static void text_put(const char *target, const char *name, unsigned number, const char *text)
{
	seed_put(target, name, number, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

/* An input of several values. */
struct seed {
	size_t size;
	uint8_t at[INPUT_SIZE_MAX];
};

static void seed_sized(struct seed *seed, struct bytes bytes)
{
	assert(seed->size + 2 + bytes.size <= sizeof seed->at);
	uint8_t *end = pack_u16(seed->at + seed->size, (uint16_t)bytes.size);
	end = pack_bytes(end, bytes.at, bytes.size);
	seed->size = (size_t)(end - seed->at);
}

static void seed_u8(struct seed *seed, uint8_t value)
{
	assert(seed->size < sizeof seed->at);
	seed->at[seed->size++] = value;
}

static struct bytes seed_bytes(const struct seed *seed)
{
	return (struct bytes){ seed->at, seed->size };
}

/* --- Commands, JSON --- */

static void command_put(const char *name, unsigned number, struct bytes record)
{
	seed_put("command", name, number, record);
	char *line = json_command_print(codec, record);
	if (line)
		text_put("json", name, number, line);
	free(line);
}

static void commands(void)
{
	struct random random = { 21 };
	uint8_t record[COMMAND_SIZE_MAX];
	for (unsigned i = 0; i < 3 * COMMAND_COUNT; i++) {
		struct command command = command_random(
			&random, command_kinds[i % COMMAND_COUNT], i < COMMAND_COUNT);
		size_t size = command_encode(codec, &command, record, sizeof record);
		command_put("nouns", i, (struct bytes){ record, size });
	}
	static struct workload workload;
	workload_init(&workload, 22, codec, 0, 1, 4);
	for (unsigned i = 0; i < WORKS; i++) {
		struct work work;
		workload_next(&workload, now_ms + i, &work);
		command_put("work", i, (struct bytes){ work.value, work.size });
	}
	/* Too long. */
	static uint8_t long_reference[COMMAND_SIZE_MAX + 1] = "\x52\0\x2a\xfc\x1f";
	memset(long_reference + 5, 'a', sizeof long_reference - 5);
	command_put("long", 0, (struct bytes){ long_reference, sizeof long_reference });
	static char long_line[8192];
	(void)snprintf(long_line, sizeof long_line, "{\"tick\":{},\"reference\":\"%05000d\"}", 7);
	text_put("json", "long", 0, long_line);
	text_put("json", "text", 2, "{\"tick\":{},\"party_open\":{\"kind\":\"person\"}}");
	text_put("json", "text", 3, "[{\"tick\":{}}]");
	text_put("json", "text", 4, "{\"hold_create\":{\"expires_in_s\":\"9223372036854775808\"}}");
	text_put("json", "text", 5, "{\"hold_create\":{\"expires_in_s\":-1.5}}");
	text_put("json", "text", 0,
		"{\"transfer_create\":{\"from_account\":\"a/b\",\"amount\":\"1.05 "
		"USD\"},\"reference\":\"\\u00e9\"}");
	text_put("json", "text", 1, "{\"hold_create\":{\"expires_in_s\":\"60\"},\"party\":\"p\"}");
}

/* --- Events --- */

static void events(void)
{
	struct random random = { 23 };
	uint8_t record[EVENT_SIZE_MAX];
	for (unsigned i = 0; i < 3 * EVENT_COUNT; i++) {
		bool is_fattest = i < EVENT_COUNT;
		struct event event =
			event_random(&random, event_kinds[i % EVENT_COUNT], is_fattest);
		struct link link = link_random(&random, &event, is_fattest);
		size_t size = event_encode(codec, &event, &link, record);
		seed_put("event", "nouns", i, (struct bytes){ record, size });
	}
}

static size_t hex_read(const char *line, uint8_t *ret, size_t capacity)
{
	size_t size = 0;
	unsigned byte;
	while (size < capacity && sscanf(line + 2 * size, "%2x", &byte) == 1)
		ret[size++] = (uint8_t)byte;
	return size;
}

/* The golden log is a history; each of its records is an event too. Asked to fit, one by one, and
 * as they stand. */
static void golden_log(void)
{
	FILE *file = fopen(GOLDEN_FOLDER "/log_v1.hex", "re");
	assert(file);
	char line[2 * EVENT_SIZE_MAX + 2];
	uint8_t record[EVENT_SIZE_MAX];
	static struct seed fitted, plain;
	for (unsigned i = 0; fgets(line, sizeof line, file); i++) {
		size_t size = hex_read(line, record, sizeof record);
		struct bytes bytes = { record, size };
		seed_put("event", "golden", i, bytes);
		seed_u8(&fitted, 1);
		seed_sized(&fitted, bytes);
		seed_u8(&plain, 0);
		seed_sized(&plain, bytes);
		if (i % 8 == 7)
			seed_put("history", "golden", i, seed_bytes(&fitted));
	}
	(void)fclose(file);
	seed_put("history", "golden", 999, seed_bytes(&fitted));
	seed_put("history", "golden-plain", 0, seed_bytes(&plain));
}

/* --- Rows: of a ledger that has seen some traffic --- */

static void work_do(struct state *state, const struct model_store *store, const struct work *work)
{
	struct command command;
	struct event event;
	command_decode(codec, (struct bytes){ work->value, work->size }, &command);
	enum topic topic = (enum topic)(work->stream + 1);
	struct input input = { topic, state_head(state)->input_next[topic], now_ms };
	enum engine_result result;
	do {
		result = engine_process(state, &input, &command, &event);
		if (result == ENGINE_NOT_LOADED)
			(void)model_store_load(store, state);
	} while (result == ENGINE_NOT_LOADED || result == ENGINE_TIMER);
	assert(result == ENGINE_OUTCOME);
}

static void position_put(struct seed *seed, const struct head *head)
{
	struct position position = { .place = { 12, head->sequence, 1, { { 3 } } }, .head = *head };
	uint8_t at[POSITION_SIZE], key[1] = { TABLE_position };
	seed_sized(seed, (struct bytes){ key, 1 });
	seed_sized(seed, (struct bytes){ at, position_pack(&position, at) });
}

static void rows(void)
{
	static struct workload workload;
	struct model_store nothing = { 0 };
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert(memory);
	struct state *state = state_init(memory, STATE_MEMORY_MIN);
	struct event event;
	struct event_ledger_opened opened = ledger_opened((struct id){ { 1 } }, 0, 1);
	engine_open_ledger(state, &opened, now_ms, &event);
	workload_init(&workload, 24, codec, 0, 1, 4);
	for (unsigned i = 0; i < WORKS; i++) {
		struct work work;
		workload_next(&workload, now_ms, &work);
		work_do(state, &nothing, &work);
	}
	struct sealed sealed;
	struct sealed_row row;
	state_seal_begin(state);
	bool is_whole = state_seal_step(state, SIZE_MAX, &sealed);
	assert(is_whole);
	const uint8_t *at = sealed.rows;
	static struct seed some;
	position_put(&some, &sealed.head);
	for (unsigned i = 0; sealed_next(&at, sealed.rows_end, &row); i++) {
		if (!row.value.at)
			continue;
		seed_sized(&some, row.key);
		seed_sized(&some, row.value);
		if (i % 12 == 11) {
			seed_put("rows", "work", i, seed_bytes(&some));
			some.size = 0;
		}
	}
	seed_put("rows", "work", 999, seed_bytes(&some));
	free(memory);
}

/* --- Batches and frames --- */

static void batches(void)
{
	struct random random = { 25 };
	struct batch_packer *packer;
	struct fault fault = { 0 };
	int error = batch_packer_new(&packer, &fault);
	assert(error == 0);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t bytes[256];
		struct log_entry entries[8];
		size_t count = 1 + random_below(&random, 8);
		for (size_t j = 0; j < sizeof bytes; j++)
			bytes[j] = (uint8_t)random_next(&random);
		for (size_t j = 0; j < count; j++)
			entries[j].value =
				(struct bytes){ bytes, random_below(&random, sizeof bytes) };
		struct bytes batch = batch_pack(packer, entries, count, now_ms);
		static struct seed seed;
		seed.size = 0;
		seed_u8(&seed, 0);
		(void)pack_bytes(seed.at + 1, batch.at, batch.size);
		seed.size += batch.size;
		seed_put("batch", "packed", i, seed_bytes(&seed));
		/* What the target compresses itself: how many, no lie about the size, a time. */
		uint8_t *end = pack_bytes(seed.at, "\1\0\0\0\0\0\0\0\0\0\0\0", 12);
		seed.at[1] = (uint8_t)count;
		seed.size = (size_t)(end - seed.at) + batch_records_put(end, entries, count);
		seed_put("batch", "plain", i, seed_bytes(&seed));
		/* A frame: format 1, stream, shard, count. */
		end = pack_bytes(seed.at, "\2\1\1\0\0\0\0\0\0\0\0", 11);
		seed.at[7] = (uint8_t)count;
		seed.size = (size_t)(end - seed.at) + batch_records_put(end, entries, count);
		seed_put("batch", "frame", i, seed_bytes(&seed));
	}
	batch_packer_free(packer);
}

/* --- Texts --- */

/* The first byte says what follows; see fuzz_settings.c. */
static void settings(void)
{
	/* 0: a URL. 1: Kafka properties. 2: what a subcommand takes, and its arguments. */
	static const struct bytes all[] = {
#define TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
		TEXT("\0embedded:/var/lib/pinion"),
		TEXT("\0kafka://a.example:9092,b.example:9092/bank"),
		TEXT("\0kafka://[::1]:9092"),
		TEXT("\0kafka:///bank"),
		TEXT("\1# TLS\nsecurity.protocol=ssl\nssl.ca.location = "
		     "/etc/ca.pem\r\n\nlinger.ms=5"),
		TEXT("\1sasl.mechanisms=SCRAM-SHA-512\nsasl.username=u\nsasl.password=a=b\nacks="
		     "0\n"),
		TEXT("\1metadata.broker.list=x\ncompression.codec=lz4\nrequest.required.acks=1\n"),
		TEXT("\2\377\377--ledger=embedded:/x\n--memory\n64\n--shards\n4\nparty/main"),
		TEXT("\2\377\377--ledger\nembedded:x\n--state\n/s\n--shard=3\n--shard=4\n--json"),
		TEXT("\2\377\377--ledger=kafka://h:1/p\n--refuse-input\ncommands:0:1234\n--accept-"
		     "clock\nrails:12:9\n--from\n7\n--follow"),
		TEXT("\2\377\377--ledger=embedded:x\n--head\n3:77:"
		     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n--"
		     "accounts=10\n--transfers=20\n--checkpoint-ms=50\n--\n-x"),
		TEXT("\2\0\0--help"),
#undef TEXT
	};
	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
		seed_put("settings", "text", i, all[i]);
	/* A path about as long as one can be. */
	static struct seed seed;
	static const char before[] = "\2\2\0--ledger=kafka://h:1/p\n--state=";
	uint8_t *end = pack_bytes(seed.at, before, sizeof before - 1);
	memset(end, 'a', 4093);
	seed.size = (size_t)(end - seed.at) + 4093;
	seed_put("settings", "long", 0, seed_bytes(&seed));
}

/* Sixteen bytes of numbers before each; see fuzz_text.c. */
static void texts(void)
{
	static const char *const all[] = { "12.50 USD", "0.001 KWD", "92233720368547758.07 USD",
		"9223372036854775807 JPY", "0 JPY", "01 USD", "1.234 USD",
		"01020304-0506-7708-890A-0b0c0d0e0f10", "alice/main", "@bank/USD",
		"a.b-c_1/x.y-z_2", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6 8 more bytes", "" };
	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		uint8_t at[128], *end = pack_i64(at, i % 2 ? INT64_MAX - i : (int64_t)i * 5000);
		end = pack_i64(end, i % 3 ? INT64_MIN + i : (int64_t)i);
		end = pack_bytes(end, all[i], strlen(all[i]));
		seed_put("text", "text", i, (struct bytes){ at, (size_t)(end - at) });
	}
}

/* Mostly what is ordinary; see tests/auditor/duel_bytes.c. */
static void sequences(void)
{
	struct random random = { 26 };
	for (unsigned i = 0; i < 24; i++) {
		static struct seed seed;
		seed.size = 64 + random_below(&random, 400);
		for (size_t j = 0; j < seed.size; j++)
			seed.at[j] = random_below(&random, 3) == 0
					     ? (uint8_t)random_next(&random)
					     : (uint8_t)random_below(&random, 192);
		seed_put("sequence", "random", i, seed_bytes(&seed));
	}
}

int main(int count, char **arguments)
{
	assert(count == 2);
	folder = arguments[1];
	codec = codec_new();
	commands();
	events();
	golden_log();
	rows();
	batches();
	settings();
	texts();
	sequences();
	codec_free(codec);
	return 0;
}
