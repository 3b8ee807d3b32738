/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include "base/murmur2.h"

/* --- Texts --- */

bool is_made_of(const char *at, size_t size, size_t size_max, const char *others, bool has_capitals)
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

/* --- Parties and shards --- */

bool is_elsewhere(const struct request *request, const char *party, size_t size)
{
	return murmur2_partition(party, size, request->books->shards) != request->books->shard;
}

bool is_of_envelopes_party(const struct account_id *id, const struct command *command)
{
	return id->party_size == command->party.size &&
	       memcmp(id->at, command->party.at, id->party_size) == 0;
}

/* --- Shape --- */

bool own_is_malformed(const struct request *request)
{
	return request->own->size == 0;
}

bool payee_is_malformed(const struct request *request)
{
	return request->payee->size == 0;
}

bool own_is_of_another_party(const struct request *request)
{
	return !is_of_envelopes_party(request->own, request->command);
}

bool accounts_are_one(const struct request *request)
{
	return account_id_equal(request->own, request->payee);
}

bool money_has_no_currency(const struct request *request)
{
	return !request->money->is_absent && request->money->currency == CURRENCY_none;
}

bool amount_is_not_positive(const struct request *request)
{
	return request->money->is_absent || amount_minor(request->money->amount) <= 0;
}

/* --- Objects and their state --- */

bool payee_is_elsewhere(const struct request *request)
{
	return is_elsewhere(request, request->payee->at, request->payee->party_size);
}

bool own_is_missing(const struct request *request)
{
	return !request->own_page;
}

bool payee_is_missing(const struct request *request)
{
	return !request->payee_page;
}

bool own_is_closed(const struct request *request)
{
	return request->own_page->is_closed;
}

bool payee_is_closed(const struct request *request)
{
	return request->payee_page->is_closed;
}

bool own_currency_differs(const struct request *request)
{
	return request->money->currency != request->own_page->currency;
}

bool payee_currency_differs(const struct request *request)
{
	return request->money->currency != request->payee_page->currency;
}

/* --- Balance --- */

bool is_over(const struct account_page *page, enum total total, int64_t minor)
{
	int64_t before = page ? page->totals[total] : 0;
	return before > TOTAL_MAX - minor;
}

bool payment_overflows(const struct request *request, enum total debits, enum total credits)
{
	int64_t minor = amount_minor(request->money->amount);
	return is_over(request->own_page, debits, minor) ||
	       is_over(request->payee_page, credits, minor);
}

int64_t page_available(const struct account_page *page)
{
	return page->totals[CREDITS_POSTED] - page->totals[DEBITS_POSTED] -
	       page->totals[DEBITS_PENDING];
}

bool own_has_too_little(const struct request *request)
{
	return page_available(request->own_page) < amount_minor(request->money->amount);
}

void available_tell(const struct request *request, struct event_command_rejected *ret)
{
	ret->available = amount_of(page_available(request->own_page));
	ret->currency = request->own_page->currency;
}

void need_tell(const struct request *request, struct event_command_rejected *ret)
{
	available_tell(request, ret);
	ret->required = request->money->amount;
}
