/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/relay.h"

#include "shard/courier.h"
#include "shard/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	WINDOW = 16384,     /* remittances, or answers, of a pair that are under way */
	WINDOW_STEP = 2048, /* it moves by so much: else a long backlog would go out in crumbs */
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

/* Two couriers, so that a topic that takes nothing holds up nobody but who waits for it: one for
 * those to which the last parcel could be sent, one for the others. */
enum { WELL, TROUBLED, COURIERS };

struct relay {
	struct shard *shard;
	uint32_t shards;
	struct pair *pairs; /* by shard */
	uint32_t first;     /* whose turn it is to be first */
	int64_t handed_sequence;
	bool is_handed;    /* and not known to be verified yet */
	uint32_t troubled; /* how many pairs are */
	struct courier *couriers[COURIERS];
};

/* --- What became of a cargo --- */

/* What was not taken is given again, later and later. The operator hears of the first time, and of
 * the end. */
static void parcel_failed(struct relay *relay, struct pair *pair, uint32_t to, const char *why)
{
	if (pair->failures == 0) {
		relay->troubled++;
		shard_diag(relay->shard,
			"what is for shard %" PRIu32 " can't be sent, and is tried again: %s", to,
			why);
	}
	int wait_ms = AGAIN_MS_MIN << (pair->failures < 6 ? pair->failures : 6);
	pair->failures++;
	pair->not_before_ms =
		clock_monotonic_ms() + (wait_ms < AGAIN_MS_MAX ? wait_ms : AGAIN_MS_MAX);
	pair->deliveries.given = pair->given_deliveries;
	pair->answers.given = pair->given_answers;
	if (pair->confirmed_to >
		pair->given_confirmed_to) /* an answer may have come again meanwhile */
		pair->confirmed_to = pair->given_confirmed_to;
}

static void parcel_taken(struct relay *relay, struct pair *pair, uint32_t to)
{
	if (pair->failures == 0)
		return;
	relay->troubled--;
	pair->failures = 0;
	shard_diag(relay->shard, "what is for shard %" PRIu32 " can be sent again", to);
}

static void cargo_end(struct relay *relay, struct courier *courier, struct cargo *cargo)
{
	for (size_t i = 0; i < cargo->parcel_count; i++) {
		uint32_t to = cargo->parcels[i].shard;
		if (cargo->parcels[i].has_failed)
			parcel_failed(relay, &relay->pairs[to], to, courier_trouble(courier));
		else
			parcel_taken(relay, &relay->pairs[to], to);
	}
	cargo_empty(cargo);
}

/* --- Records --- */

/* What a pair's records are put into. */
struct filling {
	struct relay *relay;
	struct cargo *cargo;
	uint32_t to;
	struct pair *pair;
	int64_t now_ms; /* monotonic */
};

static void record_add(const struct filling *filling, const struct command *command)
{
	cargo_add(filling->cargo, filling->relay->shard->replica.codec, filling->to, command);
}

/* False: its row is not loaded. */
static bool delivery_add(const struct filling *filling, int64_t number)
{
	struct shard *shard = filling->relay->shard;
	struct pair *pair = filling->pair;
	struct outbox sent;
	enum answer answer = view_outbox(shard->replica.state, filling->to, number, &sent);
	assert(answer != ANSWER_ABSENT);
	if (answer == ANSWER_NOT_LOADED)
		return false;
	struct command command = { .kind = COMMAND_remittance_deliver,
		.initiator = INITIATOR_system,
		.group_id.id = sent.group_id,
		.reference = sent.reference };
	text64_set(&command.party, sent.to_account.at, sent.to_account.party_size);
	command.remittance_deliver = (struct command_remittance_deliver){
		.home_shard = shard->config.shard,
		.number = number,
		.payment_id.id = sent.payment_id,
		.from_account = sent.from_account,
		.to_account = sent.to_account,
		.amount = { .amount = sent.amount, .currency = sent.currency },
		.purpose = (int32_t)sent.purpose,
	};
	record_add(filling, &command);
	bool is_again = number <= pair->deliveries.given || pair->failures > 0;
	if (is_again && number == pair->now.answered + 1)
		pair->oldest_ms = sent.sent_at_ms;
	return true;
}

static void return_add(const struct filling *filling, const struct refusal *refusal)
{
	struct command command = { .kind = COMMAND_remittance_return,
		.initiator = INITIATOR_system,
		.party = refusal->party,
		.group_id.id = refusal->group_id };
	command.remittance_return = (struct command_remittance_return){
		.away_shard = filling->relay->shard->config.shard,
		.number = refusal->number,
		.reason = (int32_t)refusal->reason,
	};
	record_add(filling, &command);
}

static void settle_add(const struct filling *filling, int64_t first, int64_t last)
{
	struct command command = { .kind = COMMAND_remittance_settle,
		.initiator = INITIATOR_system };
	command.remittance_settle = (struct command_remittance_settle){
		.away_shard = filling->relay->shard->config.shard,
		.first_number = first,
		.last_number = last,
	};
	record_add(filling, &command);
}

static void confirm_add(const struct filling *filling, int64_t number)
{
	struct command command = { .kind = COMMAND_remittance_confirm,
		.initiator = INITIATOR_system };
	command.remittance_confirm = (struct command_remittance_confirm){
		.home_shard = filling->relay->shard->config.shard,
		.number = number,
	};
	record_add(filling, &command);
}

/* Answers from `first` on: as many credited ones as one record takes, or one that was refused.
 * Returns the last number that it tells; 0: a row is not loaded. Most routes have no refusals: then
 * there is no row to look for. */
static int64_t answer_add(const struct filling *filling, int64_t first, int64_t end)
{
	const struct state *state = filling->relay->shard->replica.state;
	struct refusal refusal;
	int64_t last = first - 1;
	while (last < end && last - first + 1 < REMITTANCES_AT_ONCE_MAX) {
		enum answer answer = ANSWER_ABSENT;
		if (filling->pair->now.refused > 0)
			answer = view_refusal(state, filling->to, last + 1, &refusal);
		if (answer == ANSWER_NOT_LOADED)
			return 0;
		if (answer == ANSWER_PRESENT && last < first) {
			return_add(filling, &refusal);
			return first;
		}
		if (answer == ANSWER_PRESENT)
			break;
		last++;
	}
	settle_add(filling, first, last);
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
static void rows_want(const struct filling *filling, int64_t next, int64_t end)
{
	const struct state *state = filling->relay->shard->replica.state;
	struct outbox sent;
	for (int64_t last = next + ROWS_WANTED_MAX; next <= end && next < last; next++)
		(void)view_outbox(state, filling->to, next, &sent);
}

static bool deliveries_add(const struct filling *filling)
{
	int64_t end;
	struct pair *pair = filling->pair;
	struct sending *sending = &pair->deliveries;
	if (sending->answered < pair->now.answered)
		pair->oldest_ms = 0;
	int64_t next = sending_due(
		sending, pair->now.answered, pair->verified.sent, filling->now_ms, &end);
	for (; next <= end && cargo_has_room(filling->cargo); next++) {
		if (!delivery_add(filling, next)) {
			rows_want(filling, next, end);
			return false;
		}
		if (sending->given < next)
			sending->given = next;
	}
	return true;
}

static bool answers_add(const struct filling *filling)
{
	int64_t end;
	const struct pair *pair = filling->pair;
	struct sending *sending = &filling->pair->answers;
	int64_t next = sending_due(
		sending, pair->now.confirmed, pair->verified.received, filling->now_ms, &end);
	while (next <= end && cargo_has_room(filling->cargo)) {
		int64_t last = answer_add(filling, next, end);
		if (last == 0)
			return false;
		if (sending->given < last)
			sending->given = last;
		next = last + 1;
	}
	return true;
}

/* The other shard looks for the rows of what it refused, so many at a time. */
static void confirmations_add(const struct filling *filling)
{
	struct pair *pair = filling->pair;
	int64_t number = pair->verified.answered;
	while (pair->confirmed_to < number && cargo_has_room(filling->cargo)) {
		int64_t next =
			pair->has_returned && number - pair->confirmed_to > REMITTANCES_AT_ONCE_MAX
				? pair->confirmed_to + REMITTANCES_AT_ONCE_MAX
				: number;
		confirm_add(filling, next);
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
static bool pair_add(const struct filling *filling)
{
	if (is_quiet(filling->pair) || filling->now_ms < filling->pair->not_before_ms)
		return true;
	confirmations_add(filling);
	return answers_add(filling) && deliveries_add(filling);
}

/* From here on it is given again if it is not taken. */
static void pair_begin(struct pair *pair)
{
	pair->given_deliveries = pair->deliveries.given;
	pair->given_answers = pair->answers.given;
	pair->given_confirmed_to = pair->confirmed_to;
}

/* All pairs that are well, or all others; each time another one first, so that none waits for the
 * room of others for ever. */
static int cargo_fill(struct relay *relay, struct cargo *cargo, bool is_troubled)
{
	struct filling filling = { .relay = relay, .cargo = cargo, .now_ms = clock_monotonic_ms() };
	struct replica *replica = &relay->shard->replica;
	uint32_t first = relay->first;
	int loads = 0;
	for (uint32_t i = 0; i < relay->shards && cargo_has_room(cargo); i++) {
		filling.to = (first + i) % relay->shards;
		filling.pair = &relay->pairs[filling.to];
		if (filling.to == relay->shard->config.shard ||
			(filling.pair->failures > 0) != is_troubled)
			continue;
		size_t loaded = 1;
		pair_begin(filling.pair);
		while (!pair_add(&filling) && loads++ < LOADS_MAX && loaded > 0) {
			int error = replica_load(replica, &loaded);
			if (error)
				return error;
		}
		relay->first = filling.to;
	}
	state_missing_clear(replica->state);
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

static int courier_step(struct relay *relay, int which)
{
	struct courier *courier = relay->couriers[which];
	struct cargo *cargo = courier_cargo(courier);
	if (!cargo)
		return 0;
	cargo_end(relay, courier, cargo);
	int error = cargo_fill(relay, cargo, which == TROUBLED);
	return error || cargo->count == 0 ? error : courier_give(courier);
}

int relay_step(struct relay *relay)
{
	if (relay->shards == 1)
		return 0;
	handed_is_verified(relay);
	int error = courier_step(relay, WELL);
	if (!error && relay->troubled > 0)
		error = courier_step(relay, TROUBLED);
	oldest_tell(relay);
	return error;
}

/* --- Its life --- */

struct relay *relay_new(struct shard *shard)
{
	struct relay *relay = calloc(1, sizeof *relay);
	assert(relay);
	relay->shard = shard;
	relay->shards = log_shards(shard->config.log);
	relay->pairs = calloc(relay->shards, sizeof *relay->pairs);
	assert(relay->pairs);
	for (int i = 0; i < COURIERS; i++)
		relay->couriers[i] = courier_new(shard);
	return relay;
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	for (int i = 0; i < COURIERS; i++)
		courier_free(relay->couriers[i]);
	free(relay->pairs);
	free(relay);
}

int relay_start(struct relay *relay)
{
	memset(relay->pairs, 0, relay->shards * sizeof *relay->pairs);
	relay->is_handed = false;
	relay->first = relay->troubled = 0;
	if (relay->shards == 1)
		return 0;
	size_t loaded;
	routes_read(relay); /* notes what is not loaded */
	int error = replica_load(&relay->shard->replica, &loaded);
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
	for (int i = 0; i < COURIERS; i++)
		courier_stop(relay->couriers[i]);
	relay->is_handed = false;
	atomic_store(&relay->shard->status_under_way, 0);
	atomic_store(&relay->shard->status_under_way_ms, 0);
}
