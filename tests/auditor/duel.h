/* SPDX-License-Identifier: Apache-2.0 */
/* The core and the auditor side by side: each event that the core makes must be the one that the
 * auditor predicts, and at the end their books must be the same.
 *
 * Events take the way over the wire in between, so what is written of one is compared too.
 */
#ifndef TESTS_DUEL_H
#define TESTS_DUEL_H

#include "auditor.h"

#include "ledger/command.h"

struct duel;

/* What came up, by number. */
struct duel_tally {
	size_t events[EVENT_LAST + 1];
	size_t rejects[REJECT_LAST + 1];
	size_t timers_most; /* that fired before one input */
};

/* Sees each event before the auditor takes it. */
typedef void duel_look(void *context, struct auditor *auditor, const struct event *event);

struct duel_watch {
	duel_look *look; /* may be NULL */
	void *context;
	struct duel_tally *tally; /* may be NULL */
};

/* A shard's ledger, opened at this time. `watch` may be NULL. Nothing of the core is kept from one
 * duel to the next; its memory is. Four at a time in a thread. */
struct duel *duel_new(
	uint32_t shard, uint32_t shards, int64_t time_ms, const struct duel_watch *watch);
void duel_free(struct duel *duel);

/* All that follow return false at the first difference; then duel_error says it, and the duel is
 * over. */
const char *duel_error(const struct duel *duel);

/* A record comes to stand on an input, `gap` offsets after the one before. */
void duel_input(struct duel *duel, enum topic topic, int64_t gap, int64_t record_time_ms,
	struct bytes value);
/* As an operator says it, for the first undecided record of that topic. */
void duel_refuse(struct duel *duel, enum topic topic);
void duel_accept_clock(struct duel *duel, enum topic topic);

size_t duel_pending(const struct duel *duel, enum topic topic);

/* The first undecided record of that topic is decided; nothing happens where there is none. */
bool duel_decide(struct duel *duel, enum topic topic);
/* The topic is made anew, empty, and the operator has the core go on with it. */
bool duel_make_anew(struct duel *duel, enum topic topic);
/* Engine time is set back to then; nothing happens where it is not ahead of that. */
bool duel_restart_clock(struct duel *duel, int64_t now_ms);
/* The core forgets all that its store holds. */
void duel_restart(struct duel *duel);
/* All is decided: both books, and what each says of itself. */
bool duel_compare(struct duel *duel);

/* A whole duel over what these bytes say. False: see `ret_error`. */
bool duel_is_even(const uint8_t *data, size_t size, const struct duel_watch *watch, char *ret_error,
	size_t error_size);
/* The same; aborts with the difference. */
void duel_run(const uint8_t *data, size_t size);

#endif
