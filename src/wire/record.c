/* SPDX-License-Identifier: Apache-2.0 */
/* The record around an event: chain fields, input or timer, effects, balances; and marks. */
#include "wire/outcome.h"

struct scratch {
	struct texts texts;
	Pinion__V1__Input input;
	Pinion__V1__TimerCause timer;
	Pinion__V1__Effect effects[EFFECTS_PER_EVENT_MAX];
	Pinion__V1__Effect *effect_list[EFFECTS_PER_EVENT_MAX];
	Pinion__V1__Posting postings[EFFECTS_PER_EVENT_MAX];
	Pinion__V1__Amount amounts[EFFECTS_PER_EVENT_MAX];
	Pinion__V1__Balance balances[BALANCES_PER_EVENT_MAX];
	Pinion__V1__Balance *balance_list[BALANCES_PER_EVENT_MAX];
	struct outcome_scratch outcome;
};

/* What an event may say */

static bool digest_is_absent(const struct digest *digest)
{
	static const struct digest absent;
	return digest_equal(digest, &absent);
}

/* Only an outcome that answers a record tells whose it was. */
static bool input_is_blank(const struct event *event)
{
	return !event->has_command_id && id_is_absent(&event->command_id) &&
	       digest_is_absent(&event->digest) && event->party.size == 0 &&
	       event->initiator == INITIATOR_none && id_is_absent(&event->group_id) &&
	       event->reference.size == 0;
}

static bool input_is_sound(const struct event *event)
{
	if (event->kind == EVENT_ledger_opened) /* it answers nothing */
		return event->topic == TOPIC_none && event->offset == 0 &&
		       !event_is_timers(event) && input_is_blank(event);
	if (event->topic == TOPIC_none)
		return false;
	if (event_is_timers(event))
		return event->topic <= TOPIC_internal && input_is_blank(event);
	return event->topic <= TOPIC_internal &&
	       event->has_command_id == !id_is_absent(&event->command_id) &&
	       text64_is_sound(&event->party) && event->initiator <= INITIATOR_third_party &&
	       text64_is_sound(&event->reference);
}

static bool timer_is_sound(const struct timer *timer)
{
	if (timer->kind == TIMER_none)
		return timer->due_ms == 0 && id_is_absent(&timer->id);
	return timer->kind <= TIMER_command_ids && timer->due_ms >= 0;
}

static bool balance_is_sound(const struct event *event, unsigned place)
{
	const struct balance_after *after = &event->balances[place];
	const struct balances *balances = &after->balances;
	for (unsigned i = 0; i < place; i++)
		if (account_id_equal(&after->account, &event->balances[i].account))
			return false;
	return account_is_sound(&after->account) && after->currency != CURRENCY_none &&
	       !amount_is_negative(balances->debits_posted) &&
	       !amount_is_negative(balances->credits_posted) &&
	       !amount_is_negative(balances->debits_pending) &&
	       !amount_is_negative(balances->credits_pending);
}

static bool posting_is_sound(const struct event *event, const struct posting *posting)
{
	return posting->debit < event->balance_count && posting->credit < event->balance_count &&
	       posting->debit != posting->credit &&
	       event->balances[posting->debit].currency ==
		       event->balances[posting->credit].currency &&
	       posting->layer >= LAYER_posted && posting->layer <= LAYER_pending_lifted &&
	       posting->rail <= RAIL_book && !amount_is_negative(posting->amount);
}

static bool event_is_sound(const struct event *event)
{
	if (event->engine_time_ms < 0 || event->offset < 0 || !input_is_sound(event) ||
		!timer_is_sound(&event->timer) || event->balance_count > BALANCES_PER_EVENT_MAX ||
		event->effect_count > EFFECTS_PER_EVENT_MAX)
		return false;
	for (unsigned i = 0; i < event->balance_count; i++)
		if (!balance_is_sound(event, i))
			return false;
	for (unsigned i = 0; i < event->effect_count; i++)
		if (!posting_is_sound(event, &event->effects[i].posting))
			return false;
	return outcome_is_sound(event);
}

/* Writing */

static void input_put(struct scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
	Pinion__V1__Input *input = &scratch->input;
	pinion__v1__input__init(input);
	ret->input = input;
	input->topic = (Pinion__V1__Topic)event->topic;
	input->offset = event->offset;
	if (event_is_timers(event))
		return;
	if (event->has_command_id)
		input->command_id = binary_of_id(&event->command_id);
	input->digest = binary_of(event->digest.at, sizeof event->digest.at);
	input->party = texts_put64(&scratch->texts, &event->party);
	input->initiator = (Pinion__V1__Initiator)event->initiator;
	input->group_id = binary_of_id(&event->group_id);
	input->reference = texts_put64(&scratch->texts, &event->reference);
}

static void timer_put(struct scratch *scratch, const struct timer *timer, Pinion__V1__Event *ret)
{
	ret->timer = &scratch->timer;
	pinion__v1__timer_cause__init(ret->timer);
	ret->timer->kind = (Pinion__V1__TimerKind)timer->kind;
	ret->timer->due_ms = timer->due_ms;
	ret->timer->id = binary_of_id(&timer->id);
}

static void balances_put(struct scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
	for (unsigned i = 0; i < event->balance_count; i++) {
		const struct balance_after *after = &event->balances[i];
		Pinion__V1__Balance *balance = &scratch->balances[i];
		pinion__v1__balance__init(balance);
		balance->account = texts_put_account(&scratch->texts, &after->account);
		balance->currency = texts_put_currency(&scratch->texts, after->currency);
		balance->debits_posted_minor = amount_minor(after->balances.debits_posted);
		balance->credits_posted_minor = amount_minor(after->balances.credits_posted);
		balance->debits_pending_minor = amount_minor(after->balances.debits_pending);
		balance->credits_pending_minor = amount_minor(after->balances.credits_pending);
		scratch->balance_list[i] = balance;
	}
	ret->n_balances = event->balance_count;
	ret->balances = scratch->balance_list;
}

/* After the balances, whose texts it borrows. */
static void effects_put(struct scratch *scratch, const struct event *event, Pinion__V1__Event *ret)
{
	for (unsigned i = 0; i < event->effect_count; i++) {
		const struct posting *posting = &event->effects[i].posting;
		const Pinion__V1__Balance *debit = &scratch->balances[posting->debit];
		Pinion__V1__Posting *put = &scratch->postings[i];
		pinion__v1__posting__init(put);
		pinion__v1__amount__init(&scratch->amounts[i]);
		put->debit_account = debit->account;
		put->credit_account = scratch->balances[posting->credit].account;
		put->amount = &scratch->amounts[i];
		put->amount->minor = amount_minor(posting->amount);
		put->amount->currency = debit->currency;
		put->layer = (Pinion__V1__Layer)posting->layer;
		put->rail = (Pinion__V1__Rail)posting->rail;
		put->forced = posting->forced;

		Pinion__V1__Effect *effect = &scratch->effects[i];
		pinion__v1__effect__init(effect);
		effect->effect_case = PINION__V1__EFFECT__EFFECT_POSTING;
		effect->posting = put;
		scratch->effect_list[i] = effect;
	}
	ret->n_effects = event->effect_count;
	ret->effects = scratch->effect_list;
}

size_t event_encode(struct codec *codec, const struct event *event, const struct link *link,
	uint8_t ret[EVENT_SIZE_MAX])
{
	(void)codec;
	assert(!link->is_mark && link->term >= 1 && link->sequence >= 1);
	assert(link->sequence == event->sequence);
	assert(event_is_sound(event));
	struct scratch scratch;
	scratch.texts.used = 0;
	scratch.outcome.texts = &scratch.texts;

	Pinion__V1__Event put;
	pinion__v1__event__init(&put);
	put.shard = link->shard;
	put.term = link->term;
	put.sequence = link->sequence;
	put.previous_hash = binary_of(link->previous.at, HASH_SIZE);
	if (link->has_opened)
		put.opened_hash = binary_of(link->opened.at, HASH_SIZE);
	put.engine_time_ms = event->engine_time_ms;
	if (event->topic != TOPIC_none)
		input_put(&scratch, event, &put);
	if (event_is_timers(event))
		timer_put(&scratch, &event->timer, &put);
	balances_put(&scratch, event, &put);
	effects_put(&scratch, event, &put);
	outcome_put(&scratch.outcome, event, &put);

	Pinion__V1__EventRecord record;
	pinion__v1__event_record__init(&record);
	record.record_case = PINION__V1__EVENT_RECORD__RECORD_EVENT;
	record.event = &put;
	size_t size = protobuf_c_message_pack(&record.base, ret);
	assert(size <= event_bound(event->kind));
	return size;
}

size_t mark_encode(struct codec *codec, const struct link *link, uint8_t ret[EVENT_SIZE_MAX])
{
	(void)codec;
	assert(link->is_mark && link->term >= 1 && !id_is_absent(&link->incarnation));
	Pinion__V1__ShardOpened put;
	pinion__v1__shard_opened__init(&put);
	put.shard = link->shard;
	put.term = link->term;
	put.incarnation = binary_of_id(&link->incarnation);
	Pinion__V1__EventRecord record;
	pinion__v1__event_record__init(&record);
	record.record_case = PINION__V1__EVENT_RECORD__RECORD_SHARD_OPENED;
	record.shard_opened = &put;
	return protobuf_c_message_pack(&record.base, ret);
}

/* Reading */

/* Absent, or of its whole size. */
static bool binary_get(void *ret, size_t size, ProtobufCBinaryData binary)
{
	if (binary.len != 0 && binary.len != size)
		return false;
	if (binary.len != 0)
		memcpy(ret, binary.data, size);
	return true;
}

static bool input_get(const Pinion__V1__Input *input, struct event *ret)
{
	if (!input)
		return true;
	ret->topic = (enum topic)input->topic;
	ret->offset = input->offset;
	ret->has_command_id = input->command_id.len != 0;
	text64_of(&ret->party, input->party);
	ret->initiator = (enum initiator)input->initiator;
	text64_of(&ret->reference, input->reference);
	return ret->topic != TOPIC_none && (input->digest.len == 0) == event_is_timers(ret) &&
	       binary_get(ret->command_id.at, sizeof ret->command_id.at, input->command_id) &&
	       binary_get(ret->digest.at, sizeof ret->digest.at, input->digest) &&
	       binary_get(ret->group_id.at, sizeof ret->group_id.at, input->group_id);
}

static bool timer_get(const Pinion__V1__TimerCause *timer, struct timer *ret)
{
	if (!timer)
		return true;
	ret->kind = (enum timer_kind)timer->kind;
	ret->due_ms = timer->due_ms;
	return ret->kind != TIMER_none && binary_get(ret->id.at, sizeof ret->id.at, timer->id);
}

static bool balances_get(const Pinion__V1__Event *record, struct event *ret)
{
	if (record->n_balances > BALANCES_PER_EVENT_MAX)
		return false;
	for (unsigned i = 0; i < record->n_balances; i++) {
		const Pinion__V1__Balance *balance = record->balances[i];
		struct balance_after *after = &ret->balances[i];
		if (!account_id_parse_any(
			    &after->account, balance->account, strlen(balance->account)))
			return false;
		after->currency = currency_of_text(balance->currency);
		after->balances = (struct balances){
			.debits_posted = amount_of(balance->debits_posted_minor),
			.credits_posted = amount_of(balance->credits_posted_minor),
			.debits_pending = amount_of(balance->debits_pending_minor),
			.credits_pending = amount_of(balance->credits_pending_minor),
		};
	}
	ret->balance_count = (uint8_t)record->n_balances;
	return true;
}

/* The account's place among the balances; past their end where it has none. */
static uint8_t place_of(const struct event *event, const char *account)
{
	size_t size = strlen(account);
	uint8_t i = 0;
	for (; i < event->balance_count; i++) {
		const struct account_id *id = &event->balances[i].account;
		if (id->size == size && memcmp(id->at, account, size) == 0)
			break;
	}
	return i;
}

static bool posting_get(
	const Pinion__V1__Effect *effect, const struct event *event, struct posting *ret)
{
	if (effect->effect_case != PINION__V1__EFFECT__EFFECT_POSTING || !effect->posting->amount)
		return false;
	const Pinion__V1__Posting *posting = effect->posting;
	*ret = (struct posting){
		.debit = place_of(event, posting->debit_account),
		.credit = place_of(event, posting->credit_account),
		.layer = (enum layer)posting->layer,
		.rail = (enum rail)posting->rail,
		.forced = posting->forced,
		.amount = amount_of(posting->amount->minor),
	};
	return ret->debit < event->balance_count &&
	       strcmp(posting->amount->currency,
		       currency_name(event->balances[ret->debit].currency)) == 0;
}

static bool effects_get(const Pinion__V1__Event *record, struct event *ret)
{
	if (record->n_effects > EFFECTS_PER_EVENT_MAX)
		return false;
	for (unsigned i = 0; i < record->n_effects; i++)
		if (!posting_get(record->effects[i], ret, &ret->effects[i].posting))
			return false;
	ret->effect_count = (uint8_t)record->n_effects;
	return true;
}

static bool event_get(const Pinion__V1__Event *record, struct event *ret)
{
	ret->kind = (enum event_kind)record->outcome_case;
	ret->sequence = record->sequence;
	ret->engine_time_ms = record->engine_time_ms;
	return timer_get(record->timer, &ret->timer) && input_get(record->input, ret) &&
	       balances_get(record, ret) && effects_get(record, ret) && outcome_get(record, ret) &&
	       event_is_sound(ret);
}

enum decode_result event_decode(
	struct codec *codec, struct bytes record, struct event *ret_event, struct link *ret_link)
{
	memset(ret_event, 0, sizeof *ret_event);
	struct text64 detail;
	enum strict_result strict =
		strict_check(&pinion__v1__event_record__descriptor, record, &detail);
	enum decode_result linked = link_decode(record, ret_link);
	if (strict == STRICT_BROKEN || linked == DECODE_BROKEN)
		return DECODE_BROKEN;
	if (strict == STRICT_UNKNOWN)
		return DECODE_UNKNOWN;
	if (record.size > EVENT_SIZE_MAX)
		return DECODE_BROKEN;
	if (ret_link->is_mark)
		return DECODE_OK;

	ProtobufCMessage *message =
		codec_unpack(codec, &pinion__v1__event_record__descriptor, record);
	const Pinion__V1__EventRecord *read = (const Pinion__V1__EventRecord *)message;
	return read && event_get(read->event, ret_event) ? DECODE_OK : DECODE_BROKEN;
}
