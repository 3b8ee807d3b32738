/* SPDX-License-Identifier: Apache-2.0 */
#include "predict.h"

#include "checks.h"
#include "rules.h"

static void reject_put(
	struct event *event, const struct request *request, const struct check *check)
{
	event->kind = EVENT_command_rejected;
	event->command_rejected.reject = check->reject;
	if (check->tell)
		check->tell(request, &event->command_rejected);
}

static void repeat_put(struct event *event, const struct command_page *earlier)
{
	event->kind = EVENT_command_repeated;
	event->command_repeated = (struct event_command_repeated){
		.first_sequence = earlier->sequence,
		.first_outcome = earlier->outcome,
		.first_reject = earlier->reject,
	};
}

/* Who asked: of what is malformed nothing. */
static void envelope_put(struct event *event, const struct command *command)
{
	event->has_command_id = !command->id.is_malformed && !id_is_absent(&command->id.id);
	if (event->has_command_id)
		event->command_id = command->id.id;
	event->digest = command->digest;
	event->dry_run = command->dry_run;
	if (is_party_name(&command->party))
		event->party = command->party;
	if (command->initiator > INITIATOR_none && command->initiator <= INITIATOR_third_party)
		event->initiator = (enum initiator)command->initiator;
	if (!command->group_id.is_malformed)
		event->group_id = command->group_id.id;
	if (is_reference(&command->reference))
		event->reference = command->reference;
}

static void timer_put(struct event *event, const struct books *books, const struct due *due)
{
	event->timer = (struct timer){ .due_ms = due->at_ms, .id = due->id, .kind = due->kind };
	timer_audit(due->kind)->predict(books, due, event);
}

void event_predict(const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, struct event *ret)
{
	*ret = (struct event){
		.sequence = books->sequence + 1,
		.engine_time_ms = input->record_time_ms > books->engine_time_ms
					  ? input->record_time_ms
					  : books->engine_time_ms,
		.topic = input->topic,
		.offset = input->offset,
	};
	const struct due *due = books_due(books, ret->engine_time_ms);
	if (due) {
		timer_put(ret, books, due);
		return;
	}
	struct request request;
	bool is_repeat;
	request_make(&request, books, input, command, is_refused, ret->engine_time_ms);
	struct check failed = rules_check(&request, &is_repeat);
	envelope_put(ret, command);
	if (is_repeat)
		repeat_put(ret, request.earlier);
	else if (failed.reject != REJECT_none)
		reject_put(ret, &request, &failed);
	else
		command_audit(command->kind)->predict(&request, ret);
}
