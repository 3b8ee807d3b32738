/* SPDX-License-Identifier: Apache-2.0 */
/* The events that are pinned: one of each kind and version, and what stands before them. They are
 * part of the contract: what is released here is never changed, only added to. */
#ifndef TESTS_GOLDEN_EVENTS_H
#define TESTS_GOLDEN_EVENTS_H

#include "wire/wire.h"

struct golden {
	const char *name; /* "transfer_posted_v1" */
	struct event event;
	struct link link;
};

enum { GOLDEN_EVENTS = 16, PRELUDE_EVENTS = 9 };

void golden_make(size_t i, struct golden *ret);

/* Two members with an account each, money, an open hold, an empty account. The pinned event comes
 * next, but for ledger_opened, which comes first. */
void golden_prelude(struct event ret[PRELUDE_EVENTS]);

#endif
