/* SPDX-License-Identifier: Apache-2.0 */
/* What must come of a table's step, and the steps that only look. */
#include "table.h"

#include "state/keys.h"

#include <stdio.h>
#include <stdlib.h>

static const char *word_next(struct words *words)
{
	return words->next < words->count ? words->at[words->next++] : "";
}

static bool word_is(struct words *words, const char *word)
{
	if (words->next >= words->count || strcmp(words->at[words->next], word) != 0)
		return false;
	words->next++;
	return true;
}

/* Adds to the error what really came. */
static bool differs(struct sheet *table, const char *what, const struct event *event)
{
	char text[EVENT_TEXT_SIZE];
	event_text(event, text);
	return table_wrong(table, "%s; it was: %s", what, text);
}

static bool sequence_read(
	struct sheet *table, struct words *words, int64_t *ret_sequence, bool *ret_is_right)
{
	const char *name = word_next(words);
	const struct label *label = label_find(table, name);
	*ret_is_right = label || *name == '#';
	*ret_sequence = label ? label->first_sequence : strtoll(name + (*name == '#'), NULL, 10);
	return *ret_is_right || table_wrong(table, "no label: %s", name);
}

static bool expect_reject(struct sheet *table, struct words *words, const struct event *event)
{
	const struct event_command_rejected *rejected = &event->command_rejected;
	struct amount required = AMOUNT_ZERO, available = AMOUNT_ZERO;
	struct text64 detail = { 0 };
	int64_t first = 0;
	const char *name = word_next(words);
	if (event->kind != EVENT_command_rejected ||
		strcmp(reject_name(rejected->reject), name) != 0)
		return differs(table, "not that reject", event);
	while (words->next < words->count) {
		bool is_right = false;
		if (word_is(words, "required")) {
			is_right = amount_read(word_next(words), rejected->currency, &required);
		} else if (word_is(words, "available")) {
			is_right = amount_read(word_next(words), rejected->currency, &available);
			if (is_right &&
				strcmp(word_next(words), currency_name(rejected->currency)) != 0)
				return differs(table, "not in that currency", event);
		} else if (word_is(words, "first")) {
			(void)sequence_read(table, words, &first, &is_right);
		} else if (word_is(words, "detail")) {
			const char *text = word_next(words);
			text64_set(&detail, text, strlen(text));
			is_right = true;
		} else if (word_is(words, "retry")) {
			is_right = strcmp(word_next(words),
					   retry_name(reject_retry(rejected->reject))) == 0;
			if (!is_right)
				return differs(table, "not that retry hint", event);
		}
		if (!is_right)
			return table_wrong(table, "not understood: %s", words->at[words->next - 1]);
	}
	if (rejected->first_sequence != first)
		return differs(table, "not that first sequence", event);
	if (!text64_equal(&rejected->detail, &detail))
		return differs(table, "not that detail", event);
	if (amount_compare(rejected->required, required) != 0 ||
		amount_compare(rejected->available, available) != 0)
		return differs(table, "not those amounts", event);
	return true;
}

static bool expect_repeated(struct sheet *table, struct words *words, const struct event *event)
{
	const struct event_command_repeated *repeated = &event->command_repeated;
	int64_t first = 0;
	bool is_right;
	if (!word_is(words, "of") || !sequence_read(table, words, &first, &is_right))
		return table_wrong(table, "command_repeated of whom?");
	if (repeated->first_sequence != first)
		return differs(table, "not that first sequence", event);
	if (word_is(words, "reject")) {
		if (repeated->first_outcome != EVENT_command_rejected ||
			strcmp(reject_name(repeated->first_reject), word_next(words)) != 0)
			return differs(table, "not that first reject", event);
	} else if (strcmp(event_name(repeated->first_outcome), word_next(words)) != 0 ||
		   repeated->first_reject != REJECT_none) {
		return differs(table, "not that first outcome", event);
	}
	return true;
}

static bool expect_amount(struct sheet *table, struct words *words, enum currency currency,
	struct amount amount, const struct event *event)
{
	struct amount expected;
	if (!amount_read(word_next(words), currency, &expected))
		return table_wrong(table, "no amount");
	return amount_compare(expected, amount) == 0 || differs(table, "not that amount", event);
}

static bool expect_posted(
	struct sheet *table, struct words *words, const struct event *event, unsigned place)
{
	const struct posting *posting = &event->effects[place].posting;
	if (place >= event->effect_count)
		return differs(table, "no such posting", event);
	return expect_amount(
		table, words, event_debited(event, posting)->currency, posting->amount, event);
}

/* What an event about money between shards says, and 0 where it says no such thing. */
struct between_shards {
	uint32_t shard;
	int64_t number; /* the last */
	enum reject reason;
	const struct id *payment_id;
};

static struct between_shards between_shards(const struct event *event)
{
	struct between_shards ret = { 0 };
	if (event->kind == EVENT_transfer_sent)
		ret = (struct between_shards){ event->effects[1].remittance.shard,
			event->effects[1].remittance.number, REJECT_none, &event->command_id };
	else if (event->kind == EVENT_payment_received)
		ret = (struct between_shards){ event->payment_received.home_shard,
			event->payment_received.number, REJECT_none,
			&event->payment_received.payment_id };
	else if (event->kind == EVENT_remittance_refused)
		ret = (struct between_shards){ event->remittance_refused.home_shard,
			event->remittance_refused.number, event->remittance_refused.reason,
			&event->remittance_refused.payment_id };
	else if (event->kind == EVENT_remittance_settled)
		ret = (struct between_shards){ event->remittance_settled.away_shard,
			event->remittance_settled.last_number, REJECT_none, NULL };
	else if (event->kind == EVENT_remittance_returned)
		ret = (struct between_shards){ event->remittance_returned.away_shard,
			event->remittance_returned.number, event->remittance_returned.reason,
			&event->remittance_returned.payment_id };
	else if (event->kind == EVENT_remittance_confirmed)
		ret = (struct between_shards){ event->remittance_confirmed.home_shard,
			event->remittance_confirmed.number, REJECT_none, NULL };
	else if (event->kind == EVENT_remittance_repeated)
		ret = (struct between_shards){ event->remittance_repeated.shard,
			event->remittance_repeated.number, REJECT_none, NULL };
	return ret;
}

/* `of T1`, and where it is one of a group `group G1`. */
static bool expect_settlements(struct sheet *table, struct words *words, const struct event *event)
{
	unsigned count = 0;
	while (word_is(words, "of")) {
		const struct settlement *settled = &event->effects[count++].settlement;
		const struct label *payment = label_find(table, word_next(words));
		struct id group = { 0 };
		if (word_is(words, "group")) {
			const struct label *label = label_find(table, word_next(words));
			if (!label)
				return table_wrong(table, "no label of that group");
			group = label->id;
		}
		if (count > event->effect_count || !payment ||
			!id_equal(&payment->id, &settled->payment_id) ||
			!id_equal(&group, &settled->group_id))
			return differs(table, "not that payment", event);
	}
	return count == 0 || count == event->effect_count ||
	       differs(table, "more payments than that", event);
}

/* `number 3`, `shard 2`, `for payee_account_is_closed`, `of T1`, `answer`. */
static bool expect_between_shards(
	struct sheet *table, struct words *words, const struct event *event)
{
	struct between_shards said = between_shards(event);
	bool is_answer = false;
	if (event->kind == EVENT_remittance_settled && !expect_settlements(table, words, event))
		return false;
	while (words->next < words->count) {
		bool is_right;
		if (word_is(words, "number")) {
			is_right = said.number == strtoll(word_next(words), NULL, 10);
		} else if (word_is(words, "shard")) {
			is_right = said.shard == strtoul(word_next(words), NULL, 10);
		} else if (word_is(words, "for")) {
			is_right = strcmp(reject_name(said.reason), word_next(words)) == 0;
		} else if (said.payment_id && word_is(words, "of")) {
			const struct label *label = label_find(table, word_next(words));
			is_right = label && id_equal(&label->id, said.payment_id);
		} else if (word_is(words, "answer")) {
			is_right = is_answer = true;
		} else {
			return table_wrong(table, "unexpected: %s", words->at[words->next]);
		}
		if (!is_right)
			return differs(table, words->at[words->next - 1], event);
	}
	bool was_answer =
		event->kind == EVENT_remittance_repeated && event->remittance_repeated.was_answer;
	return is_answer == was_answer || differs(table, "an answer or none", event);
}

static bool expect_facts(struct sheet *table, struct words *words, const struct event *event)
{
	while (words->next < words->count) {
		const struct event_hold_captured *captured = &event->hold_captured;
		bool is_capture = event->kind == EVENT_hold_captured, is_right = false;
		int64_t ms;
		if (is_capture && word_is(words, "captured"))
			is_right = expect_posted(table, words, event, 1);
		else if (is_capture && word_is(words, "released"))
			is_right = expect_amount(
				table, words, captured->currency, captured->released, event);
		else if (event->kind == EVENT_hold_released && word_is(words, "released"))
			is_right = expect_posted(table, words, event, 0);
		else if (event->kind == EVENT_transfer_posted && word_is(words, "own"))
			is_right = event->transfer_posted.own_accounts;
		else if (event->kind == EVENT_hold_created && word_is(words, "expires"))
			is_right = duration_read(word_next(words), &ms) &&
				   event->hold_created.expires_at_ms == event->engine_time_ms + ms;
		else
			return table_wrong(table, "unexpected: %s", words->at[words->next]);
		if (!is_right)
			return table->error[0] ? false : differs(table, "not that time", event);
	}
	return true;
}

static bool expect_outcome(
	struct sheet *table, struct words *words, enum command_kind kind, const struct event *event)
{
	if (word_is(words, "reject"))
		return expect_reject(table, words, event);
	const char *name = words->next < words->count ? word_next(words) : success_of(kind);
	if (strcmp(event_name(event->kind), name) != 0)
		return differs(table, "not that outcome", event);
	if (event->kind == EVENT_command_repeated && !expect_repeated(table, words, event))
		return false;
	if (between_shards(event).number != 0)
		return expect_between_shards(table, words, event);
	return expect_facts(table, words, event);
}

/* Timers' events that are still to come, of one kind. */
struct due {
	long left;
	enum event_kind kind;
};

/* A timer's event against `hold_expired LABEL`, `hold_expired x3`, `command_ids_dropped`. */
static bool expect_timer(
	struct sheet *table, struct words *words, const struct event *event, struct due *due)
{
	if (due->left > 0) {
		due->left--;
		return event->kind == due->kind || differs(table, "not so many", event);
	}
	if (!word_is(words, event_name(event->kind)))
		return differs(table, "unexpected", event);
	if (id_is_absent(&event->timer.id))
		return true;
	const char *name = word_next(words);
	if (*name == 'x') {
		*due = (struct due){ strtol(name + 1, NULL, 10) - 1, event->kind };
		return true;
	}
	const struct label *label = label_find(table, name);
	if (!label || !id_equal(&label->id, &event->timer.id))
		return differs(table, "another one's timer", event);
	return true;
}

/* Uses the id up. */
static bool is_first_outcome(const struct event *event)
{
	enum reject reject = event->kind == EVENT_command_rejected ? event->command_rejected.reject
								   : REJECT_none;
	return !event->dry_run && event->kind != EVENT_command_repeated &&
	       (reject == REJECT_none || reject_keeps_row(reject));
}

/* An input's timers, and its outcome. False: the world's books are wrong, or, in *is_right, not the
 * timers that were expected. */
static bool input_run(struct sheet *table, struct words *words, const struct command *command,
	enum topic topic, struct due *due, bool *is_right, struct event *ret)
{
	struct input input = {
		.topic = topic,
		.offset = table->offsets[topic]++,
		.record_time_ms = table->now_ms,
	};
	for (bool is_timer = true; is_timer;) {
		if (!world_next(&table->world, &input, command, ret, &is_timer))
			return table_wrong(table, "%s", table->world.error);
		if (is_timer && *is_right)
			*is_right = expect_timer(table, words, ret, due);
	}
	return true;
}

/* What a trial said and what came of it are the same, but where the id came before: then the trial
 * is another command under it. */
static bool trial_was_true(
	struct sheet *table, const struct event *tried, const struct event *event)
{
	struct event want = *event;
	bool is_repeat = event->kind == EVENT_command_repeated ||
			 (event->kind == EVENT_command_rejected &&
				 event->command_rejected.reject == REJECT_id_reused);
	if (is_repeat)
		return true;
	want.sequence = tried->sequence;
	want.offset = tried->offset;
	want.digest = tried->digest;
	want.dry_run = true;
	char wanted[EVENT_TEXT_SIZE], told[EVENT_TEXT_SIZE];
	event_text(&want, wanted);
	event_text(tried, told);
	if (tried->dry_run && strcmp(wanted, told) == 0)
		return true;
	return table_wrong(table, "tried, it would have been %s", told);
}

bool request_run(struct sheet *table, struct words *words, struct request *request)
{
	struct event event, tried;
	bool is_right = true, tries = table->tries && !request->command.dry_run &&
				      !command_is_of_shard(request->command.kind);
	struct due due = { 0 };
	if (tries) {
		struct command command = request->command;
		command.dry_run = true;
		command.digest.at[0] ^= 0xff;
		if (!input_run(table, words, &command, request->topic, &due, &is_right, &tried))
			return false;
	}
	if (!input_run(table, words, &request->command, request->topic, &due, &is_right, &event))
		return false;
	if (tries && !trial_was_true(table, &tried, &event))
		return false;
	if (request->label && request->label->first_sequence == 0 && is_first_outcome(&event))
		request->label->first_sequence = event.sequence;
	if (!is_right)
		return false;
	if (due.left > 0)
		return differs(table, "fewer timers fired", &event);
	return expect_outcome(table, words, request->command.kind, &event);
}

static bool look_amount(struct sheet *table, struct words *words, const char *what,
	enum currency currency, struct amount amount)
{
	struct amount expected;
	if (!amount_read(word_next(words), currency, &expected))
		return table_wrong(table, "no amount");
	if (amount_compare(amount, expected) == 0)
		return true;
	return table_wrong(table, "%s is %lld minor", what, (long long)amount_minor(amount));
}

static bool look_balance(struct sheet *table, struct words *words)
{
	struct account account;
	const char *name = word_next(words);
	if (!account_id_parse_any(&account.id, name, strlen(name)))
		return table_wrong(table, "no account: %s", name);
	struct state_key key = state_key_of(key_account(&account.id));
	const struct model_row *row =
		model_store_find(&table->world.live.store, (struct bytes){ key.at, key.size });
	if (!row)
		return table_wrong(table, "%s is not there", name);
	account_unpack(row->value, &account);

	const struct balances *b = &account.balances;
	bool is_asset = account.account_class == ACCOUNT_CLASS_asset, is_closed = false;
	bool is_right = true;
	while (is_right && words->next < words->count) {
		if (word_is(words, "posted"))
			is_right = look_amount(table, words, "posted", account.currency,
				account_posted(account.account_class, b));
		else if (word_is(words, "pending"))
			is_right = look_amount(table, words, "pending", account.currency,
				is_asset ? b->credits_pending : b->debits_pending);
		else if (word_is(words, "incoming"))
			is_right = look_amount(table, words, "incoming", account.currency,
				is_asset ? b->debits_pending : b->credits_pending);
		else if (word_is(words, "available"))
			is_right = look_amount(table, words, "available", account.currency,
				account_available(account.account_class, b));
		else if (word_is(words, "closed"))
			is_closed = true;
		else
			return table_wrong(table, "not understood: %s", word_next(words));
	}
	if (is_right && is_closed != account.is_closed)
		return table_wrong(table, "it is %s", account.is_closed ? "closed" : "open");
	return is_right;
}

static bool look_status(struct sheet *table, struct words *words)
{
	static const char *const names[] = { "", "open", "captured", "released", "expired" };
	const char *name = word_next(words);
	const struct label *label = label_find(table, name);
	if (!label)
		return table_wrong(table, "no label: %s", name);
	struct state_key key = state_key_of(key_hold(&label->id));
	const struct model_row *row =
		model_store_find(&table->world.live.store, (struct bytes){ key.at, key.size });
	if (!row)
		return table_wrong(table, "no hold of that id");
	struct hold hold = { 0 };
	hold_unpack(row->value, &hold);
	if (strcmp(names[hold.status], word_next(words)) != 0)
		return table_wrong(table, "it is %s", names[hold.status]);
	return true;
}

static bool look_rows(struct sheet *table, struct words *words)
{
	const char *name = word_next(words);
	uint8_t number = 0;
#define TABLE(table_number, table_name)     \
	if (strcmp(name, #table_name) == 0) \
		number = TABLE_##table_name;
#include "state/tables.def"
#undef TABLE
	if (number == 0)
		return table_wrong(table, "no table: %s", name);
	uint8_t after = (uint8_t)(number + 1);
	const struct model_store *store = &table->world.live.store;
	size_t count = model_store_from(store, (struct bytes){ &after, 1 }) -
		       model_store_from(store, (struct bytes){ &number, 1 });
	if (count != strtoul(word_next(words), NULL, 10))
		return table_wrong(table, "%zu rows stand there", count);
	return true;
}

/* A route that nothing went over yet is all zero, and has no row. */
static bool look_route(struct sheet *table, struct words *words)
{
	struct route route = { 0 };
	unsigned long shard = strtoul(word_next(words), NULL, 10);
	struct state_key key = key_route((int64_t)shard);
	const struct model_row *row =
		model_store_find(&table->world.live.store, (struct bytes){ key.at, key.size });
	if (row)
		route_unpack(row->value, &route);
	while (words->next < words->count) {
		const char *what = word_next(words);
		int64_t is = strcmp(what, "sent") == 0        ? route.sent
			     : strcmp(what, "answered") == 0  ? route.answered
			     : strcmp(what, "received") == 0  ? route.received
			     : strcmp(what, "confirmed") == 0 ? route.confirmed
			     : strcmp(what, "refused") == 0   ? (int64_t)route.refused
							      : -1;
		if (is < 0)
			return table_wrong(table, "not understood: %s", what);
		if (is != strtoll(word_next(words), NULL, 10))
			return table_wrong(table, "%s is %lld", what, (long long)is);
	}
	return true;
}

bool look_run(struct sheet *table, struct words *words)
{
	const char *name = word_next(words);
	if (strcmp(name, "balance") == 0)
		return look_balance(table, words);
	if (strcmp(name, "status") == 0)
		return look_status(table, words);
	if (strcmp(name, "route") == 0)
		return look_route(table, words);
	return look_rows(table, words);
}
