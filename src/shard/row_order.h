/* SPDX-License-Identifier: Apache-2.0 */
/* A sealed set's rows in key order, as a checkpoint wants them. Only shard/ and its benchmark
 * include this header.
 */
#ifndef SHARD_ROW_ORDER_H
#define SHARD_ROW_ORDER_H

#include "store/store.h"

/* What most comparisons need of a key: 8 bytes of it, behind those that all keys of its table begin
 * with. Keys stand all over the seal area, and each look at one is a wait for memory. */
struct row_item {
	uint64_t word; /* big-endian */
	uint32_t place;
};

/* Memory for one set, kept from checkpoint to checkpoint. All zero is an empty one. */
struct row_order {
	struct store_row *rows;
	struct store_row *ordered;
	struct row_item *items; /* twice as many: one half is sorted into the other */
	size_t size;
};

/* Makes room for `count` rows; what stood in it is gone. */
void row_order_reserve(struct row_order *order, size_t count);
void row_order_free(struct row_order *order);

/* Puts rows[0 .. count) into ordered[0 .. count), by their keys, which are distinct. */
void row_order_sort(struct row_order *order, size_t count);

#endif
