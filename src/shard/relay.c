/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/relay.h"

#include "shard/internal.h"

#include <assert.h>
#include <stdlib.h>

enum {
	WINDOW = 16384,     /* remittances, or answers, of a pair that are under way */
	WINDOW_STEP = 2048, /* it moves by so much: else a long backlog would go out in crumbs */
	SETTLED_PER_RECORD = EFFECTS_PER_EVENT_MAX,
	CARGO_RECORDS_MAX = 4096,
	CARGO_BYTES_MAX = 1 << 20,
	AGAIN_MS_MIN = 1000,
	AGAIN_MS_MAX = 60000,
	LOADS_MAX = 4, /* of one step */
	ROWS_WANTED_MAX = STATE_MISSING_MAX / 2,
};

/* What is sent again and again until it is answered. */
struct sending {
	int64_t given;    /* up to here, in this life */
	int64_t answered; /* as it was last looked at */
	bool has_moved;   /* since it was last sent again */
	int wait_ms;
	int64_t again_ms; /* monotonic */
};

/* Another shard: what the state says of it, and how far this life has come. */
struct pair {
	struct route now;      /* as decided */
	struct route handed;   /* as the batch under way says */
	struct route verified; /* as the verified log says */
	struct sending deliveries, answers;
	int64_t confirmed_to; /* answers that home has told to have, in this life */
	bool has_returned;    /* so the other shard has rows of refusals to look for */
	int64_t oldest_ms;    /* when the first unanswered one was sent, where it was asked again */
	int failures;         /* of its topic, one after the other */
	int64_t not_before_ms;    /* monotonic */
	int64_t given_deliveries; /* before the cargo under way: to be given again if it fails */
	int64_t given_answers, given_confirmed_to;
};

/* Records for one shard. */
struct parcel {
	uint32_t shard;
	size_t first, count;
	bool has_failed;
};

struct cargo {
	struct log_entry entries[CARGO_RECORDS_MAX];
	size_t count;
	uint8_t bytes[CARGO_BYTES_MAX];
	size_t used;
	struct parcel *parcels; /* room for one a shard */
	size_t parcel_count;
};

struct relay {
	struct shard *shard;
	uint32_t shards;
	struct pair *pairs; /* by shard */
	uint32_t first;     /* whose turn it is to be first */
	int64_t handed_sequence;
	bool is_handed; /* and not known to be verified yet */
	bool has_given; /* the cargo's end was not looked at yet */

	struct thread *thread;
	struct monitor *monitor;
	struct cargo *cargo; /* the sending thread's, while it is full */
	bool is_full, is_stopping;
};

/* --- Sending --- */

/* Then the next life sends it: nobody waits for one topic after the other to take nothing. */
static bool is_to_stop(struct relay *relay)
{
	monitor_enter(relay->monitor);
	bool is_stopping = relay->is_stopping;
	monitor_leave(relay->monitor);
	return is_stopping;
}

static void cargo_send(struct relay *relay, struct log_sender **sender)
{
	struct cargo *cargo = relay->cargo;
	struct fault fault = { 0 };
	int error = *sender ? 0 : log_sender_open(relay->shard->config.log, sender, &fault);
	for (size_t i = 0; i < cargo->parcel_count; i++) {
		struct parcel *parcel = &cargo->parcels[i];
		parcel->has_failed = error || is_to_stop(relay) ||
				     log_send(*sender, parcel->shard, LOG_INTERNAL,
					     cargo->entries + parcel->first, parcel->count) != 0;
	}
}

static void relay_main(void *context)
{
	struct relay *relay = context;
	struct log_sender *sender = NULL;
	monitor_enter(relay->monitor);
	for (;;) {
		while (!relay->is_full && !relay->is_stopping)
			monitor_wait(relay->monitor);
		if (relay->is_stopping)
			break;
		monitor_leave(relay->monitor);
		cargo_send(relay, &sender);
		monitor_enter(relay->monitor);
		relay->is_full = false;
		bell_ring(relay->shard->bell);
	}
	monitor_leave(relay->monitor);
	log_sender_close(sender);
}

static bool is_sending(struct relay *relay)
{
	monitor_enter(relay->monitor);
	bool is_full = relay->is_full;
	monitor_leave(relay->monitor);
	return is_full;
}

static int cargo_give(struct relay *relay)
{
	if (!relay->thread) /* most shards of a small ledger never pay each other */
		relay->thread =
			thread_start("relay", relay->shard->config.shard, relay_main, relay);
	if (!relay->thread)
		return FAULT(&relay->shard->fault, FAULT_IO, "no thread for the relay");
	relay->has_given = true;
	monitor_enter(relay->monitor);
	relay->is_full = true;
	monitor_wake(relay->monitor);
	monitor_leave(relay->monitor);
	return 0;
}

/* What was not taken is given again, later and later. */
static void parcel_end(struct relay *relay, const struct parcel *parcel, int64_t now_ms)
{
	struct pair *pair = &relay->pairs[parcel->shard];
	if (!parcel->has_failed) {
		pair->failures = 0;
		return;
	}
	int wait_ms = AGAIN_MS_MIN << (pair->failures < 6 ? pair->failures : 6);
	pair->failures++;
	pair->not_before_ms = now_ms + (wait_ms < AGAIN_MS_MAX ? wait_ms : AGAIN_MS_MAX);
	pair->deliveries.given = pair->given_deliveries;
	pair->answers.given = pair->given_answers;
	pair->confirmed_to = pair->given_confirmed_to;
}

static void cargo_end(struct relay *relay)
{
	struct cargo *cargo = relay->cargo;
	if (!relay->has_given)
		return;
	int64_t now_ms = clock_monotonic_ms();
	for (size_t i = 0; i < cargo->parcel_count; i++)
		parcel_end(relay, &cargo->parcels[i], now_ms);
	relay->has_given = false;
	cargo->count = cargo->used = cargo->parcel_count = 0;
}

/* --- Records --- */

static bool cargo_has_room(const struct cargo *cargo)
{
	return cargo->count < CARGO_RECORDS_MAX &&
	       cargo->used + COMMAND_SIZE_MAX <= CARGO_BYTES_MAX;
}

static void cargo_add(struct relay *relay, uint32_t to, const struct command *command)
{
	struct cargo *cargo = relay->cargo;
	assert(cargo_has_room(cargo));
	struct parcel *parcel = &cargo->parcels[cargo->parcel_count];
	if (cargo->parcel_count > 0 && parcel[-1].shard == to)
		parcel--;
	else
		*parcel =
			(struct parcel){ .shard = cargo->parcels[cargo->parcel_count++].shard = to,
				.first = cargo->count };
	uint8_t *value = cargo->bytes + cargo->used;
	size_t size = command_encode(
		relay->shard->replica.codec, command, value, CARGO_BYTES_MAX - cargo->used);
	cargo->used += size;
	uint8_t *key = cargo->bytes + cargo->used;
	memcpy(key, command->party.at, command->party.size);
	cargo->used += command->party.size;
	cargo->entries[cargo->count++] = (struct log_entry){
		.key = { key, command->party.size },
		.value = { value, size },
	};
	parcel->count++;
}

/* False: its row is not loaded. */
static bool delivery_add(struct relay *relay, uint32_t to, int64_t number)
{
	struct outbox sent;
	enum answer answer = view_outbox(relay->shard->replica.state, to, number, &sent);
	assert(answer != ANSWER_ABSENT);
	if (answer == ANSWER_NOT_LOADED)
		return false;
	struct command command = { .kind = COMMAND_remittance_deliver,
		.initiator = INITIATOR_system,
		.group_id.id = sent.group_id,
		.reference = sent.reference };
	text64_set(&command.party, sent.to_account.at, sent.to_account.party_size);
	command.remittance_deliver = (struct command_remittance_deliver){
		.home_shard = relay->shard->config.shard,
		.number = number,
		.payment_id.id = sent.payment_id,
		.from_account = sent.from_account,
		.to_account = sent.to_account,
		.amount = { .amount = sent.amount, .currency = sent.currency },
		.purpose = (int32_t)sent.purpose,
	};
	cargo_add(relay, to, &command);
	struct pair *pair = &relay->pairs[to];
	if (number <= pair->deliveries.given) /* again */
		pair->oldest_ms = sent.sent_at_ms;
	return true;
}

static void return_add(struct relay *relay, uint32_t to, const struct refusal *refusal)
{
	struct command command = { .kind = COMMAND_remittance_return,
		.initiator = INITIATOR_system,
		.party = refusal->party,
		.group_id.id = refusal->group_id };
	command.remittance_return = (struct command_remittance_return){
		.away_shard = relay->shard->config.shard,
		.number = refusal->number,
		.reason = (int32_t)refusal->reason,
	};
	cargo_add(relay, to, &command);
}

static void settle_add(struct relay *relay, uint32_t to, int64_t first, int64_t last)
{
	struct command command = { .kind = COMMAND_remittance_settle,
		.initiator = INITIATOR_system };
	command.remittance_settle = (struct command_remittance_settle){
		.away_shard = relay->shard->config.shard,
		.first_number = first,
		.last_number = last,
	};
	cargo_add(relay, to, &command);
}

static void confirm_add(struct relay *relay, uint32_t to, int64_t number)
{
	struct command command = { .kind = COMMAND_remittance_confirm,
		.initiator = INITIATOR_system };
	command.remittance_confirm = (struct command_remittance_confirm){
		.home_shard = relay->shard->config.shard,
		.number = number,
	};
	cargo_add(relay, to, &command);
}

/* Answers from `first` on: as many credited ones as one record takes, or one that was refused.
 * Returns the last number that it tells; 0: a row is not loaded. Most routes have no refusals: then
 * there is no row to look for. */
static int64_t answer_add(
	struct relay *relay, uint32_t to, const struct pair *pair, int64_t first, int64_t end)
{
	struct refusal refusal;
	int64_t last = first - 1;
	while (last < end && last - first + 1 < SETTLED_PER_RECORD) {
		enum answer answer = ANSWER_ABSENT;
		if (pair->now.refused > 0)
			answer = view_refusal(relay->shard->replica.state, to, last + 1, &refusal);
		if (answer == ANSWER_NOT_LOADED)
			return 0;
		if (answer == ANSWER_PRESENT && last < first) {
			return_add(relay, to, &refusal);
			return first;
		}
		if (answer == ANSWER_PRESENT)
			break;
		last++;
	}
	settle_add(relay, to, first, last);
	return last;
}

/* --- What is due --- */

/* Where it moves, what comes next is sent, and what stands still for a second after that all of it
 * again: it may have been lost. Where nothing moves, the first one asks, more and more seldom.
 * Returns the first number to send, and to where in *ret_end. */
static int64_t sending_due(
	struct sending *sending, int64_t answered, int64_t end, int64_t now_ms, int64_t *ret_end)
{
	if (sending->answered < answered) {
		sending->answered = answered;
		sending->has_moved = true;
		sending->wait_ms = AGAIN_MS_MIN;
		sending->again_ms = now_ms + AGAIN_MS_MIN;
	}
	if (sending->given < answered)
		sending->given = answered;
	int64_t window_end = answered - answered % WINDOW_STEP + WINDOW;
	*ret_end = end < window_end ? end : window_end;
	if (sending->given == answered) { /* nothing is under way: the wait begins with the next */
		sending->wait_ms = AGAIN_MS_MIN;
		sending->again_ms = now_ms + AGAIN_MS_MIN;
	}
	if (now_ms < sending->again_ms)
		return sending->given + 1;
	sending->wait_ms =
		sending->wait_ms * 2 < AGAIN_MS_MAX ? sending->wait_ms * 2 : AGAIN_MS_MAX;
	sending->again_ms = now_ms + sending->wait_ms;
	if (!sending->has_moved)
		*ret_end = answered + 1;
	sending->has_moved = false;
	return answered + 1;
}

/* The rows that follow are mostly not there either: one look into the store brings them all. */
static void rows_want(struct relay *relay, uint32_t to, int64_t next, int64_t end)
{
	struct outbox sent;
	for (int64_t last = next + ROWS_WANTED_MAX; next <= end && next < last; next++)
		(void)view_outbox(relay->shard->replica.state, to, next, &sent);
}

static bool deliveries_add(struct relay *relay, uint32_t to, struct pair *pair, int64_t now_ms)
{
	int64_t end;
	struct sending *sending = &pair->deliveries;
	if (sending->answered < pair->now.answered)
		pair->oldest_ms = 0;
	int64_t next = sending_due(sending, pair->now.answered, pair->verified.sent, now_ms, &end);
	for (; next <= end && cargo_has_room(relay->cargo); next++) {
		if (!delivery_add(relay, to, next)) {
			rows_want(relay, to, next, end);
			return false;
		}
		if (sending->given < next)
			sending->given = next;
	}
	return true;
}

static bool answers_add(struct relay *relay, uint32_t to, struct pair *pair, int64_t now_ms)
{
	int64_t end;
	struct sending *sending = &pair->answers;
	int64_t next =
		sending_due(sending, pair->now.confirmed, pair->verified.received, now_ms, &end);
	while (next <= end && cargo_has_room(relay->cargo)) {
		int64_t last = answer_add(relay, to, pair, next, end);
		if (last == 0)
			return false;
		if (sending->given < last)
			sending->given = last;
		next = last + 1;
	}
	return true;
}

/* The other shard looks for the rows of what it refused, so many at a time. */
static void confirmations_add(struct relay *relay, uint32_t to, struct pair *pair)
{
	int64_t number = pair->verified.answered;
	while (pair->confirmed_to < number && cargo_has_room(relay->cargo)) {
		int64_t next =
			pair->has_returned && number - pair->confirmed_to > SETTLED_PER_RECORD
				? pair->confirmed_to + SETTLED_PER_RECORD
				: number;
		confirm_add(relay, to, next);
		pair->confirmed_to = next;
	}
	pair->has_returned = pair->has_returned && pair->now.answered < pair->now.sent;
}

static bool is_quiet(const struct pair *pair)
{
	return pair->verified.sent == pair->now.answered &&
	       pair->verified.received == pair->now.confirmed &&
	       pair->verified.answered == pair->confirmed_to;
}

/* False: rows are not loaded. */
static bool pair_add(struct relay *relay, uint32_t to, int64_t now_ms)
{
	struct pair *pair = &relay->pairs[to];
	if (to == relay->shard->config.shard || is_quiet(pair) || now_ms < pair->not_before_ms)
		return true;
	confirmations_add(relay, to, pair);
	return answers_add(relay, to, pair, now_ms) && deliveries_add(relay, to, pair, now_ms);
}

/* From here on it is given again if it is not taken. */
static void pair_begin(struct pair *pair)
{
	pair->given_deliveries = pair->deliveries.given;
	pair->given_answers = pair->answers.given;
	pair->given_confirmed_to = pair->confirmed_to;
}

static int rows_load(struct relay *relay, size_t *ret_loaded)
{
	return replica_load(&relay->shard->replica, ret_loaded);
}

/* All pairs, each time another one first, so that none waits for the room of others for ever. */
static int cargo_fill(struct relay *relay)
{
	int64_t now_ms = clock_monotonic_ms();
	uint32_t first = relay->first;
	int loads = 0;
	for (uint32_t i = 0; i < relay->shards && cargo_has_room(relay->cargo); i++) {
		uint32_t to = (first + i) % relay->shards;
		size_t loaded = 1;
		pair_begin(&relay->pairs[to]);
		while (!pair_add(relay, to, now_ms) && loads++ < LOADS_MAX && loaded > 0) {
			int error = rows_load(relay, &loaded);
			if (error)
				return error;
		}
		relay->first = to;
	}
	state_missing_clear(relay->shard->replica.state);
	return 0;
}

/* --- What is known --- */

/* A row that is not in memory did not change since it was read. */
static void routes_read(struct relay *relay)
{
	const struct state *state = relay->shard->replica.state;
	int64_t under_way = 0;
	for (uint32_t to = 0; to < relay->shards; to++) {
		struct route route;
		if (to != relay->shard->config.shard &&
			view_route(state, to, &route) == ANSWER_PRESENT)
			relay->pairs[to].now = route;
		under_way += relay->pairs[to].now.sent - relay->pairs[to].now.answered;
	}
	atomic_store(&relay->shard->status_under_way, under_way);
}

/* Who has waited longest is told to the operator. */
static void oldest_tell(struct relay *relay)
{
	uint32_t oldest = 0;
	int64_t oldest_ms = INT64_MAX;
	for (uint32_t to = 0; to < relay->shards; to++) {
		const struct pair *pair = &relay->pairs[to];
		if (pair->oldest_ms == 0 || pair->oldest_ms >= oldest_ms ||
			pair->now.sent == pair->now.answered)
			continue;
		oldest = to;
		oldest_ms = pair->oldest_ms;
	}
	atomic_store(&relay->shard->status_under_way_to, oldest);
	atomic_store(&relay->shard->status_under_way_ms, oldest_ms == INT64_MAX ? 0 : oldest_ms);
}

static void handed_is_verified(struct relay *relay)
{
	if (!relay->is_handed ||
		atomic_load(&relay->shard->status_verified) < relay->handed_sequence)
		return;
	relay->is_handed = false;
	for (uint32_t to = 0; to < relay->shards; to++)
		relay->pairs[to].verified = relay->pairs[to].handed;
}

/* Rows are gone as soon as that is decided. */
void relay_note(struct relay *relay, const struct event *event)
{
	if (event->kind == EVENT_remittance_returned) {
		struct pair *pair = &relay->pairs[event->remittance_returned.away_shard];
		pair->now.answered = event->remittance_returned.number;
		pair->has_returned = true;
	} else if (event->kind == EVENT_remittance_settled) {
		relay->pairs[event->remittance_settled.away_shard].now.answered =
			event->remittance_settled.last_number;
	} else if (event->kind == EVENT_remittance_confirmed) {
		relay->pairs[event->remittance_confirmed.home_shard].now.confirmed =
			event->remittance_confirmed.number;
	} else if (event->kind == EVENT_remittance_repeated &&
		   event->remittance_repeated.was_answer) {
		struct pair *pair = &relay->pairs[event->remittance_repeated.shard];
		if (pair->confirmed_to >= event->remittance_repeated.number)
			pair->confirmed_to = event->remittance_repeated.number - 1;
		pair->has_returned = true; /* maybe: what was confirmed was too much at once */
	}
}

void relay_hand(struct relay *relay, int64_t last_sequence)
{
	if (relay->shards == 1)
		return;
	handed_is_verified(relay);
	assert(!relay->is_handed);
	routes_read(relay);
	state_missing_clear(relay->shard->replica.state);
	for (uint32_t to = 0; to < relay->shards; to++)
		relay->pairs[to].handed = relay->pairs[to].now;
	relay->handed_sequence = last_sequence;
	relay->is_handed = true;
}

int relay_step(struct relay *relay)
{
	if (relay->shards == 1)
		return 0;
	handed_is_verified(relay);
	if (is_sending(relay))
		return 0;
	cargo_end(relay);
	oldest_tell(relay);
	int error = cargo_fill(relay);
	return error || relay->cargo->count == 0 ? error : cargo_give(relay);
}

/* --- Its life --- */

struct relay *relay_new(struct shard *shard)
{
	struct relay *relay = calloc(1, sizeof *relay);
	assert(relay);
	relay->shard = shard;
	relay->shards = log_shards(shard->config.log);
	relay->monitor = monitor_new();
	relay->pairs = calloc(relay->shards, sizeof *relay->pairs);
	relay->cargo = malloc(sizeof *relay->cargo);
	assert(relay->pairs && relay->cargo);
	relay->cargo->parcels = calloc(relay->shards, sizeof *relay->cargo->parcels);
	assert(relay->cargo->parcels);
	return relay;
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	assert(!relay->thread);
	monitor_free(relay->monitor);
	free(relay->cargo->parcels);
	free(relay->cargo);
	free(relay->pairs);
	free(relay);
}

int relay_start(struct relay *relay)
{
	memset(relay->pairs, 0, relay->shards * sizeof *relay->pairs);
	relay->cargo->count = relay->cargo->used = relay->cargo->parcel_count = 0;
	relay->is_full = relay->is_stopping = relay->is_handed = relay->has_given = false;
	relay->first = 0;
	if (relay->shards == 1)
		return 0;
	size_t loaded;
	routes_read(relay); /* notes what is not loaded */
	int error = rows_load(relay, &loaded);
	if (error)
		return error;
	routes_read(relay);
	state_missing_clear(relay->shard->replica.state);
	for (uint32_t to = 0; to < relay->shards; to++) {
		struct pair *pair = &relay->pairs[to];
		pair->verified = pair->now;
		pair->deliveries.given = pair->deliveries.answered = pair->now.answered;
		pair->answers.given = pair->answers.answered = pair->now.confirmed;
		pair->confirmed_to = pair->now.answered;
	}
	return 0;
}

void relay_stop(struct relay *relay)
{
	if (relay->thread)
		thread_stop(&relay->thread, relay->monitor, &relay->is_stopping);
	relay->is_handed = false;
	atomic_store(&relay->shard->status_under_way, 0);
	atomic_store(&relay->shard->status_under_way_ms, 0);
}
