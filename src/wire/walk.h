/* SPDX-License-Identifier: Apache-2.0 */
/* Where the reader stands in a record, and what it says of a place that is not in order. */
#ifndef WIRE_WALK_H
#define WIRE_WALK_H

#include "base/text.h"
#include "ledger/account.h"

/* The schema has no message within itself, so its depth bounds the walk; deeper is a bug in the
 * schema. */
enum { DEPTH_MAX = 8, ACCOUNTS_KEPT = 4 };

/* Where the walk stands: from a message up to the record. */
struct frame {
	const struct frame *above;
	const char *name; /* of the field that holds this message; NULL: the record itself */
	unsigned depth;
};

struct walk {
	const uint8_t *start;
	struct text64 *detail;
	bool has_unknown;
	bool fits; /* what was bound */
	/* Accounts of this record so far: most are named again. */
	const struct account_id *accounts[ACCOUNTS_KEPT];
	unsigned account_count;
};

/* Notes the place, and returns false. */
bool walk_broken_at(const struct walk *walk, const uint8_t *at);
bool walk_broken_field(
	const struct walk *walk, const struct frame *frame, const char *name, const char *why);

/* Notes the first field that the schema does not have. */
void walk_unknown(struct walk *walk, const struct frame *frame, uint32_t number);

#endif
