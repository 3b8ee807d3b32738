/* SPDX-License-Identifier: Apache-2.0 */
/* Make a party known. */
#include "decide/rule.h"

static enum reject shape(const struct command *command)
{
	int32_t kind = command->party_open.kind;
	if (kind != PARTY_KIND_person && kind != PARTY_KIND_business)
		return REJECT_party_kind_unknown;
	return REJECT_none;
}

static enum reject outcome(
	const struct state *state, const struct decision *decision, struct event *ret_event)
{
	const struct command *command = decision->command;
	struct party party;
	enum answer answer = view_party(state, &command->party, &party);
	if (view_is_missing(state))
		return REJECT_not_loaded;
	if (answer == ANSWER_PRESENT)
		return REJECT_party_exists;

	ret_event->kind = EVENT_party_opened;
	ret_event->party_opened = (struct event_party_opened){
		.party = command->party,
		.kind = (enum party_kind)command->party_open.kind,
	};
	return REJECT_none;
}

const struct command_rule party_open_rule = { .shape = shape, .outcome = outcome };
