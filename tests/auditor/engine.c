/* SPDX-License-Identifier: Apache-2.0 */
/* Of the engine itself: ticks, answers that say no, the first event, ids that are dropped, an
 * operator's word. */
#include "rule.h"

static void tick_predict(const struct request *request, struct event *ret)
{
	ret->kind = EVENT_ticked;
	ret->ticked.timers_fired = request->books->timers_fired;
}

const struct command_audit tick_audit = {
	.may_lack_party = true,
	.predict = tick_predict,
};

const struct event_audit ticked_audit = { NULL };
const struct event_audit command_rejected_audit = { NULL };
const struct event_audit command_repeated_audit = { NULL };
const struct event_audit inputs_restarted_audit = { NULL };

/* --- The cut-off of command ids, once a day --- */

static void cut_off_put(struct books *books, int64_t after_ms)
{
	dues_put(&books->timers, (struct due){ .at_ms = after_ms + DAY_MS,
					 .kind = TIMER_KIND_command_ids,
					 .place = &books->cut_off_place });
}

static void command_ids_predict(const struct books *books, const struct due *due, struct event *ret)
{
	(void)due;
	int64_t before_ms = ret->engine_time_ms - 7 * (int64_t)DAY_MS;
	ret->kind = EVENT_command_ids_dropped;
	ret->command_ids_dropped.before_ms =
		before_ms < books->cut_off_ms ? books->cut_off_ms : before_ms;
}

const struct timer_audit command_ids_timer_audit = { command_ids_predict };

static void command_ids_dropped_take(struct books *books, const struct event *event)
{
	dues_remove(&books->timers, 0);
	cut_off_put(books, event->engine_time_ms);
	struct dues *ids = &books->command_ids;
	int64_t newest_ms = books->newest_id_ms;
	books->cut_off_ms = event->command_ids_dropped.before_ms;
	books->gone_ms = books->cut_off_ms < newest_ms + 1 ? books->cut_off_ms : newest_ms + 1;
	while (ids->count > 0 && ids->at[0].at_ms < event->command_ids_dropped.before_ms) {
		shelf_remove(&books->commands, books_command(books, &ids->at[0].id));
		dues_remove(ids, 0);
	}
}

const struct event_audit command_ids_dropped_audit = { command_ids_dropped_take };

static void ledger_opened_take(struct books *books, const struct event *event)
{
	cut_off_put(books, event->engine_time_ms);
}

const struct event_audit ledger_opened_audit = { ledger_opened_take };

static void clock_restarted_take(struct books *books, const struct event *event)
{
	dues_remove(&books->timers, books->cut_off_place);
	cut_off_put(books, event->engine_time_ms);
	books->cut_off_ms = event->clock_restarted.command_ids_from_ms;
}

const struct event_audit clock_restarted_audit = { clock_restarted_take };
