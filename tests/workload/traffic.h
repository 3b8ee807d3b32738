/* SPDX-License-Identifier: Apache-2.0 */
/* What <domain>.c sends, and what its makers share. Seeds are kept: a draw more or less, or in
 * another order, makes another world of each. */
#ifndef TESTS_WORKLOAD_TRAFFIC_H
#define TESTS_WORKLOAD_TRAFFIC_H

#include "../workload.h"

struct traffic {
	unsigned weight; /* among all */
	struct command (*make)(struct workload *workload, int64_t now_ms);
};

/* All of these together have a weight. */
struct rare_traffic {
	struct command (*make)(
		struct workload *workload, const struct text64 *party, int64_t now_ms);
};
enum { RARE_WEIGHT = 3 };

/* The last one of each makes nothing. */
extern const struct traffic payment_traffic[], hold_traffic[];
extern const struct rare_traffic party_rare_traffic[], engine_rare_traffic[],
	remittance_rare_traffic[];

/* The commands that open all parties and accounts: one member after the other, so many each. */
enum { WORKLOAD_OPENINGS = 3 };
struct command workload_opening(struct workload *workload, int64_t now_ms);

uint64_t workload_below(struct workload *workload, uint64_t end);
const struct text64 *workload_member(struct workload *workload);
const struct text64 *workload_payee(struct workload *workload);
/* A few accounts are in euros, and a few were never opened. */
struct account_id workload_some_account(struct workload *workload, const struct text64 *party);
struct money workload_money(struct workload *workload);

#endif
