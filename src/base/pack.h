/* SPDX-License-Identifier: Apache-2.0 */
/* Explicit little-endian packing: rows and canonical forms look the same on every machine. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdint.h>
#include <string.h>

/* Loops over bytes are not made one instruction of at -O2, and rows are unpacked several times for
 * each payment. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PACK_LITTLE(bits, v) (v)
#define PACK_BIG(bits, v) __builtin_bswap##bits(v)
#else
#define PACK_LITTLE(bits, v) __builtin_bswap##bits(v)
#define PACK_BIG(bits, v) (v)
#endif

static inline uint8_t *pack_bytes(uint8_t *p, const void *at, size_t size)
{
	if (size != 0)
		memcpy(p, at, size);
	return p + size;
}

static inline uint8_t *pack_u8(uint8_t *p, uint8_t v)
{
	*p = v;
	return p + 1;
}

static inline uint8_t *pack_u16(uint8_t *p, uint16_t v)
{
	uint16_t u = PACK_LITTLE(16, v);
	return pack_bytes(p, &u, sizeof u);
}

static inline uint8_t *pack_u32(uint8_t *p, uint32_t v)
{
	uint32_t u = PACK_LITTLE(32, v);
	return pack_bytes(p, &u, sizeof u);
}

static inline uint8_t *pack_i64(uint8_t *p, int64_t v)
{
	uint64_t u = PACK_LITTLE(64, (uint64_t)v);
	return pack_bytes(p, &u, sizeof u);
}

static inline uint16_t unpack_u16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return PACK_LITTLE(16, v);
}

static inline uint32_t unpack_u32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return PACK_LITTLE(32, v);
}

static inline int64_t unpack_i64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return (int64_t)PACK_LITTLE(64, v);
}

/* Big-endian, for keys that must sort by number. */
static inline uint8_t *pack_i64_sorted(uint8_t *p, int64_t v)
{
	uint64_t u = PACK_BIG(64, (uint64_t)v);
	return pack_bytes(p, &u, sizeof u);
}

static inline int64_t unpack_i64_sorted(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return (int64_t)PACK_BIG(64, v);
}

#endif
