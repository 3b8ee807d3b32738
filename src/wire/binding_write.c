/* SPDX-License-Identifier: Apache-2.0 */
/* Nouns to a message, from its end to its beginning: what stands inside is written before the size
 * that stands in front of it, so no size is worked out beforehand.
 */
#include "wire/binding.h"
#include "wire/chain.h"
#include "wire/raw.h"

#include "ledger/command.h"
#include "ledger/event.h"

#include <assert.h>

enum { AMOUNT_MINOR = 1, AMOUNT_CURRENCY = 2 };

static uint8_t *long_varint_put(uint8_t *at, uint64_t value)
{
	unsigned size = (70u - (unsigned)__builtin_clzll(value)) / 7;
	at -= size;
	for (unsigned i = 0; i + 1 < size; i++, value >>= 7)
		at[i] = (uint8_t)(value | 0x80);
	at[size - 1] = (uint8_t)value;
	return at;
}

/* Most are of one byte: tags and sizes. */
static inline uint8_t *varint_put(uint8_t *at, uint64_t value)
{
	if (value >= 0x80)
		return long_varint_put(at, value);
	*--at = (uint8_t)value;
	return at;
}

static uint8_t *tag_put(uint8_t *at, uint32_t number, enum raw_type type)
{
	return varint_put(at, (uint64_t)number << 3 | type);
}

static uint8_t *number_put(uint8_t *at, uint32_t number, uint64_t value)
{
	return value == 0 ? at : tag_put(varint_put(at, value), number, RAW_VARINT);
}

/* The size of what was written down to `at`, and the tag. */
static uint8_t *head_put(uint8_t *at, uint32_t number, const uint8_t *end)
{
	return tag_put(varint_put(at, (uint64_t)(end - at)), number, RAW_BYTES);
}

static uint8_t *bytes_put(uint8_t *at, uint32_t number, const void *bytes, size_t size)
{
	if (size == 0)
		return at;
	uint8_t *end = at;
	at -= size;
	memcpy(at, bytes, size);
	return head_put(at, number, end);
}

static uint8_t *amount_put(
	uint8_t *at, uint32_t number, struct amount amount, enum currency currency)
{
	uint8_t *end = at;
	at = bytes_put(
		at, AMOUNT_CURRENCY, currency_name(currency), currency == CURRENCY_none ? 0 : 3);
	at = number_put(at, AMOUNT_MINOR, (uint64_t)amount_minor(amount));
	return head_put(at, number, end);
}

static bool is_zero(const uint8_t *at, size_t size)
{
	static const uint8_t zero[HASH_SIZE];
	assert(size <= sizeof zero);
	return memcmp(at, zero, size) == 0;
}

static uint8_t *text_put(uint8_t *at, uint32_t number, const struct text64 *text)
{
	/* Too long a text can't be written: it would be another one. */
	assert(text->size <= sizeof text->at);
	return bytes_put(at, number, text->at, text->size);
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the descriptors. */

static uint8_t *message_put(
	const struct binding *binding, const uint8_t *const nouns[BINDING_NOUNS], uint8_t *at)
{
	return head_put(message_write(binding->message, nouns, at), binding->number, at);
}

static uint8_t *list_put(const struct binding *binding, const uint8_t *noun, uint8_t *at)
{
	uint8_t count = noun[binding->second];
	assert(count <= binding->list_max);
	for (size_t i = count; i-- > 0;) {
		const uint8_t *const nouns[BINDING_NOUNS] = { noun + binding->offset +
							      i * binding->stride };
		at = message_put(binding, nouns, at);
	}
	return at;
}

static uint8_t *choice_put(const struct binding *binding, const uint8_t *noun, uint8_t *at)
{
	const uint8_t *const nouns[BINDING_NOUNS] = { noun + binding->offset };
	return is_zero(nouns[0], sizeof(uint32_t)) ? at : message_put(binding, nouns, at);
}

static uint8_t *amounts_put(const struct binding *binding, const uint8_t *noun, uint8_t *at)
{
	const void *member = noun + binding->offset;
	const struct money *money = member;
	struct amount amount;
	enum currency currency;
	if (binding->bind == BIND_MONEY)
		return money->is_absent
			       ? at
			       : amount_put(at, binding->number, money->amount, money->currency);
	memcpy(&amount, member, sizeof amount);
	memcpy(&currency, noun + binding->second, sizeof currency);
	if (binding->bind == BIND_AMOUNT_IF && amount_is_zero(amount))
		return at;
	return amount_put(at, binding->number, amount, currency);
}

/* An absent one is all zero. */
static uint8_t *binary_put(uint8_t *at, uint32_t number, const void *bytes, size_t size)
{
	return is_zero(bytes, size) ? at : bytes_put(at, number, bytes, size);
}

static uint8_t *field_put(
	const struct binding *binding, const uint8_t *const nouns[BINDING_NOUNS], uint8_t *at)
{
	const uint8_t *noun = nouns[binding->noun];
	const void *member = noun + binding->offset;
	const struct account_id *account = member;
	const struct bytes *lent = member;
	const struct id_field *id = member;
	uint32_t number = binding->number, u32;
	int64_t i64;
	switch (binding->bind) {
	case BIND_NOTHING:
		return at;
	case BIND_ENUM: /* negative ones have their sign in all 64 bits */
		memcpy(&u32, member, sizeof u32);
		return number_put(at, number, (uint64_t)(int64_t)(int32_t)u32);
	case BIND_U32:
		memcpy(&u32, member, sizeof u32);
		return number_put(at, number, u32);
	case BIND_I64:
		memcpy(&i64, member, sizeof i64);
		return number_put(at, number, (uint64_t)i64);
	case BIND_BOOL:
		return number_put(at, number, noun[binding->offset]);
	case BIND_TEXT64:
		return text_put(at, number, member);
	case BIND_ACCOUNT:
	case BIND_ACCOUNT_ANY:
		return bytes_put(at, number, account->at, account->size);
	case BIND_LENT:
		return bytes_put(at, number, lent->at, lent->size);
	case BIND_CURRENCY:
		memcpy(&u32, member, sizeof u32);
		return bytes_put(at, number, currency_name((enum currency)u32), u32 == 0 ? 0 : 3);
	case BIND_ID:
		return binary_put(at, number, member, sizeof(struct id));
	case BIND_ID_FIELD:
		assert(!id->is_malformed);
		return binary_put(at, number, id->id.at, sizeof id->id.at);
	case BIND_DIGEST_IF:
		assert(nouns[1]); /* no element of a list has one */
		return nouns[1][binding->second]
			       ? bytes_put(at, number, member, sizeof(struct digest))
			       : at;
	case BIND_HASH_IF:
		assert(nouns[1]);
		return nouns[1][binding->second] ? bytes_put(at, number, member, HASH_SIZE) : at;
	case BIND_AMOUNT:
	case BIND_AMOUNT_IF:
	case BIND_MONEY:
		return amounts_put(binding, noun, at);
	case BIND_MESSAGE:
		return noun[binding->second] ? message_put(binding, nouns, at) : at;
	case BIND_ARM:
		return message_put(binding, nouns, at);
	case BIND_CHOICE:
		return choice_put(binding, noun, at);
	case BIND_LIST:
		return list_put(binding, noun, at);
	}
	return at;
}

/* Of many arms one is written, found by its kind. */
static uint8_t *arm_put(const struct message_binding *message,
	const uint8_t *const nouns[BINDING_NOUNS], uint8_t *at)
{
	const struct binding *any = &message->bindings[message->count - 1];
	uint32_t kind;
	memcpy(&kind, nouns[any->noun] + any->second, sizeof kind);
	unsigned place = arm_place(message, kind);
	assert(place != 0);
	return message_put(&message->bindings[place - 1], nouns, at);
}

uint8_t *message_write(const struct message_binding *message,
	const uint8_t *const nouns[BINDING_NOUNS], uint8_t *end)
{
	uint8_t *at = end;
	if (message->arms != 0)
		at = arm_put(message, nouns, at);
	for (size_t i = message->count - message->arms; i-- > 0;)
		at = field_put(&message->bindings[i], nouns, at);
	return at;
}

/* NOLINTEND(misc-no-recursion) */
