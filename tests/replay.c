/* SPDX-License-Identifier: Apache-2.0 */
/* Replay = live: random traffic decided once, then replayed, decided again, restarted after every
 * event and crashed at random; always the same events and the same rows. tests/world.c compares
 * rows, head and books after each event. */
#include "letters.h"
#include "opened.h"
#include "workload.h"
#include "world.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INPUTS = 2000, SEEDS = 3, MEMBERS = 8, SHARDS = 2, EVENTS_MAX = 4 * INPUTS };

static const int64_t time_first_ms = 1767225600000;

/* All inputs of one shard, as they stand on its log. */
struct inputs {
	struct input at[INPUTS];
	struct command commands[INPUTS];
};

/* What came of them. */
struct history {
	struct event *events;
	size_t count;
};

/* A shard of the ledger that the inputs are made with. */
struct side {
	uint32_t shard;
	struct world world;
	struct workload workload;
	int64_t offsets[LOG_INPUTS];
};

struct town {
	struct side sides[SHARDS];
	struct codec *codec;
	struct letters letters;
	size_t letters_sent;
	int64_t now_ms;
	struct random random;
};

static void town_open(struct town *town, uint64_t seed)
{
	*town = (struct town){
		.codec = codec_new(), .now_ms = time_first_ms, .random = { seed * 977 }
	};
	for (uint32_t shard = 0; shard < SHARDS; shard++) {
		struct side *side = &town->sides[shard];
		struct event_ledger_opened first =
			ledger_opened((struct id){ { 7 } }, shard, SHARDS);
		side->shard = shard;
		workload_init(&side->workload, seed * SHARDS + shard, town->codec, shard, SHARDS,
			MEMBERS);
		side->workload.hold_expires_s_max = 7200;
		if (!world_open(&side->world, STATE_MEMORY_MIN, false, &first, time_first_ms))
			fail_msg("%s", side->world.error);
		/* Here only what it answers counts: it is replayed below. */
		side->world.has_replayed = false;
	}
}

static void town_close(struct town *town)
{
	for (uint32_t shard = 0; shard < SHARDS; shard++)
		world_close(&town->sides[shard].world);
	letters_free(&town->letters);
	codec_free(town->codec);
	free(town);
}

/* Mostly a busy minute; now and then an hour, a day or a week goes by. */
static void time_passes(struct town *town)
{
	uint64_t dice = random_below(&town->random, 1000);
	town->now_ms += dice < 3    ? 86400000 * (int64_t)random_below(&town->random, 8)
			: dice < 30 ? 3600000
				    : (int64_t)random_below(&town->random, 500);
}

/* What a shard's traffic brings next, or what another shard sends it: in order, or once more. */
static struct side *work_next(struct town *town, struct work *ret)
{
	struct side *side = &town->sides[random_below(&town->random, SHARDS)];
	const struct letters *letters = &town->letters;
	uint64_t dice = random_below(&town->random, 20);
	const struct letter *letter =
		dice < 6 && town->letters_sent < letters->count ? &letters->at[town->letters_sent++]
		: dice == 10 && letters->count > 0
			? &letters->at[random_below(&town->random, letters->count)]
			: NULL;
	if (letter) {
		side = &town->sides[letter->to];
		work_encode(&side->workload, &letter->command, ret);
	} else {
		workload_next(&side->workload, town->now_ms, ret);
	}
	return side;
}

static void answer(struct town *town, struct side *side, const struct input *input,
	const struct command *command)
{
	struct event event;
	for (bool is_timer = true; is_timer;) {
		if (!world_next(&side->world, input, command, &event, &is_timer))
			fail_msg("shard %u: %s", side->shard, side->world.error);
		letters_note(&town->letters, side->shard, &event);
	}
}

/* Those of the first shard, as several shards with payments between them come to them. */
static void inputs_make(struct inputs *inputs, uint64_t seed)
{
	struct town *town = calloc(1, sizeof *town);
	assert_non_null(town);
	town_open(town, seed);
	for (size_t i = 0; i < INPUTS;) {
		struct work work;
		time_passes(town);
		struct side *side = work_next(town, &work);
		struct command command;
		command_decode(town->codec, (struct bytes){ work.value, work.size }, &command);
		struct input input = {
			.topic = (enum topic)(work.stream + 1),
			.offset = side->offsets[work.stream]++,
			.record_time_ms = town->now_ms - (int64_t)random_below(&town->random, 2000),
		};
		answer(town, side, &input, &command);
		if (side->shard != 0)
			continue;
		inputs->at[i] = input;
		inputs->commands[i++] = command;
	}
	town_close(town);
}

static void history_add(struct history *history, const struct event *event)
{
	assert_true(history->count < EVENTS_MAX);
	history->events[history->count++] = *event;
}

static struct history history_new(void)
{
	struct history history = { .events = calloc(EVENTS_MAX, sizeof(struct event)) };
	assert_non_null(history.events);
	return history;
}

static void run(struct world *world, const struct inputs *inputs, bool is_forgetful,
	struct history *history)
{
	struct event_ledger_opened first = ledger_opened((struct id){ { 7 } }, 0, SHARDS);
	if (!world_open(world, STATE_MEMORY_MIN, is_forgetful, &first, time_first_ms))
		fail_msg("%s", world->error);
	for (size_t i = 0; i < INPUTS; i++)
		for (bool is_timer = true; is_timer;) {
			struct event event;
			if (!world_next(
				    world, &inputs->at[i], &inputs->commands[i], &event, &is_timer))
				fail_msg("input %zu: %s", i, world->error);
			history_add(history, &event);
		}
}

static void histories_equal(const struct history *a, const struct history *b)
{
	static char x[EVENT_TEXT_SIZE], y[EVENT_TEXT_SIZE];
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		event_text(&a->events[i], x);
		event_text(&b->events[i], y);
		assert_string_equal(x, y);
	}
}

static void stores_equal(const struct model_store *a, const struct model_store *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(model_store_differs_at(a, b), a->count);
}

/* --- Crashes: what was not checkpointed is lost, and comes back from the events --- */

struct crasher {
	struct state *state;
	struct model_store store;
	struct head head; /* of the checkpoint */
};

static void crasher_checkpoint(struct crasher *crasher)
{
	struct sealed sealed;
	state_seal_begin(crasher->state);
	assert_true(state_seal_step(crasher->state, SIZE_MAX, &sealed));
	model_store_take(&crasher->store, &sealed);
	crasher->head = sealed.head;
	state_sealed_stored(crasher->state);
}

static void crasher_replay(struct crasher *crasher, const struct event *event)
{
	state_batch_begin(crasher->state);
	enum engine_result result = ENGINE_NOT_LOADED;
	for (int i = 0; i < 16 && result == ENGINE_NOT_LOADED; i++) {
		result = engine_replay(crasher->state, event);
		if (result == ENGINE_NOT_LOADED)
			assert_true(model_store_load(&crasher->store, crasher->state));
	}
	assert_int_equal(result, ENGINE_OUTCOME);
}

static void crash(struct crasher *crasher)
{
	model_store_restart(&crasher->store, &crasher->head, crasher->state);
}

static void crashes(const struct history *history, const struct event *first, uint64_t seed,
	const struct model_store *expected)
{
	void *memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert_non_null(memory);
	struct crasher crasher = { .state = state_init(memory, STATE_MEMORY_MIN) };
	struct random random = { seed * 31 };
	size_t crash_count = 0;
	crasher_replay(&crasher, first);
	crasher_checkpoint(&crasher);
	for (size_t i = 0; i < history->count;) {
		crasher_replay(&crasher, &history->events[i++]);
		uint64_t dice = random_below(&random, 40);
		if (dice < 2)
			crasher_checkpoint(&crasher);
		if (dice == 2) {
			crash(&crasher);
			i = (size_t)crasher.head.sequence - 1; /* sequence 1 is not in it */
			crash_count++;
		}
	}
	assert_true(crash_count > 10);
	crasher_checkpoint(&crasher);
	stores_equal(&crasher.store, expected);
	model_store_free(&crasher.store);
	free(memory);
}

/* --- The tests --- */

static struct event first_event(void)
{
	struct event_ledger_opened body = ledger_opened((struct id){ { 7 } }, 0, SHARDS);
	return (struct event){
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.engine_time_ms = time_first_ms,
		.ledger_opened = body,
	};
}

static void kinds_check(const struct history *history)
{
	for (size_t k = 0; k < EVENT_COUNT; k++) {
		struct event event = { .kind = event_kinds[k] };
		bool is_there = event_answers_nothing(event.kind);
		for (size_t i = 0; i < history->count && !is_there; i++)
			is_there = history->events[i].kind == event_kinds[k];
		if (!is_there)
			fail_msg("no %s came up", event_name(event_kinds[k]));
	}
}

static void test_replay_is_live(void **unused)
{
	(void)unused;
	struct inputs *inputs = calloc(1, sizeof *inputs);
	assert_non_null(inputs);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct world *lasting = calloc(1, sizeof *lasting);
		struct world *forgetful = calloc(1, sizeof *forgetful);
		assert_non_null(lasting);
		assert_non_null(forgetful);
		struct history once = history_new(), again = history_new();
		inputs_make(inputs, seed);
		/* Replays into a state that starts anew after each event; then the other way
		 * round: it decides in such a state, and replays into one that lasts. */
		run(lasting, inputs, false, &once);
		run(forgetful, inputs, true, &again);
		histories_equal(&once, &again);
		stores_equal(&lasting->live.store, &forgetful->live.store);
		stores_equal(&lasting->replayed.store, &forgetful->live.store);
		kinds_check(&once);
		struct event first = first_event();
		for (uint64_t crashed = 1; crashed <= 3; crashed++)
			crashes(&once, &first, seed * 10 + crashed, &lasting->live.store);
		free(once.events);
		free(again.events);
		world_close(lasting);
		world_close(forgetful);
		free(lasting);
		free(forgetful);
	}
	free(inputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_is_live),
	};
	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
