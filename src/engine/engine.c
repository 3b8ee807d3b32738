/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "apply/apply.h"
#include "decide/decide.h"
#include "state/try.h"

#include <assert.h>

/* What a trial tells is what can be applied: it was, and is undone. */
static void try_out(struct state *state, struct event *event)
{
	event->dry_run = false;
	state_try_begin(state);
	apply(state, event);
	state_try_undo(state);
	event->dry_run = true;
}

static enum engine_result event_take(
	struct state *state, struct event *event, enum engine_result result)
{
	if (!state_reserve_event(state))
		return ENGINE_NO_ROOM;
	event->sequence = view_head(state)->sequence + 1;
	if (event->dry_run)
		try_out(state, event);
	apply(state, event);
	return result;
}

enum engine_result engine_process(struct state *state, const struct input *input,
	const struct command *command, struct event *ret_event)
{
	const struct head *head = view_head(state);
	assert(view_ledger(state));
	assert(input->offset >= head->input_next[input->topic]);

	if (head->timers_fired < TIMERS_PER_INPUT_MAX) {
		struct timer timer;
		enum answer answer =
			view_timer_due(state, decide_engine_time(state, input), &timer);
		if (answer == ANSWER_NOT_LOADED)
			return ENGINE_NOT_LOADED;
		if (answer == ANSWER_PRESENT) {
			if (!decide_timer(state, input, &timer, ret_event))
				return ENGINE_NOT_LOADED;
			return event_take(state, ret_event, ENGINE_TIMER);
		}
	}
	if (!decide(state, input, command, ret_event))
		return ENGINE_NOT_LOADED;
	return event_take(state, ret_event, ENGINE_OUTCOME);
}

void engine_soon(const struct state *state, const struct command *command, bool rows_too)
{
	enum view_soon what = rows_too ? VIEW_SOON_ROW : VIEW_SOON_INDEX;
	const struct account_id *accounts[2];
	size_t count = command_accounts(command, accounts);
	for (size_t i = 0; i < count; i++)
		view_soon_account(state, accounts[i], what);
	if (!rows_too)
		view_soon_command(state, &command->id.id, what);
}

void engine_soon_replay(const struct state *state, const struct event *event, bool rows_too)
{
	enum view_soon what = rows_too ? VIEW_SOON_ROW : VIEW_SOON_INDEX;
	for (uint8_t i = 0; i < event->balance_count; i++)
		view_soon_account(state, &event->balances[i].account, what);
	if (!rows_too && event->has_command_id)
		view_soon_command(state, &event->command_id, what);
}

void engine_look_ahead(
	const struct state *state, const struct input *input, const struct command *command)
{
	struct event event;
	(void)decide(state, input, command, &event);
}

void engine_look_ahead_replay(const struct state *state, const struct event *event)
{
	(void)apply_is_loaded(state, event);
}

enum engine_result engine_replay(struct state *state, const struct event *event)
{
	if (!apply_is_loaded(state, event))
		return ENGINE_NOT_LOADED;
	bool is_sound = apply_is_sound(state, event);
	const char *unloaded = view_missing_table(state);
	if (unloaded) /* an assert that says of which table the event's load forgot a row */
		__assert_fail(unloaded, __FILE__, __LINE__, event_name(event->kind));
	if (!is_sound)
		return ENGINE_UNSOUND;
	if (!state_reserve_event(state))
		return ENGINE_NO_ROOM;
	apply(state, event);
	return ENGINE_OUTCOME;
}

/* Of no input. */
static void event_begin(enum event_kind kind, int64_t engine_time_ms, struct event *ret)
{
	event_clear(ret);
	ret->kind = kind;
	ret->engine_time_ms = engine_time_ms;
}

enum engine_result engine_restart_inputs(struct state *state,
	const struct event_inputs_restarted *restarted, struct event *ret_event)
{
	const struct head *head = view_head(state);
	event_begin(EVENT_inputs_restarted, head->engine_time_ms, ret_event);
	ret_event->inputs_restarted = *restarted;
	ret_event->inputs_restarted.expected_offset = head->input_next[restarted->topic];
	struct witness expected = trail_last(&head->input_trail[restarted->topic]);
	ret_event->inputs_restarted.expected_digest = expected.digest;
	ret_event->inputs_restarted.expected_command_id = expected.command_id;
	return event_take(state, ret_event, ENGINE_OUTCOME);
}

void engine_open_ledger(struct state *state, const struct event_ledger_opened *opened,
	int64_t record_time_ms, struct event *ret_event)
{
	assert(view_head(state)->sequence == 0);
	event_begin(EVENT_ledger_opened, record_time_ms, ret_event);
	ret_event->ledger_opened = *opened;
	enum engine_result result = event_take(state, ret_event, ENGINE_OUTCOME);
	assert(result == ENGINE_OUTCOME);
}

bool engine_restart_clock(struct state *state, int64_t now_ms, struct event *ret_event)
{
	const struct head *head = view_head(state);
	assert(head->sequence > 0 && now_ms >= 0 && now_ms < head->engine_time_ms);
	event_begin(EVENT_clock_restarted, now_ms, ret_event);
	ret_event->clock_restarted = (struct event_clock_restarted){
		.left_ms = head->engine_time_ms,
		.command_ids_from_ms = head->command_ids_gone_ms,
	};
	return event_take(state, ret_event, ENGINE_OUTCOME) == ENGINE_OUTCOME;
}
