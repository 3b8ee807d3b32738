/* SPDX-License-Identifier: Apache-2.0 */
/* The rejects of every command, and the order in which a command's own ones come between them. */
#include "rules.h"

#include "checks.h"

#include <assert.h>

enum { ID_TOO_OLD_AFTER_MS = 7 * DAY_MS, ID_TOO_NEW_AFTER_MS = 5 * 60 * 1000 };

static const struct command_audit *const of_command[COMMAND_LAST + 1] = {
#define COMMAND(number, name, topic) [COMMAND_##name] = &name##_audit,
#include "ledger/commands.def"
#undef COMMAND
};

static const struct event_audit *const of_event[EVENT_LAST + 1] = {
#define EVENT(number, name, file) [EVENT_##name] = &name##_audit,
#include "ledger/events.def"
#undef EVENT
};

static const struct timer_audit *const of_timer[] = {
#define TIMER(number, name) [TIMER_KIND_##name] = &name##_timer_audit,
#include "ledger/timers.def"
#undef TIMER
};

const struct command_audit *command_audit(enum command_kind kind)
{
	assert((unsigned)kind <= COMMAND_LAST);
	return of_command[kind];
}

const struct event_audit *event_audit(enum event_kind kind)
{
	assert((unsigned)kind <= EVENT_LAST && of_event[kind]);
	return of_event[kind];
}

const struct timer_audit *timer_audit(enum timer_kind kind)
{
	assert((unsigned)kind < sizeof of_timer / sizeof of_timer[0] && of_timer[kind]);
	return of_timer[kind];
}

void request_make(struct request *ret, const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, int64_t now_ms)
{
	*ret = (struct request){
		.books = books,
		.input = input,
		.command = command,
		.is_refused = is_refused,
		.now_ms = now_ms,
		.earlier = books_command(books, &command->id.id),
	};
	const struct command_audit *audit = command_audit(command->kind);
	if (audit && audit->read)
		audit->read(ret);
	if (ret->own)
		ret->own_page = books_account(books, ret->own);
	if (ret->payee)
		ret->payee_page = books_account(books, ret->payee);
}

/* --- The envelope --- */

static bool is_on_a_wrong_topic(const struct request *request)
{
	return request->input->topic != command_topic(request->command->kind);
}

static bool has_a_malformed_id(const struct request *request)
{
	const struct id_field *field = &request->command->id;
	if (command_audit(request->command->kind)->is_of_shard)
		return field->is_malformed;
	return field->is_malformed || field->id.at[6] >> 4 != 7 || field->id.at[8] >> 6 != 2;
}

static bool has_a_malformed_party(const struct request *request)
{
	const struct text64 *party = &request->command->party;
	bool may_lack_it = command_audit(request->command->kind)->may_lack_party;
	return !is_party_name(party) && !(may_lack_it && party->size == 0);
}

static bool is_misrouted(const struct request *request)
{
	const struct text64 *party = &request->command->party;
	return party->size != 0 && is_elsewhere(request, party->at, party->size);
}

static bool has_an_unknown_initiator(const struct request *request)
{
	int32_t initiator = request->command->initiator;
	return initiator < INITIATOR_none || initiator > INITIATOR_third_party;
}

static bool has_a_malformed_group_id(const struct request *request)
{
	return request->command->group_id.is_malformed;
}

static bool has_a_malformed_reference(const struct request *request)
{
	const struct text64 *reference = &request->command->reference;
	return reference->size != 0 && !is_reference(reference);
}

static const struct check of_envelope[] = {
	{ REJECT_wrong_topic, is_on_a_wrong_topic, NULL },
	{ REJECT_id_malformed, has_a_malformed_id, NULL },
	{ REJECT_party_malformed, has_a_malformed_party, NULL },
	{ REJECT_misrouted, is_misrouted, NULL },
	{ REJECT_initiator_unknown, has_an_unknown_initiator, NULL },
	{ REJECT_group_id_malformed, has_a_malformed_group_id, NULL },
	{ REJECT_reference_malformed, has_a_malformed_reference, NULL },
	{ 0 },
};

/* --- All of them --- */

static void refusal_tell(const struct request *request, struct event_command_rejected *ret)
{
	ret->detail = request->command->refusal_detail;
}

static void earlier_tell(const struct request *request, struct event_command_rejected *ret)
{
	ret->first_sequence = request->earlier->sequence;
}

static struct check first_that_fails(const struct request *request, const struct check *check)
{
	while (check->reject != REJECT_none && !check->fails(request))
		check++;
	return *check;
}

/* Of a time too old or too new, or used before. */
static struct check id_check(const struct request *request, bool *ret_is_repeat)
{
	int64_t made_ms = id_time_ms(&request->command->id.id);
	if (made_ms < request->now_ms - ID_TOO_OLD_AFTER_MS || made_ms < request->books->cut_off_ms)
		return (struct check){ .reject = REJECT_id_too_old };
	if (made_ms > request->now_ms + ID_TOO_NEW_AFTER_MS)
		return (struct check){ .reject = REJECT_id_too_new };
	if (!request->earlier)
		return (struct check){ 0 };
	*ret_is_repeat = digest_equal(&request->earlier->digest, &request->command->digest);
	if (*ret_is_repeat)
		return (struct check){ 0 };
	return (struct check){ REJECT_id_reused, NULL, earlier_tell };
}

struct check rules_check(const struct request *request, bool *ret_is_repeat)
{
	*ret_is_repeat = false;
	if (request->is_refused)
		return (struct check){ .reject = REJECT_refused_by_operator };
	if (request->command->refusal != REJECT_none)
		return (struct check){ request->command->refusal, NULL, refusal_tell };
	const struct command_audit *audit = command_audit(request->command->kind);
	struct check failed = first_that_fails(request, of_envelope);
	if (failed.reject == REJECT_none && audit->shape)
		failed = first_that_fails(request, audit->shape);
	if (failed.reject == REJECT_none && !audit->is_of_shard)
		failed = id_check(request, ret_is_repeat);
	if (failed.reject == REJECT_none && !*ret_is_repeat && audit->state)
		failed = first_that_fails(request, audit->state);
	return failed;
}

static bool stands_in(const struct check *check, enum reject reject)
{
	while (check && check->reject != REJECT_none && check->reject != reject)
		check++;
	return check && check->reject == reject;
}

bool reject_is_final(enum reject reject)
{
	assert(reject != REJECT_none);
#define COMMAND(number, name, topic)                                            \
	if (!name##_audit.is_of_shard && stands_in(name##_audit.state, reject)) \
		return true;
#include "ledger/commands.def"
#undef COMMAND
	return false;
}
