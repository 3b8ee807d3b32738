/* SPDX-License-Identifier: Apache-2.0 */
/* Released events are pinned: their bytes, their JSON, and what they do to the rows. A difference
 * means that the logs of running ledgers would be read differently from now on.
 *
 *   golden             compares with the files of tests/golden
 *   golden --update    writes those that are missing, and never others
 *   golden --update --force    writes all of them anew: only before anything was released
 */
#include "golden_difference.h"
#include "golden_events.h"
#include "golden_log.h"
#include "model_store.h"
#include "world.h"

#include "engine/engine.h"
#include "wire/json.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_SIZE = 1 << 18, MEMORY_BYTES = STATE_MEMORY_MIN };

static bool updates, forces;

/* --- Files --- */

void golden_path(const char *name, const char *ending, char ret[GOLDEN_PATH_SIZE])
{
	(void)snprintf(ret, GOLDEN_PATH_SIZE, "%s/%s.%s", GOLDEN_FOLDER, name, ending);
}

bool golden_is_missing(const char *name, const char *ending)
{
	char path[GOLDEN_PATH_SIZE];
	golden_path(name, ending, path);
	return forces || access(path, F_OK) != 0;
}

char *golden_read(const char *name, const char *ending)
{
	char path[GOLDEN_PATH_SIZE];
	golden_path(name, ending, path);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s is not there: golden --update writes it once", path);
	char *text = calloc(1, TEXT_SIZE);
	assert_non_null(text);
	size_t size = fread(text, 1, TEXT_SIZE - 1, file);
	assert_true(size < TEXT_SIZE - 1);
	(void)fclose(file);
	return text;
}

void golden_compare(const char *name, const char *ending, const char *text)
{
	if (updates && golden_is_missing(name, ending)) {
		char path[GOLDEN_PATH_SIZE];
		golden_path(name, ending, path);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
		print_message("wrote %s\n", path);
	}
	char *pinned = golden_read(name, ending);
	if (strcmp(pinned, text) != 0) {
		char difference[DIFFERENCE_SIZE];
		golden_difference(pinned, text, difference);
		fail_msg("%s.%s, %s", name, ending, difference);
	}
	free(pinned);
}

void golden_put(struct golden_text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size =
		vsnprintf(text->at + text->used, sizeof text->at - text->used, format, arguments);
	va_end(arguments);
	assert_true(size >= 0 && text->used + (size_t)size < sizeof text->at);
	text->used += (size_t)size;
}

void golden_put_hex(struct golden_text *text, const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		golden_put(text, "%02x", at[i]);
}

size_t golden_unhex(const char **at, uint8_t *ret, size_t capacity)
{
	size_t size = 0;
	unsigned byte;
	while (sscanf(*at, "%2x", &byte) == 1 && **at != '\n') {
		assert_true(size < capacity);
		ret[size++] = (uint8_t)byte;
		*at += 2;
	}
	*at += **at == '\n';
	return size;
}

/* --- Events --- */

static void bytes_check(const struct golden *golden, struct codec *codec)
{
	static struct golden_text text;
	uint8_t value[EVENT_SIZE_MAX], pinned[EVENT_SIZE_MAX];
	size_t size = event_encode(codec, &golden->event, &golden->link, value);

	/* First as JSON: a difference then says the field. */
	char *json = json_event_print(codec, (struct bytes){ value, size }, 12);
	assert_non_null(json);
	text.used = 0;
	golden_put(&text, "%s\n", json);
	golden_compare(golden->name, "json", text.at);
	free(json);
	text.used = 0;
	golden_put_hex(&text, value, size);
	golden_put(&text, "\n");
	golden_compare(golden->name, "hex", text.at);

	/* And back, from what was released. */
	char *hex = golden_read(golden->name, "hex");
	const char *at = hex;
	struct bytes record = { pinned, golden_unhex(&at, pinned, sizeof pinned) };
	struct event event;
	struct link link, again;
	static char made[EVENT_TEXT_SIZE], read[EVENT_TEXT_SIZE];
	assert_int_equal(event_decode(codec, record, &event, &link), DECODE_OK);
	event_text(&golden->event, made);
	event_text(&event, read);
	assert_string_equal(made, read);
	assert_int_equal(link_decode(record, &again), DECODE_OK);
	assert_true(!link.is_mark && link.shard == golden->link.shard &&
		    link.term == golden->link.term && link.sequence == golden->link.sequence &&
		    link.has_opened == golden->link.has_opened);
	assert_memory_equal(&link.previous, &golden->link.previous, sizeof link.previous);
	assert_memory_equal(&link.opened, &golden->link.opened, sizeof link.opened);
	assert_true(again.term == link.term && again.sequence == link.sequence &&
		    again.has_opened == link.has_opened);
	free(hex);
}

static void replay(struct state *state, struct model_store *store, const struct event *event)
{
	enum engine_result result = engine_replay(state, event);
	for (int i = 0; i < 8 && result == ENGINE_NOT_LOADED; i++) {
		assert_true(model_store_load(store, state));
		result = engine_replay(state, event);
	}
	assert_int_equal(result, ENGINE_OUTCOME);
	struct sealed sealed;
	state_seal_begin(state);
	assert_true(state_seal_step(state, SIZE_MAX, &sealed));
	model_store_take(store, &sealed);
	state_sealed_stored(state);
}

void golden_put_rows(
	struct golden_text *text, const struct head *head, const struct model_store *store)
{
	golden_put(text, "sequence %lld\nengine_time_ms %lld\n", (long long)head->sequence,
		(long long)head->engine_time_ms);
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		golden_put(text, "input_next %s %lld\n", topic_name((enum topic)topic),
			(long long)head->input_next[topic]);
	golden_put(text, "timers_fired %u\ncommand_ids_from_ms %lld\n", head->timers_fired,
		(long long)head->command_ids_from_ms);
	for (size_t i = 0; i < store->count; i++) {
		const struct model_row *row = store->rows[i];
		golden_put_hex(text, row->key.at, row->key.size);
		golden_put(text, " = ");
		golden_put_hex(text, row->value, row->value_size);
		golden_put(text, "\n");
	}
}

static void state_check(const struct golden *golden)
{
	static struct golden_text text;
	struct model_store store = { 0 };
	void *memory = aligned_alloc(16, MEMORY_BYTES);
	assert_non_null(memory);
	struct state *state = state_init(memory, MEMORY_BYTES);
	for (size_t i = 0; i < golden->before_count; i++)
		replay(state, &store, &golden->before[i]);
	replay(state, &store, &golden->event);
	text.used = 0;
	golden_put_rows(&text, state_head(state), &store);
	if (golden->event.kind == EVENT_inputs_restarted) {
		const struct head *head = state_head(state);
		struct witness last = trail_last(&head->input_trail[TOPIC_commands]);
		golden_put(&text, "input_last commands ");
		golden_put_hex(&text, last.digest.at, DIGEST_SIZE);
		golden_put(&text, " ");
		golden_put_hex(&text, last.command_id.at, sizeof last.command_id.at);
		golden_put(&text, "\n");
	}
	golden_compare(golden->name, "state", text.at);
	model_store_free(&store);
	free(memory);
}

static void test_events(void **unused)
{
	(void)unused;
	struct codec *codec = codec_new();
	for (size_t i = 0; i < EVENT_COUNT; i++) {
		struct golden golden;
		golden_make(i, &golden);
		bytes_check(&golden, codec);
		state_check(&golden);
	}
	codec_free(codec);
}

static void test_log(void **unused)
{
	(void)unused;
	golden_log_check(updates);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		updates = updates || strcmp(argv[i], "--update") == 0;
		forces = forces || strcmp(argv[i], "--force") == 0;
	}
	forces = forces && updates;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_log),
	};
	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
