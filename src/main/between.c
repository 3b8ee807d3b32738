/* SPDX-License-Identifier: Apache-2.0 */
#include "main/between.h"

#include "ledger/platform.h"
#include "main/options.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an account of @transit holds, in one currency. */
struct transit {
	uint32_t other;
	enum currency currency;
	wide balance; /* credits - debits; less, in the end, what is under way by this outbox */
};

struct refused {
	uint32_t home;
	int64_t number;
	struct id payment_id;
};

/* To one shard, in one currency. */
struct flow {
	uint32_t away;
	enum currency currency;
	int64_t count;
	int64_t refused; /* of those: they come back */
	wide sum;
};

/* What one shard knows. */
struct side {
	struct route *routes;    /* by the other shard */
	struct refused *refused; /* by (home, number) */
	size_t refused_count, refused_room;
	struct transit *transits;
	size_t transit_count;
	struct flow *flows; /* in the order of the outbox */
	size_t flow_count;
};

struct between {
	uint32_t shards;
	struct side *sides;
	/* Of the shard that is being read. */
	uint32_t shard;
	int64_t *outbox_counts; /* by the other shard, as the next */
	int64_t *refused_counts;
	bool is_wrong;
};

void wide_text(wide value, char ret[WIDE_TEXT_SIZE])
{
	char digits[WIDE_TEXT_SIZE];
	size_t n = 0, at = 0;
	bool is_negative = value < 0;
	do {
		int digit = (int)(value % 10);
		digits[n++] = (char)('0' + (is_negative ? -digit : digit));
		value /= 10;
	} while (value != 0);
	if (is_negative)
		ret[at++] = '-';
	while (n > 0)
		ret[at++] = digits[--n];
	ret[at] = '\0';
}

struct between *between_new(uint32_t shards)
{
	struct between *between = calloc(1, sizeof *between);
	assert(between);
	between->shards = shards;
	between->sides = calloc(shards, sizeof *between->sides);
	between->outbox_counts = calloc(shards, sizeof *between->outbox_counts);
	between->refused_counts = calloc(shards, sizeof *between->refused_counts);
	assert(between->sides && between->outbox_counts && between->refused_counts);
	for (uint32_t i = 0; i < shards; i++) {
		between->sides[i].routes = calloc(shards, sizeof(struct route));
		assert(between->sides[i].routes);
	}
	return between;
}

static void side_empty(struct side *side)
{
	free(side->refused);
	free(side->transits);
	free(side->flows);
	*side = (struct side){ .routes = side->routes };
}

void between_free(struct between *between)
{
	if (!between)
		return;
	for (uint32_t i = 0; i < between->shards; i++) {
		side_empty(&between->sides[i]);
		free(between->sides[i].routes);
	}
	free(between->sides);
	free(between->outbox_counts);
	free(between->refused_counts);
	free(between);
}

static bool is_another(const struct between *between, int64_t shard)
{
	return shard >= 0 && shard < between->shards && shard != between->shard;
}

static void __attribute__((format(printf, 2, 3)))
wrong(struct between *between, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	complain("%s", text);
	between->is_wrong = true;
}

/* --- The rows of one shard --- */

static bool route_take(void *context, struct bytes key, struct bytes value)
{
	struct between *between = context;
	struct route route;
	bool is_key = route_unkey(key, &route);
	assert(is_key);
	route_unpack(value.at, &route);
	if (!is_another(between, route.shard)) {
		wrong(between,
			"shard %" PRIu32 ": it has a route to shard %" PRId64
			", and there is no such other shard",
			between->shard, route.shard);
		return true;
	}
	if (route.answered > route.sent || route.confirmed > route.received)
		wrong(between,
			"shard %" PRIu32 ": its route to shard %" PRId64
			" has more answers than payments",
			between->shard, route.shard);
	between->sides[between->shard].routes[route.shard] = route;
	return true;
}

static const struct route *route_of(const struct between *between, int64_t other)
{
	return &between->sides[between->shard].routes[other];
}

static bool outbox_take(void *context, struct bytes key, struct bytes value)
{
	struct between *between = context;
	struct outbox sent;
	bool is_key = outbox_unkey(key, &sent);
	assert(is_key);
	outbox_unpack(value.at, &sent);
	if (!is_another(between, sent.shard) ||
		sent.number <= route_of(between, sent.shard)->answered ||
		sent.number > route_of(between, sent.shard)->sent)
		wrong(between,
			"shard %" PRIu32 ": its outbox has number %" PRId64 " to shard %" PRId64
			", which is answered or was never sent",
			between->shard, sent.number, sent.shard);
	else
		between->outbox_counts[sent.shard]++;
	return true;
}

static bool refusal_take(void *context, struct bytes key, struct bytes value)
{
	struct between *between = context;
	struct side *side = &between->sides[between->shard];
	struct refusal refusal;
	bool is_key = refusal_unkey(key, &refusal);
	assert(is_key);
	refusal_unpack(value.at, &refusal);
	if (!is_another(between, refusal.shard) ||
		refusal.number <= route_of(between, refusal.shard)->confirmed ||
		refusal.number > route_of(between, refusal.shard)->received) {
		wrong(between,
			"shard %" PRIu32 ": it keeps a refusal of number %" PRId64
			" from shard %" PRId64 ", which is confirmed or was never received",
			between->shard, refusal.number, refusal.shard);
		return true;
	}
	between->refused_counts[refusal.shard]++;
	if (side->refused_count == side->refused_room) {
		side->refused_room = 2 * side->refused_room + 64;
		side->refused = realloc(side->refused, side->refused_room * sizeof *side->refused);
		assert(side->refused);
	}
	side->refused[side->refused_count++] = (struct refused){
		.home = (uint32_t)refusal.shard,
		.number = refusal.number,
		.payment_id = refusal.payment_id,
	};
	return true;
}

static struct transit *transit_of(struct side *side, uint32_t other, enum currency currency)
{
	for (size_t i = 0; i < side->transit_count; i++)
		if (side->transits[i].other == other && side->transits[i].currency == currency)
			return &side->transits[i];
	side->transits =
		realloc(side->transits, (side->transit_count + 1) * sizeof *side->transits);
	assert(side->transits);
	side->transits[side->transit_count] =
		(struct transit){ .other = other, .currency = currency };
	return &side->transits[side->transit_count++];
}

/* "@transit/USD.3": the number of the other shard. */
static bool transit_other(
	const struct between *between, const struct account *account, uint32_t *ret_other)
{
	const char *point = memrchr(account->id.at, '.', account->id.size);
	const char *end = account->id.at + account->id.size;
	int64_t other = 0;
	for (const char *c = point ? point + 1 : end; c < end && other < between->shards; c++)
		other = 10 * other + (*c - '0');
	if (!is_another(between, other))
		return false;
	*ret_other = (uint32_t)other;
	struct account_id wanted = account_id_transit(account->currency, *ret_other);
	return account_id_equal(&account->id, &wanted);
}

static bool transit_take(void *context, struct bytes key, struct bytes value)
{
	struct between *between = context;
	struct account account;
	uint32_t other;
	bool is_key = account_unkey(key, &account);
	assert(is_key);
	account_unpack(value.at, &account);
	if (!transit_other(between, &account, &other)) {
		wrong(between, "shard %" PRIu32 ": %.*s is the account of no other shard",
			between->shard, account.id.size, account.id.at);
		return true;
	}
	struct transit *transit =
		transit_of(&between->sides[between->shard], other, account.currency);
	transit->balance = (wide)amount_minor(account.balances.credits_posted) -
			   amount_minor(account.balances.debits_posted);
	return true;
}

/* Each number that is sent and not answered has its row in the outbox, and each one refused that is
 * not confirmed its own. */
static void counts_check(struct between *between)
{
	for (uint32_t other = 0; other < between->shards; other++) {
		const struct route *route = route_of(between, other);
		int64_t unanswered = route->sent - route->answered;
		if (between->outbox_counts[other] != unanswered)
			wrong(between,
				"shard %" PRIu32 ": its outbox has %" PRId64
				" payments to shard %" PRIu32 ", but %" PRId64 " are not answered",
				between->shard, between->outbox_counts[other], other, unanswered);
		if (between->refused_counts[other] != route->refused)
			wrong(between,
				"shard %" PRIu32 ": it keeps %" PRId64 " refusals of shard %" PRIu32
				", but its route says %" PRIu32,
				between->shard, between->refused_counts[other], other,
				route->refused);
	}
}

static int table_read(struct between *between, struct store *store, enum table table,
	bool (*row)(void *context, struct bytes key, struct bytes value), struct fault *fault)
{
	uint8_t from[1] = { (uint8_t)table }, to[1] = { (uint8_t)(table + 1) };
	return store_scan(
		store, (struct bytes){ from, 1 }, (struct bytes){ to, 1 }, row, between, fault);
}

static int transits_read(struct between *between, struct store *store, struct fault *fault)
{
	static const char from[] = "\x00@transit/", to[] = "\x00@transit0";
	uint8_t keys[2][sizeof from - 1];
	memcpy(keys[0], from, sizeof keys[0]);
	memcpy(keys[1], to, sizeof keys[1]);
	keys[0][0] = keys[1][0] = TABLE_account;
	return store_scan(store, (struct bytes){ keys[0], sizeof keys[0] },
		(struct bytes){ keys[1], sizeof keys[1] }, transit_take, between, fault);
}

int between_read(struct between *between, uint32_t shard, struct store *store, bool *ret_fits,
	struct fault *fault)
{
	size_t counts_size = between->shards * sizeof *between->outbox_counts;
	side_empty(&between->sides[shard]);
	memset(between->sides[shard].routes, 0, between->shards * sizeof(struct route));
	memset(between->outbox_counts, 0, counts_size);
	memset(between->refused_counts, 0, counts_size);
	between->shard = shard;
	between->is_wrong = false;
	int error = table_read(between, store, TABLE_route, route_take, fault);
	if (!error)
		error = table_read(between, store, TABLE_outbox, outbox_take, fault);
	if (!error)
		error = table_read(between, store, TABLE_refusal, refusal_take, fault);
	if (!error)
		error = transits_read(between, store, fault);
	counts_check(between);
	*ret_fits = !between->is_wrong;
	return error;
}

/* --- What one knows of another --- */

/* `theirs` is the other shard's route to the one whose route `ours` is. */
static bool covers(const struct route *ours, const struct route *theirs)
{
	return ours->sent >= theirs->received && ours->received >= theirs->answered &&
	       ours->answered >= theirs->confirmed;
}

bool between_is_behind(const struct between *between, uint32_t shard)
{
	for (uint32_t other = 0; other < between->shards; other++)
		if (!covers(&between->sides[shard].routes[other],
			    &between->sides[other].routes[shard]))
			return true;
	return false;
}

bool between_covers(const struct between *between, uint32_t shard, const struct state *state)
{
	for (uint32_t other = 0; other < between->shards; other++) {
		const struct route *theirs = &between->sides[other].routes[shard];
		struct route ours;
		if (covers(&between->sides[shard].routes[other], theirs))
			continue;
		if (view_route(state, other, &ours) != ANSWER_PRESENT || !covers(&ours, theirs))
			return false;
	}
	return true;
}

void between_say_behind(const struct between *between, uint32_t shard)
{
	for (uint32_t other = 0; other < between->shards; other++) {
		const struct route *ours = &between->sides[shard].routes[other];
		const struct route *theirs = &between->sides[other].routes[shard];
		if (ours->sent < theirs->received)
			complain("shard %" PRIu32 " received number %" PRId64 " from shard %" PRIu32
				 ", which has sent %" PRId64 " by the end of its log",
				other, theirs->received, shard, ours->sent);
		if (ours->received < theirs->answered)
			complain("shard %" PRIu32 " has an answer to number %" PRId64
				 " from shard %" PRIu32 ", which has received %" PRId64
				 " by the end of its log",
				other, theirs->answered, shard, ours->received);
		if (ours->answered < theirs->confirmed)
			complain("shard %" PRIu32 " dropped its answers up to number %" PRId64
				 ", but shard %" PRIu32 " has those up to %" PRId64
				 " by the end of its log",
				other, theirs->confirmed, shard, ours->answered);
	}
	complain("between shards the logs contradict each other: one of them lost events, or "
		 "something else than Pinion wrote to the topic `internal`");
}

/* --- What is under way --- */

static int refused_order(const void *a, const void *b)
{
	const struct refused *one = a, *other = b;
	if (one->home != other->home)
		return one->home < other->home ? -1 : 1;
	return (one->number > other->number) - (one->number < other->number);
}

static struct flow *flow_of(struct side *side, uint32_t away, enum currency currency)
{
	for (size_t i = side->flow_count; i-- > 0 && side->flows[i].away == away;)
		if (side->flows[i].currency == currency)
			return &side->flows[i];
	side->flows = realloc(side->flows, (side->flow_count + 1) * sizeof *side->flows);
	assert(side->flows);
	side->flows[side->flow_count] = (struct flow){ .away = away, .currency = currency };
	return &side->flows[side->flow_count++];
}

/* What was received and not refused stands on the payee's account, and waits for nothing but its
 * answer. */
static bool flow_take(void *context, struct bytes key, struct bytes value)
{
	struct between *between = context;
	struct outbox sent;
	bool is_key = outbox_unkey(key, &sent);
	assert(is_key);
	outbox_unpack(value.at, &sent);
	uint32_t home = between->shard, other = (uint32_t)sent.shard;
	const struct side *away = &between->sides[other];
	struct refused wanted = { .home = home, .number = sent.number };
	const struct refused *refused =
		away->refused ? bsearch(&wanted, away->refused, away->refused_count,
					sizeof *away->refused, refused_order)
			      : NULL;
	if (refused && !id_equal(&refused->payment_id, &sent.payment_id))
		wrong(between,
			"shard %" PRIu32 " refused another payment than shard %" PRIu32
			" sent it as number %" PRId64,
			other, home, sent.number);
	if (sent.number <= away->routes[home].received && !refused)
		return true;
	struct flow *flow = flow_of(&between->sides[home], other, sent.currency);
	flow->count++;
	flow->refused += refused != NULL;
	flow->sum += amount_minor(sent.amount);
	transit_of(&between->sides[home], other, sent.currency)->balance -=
		amount_minor(sent.amount);
	return true;
}

int between_add(struct between *between, uint32_t shard, struct store *store, struct fault *fault)
{
	if (shard == 0)
		between->is_wrong = false;
	between->shard = shard;
	return table_read(between, store, TABLE_outbox, flow_take, fault);
}

static void flow_print(uint32_t home, const struct flow *flow)
{
	char sum[WIDE_TEXT_SIZE];
	wide_text(flow->sum, sum);
	(void)printf("  %s  %s minor units under way from shard %" PRIu32 " to shard %" PRIu32
		     ", in %" PRId64 " payments, %" PRId64 " of them refused there\n",
		currency_name(flow->currency), sum, home, flow->away, flow->count, flow->refused);
}

/* Both accounts of a pair, less what is under way in both directions. */
static void transit_check(struct between *between, uint32_t shard, const struct transit *transit)
{
	wide left = transit->balance +
		    transit_of(&between->sides[transit->other], shard, transit->currency)->balance;
	char text[WIDE_TEXT_SIZE];
	if (left == 0)
		return;
	wide_text(left, text);
	wrong(between,
		"shards %" PRIu32 " and %" PRIu32
		": their accounts of @transit in %s hold %s minor units more than is under way "
		"between them",
		shard, transit->other, currency_name(transit->currency), text);
}

/* So that each account of @transit has one on the other shard to be added up with. */
static void transits_pair(struct between *between)
{
	for (uint32_t shard = 0; shard < between->shards; shard++) {
		const struct side *side = &between->sides[shard];
		for (size_t i = 0; i < side->transit_count; i++)
			(void)transit_of(&between->sides[side->transits[i].other], shard,
				side->transits[i].currency);
	}
}

bool between_adds_up(struct between *between, bool is_quiet)
{
	int64_t count = 0;
	for (uint32_t shard = 0; shard < between->shards; shard++)
		for (size_t i = 0; i < between->sides[shard].flow_count; i++)
			count += between->sides[shard].flows[i].count;
	if (!is_quiet)
		(void)printf("all shards: %" PRId64 " payments under way between them\n", count);
	transits_pair(between);
	for (uint32_t shard = 0; shard < between->shards; shard++) {
		const struct side *side = &between->sides[shard];
		for (size_t i = 0; i < side->flow_count && !is_quiet; i++)
			flow_print(shard, &side->flows[i]);
		for (size_t i = 0; i < side->transit_count; i++)
			if (shard < side->transits[i].other)
				transit_check(between, shard, &side->transits[i]);
	}
	return !between->is_wrong;
}
