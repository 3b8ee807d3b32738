/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking of one batch; any bytes either unpack into what was packed, or are refused.
 */
#include "log/embedded/batch.h"

#include <assert.h>
#include <lz4frame.h>
#include <stdlib.h>

static_assert(BATCH_ROOM >= 8 + BATCH_RECORDS_SIZE_MAX, "any batch fits into the room");
static_assert(LOG_RECORD_SIZE_MAX < 1 << 21, "three varint bytes hold any length");

struct batch_packer {
	uint8_t *plain;
	uint8_t *packed;
	size_t packed_capacity;
};

struct batch_unpacker {
	LZ4F_dctx *context;
};

static void number_put(uint8_t *to, uint64_t number, int size)
{
	for (int i = 0; i < size; i++)
		to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t number_get(const uint8_t *from, int size)
{
	uint64_t number = 0;
	for (int i = 0; i < size; i++)
		number |= (uint64_t)from[i] << (8 * i);
	return number;
}

size_t batch_fit(const struct log_entry *entries, size_t count)
{
	size_t fit = 0;
	for (size_t size = 0; fit < count && fit < LOG_BATCH_RECORDS_MAX; fit++) {
		size += entries[fit].value.size;
		if (entries[fit].value.size > LOG_RECORD_SIZE_MAX || size > LOG_BATCH_BYTES_MAX)
			break;
	}
	return fit;
}

size_t batch_records_put(uint8_t *to, const struct log_entry *entries, size_t count)
{
	uint8_t *at = to;
	for (size_t i = 0; i < count; i++) {
		struct bytes value = entries[i].value;
		size_t length = value.size;
		while (length >= 0x80) {
			*at++ = (uint8_t)(length | 0x80);
			length >>= 7;
		}
		*at++ = (uint8_t)length;
		if (value.size > 0)
			memcpy(at, value.at, value.size);
		at += value.size;
	}
	return (size_t)(at - to);
}

bool batch_next(struct batch_cursor *cursor, struct bytes *ret_value)
{
	assert(cursor->remaining > 0);

	const uint8_t *at = cursor->rest.at;
	const uint8_t *end = at + cursor->rest.size;
	size_t length = 0;
	for (int shift = 0;; shift += 7) {
		if (at == end || shift > 14)
			return false;
		uint8_t byte = *at++;
		length |= (size_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			break;
	}
	if (length > (size_t)(end - at))
		return false;

	size_t rest = (size_t)(end - at) - length;
	if (cursor->remaining == 1 && rest != 0)
		return false;
	*ret_value = (struct bytes){ at, length };
	cursor->rest = (struct bytes){ at + length, rest };
	cursor->remaining--;
	return true;
}

static LZ4F_preferences_t preferences(size_t plain_size)
{
	LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
	preferences.frameInfo.blockSizeID = LZ4F_max4MB;
	preferences.frameInfo.blockMode = LZ4F_blockIndependent;
	preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	preferences.frameInfo.contentSize = plain_size;
	preferences.autoFlush = 1;
	return preferences;
}

int batch_packer_new(struct batch_packer **ret, struct fault *fault)
{
	LZ4F_preferences_t largest = preferences(BATCH_ROOM);
	struct batch_packer *packer = calloc(1, sizeof *packer);
	if (packer != NULL) {
		packer->packed_capacity =
			BATCH_HEADER_SIZE + LZ4F_compressFrameBound(BATCH_ROOM, &largest);
		packer->plain = malloc(BATCH_ROOM);
		packer->packed = malloc(packer->packed_capacity);
	}
	if (packer == NULL || packer->plain == NULL || packer->packed == NULL) {
		batch_packer_free(packer);
		return FAULT(fault, FAULT_IO, "no memory for packing batches");
	}
	*ret = packer;
	return 0;
}

void batch_packer_free(struct batch_packer *packer)
{
	if (packer == NULL)
		return;
	free(packer->plain);
	free(packer->packed);
	free(packer);
}

struct bytes batch_pack(
	struct batch_packer *packer, const struct log_entry *entries, size_t count, int64_t time_ms)
{
	assert(count > 0 && batch_fit(entries, count) == count);

	number_put(packer->plain, (uint64_t)time_ms, 8);
	size_t plain_size = 8 + batch_records_put(packer->plain + 8, entries, count);
	LZ4F_preferences_t chosen = preferences(plain_size);

	packer->packed[0] = BATCH_FORMAT;
	number_put(packer->packed + 1, count, 4);
	number_put(packer->packed + 5, plain_size, 4);
	size_t frame_size = LZ4F_compressFrame(packer->packed + BATCH_HEADER_SIZE,
		packer->packed_capacity - BATCH_HEADER_SIZE, packer->plain, plain_size, &chosen);
	assert(!LZ4F_isError(frame_size)); /* it has the room that LZ4 asked for */
	return (struct bytes){ packer->packed, BATCH_HEADER_SIZE + frame_size };
}

bool batch_count(struct bytes batch, uint32_t *ret_count)
{
	if (batch.size < BATCH_HEADER_SIZE || batch.at[0] != BATCH_FORMAT)
		return false;
	uint32_t count = (uint32_t)number_get(batch.at + 1, 4);
	*ret_count = count;
	return count >= 1 && count <= LOG_BATCH_RECORDS_MAX;
}

int batch_unpacker_new(struct batch_unpacker **ret, struct fault *fault)
{
	struct batch_unpacker *unpacker = calloc(1, sizeof *unpacker);
	if (unpacker == NULL ||
		LZ4F_isError(LZ4F_createDecompressionContext(&unpacker->context, LZ4F_VERSION))) {
		free(unpacker);
		return FAULT(fault, FAULT_IO, "no memory for unpacking batches");
	}
	*ret = unpacker;
	return 0;
}

void batch_unpacker_free(struct batch_unpacker *unpacker)
{
	if (unpacker == NULL)
		return;
	LZ4F_freeDecompressionContext(unpacker->context);
	free(unpacker);
}

bool batch_unpack(struct batch_unpacker *unpacker, struct bytes batch, uint8_t *to,
	struct batch_cursor *ret_cursor, size_t *ret_size)
{
	uint32_t count;
	if (!batch_count(batch, &count))
		return false;

	size_t plain_size = BATCH_ROOM;
	size_t frame_size = batch.size - BATCH_HEADER_SIZE;
	size_t left = LZ4F_decompress(unpacker->context, to, &plain_size,
		batch.at + BATCH_HEADER_SIZE, &frame_size, NULL);
	if (left != 0) /* an error, or a frame that goes on */
		LZ4F_resetDecompressionContext(unpacker->context);
	if (left != 0 || frame_size != batch.size - BATCH_HEADER_SIZE ||
		plain_size != number_get(batch.at + 5, 4) || plain_size < 8)
		return false;

	*ret_cursor = (struct batch_cursor){
		.rest = { to + 8, plain_size - 8 },
		.remaining = count,
		.time_ms = (int64_t)number_get(to, 8),
	};
	*ret_size = plain_size;
	return true;
}
