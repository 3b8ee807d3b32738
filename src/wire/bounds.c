/* SPDX-License-Identifier: Apache-2.0 */
/* How long a well-formed record can get, from the nouns' greatest sizes: a body that grows past the
 * limit does not compile. Each field is counted with two bytes of tag and, where it has one, two
 * bytes of size.
 */
#include "wire/codec.h"

enum { TAG = 2, SIZE = 2, VARINT32 = 5, VARINT64 = 10 };
#define UINT32 (TAG + VARINT32)
#define INT64 (TAG + VARINT64)
#define ENUM (TAG + VARINT64) /* an unknown negative one takes ten bytes */
#define BOOL (TAG + 1)
#define OF(size) (TAG + SIZE + (size)) /* text, bytes or message of this size */
#define TEXT OF(sizeof((struct text64 *)0)->at)
#define ID OF(sizeof(struct id))
#define HASH OF(HASH_SIZE)
#define ACCOUNT OF(ACCOUNT_ID_SIZE_MAX)
#define CURRENCY_CODE OF(3)
#define AMOUNT OF(INT64 + CURRENCY_CODE)

/* NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): constants, which would not
 * compile if they overflowed. */

/* Bodies of commands, in the order of commands.def. */
enum {
	COMMAND_BOUND_tick = 0,
	COMMAND_BOUND_party_open = ENUM,
	COMMAND_BOUND_account_open = ACCOUNT + CURRENCY_CODE + ENUM,
	COMMAND_BOUND_account_close = ACCOUNT,
	COMMAND_BOUND_funds_receive = ACCOUNT + AMOUNT + ENUM + TEXT,
	COMMAND_BOUND_transfer_create = 2 * ACCOUNT + AMOUNT,
	COMMAND_BOUND_hold_create = 2 * ACCOUNT + AMOUNT + TEXT + INT64,
	COMMAND_BOUND_hold_capture = ID + AMOUNT,
	COMMAND_BOUND_hold_release = ID,
};

/* Outcomes, in the order of events.def. */
enum {
	EVENT_BOUND_ticked = UINT32,
	EVENT_BOUND_ledger_opened = ID + 3 * UINT32 + 2 * INT64,
	EVENT_BOUND_command_rejected = 2 * ENUM + TEXT + 3 * INT64 + CURRENCY_CODE,
	EVENT_BOUND_command_repeated = INT64 + UINT32 + ENUM,
	EVENT_BOUND_command_ids_dropped = INT64,
	EVENT_BOUND_inputs_restarted = ENUM + 2 * INT64 + 2 * OF(DIGEST_SIZE) + 2 * ID,
	EVENT_BOUND_clock_restarted = 2 * INT64,
	EVENT_BOUND_party_opened = TEXT + ENUM,
	EVENT_BOUND_account_opened = ACCOUNT + CURRENCY_CODE + ENUM + INT64,
	EVENT_BOUND_account_closed = ACCOUNT,
	EVENT_BOUND_funds_received = ACCOUNT + AMOUNT + ENUM + TEXT,
	EVENT_BOUND_transfer_posted = 2 * ACCOUNT + AMOUNT,
	EVENT_BOUND_hold_created = ID + 2 * ACCOUNT + AMOUNT + TEXT + INT64,
	EVENT_BOUND_hold_captured = ID + 2 * ACCOUNT + 2 * AMOUNT,
	EVENT_BOUND_hold_released = ID + 2 * ACCOUNT + AMOUNT,
	EVENT_BOUND_hold_expired = ID + 2 * ACCOUNT + AMOUNT + TEXT,
};

enum {
	COMMAND_ENVELOPE = 2 * ID + 2 * TEXT + ENUM + BOOL,
	INPUT = ENUM + INT64 + ID + OF(DIGEST_SIZE) + TEXT + ENUM + ID + TEXT,
	TIMER = ENUM + INT64 + ID,
	POSTING = 2 * ACCOUNT + AMOUNT + 2 * ENUM + BOOL,
	BALANCE = ACCOUNT + CURRENCY_CODE + 4 * INT64,
	EVENT_ENVELOPE = OF(0) + UINT32 + 3 * INT64 + 2 * HASH + OF(INPUT) + OF(TIMER) +
			 EFFECTS_PER_EVENT_MAX * OF(OF(POSTING)) +
			 BALANCES_PER_EVENT_MAX * OF(BALANCE),
};

/* NOLINTEND(bugprone-implicit-widening-of-multiplication-result) */

#define COMMAND(number, name, topic) \
	_Static_assert(COMMAND_ENVELOPE + OF(COMMAND_BOUND_##name) <= COMMAND_SIZE_MAX, #name);
#include "ledger/commands.def"
#undef COMMAND
#define EVENT(number, version, name) \
	_Static_assert(EVENT_ENVELOPE + OF(EVENT_BOUND_##name) <= EVENT_SIZE_MAX, #name);
#include "ledger/events.def"
#undef EVENT

size_t command_bound(enum command_kind kind)
{
	switch (kind) {
#define COMMAND(number, name, topic) \
	case COMMAND_##name:         \
		return COMMAND_ENVELOPE + OF(COMMAND_BOUND_##name);
#include "ledger/commands.def"
#undef COMMAND
	case COMMAND_none:
		break;
	}
	return 0;
}

size_t event_bound(enum event_kind kind)
{
	switch (kind) {
#define EVENT(number, version, name) \
	case EVENT_##name:           \
		return EVENT_ENVELOPE + OF(EVENT_BOUND_##name);
#include "ledger/events.def"
#undef EVENT
	case EVENT_none:
		break;
	}
	return 0;
}
