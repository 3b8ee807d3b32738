/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/apply.h"

#include <assert.h>

/* Which rows an event's function reads before it writes. Those it only writes need no loading. */
static const struct id *hold_read(const struct event *event)
{
	if (event->kind == EVENT_hold_captured)
		return &event->hold_captured.hold_id;
	if (event->kind == EVENT_hold_released)
		return &event->hold_released.hold_id;
	if (event->kind == EVENT_hold_expired)
		return &event->hold_expired.hold_id;
	return NULL;
}

bool apply_is_loaded(const struct state *state, const struct event *event)
{
	struct account account;
	struct hold hold;
	for (uint8_t i = 0; i < event->balance_count; i++)
		(void)view_account(state, &event->balances[i].account, &account);
	if (event->kind == EVENT_account_closed)
		(void)view_account(state, &event->account_closed.account, &account);
	if (hold_read(event))
		(void)view_hold(state, hold_read(event), &hold);
	return !view_is_missing(state);
}

static bool order_is_sound(const struct head *head, const struct event *event)
{
	return event->sequence == head->sequence + 1 &&
	       event->engine_time_ms >= head->engine_time_ms &&
	       (event->topic == TOPIC_none || event->offset >= head->input_next[event->topic]);
}

bool apply_is_sound(const struct state *state, const struct event *event)
{
	struct account account;
	struct hold hold;
	if (!order_is_sound(view_head(state), event) ||
		(event->kind == EVENT_ledger_opened) != (view_ledger(state) == NULL))
		return false;
	if (event->kind == EVENT_account_closed &&
		(view_account(state, &event->account_closed.account, &account) != ANSWER_PRESENT ||
			account.is_closed))
		return false;
	if (hold_read(event) && (view_hold(state, hold_read(event), &hold) != ANSWER_PRESENT ||
					hold.status != HOLD_open))
		return false;
	if (event->kind == EVENT_command_ids_dropped &&
		event->command_ids_dropped.before_ms < view_head(state)->command_ids_from_ms)
		return false;
	return apply_effects_are_sound(state, event);
}

/* The id's first outcome is what its repeats are answered with. */
static void command_row_put(struct state *state, const struct event *event)
{
	enum reject reject = event->kind == EVENT_command_rejected ? event->command_rejected.reject
								   : REJECT_none;
	if (!event->has_command_id || event->kind == EVENT_command_repeated ||
		reject == REJECT_id_reused || (reject != REJECT_none && !reject_keeps_row(reject)))
		return;
	struct command_row row = {
		.digest = event->digest,
		.sequence = event->sequence,
		.outcome = event->kind,
		.reject = reject,
		.topic = event->topic,
		.offset = event->offset,
	};
	mutate_command(state, &event->command_id, &row);
}

static void head_move(struct state *state, const struct event *event)
{
	struct head *head = mutate_head(state);
	assert(event->sequence == head->sequence + 1);
	assert(event->engine_time_ms >= head->engine_time_ms);
	head->sequence = event->sequence;
	head->engine_time_ms = event->engine_time_ms;
	if (event->topic == TOPIC_none)
		return;
	assert(event->offset >= head->input_next[event->topic]);
	if (event_is_timers(event)) {
		head->timers_fired++;
		head->timers_topic = event->topic;
	} else {
		head->timers_fired = 0;
		head->timers_topic = TOPIC_none;
		head->input_next[event->topic] = event->offset + 1;
	}
}

void apply(struct state *state, const struct event *event)
{
	switch (event->kind) {
#define EVENT(number, version, name)                     \
	case EVENT_##name:                               \
		apply_##name##_v##version(state, event); \
		break;
#include "ledger/events.def"
#undef EVENT
	case EVENT_none:
		assert(event->kind != EVENT_none);
	}
	if (!event_is_timers(event) && event->topic != TOPIC_none)
		command_row_put(state, event);
	head_move(state, event);
}
