/* SPDX-License-Identifier: Apache-2.0 */
/* The position row, and the digest of all others. */
#include "shard/replica.h"

#include "base/pack.h"
#include "shard/position.h"

#include <sodium.h>

static const uint8_t position_key[1] = { TABLE_position };

static uint8_t *trail_pack(uint8_t *p, const struct trail *trail)
{
	p = pack_i64(p, (int64_t)trail->count);
	for (int i = 0; i < INPUT_WITNESSES; i++) {
		const struct trail_record *record = &trail->at[i];
		p = pack_i64(p, record->offset);
		p = pack_bytes(p, record->witness.digest.at, DIGEST_SIZE);
		p = pack_bytes(p, record->witness.command_id.at, sizeof(struct id));
	}
	return p;
}

static const uint8_t *trail_unpack(const uint8_t *p, struct trail *ret)
{
	ret->count = (uint64_t)unpack_i64(p);
	p += 8;
	for (int i = 0; i < INPUT_WITNESSES; i++) {
		struct trail_record *record = &ret->at[i];
		record->offset = unpack_i64(p);
		memcpy(record->witness.digest.at, p + 8, DIGEST_SIZE);
		memcpy(record->witness.command_id.at, p + 8 + DIGEST_SIZE, sizeof(struct id));
		p += 8 + DIGEST_SIZE + sizeof(struct id);
	}
	return p;
}

size_t position_pack(const struct position *position, uint8_t ret[POSITION_SIZE])
{
	const struct head *head = &position->head;
	uint8_t *p = pack_u16(ret, STORE_FORMAT);
	p = pack_i64(p, position->place.offset);
	p = pack_i64(p, position->place.sequence);
	p = pack_i64(p, position->place.term);
	p = pack_bytes(p, position->place.hash.at, HASH_SIZE);
	p = pack_i64(p, head->engine_time_ms);
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		p = pack_i64(p, head->input_next[topic]);
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		p = trail_pack(p, &head->input_trail[topic]);
	p = pack_u32(p, head->timers_fired);
	p = pack_u32(p, (uint32_t)head->timers_topic);
	p = pack_i64(p, head->command_ids_from_ms);
	p = pack_i64(p, head->command_ids_gone_ms);
	p = pack_i64(p, head->command_id_max_ms);
	p = pack_i64(p, head->command_ids_due_ms);
	return (size_t)(p - ret);
}

static bool ids_are_sound(const struct head *head)
{
	return head->command_ids_gone_ms >= 0 &&
	       head->command_ids_gone_ms <= head->command_ids_from_ms &&
	       head->command_ids_from_ms <= ID_TIME_MS_MAX && head->command_id_max_ms >= 0 &&
	       head->command_id_max_ms <= ID_TIME_MS_MAX &&
	       head->command_ids_gone_ms <= head->command_id_max_ms + 1 &&
	       head->command_ids_due_ms >= 0;
}

/* One after the other, up to where the input goes on. */
static bool trail_is_sound(const struct trail *trail, int64_t next)
{
	int64_t after = 0;
	for (size_t i = 0; i < trail_size(trail); i++) {
		int64_t offset = trail_at(trail, i)->offset;
		if (offset < after || offset >= next)
			return false;
		after = offset + 1;
	}
	return trail->count == 0 || after == next;
}

/* Numbers that no event gave: readers of the log, and the next event, would begin with them. */
static bool position_is_sound(const struct position *position)
{
	const struct place *place = &position->place;
	const struct head *head = &position->head;
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		if (head->input_next[topic] < 0 ||
			!trail_is_sound(&head->input_trail[topic], head->input_next[topic]))
			return false;
	return place->offset >= 0 && place->sequence >= 1 && place->sequence < INT64_MAX &&
	       place->term >= 1 && head->engine_time_ms >= 0 &&
	       head->engine_time_ms <= ID_TIME_MS_MAX && ids_are_sound(head) &&
	       (head->timers_topic == TOPIC_none || topic_is_known((int32_t)head->timers_topic)) &&
	       (head->timers_fired == 0) == (head->timers_topic == TOPIC_none);
}

enum { PLACE_AT = 2, PLACE_SIZE = 3 * 8 + HASH_SIZE };

static void place_unpack(const uint8_t *p, struct place *ret)
{
	ret->offset = unpack_i64(p);
	ret->sequence = unpack_i64(p + 8);
	ret->term = unpack_i64(p + 16);
	memcpy(ret->hash.at, p + 24, HASH_SIZE);
}

bool position_unpack(struct bytes value, struct position *ret)
{
	const uint8_t *p = value.at;
	if (value.size != POSITION_SIZE || unpack_u16(p) != STORE_FORMAT)
		return false;
	*ret = (struct position){ 0 };
	place_unpack(p + PLACE_AT, &ret->place);
	p += PLACE_AT + PLACE_SIZE;
	ret->head.sequence = ret->place.sequence;
	ret->head.engine_time_ms = unpack_i64(p);
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		ret->head.input_next[topic] = unpack_i64(p + 8 * (size_t)topic);
	p += (size_t)8 * (TOPIC_COUNT + 1);
	for (int topic = 1; topic <= TOPIC_COUNT; topic++)
		p = trail_unpack(p, &ret->head.input_trail[topic]);
	ret->head.timers_fired = unpack_u32(p);
	ret->head.timers_topic = (enum topic)unpack_u32(p + 4);
	ret->head.command_ids_from_ms = unpack_i64(p + 8);
	ret->head.command_ids_gone_ms = unpack_i64(p + 16);
	ret->head.command_id_max_ms = unpack_i64(p + 24);
	ret->head.command_ids_due_ms = unpack_i64(p + 32);
	return position_is_sound(ret);
}

bool position_place(struct store *store, struct place *ret)
{
	struct bytes key = { position_key, sizeof position_key }, value;
	struct fault ignored = { 0 };
	if (store_get_many(store, &key, 1, &value, &ignored) != 0 || !value.at ||
		value.size < PLACE_AT + PLACE_SIZE || unpack_u16(value.at) > STORE_FORMAT)
		return false;
	place_unpack(value.at + PLACE_AT, ret);
	return ret->offset >= 0 && ret->sequence >= 1 && ret->term >= 1;
}

int position_read(struct store *store, struct position *ret, struct fault *fault)
{
	struct bytes key = { position_key, sizeof position_key };
	struct bytes value;
	int error = store_get_many(store, &key, 1, &value, fault);
	if (error)
		return error;
	if (!value.at)
		return FAULT(fault, FAULT_MISSING, "the store holds no checkpoint");
	if (!position_unpack(value, ret))
		return FAULT(fault, FAULT_DAMAGED,
			"the store is of another format than %d, or damaged: rebuild it",
			STORE_FORMAT);
	return 0;
}

static bool digest_row(void *context, struct bytes key, struct bytes value)
{
	uint8_t sizes[4];
	(void)pack_u16(pack_u16(sizes, (uint16_t)key.size), (uint16_t)value.size);
	(void)crypto_generichash_update(context, sizes, sizeof sizes);
	(void)crypto_generichash_update(context, key.at, key.size);
	(void)crypto_generichash_update(context, value.at, value.size);
	return true;
}

int store_digest(struct store *store, struct hash *ret, struct fault *fault)
{
	static const uint8_t after_position[1] = { TABLE_position + 1 };
	crypto_generichash_state digest;
	(void)crypto_generichash_init(&digest, NULL, 0, HASH_SIZE);
	int error = store_scan(store, (struct bytes){ after_position, 1 },
		(struct bytes){ NULL, 0 }, digest_row, &digest, fault);
	if (error)
		return error;
	(void)crypto_generichash_final(&digest, ret->at, HASH_SIZE);
	return 0;
}
