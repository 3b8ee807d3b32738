/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the auditor: money between shards, as far as others have to do with it. */
#ifndef TESTS_AUDITOR_REMITTANCE_H
#define TESTS_AUDITOR_REMITTANCE_H

#include "rule.h"

struct account_id transit_account(enum currency currency, uint32_t shard);

/* The effect after the posting into @transit; `own` pays, `payee` is of another shard. */
void remittance_put(struct event *event, const struct request *request, enum purpose purpose);
/* Writes the remittance down. */
void remittance_take(
	struct books *books, const struct event *event, const struct remittance *remittance);

/* NULL: each of a shard's @transit accounts holds what its remittances come to. */
const char *remittance_sums(const struct books *books, char *message, size_t size);

/* NULL: neither shard is ahead of what the other one has told it: nothing was received that was not
 * sent, answered that was not received, confirmed that was not answered. Looks at numbers alone. */
const char *remittance_order(
	const struct books *home, const struct books *away, char *message, size_t size);
/* NULL: in both directions each remittance arrived as it was sent, once, and was answered as it
 * was taken; and the two @transit accounts add up to what is under way. */
const char *remittance_pair(
	const struct books *one, const struct books *other, char *message, size_t size);

struct remittances_open {
	size_t under_way;   /* sent, and not answered */
	size_t unconfirmed; /* received; it is not known whether home has the answer */
	size_t refused;     /* of those */
};
struct remittances_open remittances_open(const struct books *books);

#endif
