/* SPDX-License-Identifier: Apache-2.0 */
/* The partitioner of Kafka's Java client, so that any upstream's default finds the right shard. */
#ifndef BASE_MURMUR2_H
#define BASE_MURMUR2_H

#include <stddef.h>
#include <stdint.h>

/* 32-bit MurmurHash2 with the seed of org.apache.kafka.common.utils.Utils.murmur2. */
uint32_t murmur2(const void *at, size_t size);

/* toPositive(murmur2(key)) mod shards. */
static inline uint32_t murmur2_partition(const void *key, size_t size, uint32_t shards)
{
	return (murmur2(key, size) & 0x7fffffffu) % shards;
}

#endif
