/* SPDX-License-Identifier: Apache-2.0 */
/* Command records, field by field, also such as no client should write: protobuf's wire format by
 * hand. */
#ifndef TESTS_AUDITOR_RECORD_H
#define TESTS_AUDITOR_RECORD_H

#include "base/bytes.h"

enum { RECORD_SIZE_MAX = 8192 };

struct record {
	size_t size;
	uint8_t at[RECORD_SIZE_MAX];
};

void record_varint(struct record *record, uint32_t field, uint64_t value);
void record_bytes(struct record *record, uint32_t field, const void *at, size_t size);
void record_text(struct record *record, uint32_t field, const char *text);
/* An Amount. */
void record_money(struct record *record, uint32_t field, int64_t minor, const char *currency);

#endif
