/* SPDX-License-Identifier: Apache-2.0 */
/* A command as decide sees it: decoded, by value, and not yet checked.
 *
 * Decoding keeps what was wrong (a text too long, an id of 15 bytes, an enum value unknown) in a
 * form that the shape checks refuse; what could not be decoded at all comes with `refusal` set and
 * the record's position only.
 */
#ifndef LEDGER_COMMAND_H
#define LEDGER_COMMAND_H

#include "base/id.h"
#include "ledger/account.h"
#include "ledger/reject.h"

enum {
	COMMAND_SIZE_MAX = 4096,         /* bytes of a command record's value */
	HOLD_EXPIRES_IN_S_MAX = 2592000, /* 30 days */
};

enum topic {
	TOPIC_none = 0,
	TOPIC_commands = 1,
	TOPIC_rails = 2,
	TOPIC_control = 3,
	TOPIC_internal = 4,
};
enum { TOPIC_COUNT = 4 };

enum command_kind {
	COMMAND_none = 0,
#define COMMAND(number, name, topic) COMMAND_##name = (number),
#include "ledger/commands.def"
#undef COMMAND
};

enum party_kind {
	PARTY_KIND_none = 0,
	PARTY_KIND_person = 1,
	PARTY_KIND_business = 2,
};

enum initiator {
	INITIATOR_none = 0,
	INITIATOR_owner = 1,
	INITIATOR_operator = 2,
	INITIATOR_system = 3,
	INITIATOR_third_party = 4,
};

enum rail {
	RAIL_none = 0,
	RAIL_ach = 1,
	RAIL_card_network = 2,
	RAIL_instant = 3,
	RAIL_wire = 4,
	RAIL_cash = 5,
	RAIL_book = 6,
};

/* An id field of a body or envelope, which may have had a wrong size. */
struct id_field {
	struct id id;
	bool is_malformed; /* neither absent nor 16 bytes */
};

struct money {
	struct amount amount;
	enum currency currency; /* CURRENCY_none: unknown, or the whole Amount was absent */
	bool is_absent;
};

/* Account fields are absent (size 0) where they are malformed. */
struct command_party_open {
	int32_t kind; /* enum party_kind, unchecked */
};

struct command_account_open {
	struct account_id account;
	enum currency currency;
	int32_t account_class; /* enum account_class, unchecked */
};

struct command_account_close {
	struct account_id account;
};

struct command_funds_receive {
	struct account_id to_account;
	struct money money;
	int32_t rail; /* enum rail, unchecked */
	struct text64 rail_reference;
};

struct command_transfer_create {
	struct account_id from_account;
	struct account_id to_account;
	struct money money;
};

struct command_hold_create {
	struct account_id from_account;
	struct account_id to_account;
	struct money money;
	struct text64 reason;
	int64_t expires_in_s;
};

struct command_hold_capture {
	struct id_field hold_id;
	struct money money; /* absent: all that is held */
};

struct command_hold_release {
	struct id_field hold_id;
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
		struct command_party_open party_open;
		struct command_account_open account_open;
		struct command_account_close account_close;
		struct command_funds_receive funds_receive;
		struct command_transfer_create transfer_create;
		struct command_hold_create hold_create;
		struct command_hold_capture hold_capture;
		struct command_hold_release hold_release;
	};
};

/* The accounts that a command names, up to two; how many. */
size_t command_accounts(const struct command *command, const struct account_id *ret[2]);

const char *command_name(enum command_kind kind); /* "transfer_create"; "" for none */
enum topic command_topic(enum command_kind kind); /* where it belongs */
const char *topic_name(enum topic topic);         /* "commands"; "" for none */
const char *rail_name(enum rail rail);            /* "ach"; "" for none */

#endif
