/* SPDX-License-Identifier: Apache-2.0 */
/* The record around an event: chain fields, input or timer, effects, balances; and marks. */
#include "wire/outcome.h"

#include "wire/codec.h"

/* What an event may say: each answers the first field that is wrong, or NULL. */

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
	       event->reference.size == 0 && !event->dry_run;
}

static const char *input_wrong(const struct event *event)
{
	if (event_answers_nothing(event->kind)) {
		bool is_absent = event->topic == TOPIC_none && event->offset == 0 &&
				 !event_is_timers(event) && input_is_blank(event);
		return is_absent ? NULL : "input, of an event that answers none";
	}
	if (event->topic == TOPIC_none || !topic_is_known((int32_t)event->topic))
		return "input.topic";
	if (event_is_timers(event))
		return input_is_blank(event) ? NULL : "input, of a timer's event";
	if (event->has_command_id == id_is_absent(&event->command_id))
		return "input.command_id";
	if (event->party.size > sizeof event->party.at)
		return "input.party";
	if (event->initiator != INITIATOR_none && !initiator_is_known((int32_t)event->initiator))
		return "input.initiator";
	return event->reference.size > sizeof event->reference.at ? "input.reference" : NULL;
}

static bool timer_is_sound(const struct timer *timer)
{
	if (timer->kind == TIMER_KIND_none)
		return timer->due_ms == 0 && id_is_absent(&timer->id);
	return timer_kind_is_known((int32_t)timer->kind) && timer->due_ms >= 0;
}

static const char *balance_wrong(const struct event *event, unsigned place)
{
	const struct balance_after *after = &event->balances[place];
	const struct balances *balances = &after->balances;
	for (unsigned i = 0; i < place; i++)
		if (account_id_equal(&after->account, &event->balances[i].account))
			return "balances.account, which stands there twice";
	if (!account_id_is_sound(&after->account))
		return "balances.account";
	if (after->currency == CURRENCY_none)
		return "balances.currency";
	bool is_negative = amount_is_negative(balances->debits_posted) ||
			   amount_is_negative(balances->credits_posted) ||
			   amount_is_negative(balances->debits_pending) ||
			   amount_is_negative(balances->credits_pending);
	return is_negative ? "balances, a total below zero" : NULL;
}

static const char *posting_wrong(const struct event *event, const struct posting *posting)
{
	if (!posting_places_are_sound(event, posting))
		return "effects.posting, its accounts";
	if (event_debited(event, posting)->currency != event_credited(event, posting)->currency)
		return "effects.posting, the currency of its accounts";
	if (!layer_is_known((int32_t)posting->layer))
		return "effects.posting.layer";
	if (posting->rail != RAIL_none && !rail_is_known((int32_t)posting->rail))
		return "effects.posting.rail";
	return amount_is_negative(posting->amount) ? "effects.posting.amount" : NULL;
}

static const char *remittance_wrong(const struct event *event, const struct remittance *remittance)
{
	if (remittance->from_place - 1 >= event->balance_count)
		return "effects.remittance, its account";
	if (remittance->number < 1)
		return "effects.remittance.number";
	if (!amount_is_positive(remittance->amount))
		return "effects.remittance.amount";
	if (!account_id_is_sound(&remittance->to_account))
		return "effects.remittance.to_account";
	return purpose_is_known((int32_t)remittance->purpose) ? NULL : "effects.remittance.purpose";
}

static const char *settlement_wrong(const struct settlement *settlement)
{
	if (settlement->number < 1)
		return "effects.settlement.number";
	return id_is_absent(&settlement->payment_id) ? "effects.settlement.payment_id" : NULL;
}

static const char *effect_wrong(const struct event *event, const struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_posting:
		return posting_wrong(event, &effect->posting);
	case EFFECT_remittance:
		return remittance_wrong(event, &effect->remittance);
	case EFFECT_settlement:
		return settlement_wrong(&effect->settlement);
	case EFFECT_none:
		break;
	}
	return "effects, one without an effect";
}

static const char *event_wrong(const struct event *event)
{
	if (event->engine_time_ms < 0)
		return "engine_time_ms";
	if (event->offset < 0)
		return "input.offset";
	const char *wrong = input_wrong(event);
	if (wrong)
		return wrong;
	if (!timer_is_sound(&event->timer))
		return "timer";
	if (event->balance_count > BALANCES_PER_EVENT_MAX)
		return "balances, too many";
	if (event->effect_count > EFFECTS_PER_EVENT_MAX)
		return "effects, too many";
	for (unsigned i = 0; i < event->balance_count; i++)
		if ((wrong = balance_wrong(event, i)))
			return wrong;
	for (unsigned i = 0; i < event->effect_count; i++)
		if ((wrong = effect_wrong(event, &event->effects[i])))
			return wrong;
	return event_body_wrong(event);
}

/* Where its fields go: into the event (noun 0), and beside it (noun 1) */

#define IN_EVENT(member) .offset = offsetof(struct event, member)
#define BESIDE(member) .noun = 1, .offset = offsetof(struct event_extra, member)
#define WHERE(member) .noun = 1, .second = offsetof(struct event_extra, member)

static const struct binding input_bindings[] = {
	{ .number = 1, .bind = BIND_ENUM, IN_EVENT(topic) },
	{ .number = 2, .bind = BIND_I64, IN_EVENT(offset) },
	{ .number = 3, .bind = BIND_ID, IN_EVENT(command_id) },
	{ .number = 4,
		.bind = BIND_DIGEST_IF,
		IN_EVENT(digest),
		.second = offsetof(struct event_extra, has_digest) },
	{ .number = 5, .bind = BIND_TEXT64, IN_EVENT(party) },
	{ .number = 6, .bind = BIND_ENUM, IN_EVENT(initiator) },
	{ .number = 7, .bind = BIND_ID, IN_EVENT(group_id) },
	{ .number = 8, .bind = BIND_TEXT64, IN_EVENT(reference) },
	{ .number = 9, .bind = BIND_BOOL, IN_EVENT(dry_run) },
};
static const struct message_binding input_binding = {
	.descriptor = &pinion__v1__input__descriptor,
	BINDINGS_OF(input_bindings),
};

static const struct binding timer_bindings[] = {
	{ .number = 1, .bind = BIND_ENUM, IN_EVENT(timer.kind) },
	{ .number = 2, .bind = BIND_I64, IN_EVENT(timer.due_ms) },
	{ .number = 3, .bind = BIND_ID, IN_EVENT(timer.id) },
};
static const struct message_binding timer_binding = {
	.descriptor = &pinion__v1__timer_cause__descriptor,
	BINDINGS_OF(timer_bindings),
};

#define IN_EFFECT(member) .offset = offsetof(struct effect, member)
static const struct binding posting_bindings[] = {
	{ .number = 1, .bind = BIND_U32, IN_EFFECT(posting.debit_place) },
	{ .number = 2, .bind = BIND_U32, IN_EFFECT(posting.credit_place) },
	{ .number = 3, .bind = BIND_I64, IN_EFFECT(posting.amount) },
	{ .number = 4, .bind = BIND_ENUM, IN_EFFECT(posting.layer) },
	{ .number = 5, .bind = BIND_ENUM, IN_EFFECT(posting.rail) },
	{ .number = 6, .bind = BIND_BOOL, IN_EFFECT(posting.forced) },
};
static const struct message_binding posting_binding = {
	.descriptor = &pinion__v1__posting__descriptor,
	BINDINGS_OF(posting_bindings),
};
static const struct binding remittance_bindings[] = {
	{ .number = 1, .bind = BIND_U32, IN_EFFECT(remittance.shard) },
	{ .number = 2, .bind = BIND_I64, IN_EFFECT(remittance.number) },
	{ .number = 3, .bind = BIND_U32, IN_EFFECT(remittance.from_place) },
	{ .number = 4, .bind = BIND_ACCOUNT_ANY, IN_EFFECT(remittance.to_account) },
	{ .number = 5, .bind = BIND_I64, IN_EFFECT(remittance.amount) },
	{ .number = 6,
		.bind = BIND_CHOICE,
		IN_EFFECT(remittance.purpose),
		.message = &purpose_binding },
};
static const struct message_binding remittance_binding = {
	.descriptor = &pinion__v1__remittance__descriptor,
	BINDINGS_OF(remittance_bindings),
};
static const struct binding settlement_bindings[] = {
	{ .number = 1, .bind = BIND_I64, IN_EFFECT(settlement.number) },
	{ .number = 2, .bind = BIND_ID, IN_EFFECT(settlement.payment_id) },
	{ .number = 3, .bind = BIND_ID, IN_EFFECT(settlement.group_id) },
};
static const struct message_binding settlement_binding = {
	.descriptor = &pinion__v1__settlement__descriptor,
	BINDINGS_OF(settlement_bindings),
};
#define EFFECT(name)                                                                \
	{                                                                           \
		.number = EFFECT_##name, .bind = BIND_ARM,                          \
		.second = offsetof(struct effect, kind), .message = &name##_binding \
	}
static const struct binding effect_bindings[] = { EFFECT(posting), EFFECT(remittance),
	EFFECT(settlement) };
#undef EFFECT
static const uint16_t effect_arm_places[EFFECT_LAST + 1] = {
	[EFFECT_posting] = 1,
	[EFFECT_remittance] = 2,
	[EFFECT_settlement] = 3,
};
static const struct message_binding effect_binding = {
	.descriptor = &pinion__v1__effect__descriptor,
	BINDINGS_OF(effect_bindings),
	.arms = EFFECT_LAST,
	.arm_places = effect_arm_places,
	.arm_last = EFFECT_LAST,
};

#define IN_BALANCE(member) .offset = offsetof(struct balance_after, member)
static const struct binding balance_bindings[] = {
	{ .number = 1, .bind = BIND_ACCOUNT_ANY, IN_BALANCE(account) },
	{ .number = 2, .bind = BIND_CURRENCY, IN_BALANCE(currency) },
	{ .number = 3, .bind = BIND_I64, IN_BALANCE(balances.debits_posted) },
	{ .number = 4, .bind = BIND_I64, IN_BALANCE(balances.credits_posted) },
	{ .number = 5, .bind = BIND_I64, IN_BALANCE(balances.debits_pending) },
	{ .number = 6, .bind = BIND_I64, IN_BALANCE(balances.credits_pending) },
};
static const struct message_binding balance_binding = {
	.descriptor = &pinion__v1__balance__descriptor,
	BINDINGS_OF(balance_bindings),
};

static const struct binding trial_bindings[] = {
	{ .number = 1,
		.bind = BIND_LIST,
		BESIDE(effects),
		.second = offsetof(struct event_extra, effect_count),
		.list_max = EFFECTS_PER_EVENT_MAX,
		.stride = sizeof(struct effect),
		.message = &effect_binding },
	{ .number = 2,
		.bind = BIND_LIST,
		BESIDE(balances),
		.second = offsetof(struct event_extra, balance_count),
		.list_max = BALANCES_PER_EVENT_MAX,
		.stride = sizeof(struct balance_after),
		.message = &balance_binding },
};
static const struct message_binding trial_binding = {
	.descriptor = &pinion__v1__trial__descriptor,
	BINDINGS_OF(trial_bindings),
};

static const struct binding event_bindings[] = {
	{ .number = 1, .bind = BIND_U32, BESIDE(link.shard) },
	{ .number = 2, .bind = BIND_I64, BESIDE(link.term) },
	{ .number = 3, .bind = BIND_I64, BESIDE(link.sequence) },
	{ .number = 4,
		.bind = BIND_HASH_IF,
		BESIDE(link.previous),
		.second = offsetof(struct event_extra, has_previous) },
	{ .number = 5,
		.bind = BIND_HASH_IF,
		BESIDE(link.opened),
		.second = offsetof(struct event_extra, link.has_opened) },
	{ .number = 6, .bind = BIND_I64, IN_EVENT(engine_time_ms) },
	{ .number = 7, .bind = BIND_MESSAGE, WHERE(has_input), .message = &input_binding },
	{ .number = 8, .bind = BIND_MESSAGE, WHERE(has_timer), .message = &timer_binding },
	{ .number = 9,
		.bind = BIND_LIST,
		IN_EVENT(effects),
		.second = offsetof(struct event, effect_count),
		.list_max = EFFECTS_PER_EVENT_MAX,
		.stride = sizeof(struct effect),
		.message = &effect_binding },
	{ .number = 10,
		.bind = BIND_LIST,
		IN_EVENT(balances),
		.second = offsetof(struct event, balance_count),
		.list_max = BALANCES_PER_EVENT_MAX,
		.stride = sizeof(struct balance_after),
		.message = &balance_binding },
	{ .number = 11, .bind = BIND_MESSAGE, WHERE(has_trial), .message = &trial_binding },
#define EVENT(arm, name, file)                          \
	{ .number = (arm),                              \
		.bind = BIND_ARM,                       \
		.second = offsetof(struct event, kind), \
		.message = &name##_binding },
#include "ledger/events.def"
#undef EVENT
};
static const struct message_binding event_binding = {
	.descriptor = &pinion__v1__event__descriptor,
	BINDINGS_OF(event_bindings),
	.arms = EVENT_COUNT,
	.arm_places = event_arm_places,
	.arm_last = EVENT_LAST,
};

static const struct binding mark_bindings[] = {
	{ .number = 1, .bind = BIND_U32, BESIDE(link.shard) },
	{ .number = 2, .bind = BIND_I64, BESIDE(link.term) },
	{ .number = 3, .bind = BIND_ID, BESIDE(link.incarnation) },
};
static const struct message_binding mark_binding = {
	.descriptor = &pinion__v1__shard_opened__descriptor,
	BINDINGS_OF(mark_bindings),
};

static const struct binding record_bindings[] = {
	{ .number = 1, .bind = BIND_MESSAGE, WHERE(is_event), .message = &event_binding },
	{ .number = 2, .bind = BIND_MESSAGE, WHERE(is_mark), .message = &mark_binding },
};
const struct message_binding event_record_binding = {
	.descriptor = &pinion__v1__event_record__descriptor,
	BINDINGS_OF(record_bindings),
};

/* Writing */

/* What an event that was only tried does not do, and the event without it. */
static void trial_set_apart(
	const struct event *event, struct event_extra *ret, struct event *ret_bare)
{
	ret->effect_count = event->effect_count;
	ret->balance_count = event->balance_count;
	memcpy(ret->effects, event->effects, event->effect_count * sizeof ret->effects[0]);
	memcpy(ret->balances, event->balances, event->balance_count * sizeof ret->balances[0]);
	memcpy(ret_bare, event, offsetof(struct event, effects));
	ret_bare->effect_count = ret_bare->balance_count = 0;
}

/* It is written from the end of a room that is large enough for any. */
static size_t record_write(
	const struct event *event, const struct event_extra *extra, uint8_t ret[EVENT_SIZE_MAX])
{
	uint8_t room[EVENT_SIZE_MAX];
	const uint8_t *const nouns[BINDING_NOUNS] = { (const void *)event, (const void *)extra };
	const uint8_t *at = message_write(&event_record_binding, nouns, room + sizeof room);
	size_t size = (size_t)(room + sizeof room - at);
	memcpy(ret, at, size);
	return size;
}

size_t event_encode(struct codec *codec, const struct event *event, const struct link *link,
	uint8_t ret[EVENT_SIZE_MAX])
{
	(void)codec;
	assert(!link->is_mark && link->term >= 1 && link->sequence >= 1);
	assert(link->sequence == event->sequence);
	const char *wrong = event_wrong(event);
	if (wrong) /* an assert that says of what */
		__assert_fail(wrong, __FILE__, __LINE__, __func__);
	struct event_extra extra;
	extra.is_event = true;
	extra.is_mark = false;
	extra.has_previous = true;
	extra.has_input = event->topic != TOPIC_none;
	extra.has_timer = event_is_timers(event);
	extra.has_digest = !extra.has_timer;
	extra.link = *link;
	if (event->kind == EVENT_command_rejected)
		extra.retry_hint = reject_retry(event->command_rejected.reject);
	extra.has_trial = event->dry_run && event->balance_count > 0;
	size_t size;
	if (extra.has_trial) {
		struct event bare;
		trial_set_apart(event, &extra, &bare);
		size = record_write(&bare, &extra, ret);
	} else {
		size = record_write(event, &extra, ret);
	}
	assert(size <= event_bound(event->kind));
	return size;
}

size_t mark_encode(struct codec *codec, const struct link *link, uint8_t ret[EVENT_SIZE_MAX])
{
	(void)codec;
	assert(link->is_mark && link->term >= 1 && !id_is_absent(&link->incarnation));
	struct event_extra extra = { .is_mark = true, .link = *link };
	return record_write(NULL, &extra, ret);
}

/* Reading */

/* False: it would do what was only tried, or tried what it did. */
static bool trial_take(const struct event_extra *extra, struct event *ret)
{
	if (ret->dry_run != extra->has_trial)
		return !extra->has_trial && ret->effect_count + ret->balance_count == 0;
	if (!ret->dry_run)
		return true;
	if (ret->effect_count + ret->balance_count != 0 || extra->balance_count == 0)
		return false;
	ret->effect_count = extra->effect_count;
	ret->balance_count = extra->balance_count;
	memcpy(ret->effects, extra->effects, extra->effect_count * sizeof ret->effects[0]);
	memcpy(ret->balances, extra->balances, extra->balance_count * sizeof ret->balances[0]);
	return true;
}

/* As link_decode has it. */
static bool link_is_sound(const struct event_extra *extra)
{
	const struct link *link = &extra->link;
	if (extra->is_mark)
		return link->term >= 1 && !id_is_absent(&link->incarnation);
	return extra->is_event && link->term >= 1 && link->sequence >= 1 && extra->has_previous;
}

/* What the nouns alone would not show any more. */
static bool extra_is_sound(const struct event_extra *extra, const struct event *event)
{
	return extra->has_input == (event->topic != TOPIC_none) &&
	       extra->has_timer == event_is_timers(event) &&
	       (event->kind != EVENT_command_rejected ||
		       retry_is_known((int32_t)extra->retry_hint)) &&
	       (!extra->has_input || extra->has_digest == !event_is_timers(event));
}

enum decode_result event_decode(
	struct codec *codec, struct bytes record, struct event *ret_event, struct link *ret_link)
{
	(void)codec;
	event_clear(ret_event);
	struct event_extra extra;
	memset(&extra, 0, offsetof(struct event_extra, effects));
	uint8_t *const nouns[BINDING_NOUNS] = { (void *)ret_event, (void *)&extra };
	struct text64 detail;
	bool fits;
	enum strict_result strict =
		message_read(&event_record_binding, record, nouns, &fits, &detail);
	if (strict == STRICT_BROKEN || !link_is_sound(&extra))
		return DECODE_BROKEN;
	*ret_link = extra.link;
	ret_link->is_mark = extra.is_mark;
	/* Both readers say the same of the link: it comes seldom, so it may be read again. */
	if (strict == STRICT_UNKNOWN)
		return link_decode(record, ret_link) == DECODE_BROKEN ? DECODE_BROKEN
								      : DECODE_UNKNOWN;
	if (record.size > EVENT_SIZE_MAX)
		return DECODE_BROKEN;
	if (extra.is_mark)
		return fits ? DECODE_OK : DECODE_BROKEN;
	ret_event->sequence = extra.link.sequence;
	ret_event->has_command_id = !id_is_absent(&ret_event->command_id);
	return fits && trial_take(&extra, ret_event) && extra_is_sound(&extra, ret_event) &&
			       !event_wrong(ret_event)
		       ? DECODE_OK
		       : DECODE_BROKEN;
}
