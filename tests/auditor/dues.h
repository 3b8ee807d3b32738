/* SPDX-License-Identifier: Apache-2.0 */
/* What is due when, the least (time, id) first: a binary heap. */
#ifndef TESTS_AUDITOR_DUES_H
#define TESTS_AUDITOR_DUES_H

#include "base/id.h"
#include "ledger/contract.h"

#include <stddef.h>

struct due {
	int64_t at_ms;
	struct id id;
	enum timer_kind kind; /* of a timer */
	size_t *place;        /* kept at where this one stands, for dues_remove; may be NULL */
};

/* All zero is an empty one. */
struct dues {
	struct due *at; /* at[0] is the first */
	size_t count;
	size_t capacity;
};

void dues_free(struct dues *dues);
void dues_put(struct dues *dues, struct due due);
void dues_remove(struct dues *dues, size_t place);

#endif
