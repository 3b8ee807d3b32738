/* SPDX-License-Identifier: Apache-2.0 */
/* Explicit little-endian packing: rows and canonical forms look the same on every machine. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdint.h>
#include <string.h>

static inline uint8_t *pack_u8(uint8_t *p, uint8_t v)
{
	*p = v;
	return p + 1;
}

static inline uint8_t *pack_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	return p + 2;
}

static inline uint8_t *pack_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
	return p + 4;
}

static inline uint8_t *pack_i64(uint8_t *p, int64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)v >> 8 * i);
	return p + 8;
}

static inline uint8_t *pack_bytes(uint8_t *p, const void *at, size_t size)
{
	if (size != 0)
		memcpy(p, at, size);
	return p + size;
}

static inline uint16_t unpack_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t unpack_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline int64_t unpack_i64(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return (int64_t)v;
}

/* Big-endian, for keys that must sort by number. */
static inline uint8_t *pack_i64_sorted(uint8_t *p, int64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
	return p + 8;
}

static inline int64_t unpack_i64_sorted(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

#endif
