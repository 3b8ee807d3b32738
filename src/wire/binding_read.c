/* SPDX-License-Identifier: Apache-2.0 */
/* A message into nouns: one strict walk over its bytes, at every depth. */
#include "wire/binding.h"
#include "wire/chain.h"
#include "wire/raw.h"
#include "wire/utf8.h"
#include "wire/walk.h"

#include "ledger/command.h"
#include "ledger/event.h"

#include <assert.h>

/* Past so many absent fields the next one is searched for. */
enum { FIELDS_SKIPPED_MAX = 4 };

/* Where a message's fields go; without a binding: nowhere. */
struct target {
	const struct message_binding *message;
	uint8_t *nouns[BINDING_NOUNS];
};

/* Past some that are absent; else by a search, which takes longer the more ranges of numbers there
 * are. */
static const ProtobufCFieldDescriptor *field_search(
	const ProtobufCMessageDescriptor *descriptor, uint32_t number, unsigned next)
{
	unsigned left = descriptor->n_fields - next;
	if (left == 0) /* a message without fields has no descriptors of them */
		return protobuf_c_message_descriptor_get_field(descriptor, number);
	const ProtobufCFieldDescriptor *field = &descriptor->fields[next];
	if (left > FIELDS_SKIPPED_MAX)
		left = FIELDS_SKIPPED_MAX;
	for (; left != 0; left--, field++)
		if (field->id == number)
			return field;
	return protobuf_c_message_descriptor_get_field(descriptor, number);
}

/* Fields mostly come in their order, so the one after the last is tried first, and then the last,
 * which is a list's. An arm is found by its number. */
static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *descriptor,
	const struct message_binding *message, uint32_t number, unsigned *next)
{
	const ProtobufCFieldDescriptor *fields = descriptor->fields, *field;
	unsigned place = *next;
	if (place < descriptor->n_fields && fields[place].id == number)
		field = &fields[place];
	else if (place > 0 && fields[place - 1].id == number)
		field = &fields[place - 1]; /* NOLINT(bugprone-branch-clone): then another place */
	else if (message && (place = arm_place(message, number)) != 0)
		field = &fields[place - 1];
	else
		field = field_search(descriptor, number, *next);
	if (field)
		*next = (unsigned)(field - fields) + 1;
	return field;
}

static bool varint_fits(ProtobufCType type, uint64_t value)
{
	int64_t number = (int64_t)value;
	if (type == PROTOBUF_C_TYPE_BOOL)
		return value <= 1;
	if (type == PROTOBUF_C_TYPE_UINT32)
		return value <= UINT32_MAX;
	if (type == PROTOBUF_C_TYPE_ENUM)
		return number >= INT32_MIN && number <= INT32_MAX;
	assert(type == PROTOBUF_C_TYPE_INT64);
	return true;
}

static bool type_is_bytes(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
	       type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool walk_message(struct walk *walk, const struct frame *frame,
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
	const struct target *target); /* NOLINT(misc-no-recursion): at most DEPTH_MAX deep */

static void fit(struct walk *walk, bool fits)
{
	walk->fits = walk->fits && fits;
}

static bool sized_take(struct walk *walk, void *ret, size_t size, struct bytes bytes)
{
	bool fits = bytes.size == size;
	fit(walk, fits);
	if (fits)
		memcpy(ret, bytes.at, size);
	return fits;
}

/* An absent one is left out, so none says that it is. */
static void id_take(struct walk *walk, struct id *ret, struct bytes bytes)
{
	if (bytes.size != 0 && sized_take(walk, ret->at, sizeof ret->at, bytes))
		fit(walk, !id_is_absent(ret));
}

static void flagged_take(struct walk *walk, const struct target *target,
	const struct binding *binding, size_t size, struct bytes bytes)
{
	void *member = target->nouns[binding->noun] + binding->offset;
	if (bytes.size != 0)
		target->nouns[1][binding->second] = sized_take(walk, member, size, bytes);
}

static void currency_take(struct walk *walk, enum currency *ret, struct bytes text)
{
	*ret = currency_by_name((const char *)text.at, text.size);
	fit(walk, *ret != CURRENCY_none || text.size == 0);
}

static void number_take(const struct binding *binding, void *member, uint64_t value)
{
	uint32_t u32 = (uint32_t)value;
	if (binding->bind == BIND_ENUM || binding->bind == BIND_U32)
		memcpy(member, &u32, sizeof u32);
	else if (binding->bind == BIND_I64)
		memcpy(member, &value, sizeof value);
	else if (binding->bind == BIND_BOOL)
		memcpy(member, &(bool){ value != 0 }, sizeof(bool));
}

static bool account_take(struct walk *walk, struct account_id *ret, struct bytes text)
{
	for (unsigned i = 0; i < walk->account_count; i++) {
		const struct account_id *known = walk->accounts[i];
		if (known->size != text.size || memcmp(known->at, text.at, text.size) != 0)
			continue;
		*ret = *known;
		return true;
	}
	if (!account_id_parse_any(ret, (const char *)text.at, text.size))
		return false;
	if (walk->account_count < ACCOUNTS_KEPT)
		walk->accounts[walk->account_count++] = ret;
	return true;
}

/* A text that fits an alphabet of ours is clean, and one that is lent is compared with such a one.
 */
static bool is_surely_clean(const struct binding *binding, const uint8_t *member)
{
	const struct account_id *account = (const void *)member;
	enum currency currency;
	if (binding->bind == BIND_CURRENCY)
		return memcpy(&currency, member, sizeof currency), currency != CURRENCY_none;
	if (binding->bind == BIND_ACCOUNT || binding->bind == BIND_ACCOUNT_ANY)
		return account->size != 0;
	return binding->bind == BIND_LENT;
}

/* A field that is no number and no message, into the noun's member. */
static void bytes_take(struct walk *walk, const struct binding *binding,
	const struct target *target, struct bytes bytes)
{
	void *member = target->nouns[binding->noun] + binding->offset;
	struct id_field *id = member;
	const char *text = (const char *)bytes.at;
	switch (binding->bind) {
	case BIND_TEXT64:
		text64_set(member, text, bytes.size);
		break;
	case BIND_ACCOUNT:
		(void)account_id_parse(member, text, bytes.size);
		break;
	case BIND_ACCOUNT_ANY:
		fit(walk, account_take(walk, member, bytes));
		break;
	case BIND_LENT:
		*(struct bytes *)member = bytes;
		break;
	case BIND_CURRENCY:
		currency_take(walk, member, bytes);
		break;
	case BIND_ID:
		id_take(walk, member, bytes);
		break;
	case BIND_ID_FIELD:
		if (bytes.size == sizeof id->id.at)
			memcpy(id->id.at, bytes.at, bytes.size);
		id->is_malformed = bytes.size != 0 && bytes.size != sizeof id->id.at;
		break;
	case BIND_DIGEST_IF:
		flagged_take(walk, target, binding, sizeof(struct digest), bytes);
		break;
	case BIND_HASH_IF:
		flagged_take(walk, target, binding, HASH_SIZE, bytes);
		break;
	case BIND_NOTHING:
	case BIND_ENUM:
	case BIND_U32:
	case BIND_I64:
	case BIND_BOOL:
	case BIND_AMOUNT:
	case BIND_AMOUNT_IF:
	case BIND_MONEY:
	case BIND_MESSAGE:
	case BIND_ARM:
	case BIND_CHOICE:
	case BIND_LIST:
		break;
	}
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the descriptors, at most DEPTH_MAX. */

/* Its two fields stand in a struct money, and are moved from there to where the binding says. */
static bool walk_amount(struct walk *walk, const struct frame *inner,
	const ProtobufCFieldDescriptor *field, struct bytes bytes, const struct binding *binding,
	uint8_t *noun)
{
	static const struct binding bindings[] = {
		{ .number = 1, .bind = BIND_I64, .offset = offsetof(struct money, amount) },
		{ .number = 2, .bind = BIND_CURRENCY, .offset = offsetof(struct money, currency) },
	};
	static const struct message_binding message = { BINDINGS_OF(bindings) };
	struct money money = { .currency = CURRENCY_none };
	struct target target = { &message, { (uint8_t *)&money } };
	if (!walk_message(walk, inner, field->descriptor, bytes, &target))
		return false;
	if (binding->bind == BIND_MONEY) {
		memcpy(noun + binding->offset, &money, sizeof money);
		return true;
	}
	enum currency before;
	memcpy(&before, noun + binding->second, sizeof before);
	fit(walk, money.currency != CURRENCY_none &&
			  (before == CURRENCY_none || before == money.currency));
	memcpy(noun + binding->offset, &money.amount, sizeof money.amount);
	memcpy(noun + binding->second, &money.currency, sizeof money.currency);
	return true;
}

/* The next element's room, all zero; NULL: there is none left. */
static uint8_t *element_take(struct walk *walk, const struct binding *binding, uint8_t *noun)
{
	uint8_t *count = noun + binding->second;
	fit(walk, *count < binding->list_max);
	if (*count == binding->list_max)
		return NULL;
	uint8_t *element = noun + binding->offset + (size_t)(*count)++ * binding->stride;
	memset(element, 0, binding->stride);
	return element;
}

/* Where a body has no Amount, its money says so. */
static void arm_begin(const struct binding *arm, uint8_t *noun)
{
	memcpy(noun + arm->second, &arm->number, sizeof arm->number);
	for (size_t i = 0; i < arm->message->count; i++) {
		const struct binding *binding = &arm->message->bindings[i];
		struct money *money = (void *)(noun + binding->offset);
		if (binding->bind == BIND_MONEY)
			money->is_absent = true;
	}
}

static bool walk_inner(struct walk *walk, const struct frame *frame,
	const ProtobufCFieldDescriptor *field, struct bytes bytes, const struct binding *binding,
	const struct target *target)
{
	struct frame inner = { frame, field->name, frame->depth + 1 };
	uint8_t *noun = binding ? target->nouns[binding->noun] : NULL;
	struct target there = { NULL, { NULL } };
	if (!binding || binding->bind == BIND_NOTHING)
		return walk_message(walk, &inner, field->descriptor, bytes, &there);
	if (binding->bind == BIND_AMOUNT || binding->bind == BIND_AMOUNT_IF ||
		binding->bind == BIND_MONEY)
		return walk_amount(walk, &inner, field, bytes, binding, noun);
	there = *target;
	there.message = binding->message;
	if (binding->bind == BIND_ARM) {
		arm_begin(binding, noun);
	} else if (binding->bind == BIND_MESSAGE) {
		noun[binding->second] = true;
	} else if (binding->bind == BIND_CHOICE) {
		there.nouns[0] = noun + binding->offset;
	} else {
		assert(binding->bind == BIND_LIST);
		there.nouns[0] = element_take(walk, binding, noun);
		if (!there.nouns[0])
			there.message = NULL;
	}
	return walk_message(walk, &inner, field->descriptor, bytes, &there);
}

static bool walk_value(struct walk *walk, const struct frame *frame,
	const ProtobufCFieldDescriptor *field, const struct raw_field *raw,
	const struct binding *binding, const struct target *target)
{
	if (raw->type != (type_is_bytes(field->type) ? RAW_BYTES : RAW_VARINT))
		return walk_broken_field(walk, frame, field->name, "not of this field's type");
	if (raw->type == RAW_VARINT) {
		if (!varint_fits(field->type, raw->value))
			return walk_broken_field(walk, frame, field->name, "number too wide");
		if (binding)
			number_take(binding, target->nouns[binding->noun] + binding->offset,
				raw->value);
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return walk_inner(walk, frame, field, raw->bytes, binding, target);
	if (binding)
		bytes_take(walk, binding, target, raw->bytes);
	if (field->type == PROTOBUF_C_TYPE_STRING &&
		!(binding &&
			is_surely_clean(binding, target->nouns[binding->noun] + binding->offset)) &&
		!text_is_clean(raw->bytes))
		return walk_broken_field(walk, frame, field->name, "not UTF-8, or holds NUL");
	return true;
}

static bool walk_message(struct walk *walk, const struct frame *frame,
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
	const struct target *target)
{
	assert(frame->depth < DEPTH_MAX);
	struct raw_reader reader = raw_reader_of(bytes);
	struct raw_field raw;
	uint64_t seen = 0;                          /* of those that are in no oneof */
	const ProtobufCFieldDescriptor *arm = NULL; /* no message has more than one oneof */
	unsigned next = 0;

	enum raw_result result;
	while ((result = raw_next(&reader, &raw)) == RAW_FIELD) {
		const ProtobufCFieldDescriptor *field =
			field_find(descriptor, target->message, raw.number, &next);
		if (!field) {
			walk_unknown(walk, frame, raw.number);
			continue;
		}
		ptrdiff_t place = field - descriptor->fields;
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (arm)
				return walk_broken_field(walk, frame, field->name,
					arm == field ? "comes twice"
						     : "one of two that exclude each other");
			arm = field;
		} else if (field->label != PROTOBUF_C_LABEL_REPEATED) {
			uint64_t bit = UINT64_C(1) << place;
			if (seen & bit)
				return walk_broken_field(walk, frame, field->name, "comes twice");
			seen |= bit;
		}
		const struct binding *binding =
			target->message ? &target->message->bindings[place] : NULL;
		if (!walk_value(walk, frame, field, &raw, binding, target))
			return false;
	}
	return result == RAW_END || walk_broken_at(walk, reader.at);
}

/* NOLINTEND(misc-no-recursion) */

static enum strict_result walk_record(const ProtobufCMessageDescriptor *descriptor,
	struct bytes record, const struct target *target, bool *ret_fits, struct text64 *ret_detail)
{
	struct walk walk = {
		.start = raw_reader_of(record).at,
		.detail = ret_detail,
		.fits = true,
	};
	struct frame frame = { .above = NULL };
	if (!walk_message(&walk, &frame, descriptor, record, target))
		return STRICT_BROKEN;
	*ret_fits = walk.fits;
	return walk.has_unknown ? STRICT_UNKNOWN : STRICT_OK;
}

enum strict_result message_read(const struct message_binding *message, struct bytes record,
	uint8_t *const nouns[BINDING_NOUNS], bool *ret_fits, struct text64 *ret_detail)
{
	struct target target = { message->bindings ? message : NULL, { nouns[0], nouns[1] } };
	return walk_record(message->descriptor, record, &target, ret_fits, ret_detail);
}
