/* SPDX-License-Identifier: Apache-2.0 */
/* Give all of a hold back. */
#include "decide/checks.h"
#include "decide/hold/hold.h"
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	const struct id_field *hold_id = &command->hold_release.hold_id;
	if (hold_id->is_malformed || id_is_absent(&hold_id->id))
		return REJECT_hold_id_malformed;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct id *hold_id = &decision->command->hold_release.hold_id.id;
	struct hold hold;
	struct account from, to;
	enum reject reject = check_hold(state, decision, hold_id, &hold, &from, &to);
	if (reject != REJECT_none)
		return reject;
	reject = hold_status_check(&hold, decision->engine_time_ms);
	if (reject != REJECT_none)
		return reject;

	hold_lift(ret_event, &hold, &from, &to);
	ret_event->kind = EVENT_hold_released;
	ret_event->hold_released.hold_id = hold.id;
	return REJECT_none;
}

const struct command_rule hold_release_rule = { .shape = shape, .outcome = outcome };
