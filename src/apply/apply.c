/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

#include "apply/effects.h"
#include "apply/rule.h"

#include <assert.h>

/* Found by a table, so that an event costs the same however many there are. */
static const struct event_rule *rule_of(enum event_kind kind)
{
	static const struct event_rule *const rules[EVENT_LAST + 1] = {
#define EVENT(number, name, file) [EVENT_##name] = &file##_rule,
#include "ledger/events.def"
#undef EVENT
	};
	assert((unsigned)kind <= EVENT_LAST && rules[kind]);
	return rules[kind];
}

/* Rows that an event only writes need no loading. */
bool apply_is_loaded(const struct state *state, const struct event *event)
{
	const struct event_rule *rule = rule_of(event->kind);
	struct account account;
	for (uint8_t i = 0; i < event->balance_count; i++)
		(void)view_account(state, &event->balances[i].account, &account);
	effects_load(state, event);
	if (rule->load)
		rule->load(state, event);
	return !view_is_missing(state);
}

static bool time_goes_on(const struct head *head, const struct event *event)
{
	return event->engine_time_ms >= head->engine_time_ms &&
	       event->engine_time_ms <= ID_TIME_MS_MAX;
}

static bool order_is_sound(const struct head *head, const struct event *event)
{
	return event->sequence == head->sequence + 1 &&
	       (event->topic == TOPIC_none || (event->offset >= head->input_next[event->topic] &&
						      event->offset < INT64_MAX));
}

static bool effects_fit_kind(const struct event *event)
{
	if (event_settles(event->kind))
		return event->effect_count > 0 && event->balance_count == 0;
	return event_moves_money(event->kind) ? event->effect_count > 0
					      : event->effect_count + event->balance_count == 0;
}

bool apply_is_sound(const struct state *state, const struct event *event)
{
	const struct event_rule *rule = rule_of(event->kind);
	const struct head *head = view_head(state);
	if (!order_is_sound(head, event) || (!rule->sets_time && !time_goes_on(head, event)) ||
		rule->is_first != (view_ledger(state) == NULL) || !effects_fit_kind(event))
		return false;
	if (event_answers_nothing(event->kind) &&
		(event->topic != TOPIC_none || event_is_timers(event)))
		return false;
	return effects_are_sound(state, event) && (!rule->is_sound || rule->is_sound(state, event));
}

/* The id's first outcome is what its repeats are answered with. */
static void command_row_put(struct state *state, const struct event *event)
{
	enum reject reject = event->kind == EVENT_command_rejected ? event->command_rejected.reject
								   : REJECT_none;
	if (!event->has_command_id || event->dry_run || event->kind == EVENT_command_repeated ||
		(reject != REJECT_none && !reject_keeps_row(reject)))
		return;
	struct command_row row = {
		.id = event->command_id,
		.digest = event->digest,
		.sequence = event->sequence,
		.outcome = event->kind,
		.reject = reject,
		.topic = event->topic,
		.offset = event->offset,
	};
	mutate_command(state, &row);
}

static void head_move(struct state *state, const struct event *event)
{
	struct head *head = mutate_head(state);
	assert(event->sequence == head->sequence + 1);
	assert(event->engine_time_ms >= head->engine_time_ms); /* a restarted clock is set by now */
	head->sequence = event->sequence;
	head->engine_time_ms = event->engine_time_ms;
	if (event->topic == TOPIC_none)
		return;
	assert(event->offset >= head->input_next[event->topic]);
	if (event_is_timers(event)) {
		head->timers_fired++;
		head->timers_topic = event->topic;
	} else {
		struct witness witness = event_witness(event);
		head->timers_fired = 0;
		head->timers_topic = TOPIC_none;
		head->input_next[event->topic] = event->offset + 1;
		trail_add(&head->input_trail[event->topic], event->offset, &witness);
	}
}

void apply(struct state *state, const struct event *event)
{
	const struct event_rule *rule = rule_of(event->kind);
	if (event->effect_count > 0 && !event->dry_run)
		effects_apply(state, event);
	if (rule->change && !event->dry_run)
		rule->change(state, event);
	if (!event_is_timers(event) && event->topic != TOPIC_none)
		command_row_put(state, event);
	head_move(state, event);
}
