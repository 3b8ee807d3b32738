/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: which check of a command fails first. The lists are those of the pages in
 * docs/reference/commands. */
#ifndef TESTS_AUDITOR_RULES_H
#define TESTS_AUDITOR_RULES_H

#include "books.h"

/* A command before the books: all that its checks look at. */
struct request {
	const struct books *books;
	const struct input *input;
	const struct command *command;
	bool is_refused; /* by an operator */
	int64_t now_ms;  /* engine time */

	/* What the body names; NULL: it has no such field. */
	const struct account_id *own; /* `account` or `from_account` */
	const struct account_id *payee;
	const struct money *money;
	const struct id_field *hold_id;

	/* What the books say of it; NULL: nothing. */
	const struct command_page *earlier;
	const struct account_page *own_page;
	const struct account_page *payee_page;
	const struct hold_page *hold;
	const struct rail_page *rail_reference;
};

void request_make(struct request *ret, const struct books *books, const struct input *input,
	const struct command *command, bool is_refused, int64_t now_ms);

/* REJECT_none: all are passed, or it is a repeat. */
enum reject rules_check(const struct request *request, bool *ret_is_repeat);

/* What a payment, a hold or a capture moves. */
int64_t request_minor(const struct request *request);
/* What can be spent from an account of a member. */
int64_t page_available(const struct account_page *page);

bool is_party_name(const struct text64 *party);
bool is_reference(const struct text64 *text); /* or absent */

#endif
