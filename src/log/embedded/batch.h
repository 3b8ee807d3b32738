/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one batch: what the embedded log keeps as one value, and sends over its socket.
 *
 *	batch   = format (1) | record count (4) | plain size (4) | LZ4 frame with content checksum
 *	plain   = append time, ms (8) | records
 *	records = (length as varint | value) ...
 *
 * Numbers are little-endian. The count and the plain size are proved by decoding: the frame must
 *give exactly that many bytes and they must hold exactly that many records, so all of a batch
 *stands under the checksum.
 */
#ifndef LOG_EMBEDDED_BATCH_H
#define LOG_EMBEDDED_BATCH_H

#include "log/log.h"

enum {
	BATCH_FORMAT = 1,
	BATCH_HEADER_SIZE = 9,
	/* A value of at most LOG_RECORD_SIZE_MAX has a length of at most three varint bytes. */
	BATCH_RECORDS_SIZE_MAX = LOG_BATCH_BYTES_MAX + 3 * LOG_BATCH_RECORDS_MAX,
	/* Room for any batch's plain bytes; a whole LZ4 block, so that LZ4 decodes in place. */
	BATCH_ROOM = 4 << 20,
};

/* How many of the entries, from the first on, one batch can hold; 0 when the first alone is too
 * large. */
size_t batch_fit(const struct log_entry *entries, size_t count);

/* Writes the records part; `to` has room for BATCH_RECORDS_SIZE_MAX. Returns the size. */
size_t batch_records_put(uint8_t *to, const struct log_entry *entries, size_t count);

/* What is left of a batch being read. */
struct batch_cursor {
	struct bytes rest;
	uint32_t remaining;
	int64_t time_ms;
};

/* Takes the next record. False: the bytes are not `remaining` whole records and nothing else. */
bool batch_next(struct batch_cursor *cursor, struct bytes *ret_value);

struct batch_packer;
int batch_packer_new(struct batch_packer **ret, struct fault *fault);
void batch_packer_free(struct batch_packer *packer); /* NULL is fine */

/* The result lives until the next call. The entries fit in one batch. */
struct bytes batch_pack(struct batch_packer *packer, const struct log_entry *entries, size_t count,
	int64_t time_ms);

/* Reads the count of a batch without unpacking it. False: no batch. */
bool batch_count(struct bytes batch, uint32_t *ret_count);

struct batch_unpacker;
int batch_unpacker_new(struct batch_unpacker **ret, struct fault *fault);
void batch_unpacker_free(struct batch_unpacker *unpacker); /* NULL is fine */

/* Unpacks into `to`, which has room for BATCH_ROOM. *ret_size is how much of it is used. False:
 * corrupt. */
bool batch_unpack(struct batch_unpacker *unpacker, struct bytes batch, uint8_t *to,
	struct batch_cursor *ret_cursor, size_t *ret_size);

#endif
