/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: an event's postings, and the balances after them. */
#ifndef TESTS_AUDITOR_POSTINGS_H
#define TESTS_AUDITOR_POSTINGS_H

#include "rule.h"

/* The two accounts of all of an event's postings. A side without a page is the platform's, which
 * its first posting makes. */
struct sides {
	struct event *event;
	int64_t debited[TOTALS];
	int64_t credited[TOTALS];
};

void sides_open(struct sides *sides, struct event *event, const struct books *books,
	const struct account_id *debit, const struct account_id *credit, enum currency currency);
void sides_post(struct sides *sides, enum layer layer, int64_t minor, enum rail rail);
void sides_close(const struct sides *sides);

/* One posting between two accounts. */
void post(struct event *event, const struct books *books, const struct account_id *debit,
	const struct account_id *credit, enum currency currency, const struct posting *posting);

/* The command's money, from its own account to the payee's. */
void post_payment(struct event *event, const struct request *request, enum layer layer);

#endif
