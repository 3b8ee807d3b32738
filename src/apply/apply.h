/* SPDX-License-Identifier: Apache-2.0 */
/* The only code that changes state. What each event does stands in a file of its own (rule.h). It
 * can't fail: the rows that the event names are loaded before it.
 */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include "state/mutate.h"

/* True when all rows that apply will read are in memory; else they are noted as missing. */
bool apply_is_loaded(const struct state *state, const struct event *event);

/* Does an event of the log follow from the state? What apply asserts, as a question: for replay,
 * where a wrong event is a fault of the log and not a bug. Its rows are loaded. */
bool apply_is_sound(const struct state *state, const struct event *event);

void apply(struct state *state, const struct event *event);

#endif
