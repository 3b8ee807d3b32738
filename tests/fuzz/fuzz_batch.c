/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of the embedded log, and frames of its socket: any bytes either unpack into whole records
 * that pack into the same again, or are refused.
 *
 * The first byte says what the others are: a batch as it stands; the plain bytes of a batch, which
 * are compressed here, since no fuzzer hits a checksum; or a frame. */
#include "fuzz.h"

#include "log/embedded/batch.h"
#include "log/embedded/socket.h"

#include <lz4frame.h>
#include <stdlib.h>

enum { SHARDS = 3 };

static struct batch_packer *packer;
static struct batch_unpacker *unpacker;
static uint8_t *plain, *packed;
static struct log_entry *entries;
static size_t packed_capacity;

static void start(void)
{
	struct fault fault = { 0 };
	int r = batch_packer_new(&packer, &fault);
	assert(r == 0);
	r = batch_unpacker_new(&unpacker, &fault);
	assert(r == 0);
	packed_capacity = BATCH_HEADER_SIZE + LZ4F_compressFrameBound(BATCH_ROOM, NULL);
	plain = malloc(BATCH_ROOM);
	packed = malloc(packed_capacity);
	entries = calloc(LOG_BATCH_RECORDS_MAX, sizeof *entries);
	assert(plain && packed && entries);
}

static bool stands_in(struct bytes value, const uint8_t *at, size_t size)
{
	return value.at >= at && value.at + value.size <= at + size;
}

/* Packed again and unpacked, they are the same records. */
static void repack_check(uint32_t count, int64_t time_ms)
{
	static uint8_t *other;
	if (!other)
		other = malloc(BATCH_ROOM);
	assert(other);
	if (batch_fit(entries, count) != count)
		return;
	struct bytes batch = batch_pack(packer, entries, count, time_ms);
	struct batch_cursor cursor;
	size_t size;
	bool is_unpacked = batch_unpack(unpacker, batch, other, &cursor, &size);
	assert(is_unpacked && cursor.remaining == count && cursor.time_ms == time_ms);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes value;
		bool is_there = batch_next(&cursor, &value);
		assert(is_there && bytes_equal(value, entries[i].value));
	}
}

static void batch_check(struct bytes batch)
{
	struct batch_cursor cursor;
	size_t size;
	uint32_t count;
	bool is_batch = batch_count(batch, &count);
	if (!batch_unpack(unpacker, batch, plain, &cursor, &size))
		return;
	assert(is_batch && cursor.remaining == count);
	assert(count >= 1 && count <= LOG_BATCH_RECORDS_MAX);
	assert(size >= 8 && size <= BATCH_ROOM);
	int64_t time_ms = cursor.time_ms;
	const uint8_t *next = plain + 8;
	for (uint32_t i = 0; i < count; i++) {
		if (!batch_next(&cursor, &entries[i].value))
			return;
		struct bytes value = entries[i].value;
		assert(stands_in(value, next, size - (size_t)(next - plain)));
		next = value.at + value.size;
	}
	assert(cursor.remaining == 0 && next == plain + size);
	repack_check(count, time_ms);
}

/* A count, and what the batch says of its size less what it is; then the plain bytes. */
static void plain_check(struct bytes input)
{
	uint32_t count = fuzz_take_u8(&input), wrong_by = fuzz_take_u8(&input);
	count |= (uint32_t)fuzz_take_u8(&input) << 8;
	packed[0] = BATCH_FORMAT;
	(void)pack_u32(packed + 1, count);
	(void)pack_u32(packed + 5, (uint32_t)input.size + wrong_by);
	LZ4F_preferences_t chosen = LZ4F_INIT_PREFERENCES;
	chosen.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	size_t frame = LZ4F_compressFrame(packed + BATCH_HEADER_SIZE,
		packed_capacity - BATCH_HEADER_SIZE, input.at, input.size, &chosen);
	assert(!LZ4F_isError(frame));
	batch_check((struct bytes){ packed, BATCH_HEADER_SIZE + frame });
}

static void frame_check(struct bytes bytes)
{
	struct socket_frame frame;
	if (!socket_frame_decode(bytes, SHARDS, entries, &frame))
		return;
	assert(frame.shard < SHARDS && (unsigned)frame.stream < LOG_INPUTS);
	assert(frame.count >= 1 && frame.count <= LOG_BATCH_RECORDS_MAX);
	for (uint32_t i = 0; i < frame.count; i++) {
		assert(entries[i].value.size <= LOG_RECORD_SIZE_MAX);
		assert(stands_in(entries[i].value, bytes.at, bytes.size));
	}
	repack_check(frame.count, 1);
}

static void wait_check(struct bytes bytes)
{
	struct socket_wait wait;
	if (!socket_wait_decode(bytes, SHARDS, &wait))
		return;
	assert(wait.shard < SHARDS && (unsigned)wait.stream < LOG_STREAMS && wait.offset >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!packer)
		start();
	struct bytes input = { data, size };
	uint8_t what = fuzz_take_u8(&input) % 3;
	if (what == 0)
		batch_check(input);
	else if (what == 1)
		plain_check(input);
	else {
		frame_check(input);
		wait_check(input);
	}
	return 0;
}
