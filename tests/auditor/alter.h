/* SPDX-License-Identifier: Apache-2.0 */
/* That the auditor can fail: whatever is changed in an event, it refuses it. */
#ifndef TESTS_AUDITOR_ALTER_H
#define TESTS_AUDITOR_ALTER_H

#include "duel.h"

/* What came up; all zero to begin with. */
struct altering {
	size_t kinds[EVENT_LAST + 1];
	size_t rejects[REJECT_LAST + 1];
	size_t altered;
};

/* A duel_look; the context is a struct altering. Changes one bit of each byte that says something,
 * of some events of each kind; aborts where the auditor takes one of them. */
void event_alter(void *context, struct auditor *auditor, const struct event *event);

#endif
