/* SPDX-License-Identifier: Apache-2.0 */
#include "duel.h"

#include "model_store.h"
#include "opened.h"
#include "world.h"

#include "engine/engine.h"
#include "state/view.h"
#include "wire/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATTEMPTS_MAX = 16, PENDING_MAX = 256, DUELS_MAX = 4 };

struct pending {
	struct input input;
	struct command command;
};

struct duel {
	void *memory;
	struct state *state;
	struct model_store store; /* what was sealed */
	struct auditor *auditor;
	struct codec *codec;
	struct duel_watch watch;
	struct pending *pending[TOPIC_COUNT + 1];
	size_t first[TOPIC_COUNT + 1];
	size_t count[TOPIC_COUNT + 1];
	int64_t offset_next[TOPIC_COUNT + 1];
	int64_t clock_up_to[TOPIC_COUNT + 1];
	uint32_t shard;
	struct chain chain;
	char error[2048];
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct duel *duel, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(duel->error, sizeof duel->error, format, arguments);
	va_end(arguments);
	return false;
}

const char *duel_error(const struct duel *duel)
{
	return duel->error;
}

/* What a reader of the log gets of it. */
static bool over_the_wire(struct duel *duel, const struct event *event, struct event *ret)
{
	struct event told = *event;
	if (event_is_timers(event)) /* its party is for the key only */
		told.party = (struct text64){ 0 };
	struct link link = chain_next(&duel->chain, duel->shard);
	uint8_t record[EVENT_SIZE_MAX];
	size_t size = event_encode(duel->codec, &told, &link, record);
	struct hash hash = hash_of((struct bytes){ record, size });
	if (chain_fold(&duel->chain, &link, &hash) != CHAIN_EVENT)
		return wrong(duel, "the event does not extend the chain");
	memset(ret, 0, sizeof *ret);
	if (event_decode(duel->codec, (struct bytes){ record, size }, ret, &link) != DECODE_OK)
		return wrong(duel, "the event's record can't be decoded");
	return true;
}

static void tally(struct duel *duel, const struct event *event)
{
	struct duel_tally *t = duel->watch.tally;
	if (!t)
		return;
	t->events[event->kind]++;
	if (event->kind == EVENT_command_rejected)
		t->rejects[event->command_rejected.reject]++;
	size_t fired = state_head(duel->state)->timers_fired;
	if (fired > t->timers_most)
		t->timers_most = fired;
}

static bool event_compare_both(struct duel *duel, const struct event *event)
{
	struct event told;
	if (!over_the_wire(duel, event, &told))
		return false;
	tally(duel, event);
	if (duel->watch.look)
		duel->watch.look(duel->watch.context, duel->auditor, &told);
	const char *difference = auditor_event(duel->auditor, &told);
	if (!difference)
		return true;
	static char text[EVENT_TEXT_SIZE];
	event_text(event, text);
	return wrong(duel, "%s\nthe core: %s", difference, text);
}

/* New memory is zeroed by the system page by page, which costs more than a short duel. */
static _Thread_local void *memories[DUELS_MAX];

static void *memory_take(void)
{
	void *memory = NULL;
	for (size_t i = 0; i < DUELS_MAX && !memory; i++) {
		memory = memories[i];
		memories[i] = NULL;
	}
	if (!memory)
		memory = aligned_alloc(16, STATE_MEMORY_MIN);
	assert(memory);
	return memory;
}

static void memory_give_back(void *memory)
{
	size_t i = 0;
	while (i < DUELS_MAX && memories[i])
		i++;
	assert(i < DUELS_MAX);
	memories[i] = memory;
}

struct duel *duel_new(
	uint32_t shard, uint32_t shards, int64_t time_ms, const struct duel_watch *watch)
{
	struct duel *duel = calloc(1, sizeof *duel);
	assert(duel);
	duel->memory = memory_take();
	duel->state = state_init(duel->memory, STATE_MEMORY_MIN);
	duel->auditor = auditor_new(shard, shards);
	duel->codec = codec_new();
	duel->shard = shard;
	if (watch)
		duel->watch = *watch;
	for (enum topic t = TOPIC_commands; t <= TOPIC_internal; t++) {
		duel->pending[t] = calloc(PENDING_MAX, sizeof *duel->pending[t]);
		assert(duel->pending[t]);
		duel->clock_up_to[t] = -1;
	}
	struct link mark = { .is_mark = true, .term = 1, .shard = shard };
	struct hash hash = { { 1 } };
	enum chain_verdict verdict = chain_fold(&duel->chain, &mark, &hash);
	assert(verdict == CHAIN_MARK);
	struct event_ledger_opened opened = ledger_opened((struct id){ { 7 } }, shard, shards);
	struct event event;
	engine_open_ledger(duel->state, &opened, time_ms, &event);
	(void)event_compare_both(duel, &event);
	return duel;
}

void duel_free(struct duel *duel)
{
	if (!duel)
		return;
	for (enum topic t = TOPIC_commands; t <= TOPIC_internal; t++)
		free(duel->pending[t]);
	model_store_free(&duel->store);
	auditor_free(duel->auditor);
	codec_free(duel->codec);
	memory_give_back(duel->memory);
	free(duel);
}

/* --- Inputs --- */

void duel_input(struct duel *duel, enum topic topic, int64_t gap, int64_t record_time_ms,
	struct bytes value)
{
	if (duel->count[topic] == PENDING_MAX)
		return;
	size_t i = (duel->first[topic] + duel->count[topic]++) % PENDING_MAX;
	struct pending *pending = &duel->pending[topic][i];
	int64_t offset = duel->offset_next[topic] + gap;
	duel->offset_next[topic] = offset + 1;
	pending->input = (struct input){ topic, offset, record_time_ms };
	command_decode(duel->codec, value, &pending->command);
	auditor_input(duel->auditor, topic, offset, record_time_ms, value);
}

size_t duel_pending(const struct duel *duel, enum topic topic)
{
	return duel->count[topic];
}

void duel_refuse(struct duel *duel, enum topic topic)
{
	if (duel->count[topic] == 0)
		return;
	struct pending *pending = &duel->pending[topic][duel->first[topic]];
	pending->command.refusal = REJECT_refused_by_operator; /* as the shard does it */
	pending->command.refusal_detail = (struct text64){ 0 };
	auditor_refuse(duel->auditor, topic, pending->input.offset);
}

void duel_accept_clock(struct duel *duel, enum topic topic)
{
	if (duel->count[topic] == 0)
		return;
	duel->clock_up_to[topic] = duel->pending[topic][duel->first[topic]].input.offset;
	auditor_accept_clock(duel->auditor, topic, duel->clock_up_to[topic]);
}

/* --- Deciding --- */

static void seal(struct duel *duel)
{
	struct sealed sealed;
	state_seal_begin(duel->state);
	while (!state_seal_step(duel->state, SIZE_MAX, &sealed))
		continue;
	model_store_take(&duel->store, &sealed);
	state_sealed_stored(duel->state);
}

static enum engine_result process(
	struct duel *duel, const struct pending *pending, struct event *ret)
{
	enum engine_result result = ENGINE_NOT_LOADED;
	state_batch_begin(duel->state);
	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		result = engine_process(duel->state, &pending->input, &pending->command, ret);
		if (result == ENGINE_OUTCOME || result == ENGINE_TIMER)
			break;
		if (result == ENGINE_NO_ROOM || !model_store_load(&duel->store, duel->state)) {
			seal(duel);
			state_batch_begin(duel->state);
		}
	}
	return result;
}

bool duel_decide(struct duel *duel, enum topic topic)
{
	if (duel->count[topic] == 0)
		return true;
	struct pending *pending = &duel->pending[topic][duel->first[topic]];
	if (pending->input.offset <= duel->clock_up_to[topic])
		pending->input.record_time_ms = 0;
	enum engine_result result;
	do {
		struct event event;
		memset(&event, 0xa5, sizeof event);
		result = process(duel, pending, &event);
		if (result != ENGINE_OUTCOME && result != ENGINE_TIMER)
			return wrong(duel, "no event of %s:%" PRId64 ": result %d",
				topic_name(topic), pending->input.offset, (int)result);
		if (!event_compare_both(duel, &event))
			return false;
	} while (result == ENGINE_TIMER);
	duel->first[topic] = (duel->first[topic] + 1) % PENDING_MAX;
	duel->count[topic]--;
	return true;
}

bool duel_make_anew(struct duel *duel, enum topic topic)
{
	struct event_inputs_restarted restarted = { .topic = topic };
	struct event event;
	duel->first[topic] = duel->count[topic] = 0;
	duel->offset_next[topic] = 0;
	auditor_input_cut(duel->auditor, topic, 0);
	while (engine_restart_inputs(duel->state, &restarted, &event) == ENGINE_NO_ROOM)
		seal(duel);
	return event_compare_both(duel, &event);
}

bool duel_restart_clock(struct duel *duel, int64_t now_ms)
{
	struct event event;
	if (now_ms >= state_head(duel->state)->engine_time_ms)
		return true;
	seal(duel); /* for room */
	state_batch_begin(duel->state);
	if (!engine_restart_clock(duel->state, now_ms, &event))
		return wrong(duel, "no room to restart the clock");
	return event_compare_both(duel, &event);
}

void duel_restart(struct duel *duel)
{
	seal(duel);
	model_store_restart(&duel->store, state_head(duel->state), duel->state);
}

/* --- The end --- */

static bool account_compare(struct duel *duel, const struct model_row *row)
{
	struct account core;
	struct balances balances;
	bool is_closed;
	(void)account_id_parse_any(
		&core.id, (const char *)row->key.at + 1, (size_t)(row->key.size - 1));
	struct account_id id = core.id;
	account_unpack(row->value, &core);
	if (!auditor_account(duel->auditor, &id, &balances, &is_closed))
		return wrong(duel, "the auditor has no account %.*s", id.size, id.at);
	if (is_closed != core.is_closed ||
		amount_compare(balances.debits_posted, core.balances.debits_posted) != 0 ||
		amount_compare(balances.credits_posted, core.balances.credits_posted) != 0 ||
		amount_compare(balances.debits_pending, core.balances.debits_pending) != 0 ||
		amount_compare(balances.credits_pending, core.balances.credits_pending) != 0)
		return wrong(duel, "the balances of %.*s differ", id.size, id.at);
	return true;
}

bool duel_compare(struct duel *duel)
{
	seal(duel);
	size_t accounts = 0, holds = 0, commands = 0, under_way = 0, refusals = 0;
	for (size_t i = 0; i < duel->store.count; i++) {
		const struct model_row *row = duel->store.rows[i];
		if (row->key.at[0] == TABLE_account) {
			accounts++;
			if (!account_compare(duel, row))
				return false;
		} else if (row->key.at[0] == TABLE_command_row) {
			commands++;
		} else if (row->key.at[0] == TABLE_outbox) {
			under_way++;
		} else if (row->key.at[0] == TABLE_refusal) {
			refusals++;
		} else if (row->key.at[0] == TABLE_hold) {
			struct hold hold;
			hold_unpack(row->value, &hold);
			holds += hold.status == HOLD_STATUS_open;
		}
	}
	if (accounts != auditor_accounts(duel->auditor))
		return wrong(duel, "the core has %zu accounts, the auditor %zu", accounts,
			auditor_accounts(duel->auditor));
	if (holds != auditor_open_holds(duel->auditor))
		return wrong(duel, "the core has %zu open holds, the auditor %zu", holds,
			auditor_open_holds(duel->auditor));
	if (commands != auditor_command_ids(duel->auditor))
		return wrong(duel, "the core has %zu command ids, the auditor %zu", commands,
			auditor_command_ids(duel->auditor));
	if (under_way != auditor_under_way(duel->auditor) ||
		refusals != auditor_refusals(duel->auditor))
		return wrong(duel,
			"the core keeps %zu remittances and %zu refusals, the auditor %zu and %zu",
			under_way, refusals, auditor_under_way(duel->auditor),
			auditor_refusals(duel->auditor));
	if (!books_check(&duel->store, duel->error, sizeof duel->error))
		return false;
	const char *said = auditor_all_answered(duel->auditor);
	if (!said)
		said = auditor_sums(duel->auditor);
	return said ? wrong(duel, "%s", said) : true;
}
