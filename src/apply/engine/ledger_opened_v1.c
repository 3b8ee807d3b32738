/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/rule.h"

static bool is_sound(const struct state *state, const struct event *event)
{
	const struct event_ledger_opened *e = &event->ledger_opened;
	(void)state;
	return e->shard < e->shards && e->id_too_old_ms <= ID_TIME_MS_MAX &&
	       e->id_too_new_ms <= ID_TIME_MS_MAX;
}

static void change(struct state *state, const struct event *event)
{
	const struct event_ledger_opened *e = &event->ledger_opened;
	struct ledger ledger = {
		.ledger_id = e->ledger_id,
		.shard = e->shard,
		.shards = e->shards,
		.format = e->format,
		.id_too_old_ms = e->id_too_old_ms,
		.id_too_new_ms = e->id_too_new_ms,
	};
	mutate_ledger(state, &ledger);
	struct timer timer = {
		.kind = TIMER_KIND_command_ids,
		.due_ms = event->engine_time_ms + TIMER_COMMAND_IDS_EVERY_MS,
	};
	mutate_timer_set(state, &timer);
	mutate_head(state)->command_ids_due_ms = timer.due_ms;
}

const struct event_rule ledger_opened_v1_rule = {
	.is_first = true, .is_sound = is_sound, .change = change
};
