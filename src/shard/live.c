/* SPDX-License-Identifier: Apache-2.0 */
/* The live loop: inputs in, batches of events out. */
#include "shard/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

enum {
	REST_MS_MAX = 1000, /* how often to look at clocks and what else nobody rings for */
	WORK_PAUSE_MS = 10, /* between two looks at work that goes on beside */
	TICK_AFTER_MS = 1000,
	INPUTS_PER_LOOK = 32, /* how often to look whether the committer is idle */
	AHEAD_MAX = 1024,
	ROOMS_PER_INPUT_MAX = 3,
};

static _Thread_local struct input_place deciding;
static _Thread_local bool is_deciding;

bool shard_deciding(struct input_place *ret)
{
	*ret = deciding;
	return is_deciding;
}

static bool place_is(const struct input_place *place, uint32_t shard, enum log_stream stream)
{
	return place->shard == shard && place->stream == stream;
}

static bool is_refused(const struct shard *shard, enum log_stream stream, int64_t offset)
{
	const struct shard_config *config = &shard->config;
	for (size_t i = 0; i < config->refused_count; i++)
		if (place_is(&config->refused[i], config->shard, stream) &&
			config->refused[i].offset == offset)
			return true;
	return false;
}

/* Time from a broker's clock that ran ahead would expire every hold. */
static int clock_check(const struct shard *shard, enum log_stream stream,
	const struct log_record *record, struct input *input, struct fault *fault)
{
	const struct shard_config *config = &shard->config;
	for (size_t i = 0; i < config->clock_accepted_count; i++)
		if (place_is(&config->clock_accepted[i], config->shard, stream) &&
			record->offset <= config->clock_accepted[i].offset) {
			input->record_time_ms = 0; /* the last engine time stays */
			return 0;
		}
	if (record->time_ms <= shard->host_ms + CLOCK_AHEAD_MAX_MS)
		return 0;
	return FAULT(fault, FAULT_CLOCK,
		"shard %" PRIu32 ": the record at %s:%" PRIu32 ":%" PRId64 " is %" PRId64
		" s ahead of this host's clock. Mend the clock that is wrong; if the log's "
		"was, start with --accept-clock %s:%" PRIu32
		":OFFSET, where OFFSET is the last such record",
		config->shard, log_stream_name(stream), config->shard, record->offset,
		(record->time_ms - shard->host_ms) / 1000, log_stream_name(stream), config->shard);
}

static bool batch_is_full(const struct batch *batch)
{
	return batch->count == BATCH_RECORDS_MAX ||
	       batch->used + 2 * (size_t)EVENT_SIZE_MAX > BATCH_BYTES_MAX;
}

void batch_add(struct shard *shard, struct event *event)
{
	struct replica *replica = &shard->replica;
	struct batch *batch = shard->batch;
	assert(!batch_is_full(batch));
	relay_note(shard->relay, event);
	struct link link = chain_next(&replica->chain, shard->config.shard);
	assert(link.sequence == event->sequence);

	/* A timer's event has a party for its key only: the record tells no input's party but its
	 * own. */
	const struct text64 party = event->party;
	if (event_is_timers(event))
		event->party = (struct text64){ 0 };
	uint8_t *value = batch->bytes + batch->used;
	size_t size = event_encode(replica->codec, event, &link, value);
	assert(size <= EVENT_SIZE_MAX);
	batch->used += size;
	uint8_t *key = batch->bytes + batch->used;
	memcpy(key, party.at, party.size);
	batch->used += party.size;
	batch->entries[batch->count++] = (struct log_entry){
		.key = { key, party.size },
		.value = { value, size },
	};

	chain_advance(&replica->chain);
	replica->place = (struct place){ .sequence = link.sequence, .term = link.term };
}

/* The committer must be idle. */
static void batch_hand(struct shard *shard)
{
	struct batch *batch = shard->batch;
	batch->last = shard->replica.place;
	batch->is_boundary = checkpointer_wants_boundary(shard);
	if (batch->is_boundary)
		checkpointer_begin(shard, batch->last.sequence);
	relay_hand(shard->relay, batch->last.sequence);
	committer_hand(shard, batch);
	shard->batch = batch_other(shard);
	shard->batch->count = 0;
	shard->batch->used = 0;
	state_batch_begin(shard->replica.state);
	atomic_store(&shard->status_rows, state_rows(shard->replica.state));
	atomic_store(&shard->status_dirty, state_dirty_bytes(shard->replica.state));
	atomic_store(&shard->status_timer_due, state_timer_due_ms(shard->replica.state));
	atomic_store(&shard->status_engine_time, state_head(shard->replica.state)->engine_time_ms);
}

static int batch_hand_when_idle(struct shard *shard)
{
	int error = committer_wait_idle(shard);
	if (error)
		return error;
	if (shard->batch->count > 0)
		batch_hand(shard);
	return checkpointer_step(shard);
}

int shard_flush(struct shard *shard)
{
	int error = batch_hand_when_idle(shard);
	return error ? error : committer_wait_idle(shard);
}

/* Memory is full: let the last batch's rows go, and bring a checkpoint about, at once. */
static int room_make(struct shard *shard)
{
	int error = shard_flush(shard);
	if (!error)
		error = checkpointer_finish(shard);
	if (error)
		return error;
	state_batch_begin(shard->replica.state);
	if (shard->rooms_made++ > ROOMS_PER_INPUT_MAX)
		return FAULT(&shard->fault, FAULT_SETTINGS,
			"shard %" PRIu32 " needs more memory than %zu bytes: see --memory",
			shard->config.shard, shard->config.memory_bytes);
	return checkpointer_complete(shard);
}

/* Inputs that follow will lack rows too: one look into the store for all of them. */
static void look_ahead(struct shard *shard, enum log_stream stream)
{
	const struct log_record *records;
	struct input_place decided = deciding;
	size_t count = inputs_buffered(&shard->inputs, stream, &records);
	if (count > AHEAD_MAX)
		count = AHEAD_MAX;
	for (size_t i = 1; i < count; i++) {
		struct command command;
		struct input input = {
			.topic = input_topic(stream),
			.offset = records[i].offset,
			.record_time_ms = records[i].time_ms,
		};
		/* A bug that one of them meets is its own, not that of the input decided now. */
		if (is_refused(shard, stream, records[i].offset))
			continue;
		deciding.offset = records[i].offset;
		command_decode(shard->replica.codec, records[i].value, &command);
		engine_look_ahead(shard->replica.state, &input, &command);
	}
	deciding = decided;
}

static int rows_get(struct shard *shard, enum log_stream stream)
{
	size_t loaded;
	look_ahead(shard, stream);
	int error = replica_load(&shard->replica, &loaded);
	if (!error && loaded == 0)
		error = room_make(shard);
	return error;
}

/* One input: its due timers' events, then its outcome. */
static int input_decide(struct shard *shard, enum log_stream stream, const struct input *input,
	const struct command *command)
{
	for (;;) {
		int error = 0;
		if (batch_is_full(shard->batch))
			error = batch_hand_when_idle(shard);
		if (error)
			return error;
		struct event event;
		switch (engine_process(shard->replica.state, input, command, &event)) {
		case ENGINE_TIMER:
			batch_add(shard, &event);
			break;
		case ENGINE_OUTCOME:
			batch_add(shard, &event);
			return 0;
		case ENGINE_NOT_LOADED:
			error = rows_get(shard, stream);
			break;
		case ENGINE_NO_ROOM:
			error = room_make(shard);
			break;
		case ENGINE_UNSOUND:
			assert(false); /* only replayed events can be */
			break;
		}
		if (error)
			return error;
	}
}

/* Decoded once, here or some records ago. */
static struct command *command_of(
	struct shard *shard, enum log_stream stream, const struct log_record *record)
{
	struct ahead_command *ahead = &shard->ahead.at[record->offset % AHEAD_COMMANDS];
	if (ahead->stream != stream || ahead->offset_next != record->offset + 1) {
		deciding = (struct input_place){ shard->config.shard, stream, record->offset };
		is_deciding = true;
		command_decode(shard->replica.codec, record->value, &ahead->command);
		is_deciding = false;
		ahead->stream = stream;
		ahead->offset_next = record->offset + 1;
	}
	return &ahead->command;
}

/* By the time a command is decided, memory has brought what it needs: first the index, then the
 * rows. */
static void commands_ahead(struct shard *shard, enum log_stream stream)
{
	enum { INDEX_AHEAD = AHEAD_COMMANDS - 2, ROWS_AHEAD = INDEX_AHEAD / 2 };
	const struct log_record *records;
	size_t count = inputs_buffered(&shard->inputs, stream, &records);
	if (count > INDEX_AHEAD)
		engine_soon(shard->replica.state, command_of(shard, stream, &records[INDEX_AHEAD]),
			false);
	if (count > ROWS_AHEAD)
		engine_soon(shard->replica.state, command_of(shard, stream, &records[ROWS_AHEAD]),
			true);
}

static int record_decide(
	struct shard *shard, enum log_stream stream, const struct log_record *record)
{
	struct input input = {
		.topic = input_topic(stream),
		.offset = record->offset,
		.record_time_ms = record->time_ms,
	};
	int error = clock_check(shard, stream, record, &input, &shard->fault);
	if (error)
		return error;

	commands_ahead(shard, stream);
	struct command *command = command_of(shard, stream, record);
	deciding = (struct input_place){ shard->config.shard, stream, record->offset };
	is_deciding = true;
	if (is_refused(shard, stream, record->offset)) {
		command->refusal = REJECT_refused_by_operator;
		command->refusal_detail = (struct text64){ 0 }; /* of what decoding found */
	}
	error = input_decide(shard, stream, &input, command);
	is_deciding = false;
	return error;
}

/* Time passes for due timers where nothing else comes. */
static int tick_send(struct shard *shard)
{
	int64_t now_ms = clock_host_ms();
	if (clock_monotonic_ms() - shard->input_at_ms < TICK_AFTER_MS ||
		state_timer_due_ms(shard->replica.state) > now_ms)
		return 0;
	struct command tick = { .kind = COMMAND_tick };
	tick.id.id = id_floor_of_time(now_ms);
	randombytes_buf(tick.id.id.at + 6, sizeof tick.id.id.at - 6);
	tick.id.id.at[6] = (uint8_t)(0x70 | (tick.id.id.at[6] & 0x0f));
	tick.id.id.at[8] = (uint8_t)(0x80 | (tick.id.id.at[8] & 0x3f));
	tick.initiator = INITIATOR_system;

	uint8_t value[COMMAND_SIZE_MAX];
	struct log_entry entry = {
		.value = { value,
			command_encode(shard->replica.codec, &tick, value, sizeof value) },
	};
	shard->input_at_ms = clock_monotonic_ms();
	shard_waits(shard, "the log to take a tick for its timers");
	int error = log_send(shard->sender, shard->config.shard, LOG_INTERNAL, &entry, 1);
	shard_waits(shard, NULL);
	return error;
}

/* Since when an input is held is since this owner first saw it; that outlives a recovery, after
 * which the reader comes to the same offset again. */
static void held_note(struct shard *shard, enum log_stream stream, int64_t held, int64_t offset)
{
	bool is_noted = atomic_load(&shard->status_held_since[stream]) != 0;
	int64_t noted = atomic_load(&shard->status_held_offset[stream]);
	if (is_noted ? offset <= noted : held == 0)
		return;
	atomic_store(&shard->status_held_since[stream], 0);
	atomic_store(&shard->status_held_offset[stream], offset);
	if (held > 0)
		atomic_store(&shard->status_held_since[stream], shard->host_ms);
}

static void lag_note(struct shard *shard)
{
	shard->host_ms = clock_host_ms();
	for (enum log_stream s = 0; s < LOG_EVENTS; s++) {
		int64_t offset;
		int64_t held = inputs_held(&shard->inputs, s, &offset);
		atomic_store(&shard->status_lag[s], inputs_lag(&shard->inputs, s) + held);
		held_note(shard, s, held, offset);
	}
}

/* Decides what is here, up to a full batch, or until the committer is idle and could take what
 * there is. *ret_any: there was something. */
static int batch_fill(struct shard *shard, bool *ret_any)
{
	int64_t decided = 0;
	int64_t began_ns = clock_monotonic_ns();
	lag_note(shard);
	int error = clock_compare(shard, shard->host_ms);
	while (!error && !batch_is_full(shard->batch)) {
		enum log_stream stream;
		const struct log_record *record;
		error = inputs_peek(&shard->inputs, &stream, &record);
		if (error || !record)
			break;
		error = record_decide(shard, stream, record);
		if (error)
			break;
		inputs_take(&shard->inputs, stream);
		shard->rooms_made = 0;
		decided++;
		if (decided % INPUTS_PER_LOOK == 0 && atomic_load(&shard->committer.is_idle))
			break;
	}
	*ret_any = decided > 0;
	if (decided > 0) {
		if (atomic_load(&shard->status_first_input_ns) == 0)
			atomic_store(&shard->status_first_input_ns, began_ns);
		shard->input_at_ms = clock_monotonic_ms();
		atomic_fetch_add(&shard->status_inputs, decided);
	}
	return error;
}

static int64_t sooner(int64_t one_ms, int64_t other_ms)
{
	return one_ms < other_ms ? one_ms : other_ms;
}

/* When the next tick is to be sent, counted from now. */
static int64_t tick_in_ms(const struct shard *shard, int64_t now_ms)
{
	int64_t due_in_ms = state_timer_due_ms(shard->replica.state) - clock_host_ms();
	int64_t after_ms = shard->input_at_ms + TICK_AFTER_MS - now_ms;
	return due_in_ms > after_ms ? due_in_ms : after_ms;
}

/* How long there is nothing to do, unless it rings: for an input, for a batch that is committed,
 * for a stop. So an idle shard costs next to nothing. */
static int64_t rest_ms(const struct shard *shard)
{
	const struct checkpointer *checkpointer = &shard->checkpointer;
	bool is_committing = !atomic_load(&shard->committer.is_idle);
	int64_t now_ms = clock_monotonic_ms();

	if (checkpointer->state == CHECKPOINT_COPYING ||
		(shard->batch->count > 0 && !is_committing))
		return 0;
	if (checkpointer->state == CHECKPOINT_WRITING || !shard->sweep.is_done)
		return WORK_PAUSE_MS;
	int64_t ms = sooner(REST_MS_MAX, tick_in_ms(shard, now_ms));
	return is_committing ? ms : sooner(ms, checkpointer_due_ms(shard) - now_ms);
}

static int live_step(struct shard *shard)
{
	bool is_any;
	int error = batch_fill(shard, &is_any);
	if (!error && (batch_is_full(shard->batch) || atomic_load(&shard->committer.is_idle)))
		error = batch_hand_when_idle(shard);
	if (!error && shard->batch->count == 0 && atomic_load(&shard->committer.is_idle) &&
		checkpointer_wants_boundary(shard))
		checkpointer_begin(shard, shard->replica.place.sequence);
	if (!error)
		error = checkpointer_step(shard);
	if (!error)
		error = sweep_step(&shard->sweep, &shard->replica);
	if (!error)
		error = relay_step(shard->relay);
	if (!error)
		error = tick_send(shard);
	if (error || is_any)
		return error;
	int64_t wait_ms = rest_ms(shard);
	if (wait_ms > 0)
		bell_hear(shard->bell, (int)wait_ms);
	return 0;
}

int shard_live(struct shard *shard)
{
	shard->batch = &shard->batches[0];
	shard->batch->count = 0;
	shard->batch->used = 0;
	shard->ahead = (struct ahead_commands){ 0 };
	sweep_begin(&shard->sweep);
	shard->input_at_ms = clock_monotonic_ms();
	state_batch_begin(shard->replica.state);

	int error = 0;
	while (!error && !atomic_load(&shard->is_stopping) && !atomic_load(&shard->is_to_follow)) {
		error = live_step(shard);
		atomic_fetch_add_explicit(&shard->status_passes, 1, memory_order_relaxed);
	}
	if (error)
		return error;

	/* Asked to stop, or to follow: what was decided is committed, and the next start finds it
	 * stored. */
	error = shard_flush(shard);
	return error ? error : checkpointer_complete(shard);
}
