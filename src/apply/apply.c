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

/* Time goes back by that one event, and only from where it stands. */
static bool time_is_sound(const struct head *head, const struct event *event)
{
	if (event->kind != EVENT_clock_restarted)
		return event->engine_time_ms >= head->engine_time_ms &&
		       event->engine_time_ms <= ID_TIME_MS_MAX;
	return event->engine_time_ms >= 0 && event->engine_time_ms < head->engine_time_ms &&
	       event->clock_restarted.left_ms == head->engine_time_ms &&
	       event->clock_restarted.command_ids_from_ms == head->command_ids_gone_ms &&
	       event->topic == TOPIC_none && !event_is_timers(event);
}

static bool order_is_sound(const struct head *head, const struct event *event)
{
	return event->sequence == head->sequence + 1 && time_is_sound(head, event) &&
	       (event->topic == TOPIC_none || (event->offset >= head->input_next[event->topic] &&
						      event->offset < INT64_MAX));
}

static bool moves_money(enum event_kind kind)
{
	switch (kind) {
	case EVENT_funds_received:
	case EVENT_transfer_posted:
	case EVENT_hold_created:
	case EVENT_hold_captured:
	case EVENT_hold_released:
	case EVENT_hold_expired:
		return true;
	case EVENT_none:
	case EVENT_ticked:
	case EVENT_ledger_opened:
	case EVENT_command_rejected:
	case EVENT_command_repeated:
	case EVENT_command_ids_dropped:
	case EVENT_inputs_restarted:
	case EVENT_clock_restarted:
	case EVENT_party_opened:
	case EVENT_account_opened:
	case EVENT_account_closed:
		break;
	}
	return false;
}

/* Never less than were dropped before, and nothing more of the future. */
static bool drop_is_sound(const struct state *state, const struct event *event)
{
	int64_t before_ms = event->command_ids_dropped.before_ms;
	int64_t from_ms = view_head(state)->command_ids_from_ms;
	return before_ms == from_ms || (before_ms > from_ms && before_ms <= event->engine_time_ms);
}

/* Early versions did not tell. */
static bool tick_is_sound(const struct state *state, const struct event *event)
{
	uint32_t fired = event->ticked.timers_fired;
	return fired == 0 || fired == view_head(state)->timers_fired;
}

/* It names what stands there. */
static bool restart_is_sound(const struct state *state, const struct event *event)
{
	const struct event_inputs_restarted *restarted = &event->inputs_restarted;
	const struct head *head = view_head(state);
	return restarted->expected_offset == head->input_next[restarted->topic] &&
	       witness_equal(&restarted->expected, &head->input_last[restarted->topic]);
}

static bool ledger_is_sound(const struct event_ledger_opened *opened)
{
	return opened->id_too_old_ms <= ID_TIME_MS_MAX && opened->id_too_new_ms <= ID_TIME_MS_MAX;
}

/* Texts and amounts that the contract has room for, and rows and rules have not. */
static bool values_are_sound(const struct state *state, const struct event *event)
{
	struct amount most = amount_of(ACCOUNT_TOTAL_MAX);
	if (event->kind == EVENT_ledger_opened)
		return ledger_is_sound(&event->ledger_opened);
	if (event->kind == EVENT_ticked)
		return tick_is_sound(state, event);
	if (event->kind == EVENT_command_ids_dropped)
		return drop_is_sound(state, event);
	if (event->kind == EVENT_inputs_restarted)
		return restart_is_sound(state, event);
	if (event->kind == EVENT_party_opened)
		return text_is_name(event->party_opened.party.at, event->party_opened.party.size,
			PARTY_SIZE_MAX);
	if (event->kind == EVENT_funds_received)
		return text_is_reference(&event->funds_received.rail_reference);
	if (event->kind == EVENT_hold_created)
		return text_is_reason(&event->hold_created.reason) &&
		       amount_compare(event->hold_created.amount, most) <= 0;
	if (event->kind == EVENT_hold_captured)
		return amount_compare(event->hold_captured.captured, most) <= 0;
	return true;
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
	if (moves_money(event->kind) ? event->effect_count == 0
				     : event->effect_count + event->balance_count != 0)
		return false;
	return values_are_sound(state, event) && apply_effects_are_sound(state, event);
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
		head->timers_fired = 0;
		head->timers_topic = TOPIC_none;
		head->input_next[event->topic] = event->offset + 1;
		head->input_last[event->topic] = event_witness(event);
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
