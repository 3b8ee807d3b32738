/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <assert.h>

enum { VARINT = 0, LENGTH = 2 };

static void varint(struct record *record, uint64_t value)
{
	assert(record->size + 10 <= sizeof record->at);
	for (; value >= 0x80; value >>= 7)
		record->at[record->size++] = (uint8_t)(value | 0x80);
	record->at[record->size++] = (uint8_t)value;
}

void record_varint(struct record *record, uint32_t field, uint64_t value)
{
	varint(record, (uint64_t)field << 3 | VARINT);
	varint(record, value);
}

void record_bytes(struct record *record, uint32_t field, const void *at, size_t size)
{
	varint(record, (uint64_t)field << 3 | LENGTH);
	varint(record, size);
	assert(size <= sizeof record->at - record->size);
	if (size != 0)
		memcpy(record->at + record->size, at, size);
	record->size += size;
}

void record_text(struct record *record, uint32_t field, const char *text)
{
	record_bytes(record, field, text, strlen(text));
}

void record_money(struct record *record, uint32_t field, int64_t minor, const char *currency)
{
	struct record money = { 0 };
	record_varint(&money, 1, (uint64_t)minor);
	record_text(&money, 2, currency);
	record_bytes(record, field, money.at, money.size);
}
