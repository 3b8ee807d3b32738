/* SPDX-License-Identifier: Apache-2.0 */
/* Pinned events of the engine itself. */
#include "maker.h"

struct event golden_prelude_ledger_opened(void)
{
	struct event event = {
		.kind = EVENT_ledger_opened,
		.sequence = 1,
		.engine_time_ms = GOLDEN_FIRST_MS,
		.ledger_opened = { .shard = 1,
			.shards = 4,
			.format = 2,
			.id_too_old_ms = 7 * (int64_t)GOLDEN_DAY_MS,
			.id_too_new_ms = 300000 },
	};
	for (size_t i = 0; i < sizeof event.ledger_opened.ledger_id.at; i++)
		event.ledger_opened.ledger_id.at[i] = (uint8_t)(0x10 + i);
	return event;
}

static struct event ticked(void)
{
	struct event event = golden_outcome(EVENT_ticked, 9);
	event.topic = TOPIC_internal;
	event.offset = 0;
	event.party = (struct text64){ 0 };
	event.initiator = INITIATOR_system;
	return event;
}

static void ticked_for_nothing(struct event *event)
{
	event->ticked.timers_fired = 1;
}

const struct golden_rule ticked_v1_golden = { .make = ticked,
	.unsound = UNSOUND_LIST(UNSOUND(ticked_for_nothing)) };

static struct event ledger_opened(void)
{
	return golden_prelude_ledger_opened();
}

static void windows_without_end(struct event *event)
{
	event->ledger_opened.id_too_old_ms = INT64_MAX;
}

const struct golden_rule ledger_opened_v1_golden = { .make = ledger_opened,
	.is_first = true,
	.unsound = UNSOUND_LIST(UNSOUND(windows_without_end)) };

static struct event command_rejected(void)
{
	struct event event = golden_outcome(EVENT_command_rejected, 9);
	event.group_id = golden_id(GOLDEN_FIRST_MS, 0x77);
	event.reference = golden_text_of("order:17");
	event.command_rejected = (struct event_command_rejected){
		.reject = REJECT_rail_reference_used,
		.detail = golden_text_of("funds_receive.rail_reference"),
		.first_sequence = 7,
		.required = amount_of(123456789012345),
		.available = amount_of(-42),
		.currency = CURRENCY_USD,
	};
	return event;
}

static void reject_unknown(struct event *event)
{
	event->command_rejected.reject = (enum reject)(REJECT_LAST + 1);
}

const struct golden_rule command_rejected_v1_golden = { .make = command_rejected,
	.unsound = UNSOUND_LIST(UNSOUND(reject_unknown)) };

static struct event command_repeated(void)
{
	struct event event = golden_outcome(EVENT_command_repeated, 9);
	event.command_id = golden_id(GOLDEN_FIRST_MS + 7000, 7);
	event.command_repeated = (struct event_command_repeated){
		.first_sequence = 8,
		.first_outcome = EVENT_command_rejected,
		.first_reject = REJECT_balance_too_low,
	};
	return event;
}

static void outcome_unknown(struct event *event)
{
	event->command_repeated.first_outcome = (enum event_kind)(EVENT_LAST + 1);
}

const struct golden_rule command_repeated_v1_golden = { .make = command_repeated,
	.unsound = UNSOUND_LIST(UNSOUND(outcome_unknown)) };

/* Five of the prelude's commands are too old by now, the others are not. */
static struct event command_ids_dropped(void)
{
	struct event event = golden_timers_event(
		EVENT_command_ids_dropped, GOLDEN_FIRST_MS + (int64_t)GOLDEN_DAY_MS);
	event.timer.kind = TIMER_KIND_command_ids;
	event.command_ids_dropped.before_ms = GOLDEN_FIRST_MS + 5500;
	return event;
}

static void drop_of_the_future(struct event *event)
{
	event->command_ids_dropped.before_ms = event->engine_time_ms + 1;
}

const struct golden_rule command_ids_dropped_v1_golden = { .make = command_ids_dropped,
	.unsound = UNSOUND_LIST(UNSOUND(drop_of_the_future)) };

/* The tail of the commands was lost, from offset 6 on. */
static struct event inputs_restarted(void)
{
	struct event last = golden_outcome(EVENT_command_rejected, 8);
	struct event before = golden_outcome(EVENT_command_rejected, 5);
	return (struct event){
		.kind = EVENT_inputs_restarted,
		.sequence = 10,
		.engine_time_ms = last.engine_time_ms,
		.inputs_restarted = { .topic = TOPIC_commands,
			.expected_offset = 9,
			.expected_digest = last.digest,
			.expected_command_id = last.command_id,
			.offset = 6,
			.digest = before.digest,
			.command_id = before.command_id },
	};
}

static void restart_of_another_place(struct event *event)
{
	event->inputs_restarted.expected_offset++;
}

static void restart_of_another_record(struct event *event)
{
	event->inputs_restarted.expected_digest.at[0] ^= 1;
}

static void restart_of_another_command(struct event *event)
{
	event->inputs_restarted.expected_command_id.at[0] ^= 1;
}

const struct golden_rule inputs_restarted_v1_golden = { .make = inputs_restarted,
	.unsound = UNSOUND_LIST(UNSOUND(restart_of_another_place),
		UNSOUND(restart_of_another_record), UNSOUND(restart_of_another_command)) };

/* No cut-off has come yet: no id is gone. */
static struct event clock_restarted(void)
{
	int64_t last_ms = GOLDEN_FIRST_MS + 8000;
	return (struct event){
		.kind = EVENT_clock_restarted,
		.sequence = PRELUDE_EVENTS + 1,
		.engine_time_ms = last_ms - (int64_t)10 * GOLDEN_DAY_MS,
		.clock_restarted = { .left_ms = last_ms },
	};
}

static void clock_goes_on(struct event *event)
{
	event->engine_time_ms = event->clock_restarted.left_ms;
}

static void clock_before_all_time(struct event *event)
{
	event->engine_time_ms = -1;
}

static void clock_left_another(struct event *event)
{
	event->clock_restarted.left_ms++;
}

static void cut_off_differs(struct event *event)
{
	event->clock_restarted.command_ids_from_ms++;
}

const struct golden_rule clock_restarted_v1_golden = { .make = clock_restarted,
	.unsound = UNSOUND_LIST(UNSOUND(clock_goes_on), UNSOUND(clock_before_all_time),
		UNSOUND(clock_left_another), UNSOUND(cut_off_differs)) };
