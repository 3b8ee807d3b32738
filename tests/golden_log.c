/* SPDX-License-Identifier: Apache-2.0 */
/* The pinned log is made by the engine once; from then on only what stands in the file counts. */
#include "golden_log.h"

#include "opened.h"

#include "engine/engine.h"
#include "shard/replica.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORDS_MAX = 64, MEMORY_BYTES = 16 << 20 };

static const int64_t time_first_ms = 1767225600000;

/* --- Making it, once --- */

struct maker {
	struct codec *codec;
	struct replica replica;
	struct fault fault;
	struct golden_text text;
	int64_t now_ms;
	int64_t offsets[TOPIC_COUNT + 1];
	uint8_t commands;
	struct command last;
	struct id hold_id;
};

static void record_put(struct maker *maker, const uint8_t *value, size_t size)
{
	golden_put_hex(&maker->text, value, size);
	golden_put(&maker->text, "\n");
}

static void mark_put(struct maker *maker, int64_t term)
{
	struct link link = { .is_mark = true, .term = term };
	memset(link.incarnation.at, (int)term, sizeof link.incarnation.at);
	uint8_t value[EVENT_SIZE_MAX];
	size_t size = mark_encode(maker->codec, &link, value);
	record_put(maker, value, size);
	struct hash hash = hash_of((struct bytes){ value, size });
	(void)chain_fold(&maker->replica.chain, &link, &hash);
}

/* `is_stray`: it is written, but by an owner who lost the shard. */
static void event_put(struct maker *maker, const struct event *event, int64_t stray_term)
{
	struct chain *chain = &maker->replica.chain;
	struct link link = chain_next(chain, 0);
	uint8_t value[EVENT_SIZE_MAX];
	if (stray_term != 0)
		link.term = stray_term;
	link.sequence = event->sequence;
	struct event told = *event;
	if (event_is_timers(event))
		told.party.size = 0;
	size_t size = event_encode(maker->codec, &told, &link, value);
	record_put(maker, value, size);
	struct hash hash = hash_of((struct bytes){ value, size });
	enum chain_verdict verdict = chain_fold(chain, &link, &hash);
	assert_int_equal(verdict, stray_term != 0 ? CHAIN_VOID : CHAIN_EVENT);
}

static void input_process(struct maker *maker, enum topic topic, const struct command *command)
{
	struct input input = {
		.topic = topic,
		.offset = maker->offsets[topic]++,
		.record_time_ms = maker->now_ms,
	};
	enum engine_result result;
	do {
		struct event event;
		size_t loaded;
		result = engine_process(maker->replica.state, &input, command, &event);
		if (result == ENGINE_NOT_LOADED)
			assert_int_equal(replica_load(&maker->replica, &loaded), 0);
		else
			event_put(maker, &event, 0);
	} while (result != ENGINE_OUTCOME);
	maker->now_ms += 1000;
}

static void record_process(struct maker *maker, enum topic topic, struct bytes record)
{
	struct command command;
	command_decode(maker->codec, record, &command);
	input_process(maker, topic, &command);
}

static void tick_process(struct maker *maker)
{
	struct command tick = { .kind = COMMAND_tick, .initiator = INITIATOR_system };
	uint8_t value[COMMAND_SIZE_MAX];
	tick.id.id = id_floor_of_time(maker->now_ms);
	tick.id.id.at[6] = 0x70;
	tick.id.id.at[8] = 0x80;
	struct bytes record = { value, command_encode(maker->codec, &tick, value, sizeof value) };
	record_process(maker, TOPIC_internal, record);
}

static void command_process(struct maker *maker, const char *json)
{
	char error[JSON_ERROR_SIZE];
	struct json_command parsed;
	char line[512], id_text[40];
	(void)snprintf(id_text, sizeof id_text, "%08llx-%04llx-7000-8000-0000000000%02x",
		(unsigned long long)(maker->now_ms >> 16),
		(unsigned long long)(maker->now_ms & 0xffff), ++maker->commands);
	(void)snprintf(line, sizeof line, "{\"id\":\"%s\",%s}", id_text, json);
	if (json_command_parse(maker->codec, line, strlen(line), &parsed, error) != 0)
		fail_msg("%s: %s", line, error);
	uint8_t value[COMMAND_SIZE_MAX];
	size_t size = parsed.record.size;
	memcpy(value, parsed.record.at, size);
	enum topic topic = parsed.topic;
	command_decode(maker->codec, (struct bytes){ value, size }, &maker->last);
	if (maker->last.kind == COMMAND_hold_create)
		maker->hold_id = maker->last.id.id;
	input_process(maker, topic, &maker->last);
}

static void hold_process(struct maker *maker, const char *kind, const char *money)
{
	const uint8_t *id = maker->hold_id.at;
	char json[256];
	(void)snprintf(json, sizeof json,
		"\"party\":\"alice\",\"%s\":{\"hold_id\":\"%02x%02x%02x%02x-%02x%02x-%02x%02x-"
		"%02x%02x-%02x%02x%02x%02x%02x%02x\"%s%s%s}",
		kind, id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10],
		id[11], id[12], id[13], id[14], id[15], money ? ",\"amount\":\"" : "",
		money ? money : "", money ? "\"" : "");
	command_process(maker, json);
}

#define HOLD                                                                            \
	"\"hold_create\":{\"from_account\":\"alice/main\",\"to_account\":\"bob/main\"," \
	"\"amount\":\"20.00 USD\",\"reason\":\"card_purchase\",\"expires_in_s\":600}"
#define TRANSFER                                                                            \
	"\"transfer_create\":{\"from_account\":\"alice/main\",\"to_account\":\"bob/main\"," \
	"\"amount\":\"12.50 USD\"},\"reference\":\"order-17\""

static void first_owner(struct maker *maker)
{
	mark_put(maker, 1);
	struct event event;
	struct event_ledger_opened opened = ledger_opened((struct id){ { 1, 2, 3 } }, 0, 1);
	engine_open_ledger(maker->replica.state, &opened, maker->now_ms, &event);
	event_put(maker, &event, 0);
	command_process(maker, "\"party\":\"alice\",\"party_open\":{\"kind\":\"person\"}");
	command_process(maker, "\"party\":\"bob\",\"party_open\":{\"kind\":\"business\"}");
	command_process(
		maker, "\"account_open\":{\"account\":\"alice/main\",\"currency\":\"USD\"}");
	command_process(maker, "\"account_open\":{\"account\":\"bob/main\",\"currency\":\"USD\"}");
	command_process(maker, "\"account_open\":{\"account\":\"bob/yen\",\"currency\":\"JPY\"}");
	command_process(maker, TRANSFER); /* too low */
	command_process(maker,
		"\"funds_receive\":{\"to_account\":\"alice/main\",\"amount\":\"100.00 USD\","
		"\"rail\":\"wire\",\"rail_reference\":\"FED-1\"}");
	command_process(maker, TRANSFER);
	input_process(maker, TOPIC_commands, &maker->last); /* a repeat */
	command_process(maker, HOLD);
	hold_process(maker, "hold_capture", "15.00 USD");
	command_process(maker, HOLD);
	hold_process(maker, "hold_release", NULL);
	hold_process(maker, "hold_release", NULL); /* no more */
	tick_process(maker);
	command_process(maker,
		"\"transfer_create\":{\"from_account\":\"bob/main\",\"to_account\":\"alice/main\","
		"\"amount\":\"0.01 USD\"},\"initiator\":\"operator\","
		"\"group_id\":\"019b76da-a800-7000-8000-0000000000ff\"");
	command_process(maker,
		"\"transfer_create\":{\"from_account\":\"alice/main\",\"to_account\":\"bob/yen\","
		"\"amount\":\"1 JPY\"}");
	command_process(maker,
		"\"funds_receive\":{\"to_account\":\"bob/main\",\"amount\":\"7.00 USD\","
		"\"rail\":\"wire\",\"rail_reference\":\"FED-1\"}"); /* it came before */
	command_process(maker, HOLD);
}

static void second_owner(struct maker *maker)
{
	mark_put(maker, 2);
	struct event stray = {
		.kind = EVENT_ticked,
		.sequence = maker->replica.chain.sequence + 1,
		.engine_time_ms = maker->now_ms,
		.topic = TOPIC_internal,
	};
	event_put(maker, &stray, 1); /* what the first one had under way */
	stray.sequence++;
	event_put(maker, &stray, 1);
	struct link late = { .is_mark = true, .term = 2, .incarnation = { { 9 } } };
	uint8_t value[EVENT_SIZE_MAX];
	record_put(maker, value, mark_encode(maker->codec, &late, value));

	command_process(maker, TRANSFER);
	event_put(maker, &stray, 1);
	record_process(maker, TOPIC_control, (struct bytes){ (const uint8_t *)"\xff\xff", 2 });
	command_process(maker, "\"account_close\":{\"account\":\"bob/yen\"}");
	hold_process(maker, "hold_release", NULL);
	command_process(maker, HOLD);
	maker->now_ms += 3600000; /* the hold's time is over */
	command_process(maker, TRANSFER);
	hold_process(maker, "hold_capture", NULL);
	maker->now_ms += 8 * (int64_t)86400000; /* ids are too old */
	tick_process(maker);
	maker->commands = 3;
	command_process(maker, TRANSFER);
	mark_put(maker, 7); /* a third one, who has done nothing yet */
}

static void log_make(void)
{
	struct maker *maker = calloc(1, sizeof *maker);
	assert_non_null(maker);
	maker->codec = codec_new();
	maker->now_ms = time_first_ms;
	assert_int_equal(replica_init(&maker->replica, 0, MEMORY_BYTES, &maker->fault), 0);
	assert_int_equal(replica_start(&maker->replica, NULL, false), 0);
	first_owner(maker);
	second_owner(maker);
	golden_compare("log_v1", "hex", maker->text.at);
	replica_deinit(&maker->replica);
	codec_free(maker->codec);
	free(maker);
}

/* --- Reading it --- */

struct reading {
	struct codec *codec;
	struct golden_text tail;
	const struct log_record *record;
	bool kinds[EVENT_COUNT]; /* by place among the arms of Event.outcome */
};

static int event_seen(void *context, const struct event *event, const struct place *place)
{
	static const enum event_kind kinds[] = {
#define EVENT(number, name, file) EVENT_##name,
#include "ledger/events.def"
#undef EVENT
	};
	struct reading *reading = context;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i] == event->kind)
			reading->kinds[i] = true;
	char *json = json_event_print(reading->codec, reading->record->value, place->offset);
	assert_non_null(json);
	golden_put(&reading->tail, "%s\n", json);
	free(json);
	return 0;
}

/* All kinds there were when the log was pinned. */
enum { KINDS_PINNED = 14 };

static size_t kinds_seen(const struct reading *reading)
{
	size_t seen = 0;
	for (size_t i = 0; i < EVENT_COUNT; i++)
		seen += reading->kinds[i];
	return seen;
}

static void records_take(struct replica *replica, struct reading *reading)
{
	char *hex = golden_read("log_v1", "hex");
	const char *at = hex;
	size_t voids = 0, marks = 0;
	for (int64_t offset = 0; *at != '\0'; offset++) {
		uint8_t value[EVENT_SIZE_MAX];
		struct log_record record = { .offset = offset, .time_ms = 1 };
		record.value = (struct bytes){ value, golden_unhex(&at, value, sizeof value) };
		reading->record = &record;
		enum chain_verdict verdict;
		if (replica_take(replica, &record, &verdict) != 0)
			fail_msg("%s", replica->fault->text);
		reading->record = NULL;
		voids += verdict == CHAIN_VOID;
		marks += verdict == CHAIN_MARK;
	}
	assert_int_equal(voids, 4);
	assert_int_equal(marks, 3);
	free(hex);
}

static bool row_put(void *context, struct bytes key, struct bytes value)
{
	struct golden_text *text = context;
	golden_put_hex(text, key.at, key.size);
	golden_put(text, " = ");
	golden_put_hex(text, value.at, value.size);
	golden_put(text, "\n");
	return true;
}

static void log_read_again(const char *path)
{
	static const uint8_t after_position[1] = { TABLE_position + 1 };
	struct fault fault = { 0 };
	struct store *store;
	struct replica replica;
	struct reading *reading = calloc(1, sizeof *reading);
	struct golden_text *rows = calloc(1, sizeof *rows);
	assert_non_null(reading);
	assert_non_null(rows);
	reading->codec = codec_new();
	assert_int_equal(store_open(&store, path, STORE_OWN, 1 << 20, &fault), 0);
	assert_int_equal(replica_init(&replica, 0, MEMORY_BYTES, &fault), 0);
	assert_int_equal(replica_start(&replica, store, true), 0);
	replica.observe = event_seen;
	replica.context = reading;
	records_take(&replica, reading);
	assert_int_equal(kinds_seen(reading), KINDS_PINNED);
	golden_compare("log_v1", "jsonl", reading->tail.at);

	struct hash digest;
	assert_int_equal(replica_checkpoint(&replica), 0);
	assert_int_equal(store_digest(store, &digest, &fault), 0);
	golden_put(rows, "digest ");
	golden_put_hex(rows, digest.at, HASH_SIZE);
	golden_put(rows, "\nhead ");
	golden_put_hex(rows, replica.place.hash.at, HASH_SIZE);
	golden_put(rows, "\n");
	struct model_store none = { 0 };
	golden_put_rows(rows, state_head(replica.state), &none);
	assert_int_equal(store_scan(store, (struct bytes){ after_position, 1 },
				 (struct bytes){ NULL, 0 }, row_put, rows, &fault),
		0);
	golden_compare("log_v1", "state", rows->at);
	replica_deinit(&replica);
	store_close(store);
	codec_free(reading->codec);
	free(reading);
	free(rows);
}

void golden_log_check(bool updates)
{
	if (updates && golden_is_missing("log_v1", "hex"))
		log_make();
	char path[200];
	const char *parent = getenv("TMPDIR");
	struct fault fault = { 0 };
	(void)snprintf(path, sizeof path, "%s/pinion-golden-XXXXXX", parent ? parent : "/tmp");
	assert_non_null(mkdtemp(path));
	log_read_again(path);
	assert_int_equal(store_destroy(path, &fault), 0);
}
