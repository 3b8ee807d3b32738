/* SPDX-License-Identifier: Apache-2.0 */
/* A command as decide sees it: decoded, by value, and not yet checked.
 *
 * Decoding keeps what was wrong (a text too long, an id of 15 bytes, an enum value unknown) in a
 * form that the shape checks refuse; what could not be decoded at all comes with `refusal` set and
 * the record's position only.
 */
#ifndef LEDGER_COMMAND_H
#define LEDGER_COMMAND_H

#include "ledger/command_bodies.h"

enum {
	COMMAND_SIZE_MAX = 4096, /* bytes of a command record's value */
	COMMAND_ACCOUNTS_MAX = 2,
	HOLD_EXPIRES_IN_S_MAX = 2592000, /* 30 days */
};

/* Where the record stands and when the log took it. */
struct input {
	enum topic topic;
	int64_t offset;
	int64_t record_time_ms;
};

struct command {
	enum command_kind kind;
	enum reject refusal; /* found before decide: undecodable, unknown_field, ... */
	struct text64 refusal_detail;
	struct digest digest; /* of command_pack's bytes; of the record where kind is none */
	struct id_field id;
	struct text64 party;
	int32_t initiator; /* enum initiator, unchecked */
	struct id_field group_id;
	struct text64 reference;
	bool dry_run;
	union {
#include "ledger/command_members.def"
	};
};

/* The accounts that a command names; how many. */
size_t command_accounts(
	const struct command *command, const struct account_id *ret[COMMAND_ACCOUNTS_MAX]);

#endif
