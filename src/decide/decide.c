/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decide.h"

#include "base/murmur2.h"
#include "decide/rule.h"

#include <assert.h>

int64_t decide_engine_time(const struct state *state, const struct input *input)
{
	int64_t last = view_head(state)->engine_time_ms;
	return input->record_time_ms > last ? input->record_time_ms : last;
}

static enum reject shape_envelope(
	const struct ledger *ledger, const struct input *input, const struct command *command)
{
	if (command->refusal != REJECT_none)
		return command->refusal;
	if (command_topic(command->kind) != input->topic)
		return REJECT_wrong_topic;
	bool has_id = !command_is_of_shard(command->kind);
	if (command->id.is_malformed || (has_id && !id_is_uuid7(&command->id.id)))
		return REJECT_id_malformed;
	bool is_of_nobody = command->party.size == 0 && command_has_no_party(command->kind);
	if (!is_of_nobody && !text_is_name(command->party.at, command->party.size, PARTY_SIZE_MAX))
		return REJECT_party_malformed;
	if (!is_of_nobody && murmur2_partition(command->party.at, command->party.size,
				     ledger->shards) != ledger->shard)
		return REJECT_misrouted;
	if (command->initiator != INITIATOR_none && !initiator_is_known(command->initiator))
		return REJECT_initiator_unknown;
	if (command->group_id.is_malformed)
		return REJECT_group_id_malformed;
	if (command->reference.size != 0 && !text_is_reference(&command->reference))
		return REJECT_reference_malformed;
	return REJECT_none;
}

/* Found by a table, so that a command costs the same however many there are. */
static const struct command_rule *command_rule(enum command_kind kind)
{
	static const struct command_rule *const rules[COMMAND_LAST + 1] = {
#define COMMAND(number, name, topic) [COMMAND_##name] = &name##_rule,
#include "ledger/commands.def"
#undef COMMAND
	};
	assert((unsigned)kind <= COMMAND_LAST && rules[kind]);
	return rules[kind];
}

static enum reject id_window(const struct state *state, const struct command *command, int64_t now)
{
	const struct ledger *ledger = view_ledger(state);
	int64_t made = id_time_ms(&command->id.id);
	/* The cut-off is older than the window, but where the clock was restarted. */
	if (made < now - ledger->id_too_old_ms || made < view_head(state)->command_ids_from_ms)
		return REJECT_id_too_old;
	if (made > now + ledger->id_too_new_ms)
		return REJECT_id_too_new;
	return REJECT_none;
}

/* The id came before: the same command gets its first outcome's place, another one a reject that
 * has it too. */
static enum reject repeat(
	const struct command *command, const struct command_row *row, struct event *ret_event)
{
	if (!digest_equal(&row->digest, &command->digest)) {
		ret_event->command_rejected.first_sequence = row->sequence;
		return REJECT_id_reused;
	}
	ret_event->kind = EVENT_command_repeated;
	ret_event->command_repeated = (struct event_command_repeated){
		.first_sequence = row->sequence,
		.first_outcome = row->outcome,
		.first_reject = row->reject,
	};
	return REJECT_none;
}

/* What is known by its id: its outcome, or that of the first one. */
static enum reject decide_once(const struct state *state, const struct command *command,
	const struct command_rule *rule, struct event *ret_event)
{
	struct command_row row;
	enum answer answer = view_command(state, &command->id.id, &row);
	if (answer == ANSWER_PRESENT)
		return repeat(command, &row, ret_event);

	/* Also when the id is not loaded: then only to find what else is missing. */
	struct decision decision = { .command = command,
		.engine_time_ms = ret_event->engine_time_ms };
	return rule->outcome(state, &decision, ret_event);
}

static enum reject decide_command(const struct state *state, const struct input *input,
	const struct command *command, struct event *ret_event)
{
	enum reject reject = shape_envelope(view_ledger(state), input, command);
	const struct command_rule *rule = NULL;
	bool has_id = !command_is_of_shard(command->kind);
	if (reject == REJECT_none) {
		rule = command_rule(command->kind);
		reject = rule->shape(command);
	}
	if (reject == REJECT_none && has_id)
		reject = id_window(state, command, ret_event->engine_time_ms);
	if (reject != REJECT_none) {
		ret_event->command_rejected.detail = command->refusal_detail;
		return reject;
	}
	if (has_id)
		return decide_once(state, command, rule, ret_event);
	struct decision decision = { .command = command,
		.engine_time_ms = ret_event->engine_time_ms };
	return rule->outcome(state, &decision, ret_event);
}

static void envelope_copy(
	const struct input *input, const struct command *command, struct event *ret_event)
{
	ret_event->topic = input->topic;
	ret_event->offset = input->offset;
	ret_event->digest = command->digest;
	ret_event->dry_run = command->dry_run;
	ret_event->has_command_id = !command->id.is_malformed && !id_is_absent(&command->id.id);
	if (ret_event->has_command_id)
		ret_event->command_id = command->id.id;
	if (text_is_name(command->party.at, command->party.size, PARTY_SIZE_MAX))
		ret_event->party = command->party;
	if (initiator_is_known(command->initiator))
		ret_event->initiator = (enum initiator)command->initiator;
	if (!command->group_id.is_malformed)
		ret_event->group_id = command->group_id.id;
	if (text_is_reference(&command->reference))
		ret_event->reference = command->reference;
}

bool decide(const struct state *state, const struct input *input, const struct command *command,
	struct event *ret_event)
{
	event_clear(ret_event);
	ret_event->engine_time_ms = decide_engine_time(state, input);
	envelope_copy(input, command, ret_event);
	enum reject reject = decide_command(state, input, command, ret_event);
	/* The command's own row may be what is missing. */
	if (view_is_missing(state))
		return false;

	assert(reject != REJECT_not_loaded);
	if (reject != REJECT_none) {
		ret_event->kind = EVENT_command_rejected;
		ret_event->command_rejected.reject = reject;
		ret_event->effect_count = 0;
		ret_event->balance_count = 0;
	}
	assert(ret_event->kind != EVENT_none);
	return true;
}

static const struct timer_rule *timer_rule(enum timer_kind kind)
{
	switch (kind) {
#define TIMER(number, name)     \
	case TIMER_KIND_##name: \
		return &name##_timer_rule;
#include "ledger/timers.def"
#undef TIMER
	case TIMER_KIND_none:
		break;
	}
	assert(kind != TIMER_KIND_none);
	return NULL;
}

bool decide_timer(const struct state *state, const struct input *input, const struct timer *timer,
	struct event *ret_event)
{
	event_clear(ret_event);
	ret_event->engine_time_ms = decide_engine_time(state, input);
	ret_event->topic = input->topic;
	ret_event->offset = input->offset;
	ret_event->timer = *timer;
	timer_rule(timer->kind)->fire(state, timer, ret_event);
	return !view_is_missing(state);
}
