/* SPDX-License-Identifier: Apache-2.0 */
/* The events that are pinned: one of each kind and version, and what stands before them. They are
 * part of the contract: what is released here is never changed, only added to. */
#ifndef TESTS_GOLDEN_EVENTS_H
#define TESTS_GOLDEN_EVENTS_H

#include "wire/wire.h"

enum { PRELUDE_EVENTS = 9, GOLDEN_BEFORE_MAX = 16 };

/* What no rule could have written, and replay has to refuse. */
struct unsound {
	const char *name;
	void (*change)(struct event *event);
};

#define UNSOUND(function)           \
	{                           \
#function, function \
	}

struct golden {
	const char *name; /* "transfer_posted_v1" */
	struct event event;
	struct link link;
	const struct unsound *unsound; /* of this event alone; the last one has no name */
	size_t before_count;
	struct event before[GOLDEN_BEFORE_MAX]; /* what it stands on, from ledger_opened on */
};

/* Of the ith kind of event; there are EVENT_COUNT. */
void golden_make(size_t i, struct golden *ret);

#endif
