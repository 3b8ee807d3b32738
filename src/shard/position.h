/* SPDX-License-Identifier: Apache-2.0 */
/* The position row as bytes. Only shard/ includes this header. */
#ifndef SHARD_POSITION_H
#define SHARD_POSITION_H

#include "shard/replica.h"

enum { POSITION_SIZE = 2 + 3 * 8 + HASH_SIZE + 8 + TOPIC_COUNT * 8 + 2 * 4 + 8 };

size_t position_pack(const struct position *position, uint8_t ret[POSITION_SIZE]);
/* False: not of this format, or not as any was written. */
bool position_unpack(struct bytes value, struct position *ret);

#endif
