/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "base/murmur2.h"

#include <assert.h>

enum { ID_TOO_OLD_AFTER_MS = 7 * DAY_MS, ID_TOO_NEW_AFTER_MS = 5 * 60 * 1000 };

/* --- What each command can meet: its page's table --- */

#define PAYMENT_SHAPE                                                                              \
	REJECT_account_malformed, REJECT_payee_account_malformed, REJECT_account_of_another_party, \
		REJECT_accounts_must_differ, REJECT_currency_unknown, REJECT_amount_not_positive
#define PAYMENT_STATE                                                                              \
	REJECT_payee_on_another_shard, REJECT_account_not_found, REJECT_payee_account_not_found,   \
		REJECT_account_is_closed, REJECT_payee_account_is_closed,                          \
		REJECT_currency_mismatch, REJECT_payee_currency_mismatch, REJECT_balance_overflow, \
		REJECT_balance_too_low
#define HOLD_STATE REJECT_hold_is_captured, REJECT_hold_is_released, REJECT_hold_is_expired

static const enum reject of_envelope[] = { REJECT_refused_by_operator, REJECT_undecodable,
	REJECT_too_large, REJECT_unknown_field, REJECT_unknown_command, REJECT_wrong_topic,
	REJECT_id_malformed, REJECT_party_malformed, REJECT_misrouted, REJECT_initiator_unknown,
	REJECT_group_id_malformed, REJECT_reference_malformed, REJECT_dry_run_unsupported,
	REJECT_none };
static const enum reject of_tick[] = { REJECT_none };
static const enum reject of_party_open[] = { REJECT_party_kind_unknown, REJECT_party_exists,
	REJECT_none };
static const enum reject of_account_open[] = { REJECT_account_malformed,
	REJECT_account_of_another_party, REJECT_account_class_unsupported, REJECT_currency_unknown,
	REJECT_party_not_found, REJECT_account_exists, REJECT_none };
static const enum reject of_account_close[] = { REJECT_account_malformed,
	REJECT_account_of_another_party, REJECT_account_not_found, REJECT_account_is_closed,
	REJECT_account_has_holds, REJECT_account_not_empty, REJECT_none };
static const enum reject of_funds_receive[] = { REJECT_payee_account_malformed,
	REJECT_account_of_another_party, REJECT_currency_unknown, REJECT_amount_not_positive,
	REJECT_rail_unknown, REJECT_rail_reference_malformed, REJECT_payee_account_not_found,
	REJECT_rail_reference_used, REJECT_payee_account_is_closed, REJECT_payee_currency_mismatch,
	REJECT_balance_overflow, REJECT_none };
static const enum reject of_transfer_create[] = { PAYMENT_SHAPE, PAYMENT_STATE, REJECT_none };
static const enum reject of_hold_create[] = { PAYMENT_SHAPE, REJECT_reason_malformed,
	REJECT_expiry_out_of_range, PAYMENT_STATE, REJECT_none };
static const enum reject of_hold_capture[] = { REJECT_currency_unknown, REJECT_amount_not_positive,
	REJECT_hold_id_malformed, REJECT_hold_not_found, REJECT_currency_mismatch, HOLD_STATE,
	REJECT_capture_above_hold, REJECT_balance_overflow, REJECT_none };
static const enum reject of_hold_release[] = { REJECT_hold_id_malformed, REJECT_hold_not_found,
	HOLD_STATE, REJECT_none };

static const enum reject *list_of(enum command_kind kind)
{
	switch (kind) {
	case COMMAND_none:
		assert(false); /* refused by its envelope */
		break;
	case COMMAND_tick:
		return of_tick;
	case COMMAND_party_open:
		return of_party_open;
	case COMMAND_account_open:
		return of_account_open;
	case COMMAND_account_close:
		return of_account_close;
	case COMMAND_funds_receive:
		return of_funds_receive;
	case COMMAND_transfer_create:
		return of_transfer_create;
	case COMMAND_hold_create:
		return of_hold_create;
	case COMMAND_hold_capture:
		return of_hold_capture;
	case COMMAND_hold_release:
		return of_hold_release;
	}
	return of_tick;
}

/* --- What it names, and what the books say of that --- */

static void body_read(struct request *request, const struct command *command)
{
	switch (command->kind) {
	case COMMAND_none:
	case COMMAND_tick:
	case COMMAND_party_open:
		break;
	case COMMAND_account_open:
		request->own = &command->account_open.account;
		break;
	case COMMAND_account_close:
		request->own = &command->account_close.account;
		break;
	case COMMAND_funds_receive:
		request->payee = &command->funds_receive.to_account;
		request->money = &command->funds_receive.amount;
		break;
	case COMMAND_transfer_create:
		request->own = &command->transfer_create.from_account;
		request->payee = &command->transfer_create.to_account;
		request->money = &command->transfer_create.amount;
		break;
	case COMMAND_hold_create:
		request->own = &command->hold_create.from_account;
		request->payee = &command->hold_create.to_account;
		request->money = &command->hold_create.amount;
		break;
	case COMMAND_hold_capture:
		request->hold_id = &command->hold_capture.hold_id;
		request->money = &command->hold_capture.amount;
		break;
	case COMMAND_hold_release:
		request->hold_id = &command->hold_release.hold_id;
		break;
	}
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
	body_read(ret, command);
	if (ret->own)
		ret->own_page = books_account(books, ret->own);
	if (ret->payee)
		ret->payee_page = books_account(books, ret->payee);
	if (ret->hold_id)
		ret->hold = books_hold(books, &ret->hold_id->id);
	if (command->kind == COMMAND_funds_receive &&
		command->funds_receive.rail_reference.size <= sizeof command->reference.at)
		ret->rail_reference =
			books_rail_reference(books, (enum rail)command->funds_receive.rail,
				&command->funds_receive.rail_reference);
}

int64_t request_minor(const struct request *request)
{
	if (request->hold && (!request->money || request->money->is_absent))
		return request->hold->minor;
	return amount_minor(request->money->amount);
}

int64_t page_available(const struct account_page *page)
{
	return page->totals[CREDITS_POSTED] - page->totals[DEBITS_POSTED] -
	       page->totals[DEBITS_PENDING];
}

/* --- Texts --- */

static bool is_made_of(
	const char *at, size_t size, size_t size_max, const char *others, bool has_capitals)
{
	if (size == 0 || size > size_max)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = at[i];
		bool is_capital = c >= 'A' && c <= 'Z';
		bool is_common = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!is_common && !(has_capitals && is_capital) &&
			(c == '\0' || !strchr(others, c)))
			return false;
	}
	return true;
}

bool is_party_name(const struct text64 *party)
{
	return is_made_of(party->at, party->size, 64, "._-", false);
}

bool is_reference(const struct text64 *text)
{
	return is_made_of(text->at, text->size, 64, "_.:-", true);
}

/* --- The checks --- */

static bool is_misrouted(const struct request *request, const char *party, size_t size)
{
	return murmur2_partition(party, size, request->books->shards) != request->books->shard;
}

static bool has_id(const struct command *command)
{
	const struct id *id = &command->id.id;
	return !command->id.is_malformed && id->at[6] >> 4 == 7 && id->at[8] >> 6 == 2;
}

static bool is_of_envelopes_party(const struct account_id *id, const struct command *command)
{
	return id->party_size == command->party.size &&
	       memcmp(id->at, command->party.at, id->party_size) == 0;
}

static bool envelope_fails(const struct request *request, enum reject reject)
{
	const struct command *command = request->command;
	const struct text64 *party = &command->party;
	if (reject == REJECT_refused_by_operator)
		return request->is_refused;
	if (reject < REJECT_refused_by_operator)
		return command->refusal == reject;
	if (reject == REJECT_wrong_topic)
		return request->input->topic != command_topic(command->kind);
	if (reject == REJECT_id_malformed)
		return !has_id(command);
	if (reject == REJECT_party_malformed)
		return !is_party_name(party) &&
		       !(command->kind == COMMAND_tick && party->size == 0);
	if (reject == REJECT_misrouted)
		return party->size != 0 && is_misrouted(request, party->at, party->size);
	if (reject == REJECT_initiator_unknown)
		return command->initiator < INITIATOR_none ||
		       command->initiator > INITIATOR_third_party;
	if (reject == REJECT_group_id_malformed)
		return command->group_id.is_malformed;
	if (reject == REJECT_reference_malformed)
		return command->reference.size != 0 && !is_reference(&command->reference);
	assert(reject == REJECT_dry_run_unsupported);
	return command->dry_run;
}

static bool expiry_is_out_of_range(int64_t expires_in_s)
{
	return expires_in_s < 1 || expires_in_s > 2592000;
}

static bool shape_fails(const struct request *request, enum reject reject)
{
	const struct command *command = request->command;
	const struct money *money = request->money;
	if (reject == REJECT_party_kind_unknown)
		return command->party_open.kind != PARTY_KIND_person &&
		       command->party_open.kind != PARTY_KIND_business;
	if (reject == REJECT_account_malformed)
		return request->own->size == 0;
	if (reject == REJECT_payee_account_malformed)
		return request->payee->size == 0;
	if (reject == REJECT_account_of_another_party)
		return !is_of_envelopes_party(
			request->own ? request->own : request->payee, command);
	if (reject == REJECT_accounts_must_differ)
		return account_id_equal(request->own, request->payee);
	if (reject == REJECT_account_class_unsupported)
		return command->account_open.account_class != ACCOUNT_CLASS_none &&
		       command->account_open.account_class != ACCOUNT_CLASS_liability;
	if (reject == REJECT_currency_unknown)
		return money ? !money->is_absent && money->currency == CURRENCY_none
			     : command->account_open.currency == CURRENCY_none;
	if (reject == REJECT_amount_not_positive)
		return money->is_absent ? command->kind != COMMAND_hold_capture
					: amount_minor(money->amount) <= 0;
	if (reject == REJECT_rail_unknown)
		return command->funds_receive.rail < RAIL_ach ||
		       command->funds_receive.rail > RAIL_cash;
	if (reject == REJECT_rail_reference_malformed)
		return !is_reference(&command->funds_receive.rail_reference);
	if (reject == REJECT_reason_malformed)
		return !is_made_of(command->hold_create.reason.at, command->hold_create.reason.size,
			32, "_", false);
	if (reject == REJECT_expiry_out_of_range)
		return expiry_is_out_of_range(command->hold_create.expires_in_s);
	assert(reject == REJECT_hold_id_malformed);
	return request->hold_id->is_malformed || id_is_absent(&request->hold_id->id);
}

static bool object_is_missing(const struct request *request, enum reject reject)
{
	const struct command *command = request->command;
	const struct rail_page *rail_reference = request->rail_reference;
	if (reject == REJECT_payee_on_another_shard)
		return is_misrouted(request, request->payee->at, request->payee->party_size);
	if (reject == REJECT_party_exists)
		return books_party(request->books, &command->party);
	if (reject == REJECT_party_not_found)
		return !books_party(request->books, &command->party);
	if (reject == REJECT_account_exists)
		return request->own_page;
	if (reject == REJECT_account_not_found)
		return !request->own_page;
	if (reject == REJECT_payee_account_not_found)
		return !request->payee_page;
	if (reject == REJECT_hold_not_found)
		return !request->hold || !is_of_envelopes_party(&request->hold->from->id, command);
	assert(reject == REJECT_rail_reference_used);
	return rail_reference &&
	       request->now_ms - rail_reference->received_ms < 732 * (int64_t)DAY_MS;
}

static bool object_state_fails(const struct request *request, enum reject reject)
{
	const struct money *money = request->money;
	const struct hold_page *hold = request->hold;
	if (reject == REJECT_account_is_closed)
		return request->own_page->is_closed;
	if (reject == REJECT_payee_account_is_closed)
		return request->payee_page->is_closed;
	if (reject == REJECT_currency_mismatch)
		return hold ? !money->is_absent && money->currency != hold->from->currency
			    : money->currency != request->own_page->currency;
	if (reject == REJECT_payee_currency_mismatch)
		return money->currency != request->payee_page->currency;
	if (reject == REJECT_hold_is_captured)
		return hold->end == HOLD_CAPTURED;
	if (reject == REJECT_hold_is_released)
		return hold->end == HOLD_RELEASED;
	if (reject == REJECT_hold_is_expired)
		return hold->end == HOLD_EXPIRED || request->now_ms >= hold->expires_at_ms;
	assert(reject == REJECT_account_has_holds);
	return request->own_page->open_holds != 0;
}

static bool is_over(const struct account_page *page, enum total total, int64_t minor)
{
	int64_t before = page ? page->totals[total] : 0;
	return before > TOTAL_MAX - minor;
}

static bool overflows(const struct request *request)
{
	int64_t minor = request_minor(request);
	switch (request->command->kind) {
	case COMMAND_funds_receive: {
		struct account_id bank = account_id_platform("bank", request->money->currency);
		return is_over(books_account(request->books, &bank), DEBITS_POSTED, minor) ||
		       is_over(request->payee_page, CREDITS_POSTED, minor);
	}
	case COMMAND_transfer_create:
		return is_over(request->own_page, DEBITS_POSTED, minor) ||
		       is_over(request->payee_page, CREDITS_POSTED, minor);
	case COMMAND_hold_create:
		return is_over(request->own_page, DEBITS_PENDING, minor) ||
		       is_over(request->payee_page, CREDITS_PENDING, minor);
	case COMMAND_hold_capture:
		return is_over(request->hold->from, DEBITS_POSTED, minor) ||
		       is_over(request->hold->to, CREDITS_POSTED, minor);
	case COMMAND_none:
	case COMMAND_tick:
	case COMMAND_party_open:
	case COMMAND_account_open:
	case COMMAND_account_close:
	case COMMAND_hold_release:
		break;
	}
	assert(false);
	return false;
}

static bool money_fails(const struct request *request, enum reject reject)
{
	const struct account_page *own = request->own_page;
	if (reject == REJECT_capture_above_hold)
		return request_minor(request) > request->hold->minor;
	if (reject == REJECT_account_not_empty)
		return own->totals[CREDITS_POSTED] != own->totals[DEBITS_POSTED];
	if (reject == REJECT_balance_overflow)
		return overflows(request);
	assert(reject == REJECT_balance_too_low);
	return page_available(own) < request_minor(request); /* the floor is 0 */
}

static bool fails(const struct request *request, enum reject reject)
{
	if (reject < REJECT_party_kind_unknown)
		return envelope_fails(request, reject);
	if (reject < REJECT_id_too_old)
		return shape_fails(request, reject);
	if (reject < REJECT_account_is_closed)
		return object_is_missing(request, reject);
	if (reject < REJECT_capture_above_hold)
		return object_state_fails(request, reject);
	return money_fails(request, reject);
}

/* Goes on behind the last one that passed; REJECT_none at the end, or before `until`. */
static enum reject first_that_fails(
	const struct request *request, const enum reject **at, enum reject until)
{
	for (; **at != REJECT_none && **at < until; ++*at)
		if (fails(request, **at))
			return **at;
	return REJECT_none;
}

enum reject rules_check(const struct request *request, bool *ret_is_repeat)
{
	const enum reject *envelope = of_envelope;
	*ret_is_repeat = false;
	enum reject reject = first_that_fails(request, &envelope, REJECT_party_kind_unknown);
	if (reject != REJECT_none)
		return reject;
	const enum reject *own = list_of(request->command->kind);
	reject = first_that_fails(request, &own, REJECT_id_too_old);
	if (reject != REJECT_none)
		return reject;

	int64_t made_ms = id_time_ms(&request->command->id.id);
	if (made_ms < request->now_ms - ID_TOO_OLD_AFTER_MS || made_ms < request->books->cut_off_ms)
		return REJECT_id_too_old;
	if (made_ms > request->now_ms + ID_TOO_NEW_AFTER_MS)
		return REJECT_id_too_new;
	if (request->earlier) {
		*ret_is_repeat = digest_equal(&request->earlier->digest, &request->command->digest);
		return *ret_is_repeat ? REJECT_none : REJECT_id_reused;
	}
	return first_that_fails(request, &own, (enum reject)1000);
}
