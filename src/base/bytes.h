/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes: whoever hands it out says how long it lives. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at;
	size_t size;
};

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* In the order of keys: a prefix comes first. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.at, b.at, size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

#endif
