/* SPDX-License-Identifier: Apache-2.0 */
/* The only code that changes state. One function per event and version; a released one is never
 * edited, a changed meaning is a new one beside it. It can't fail: the rows that the event names
 * are loaded before it.
 */
#ifndef APPLY_APPLY_H
#define APPLY_APPLY_H

#include "state/mutate.h"

/* True when all rows that apply will read are in memory; else they are noted as missing. */
bool apply_is_loaded(const struct state *state, const struct event *event);

/* Does an event of the log follow from the state? What apply asserts, as a question: for replay,
 * where a wrong event is a fault of the log and not a bug. Its rows are loaded. */
bool apply_is_sound(const struct state *state, const struct event *event);
bool apply_effects_are_sound(const struct state *state, const struct event *event);

void apply(struct state *state, const struct event *event);

/* The postings of the event, and nothing else: for the events' own functions. */
void apply_effects(struct state *state, const struct event *event);

#define EVENT(number, version, name) \
	void apply_##name##_v##version(struct state *state, const struct event *event);
#include "ledger/events.def"
#undef EVENT

#endif
