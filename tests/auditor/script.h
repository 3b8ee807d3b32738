/* SPDX-License-Identifier: Apache-2.0 */
/* What bytes say: command records about a few parties and accounts, and all that can go wrong with
 * them. A zero byte, as all after the end are, means what is ordinary. Which fields a command has
 * is the contract's to say (shape.h): a new one comes up by itself. */
#ifndef TESTS_AUDITOR_SCRIPT_H
#define TESTS_AUDITOR_SCRIPT_H

#include "record.h"

#include "base/id.h"
#include "ledger/command.h"

enum { SCRIPT_DAY_MS = 86400000, SCRIPT_PARTIES = 6, SCRIPT_NAMES = 4, SCRIPT_IDS = 16 };

extern const char *const script_parties[SCRIPT_PARTIES];
extern const char *const script_names[SCRIPT_NAMES];      /* of accounts */
extern const char *const script_currencies[SCRIPT_NAMES]; /* theirs */

/* Ids of commands of one kind, the last ones, and whose. */
struct script_sent {
	struct id ids[SCRIPT_IDS];
	unsigned parties[SCRIPT_IDS];
	unsigned count;
};

struct script {
	const uint8_t *at; /* what is left */
	size_t left;
	unsigned own[SCRIPT_PARTIES]; /* those of the shard */
	unsigned own_count;
	int64_t now_ms;
	uint32_t made;
	struct id ids[SCRIPT_IDS]; /* the last ones */
	struct script_sent sent[COMMAND_LAST + 1];
	unsigned name; /* of the account that was named last */
	enum command_kind kind;
};

unsigned script_take(struct script *script); /* a byte */
unsigned script_pick(struct script *script, unsigned end);
bool script_seldom(struct script *script);

/* A new one of this time. */
struct id script_id(struct script *script, int64_t time_ms);
int64_t script_step_ms(struct script *script);

/* A record, and the topic that it belongs on. */
void script_record(struct script *script, struct record *ret, enum topic *ret_topic);
/* Makes it what no client of ours would send. */
void script_spoil(struct script *script, struct record *record);

#endif
