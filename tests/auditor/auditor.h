/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor: a second ledger of one shard, naive and by itself. It is given the inputs as they
 * stand on the log, predicts every event of the chain, whole, and says where what came differs.
 *
 * Written from the contract (docs/reference). Of src it knows the nouns (base, ledger) and
 * command_decode; nothing of state, decide, apply and engine.
 */
#ifndef TESTS_AUDITOR_H
#define TESTS_AUDITOR_H

#include "base/bytes.h"
#include "ledger/event.h"

struct auditor;

struct auditor *auditor_new(uint32_t shard, uint32_t shards);
void auditor_free(struct auditor *auditor); /* NULL is fine */

/* A record that stands on an input, each topic's in the order of their offsets, which may have
 * gaps. The value is not kept. */
void auditor_input(struct auditor *auditor, enum topic topic, int64_t offset,
	int64_t record_time_ms, struct bytes value);

/* The log lost the records of an input from this offset on: what is given next stands there
 * instead. */
void auditor_input_cut(struct auditor *auditor, enum topic topic, int64_t offset);

/* What an operator says, for inputs whose outcomes are not given yet: before or after the input
 * itself. Say it where an owner starts with that option, once all events before its own are given.
 * The clock is accepted up to and including that offset. Offset -1 takes back what was said of a
 * topic: where a later owner starts without the option. */
void auditor_refuse(struct auditor *auditor, enum topic topic, int64_t offset);
void auditor_accept_clock(struct auditor *auditor, enum topic topic, int64_t offset_up_to);

/* The next event of the chain; ledger_opened is the first. NULL: it is as predicted, and taken.
 * Else what was predicted and what came, in a buffer that the next call may reuse; the event is not
 * taken: the auditor stands as before. A timer's event may lack its party, which no record holds.
 * Any undecided topic's first record may come next, but after a timer's event only the one that it
 * names. */
const char *auditor_event(struct auditor *auditor, const struct event *event);

/* NULL: each input that was given has its outcome. Else what has not, until the next call in this
 * thread; auditor_sums likewise. */
const char *auditor_all_answered(const struct auditor *auditor);

/* NULL: in each currency debits are credits, in both layers; each account's pending totals are its
 * open holds'; no member is below its floor; each open hold has its timer, and nothing else has.
 * Looks at everything. */
const char *auditor_sums(const struct auditor *auditor);

/* Of two shards of one ledger, what both have on their chains: see remittance.h. The first looks at
 * numbers alone, and so can be asked after each event. */
const char *auditor_order(const struct auditor *home, const struct auditor *away);
const char *auditor_pair(const struct auditor *one, const struct auditor *other);

/* What the ledger stands at, to compare with stored rows. False: there is no such account. */
bool auditor_account(const struct auditor *auditor, const struct account_id *id,
	struct balances *ret, bool *ret_is_closed);
size_t auditor_accounts(const struct auditor *auditor); /* the platform's too */
size_t auditor_open_holds(const struct auditor *auditor);
size_t auditor_under_way(const struct auditor *auditor); /* remittances sent, and not answered */
size_t auditor_refusals(const struct auditor *auditor);  /* remittances refused, until confirmed */
size_t auditor_remittances_open(const struct auditor *auditor); /* on either of their sides */
size_t auditor_command_ids(const struct auditor *auditor);      /* that were not dropped */

#endif
