/* SPDX-License-Identifier: Apache-2.0 */
#include "base/murmur2.h"

#include "base/pack.h"

uint32_t murmur2(const void *at, size_t size)
{
	const uint32_t m = 0x5bd1e995u;
	const uint8_t *p = at;
	uint32_t h = 0x9747b28cu ^ (uint32_t)size;

	for (; size >= 4; p += 4, size -= 4) {
		uint32_t k = unpack_u32(p);
		k *= m;
		k ^= k >> 24;
		k *= m;
		h = h * m ^ k;
	}
	if (size >= 3)
		h ^= (uint32_t)p[2] << 16;
	if (size >= 2)
		h ^= (uint32_t)p[1] << 8;
	if (size >= 1)
		h = (h ^ p[0]) * m;
	h ^= h >> 13;
	h *= m;
	return h ^ h >> 15;
}
