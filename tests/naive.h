/* SPDX-License-Identifier: Apache-2.0 */
/* A second ledger of two members, as naive as can be: it says what the core must answer. Written
 * from the contract, not from the core: sums are wide, nothing is looked up, everything is asked in
 * plain order. */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include "ledger/event.h"

__extension__ typedef __int128 naive_sum;

enum { NAIVE_MEMBERS = 2, NAIVE_HOLDS_MAX = 8, NAIVE_COMMANDS_MAX = 16 };

struct naive_account {
	naive_sum debits, credits, debits_pending, credits_pending;
	bool is_closed;
};

struct naive_hold {
	struct id id;
	int from, to;
	int64_t amount;
	int64_t expires_at_ms;
	const char *status; /* "open", "captured", ... */
};

struct naive_command {
	struct id id;
	struct digest digest;
};

struct naive {
	struct naive_account members[NAIVE_MEMBERS]; /* p/a and q/a, USD */
	naive_sum bank_debits;
	int64_t time_ms;
	struct naive_hold holds[NAIVE_HOLDS_MAX];
	size_t hold_count;
	struct naive_command commands[NAIVE_COMMANDS_MAX];
	size_t command_count;
	struct text64 references[NAIVE_COMMANDS_MAX]; /* that were used, all of one rail */
	size_t reference_count;
};

struct naive_answer {
	enum event_kind kind;
	enum reject reject;
};

/* Time passes: how many holds expire. */
size_t naive_expire(struct naive *naive, int64_t record_time_ms);
struct naive_answer naive_answer(struct naive *naive, const struct command *command);

#endif
