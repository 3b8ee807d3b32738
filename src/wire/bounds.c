/* SPDX-License-Identifier: Apache-2.0 */
/* How long a well-formed record can get, from its fields' greatest sizes: a body that grows past
 * the limit does not compile. Each field is counted with two bytes of tag and, where it has one,
 * two bytes of size.
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
#define CHOICE OF(OF(0))

/* NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): constants, which would not
 * compile if they overflowed. */

enum {
#define COMMAND_BOUND(name, size) COMMAND_BOUND_##name = (size),
#define EVENT_BOUND(name, size) EVENT_BOUND_##name = (size),
#include "wire/bounds.def"
#undef COMMAND_BOUND
#undef EVENT_BOUND
};

enum {
	COMMAND_ENVELOPE = 2 * ID + 2 * TEXT + ENUM + BOOL,
	INPUT = ENUM + INT64 + ID + OF(DIGEST_SIZE) + TEXT + ENUM + ID + TEXT + BOOL,
	TIMER = ENUM + INT64 + ID,
	POSTING = 2 * UINT32 + INT64 + 2 * ENUM + BOOL,
	REMITTANCE = 2 * UINT32 + 2 * INT64 + ACCOUNT + CHOICE,
	SETTLEMENT = INT64 + 2 * ID,
	/* Which is longer than a posting and a settlement. */
	EFFECT = REMITTANCE,
	BALANCE = ACCOUNT + CURRENCY_CODE + 4 * INT64,
	EVENT_ENVELOPE = 2 * OF(0) + UINT32 + 3 * INT64 + 2 * HASH + OF(INPUT) + OF(TIMER) +
			 EFFECTS_PER_EVENT_MAX * OF(OF(EFFECT)) +
			 BALANCES_PER_EVENT_MAX * OF(BALANCE),
};

_Static_assert(EFFECT >= POSTING && EFFECT >= SETTLEMENT, "an effect of any kind");

/* NOLINTEND(bugprone-implicit-widening-of-multiplication-result) */

#define COMMAND(number, name, topic) \
	_Static_assert(COMMAND_ENVELOPE + OF(COMMAND_BOUND_##name) <= COMMAND_SIZE_MAX, #name);
#include "ledger/commands.def"
#undef COMMAND
#define EVENT(number, name, file) \
	_Static_assert(EVENT_ENVELOPE + OF(EVENT_BOUND_##name) <= EVENT_SIZE_MAX, #name);
#include "ledger/events.def"
#undef EVENT

size_t command_bound(enum command_kind kind)
{
	static const uint16_t bounds[COMMAND_LAST + 1] = {
#define COMMAND(number, name, topic) [COMMAND_##name] = COMMAND_ENVELOPE + OF(COMMAND_BOUND_##name),
#include "ledger/commands.def"
#undef COMMAND
	};
	assert((unsigned)kind <= COMMAND_LAST);
	return bounds[kind];
}

size_t event_bound(enum event_kind kind)
{
	static const uint16_t bounds[EVENT_LAST + 1] = {
#define EVENT(number, name, file) [EVENT_##name] = EVENT_ENVELOPE + OF(EVENT_BOUND_##name),
#include "ledger/events.def"
#undef EVENT
	};
	assert((unsigned)kind <= EVENT_LAST);
	return bounds[kind];
}
