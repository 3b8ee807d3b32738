/* SPDX-License-Identifier: Apache-2.0 */
/* From a sealed set to a checkpoint in the store. */
#include "shard/replica.h"

#include "base/pack.h"
#include "shard/position.h"

#include <assert.h>

int checkpoint_write(struct store *store, const struct sealed *sealed, const struct place *place,
	struct row_order *order, struct fault *fault)
{
	assert(sealed->head.sequence == place->sequence);
	size_t count = sealed->row_count + 1;
	row_order_reserve(order, count);

	static const uint8_t position_key[1] = { TABLE_position };
	uint8_t position_value[POSITION_SIZE];
	struct position position = { .place = *place, .head = sealed->head };
	order->rows[0] = (struct store_row){
		.key = { position_key, sizeof position_key },
		.value = { position_value, position_pack(&position, position_value) },
	};
	const uint8_t *at = sealed->rows;
	struct sealed_row row;
	size_t n = 1;
	while (sealed_next(&at, sealed->rows_end, &row))
		order->rows[n++] = (struct store_row){ .key = row.key, .value = row.value };
	assert(n == count);
	row_order_sort(order, count);

	uint8_t from[17] = { TABLE_command }, to[17] = { TABLE_command };
	struct id before = id_floor_of_time(sealed->drop_command_ids_before_ms);
	memcpy(to + 1, before.at, sizeof before.at);
	struct store_range drop = { .from = { from, sizeof from }, .to = { to, sizeof to } };
	return store_ingest(store, order->ordered, count, &drop,
		sealed->drop_command_ids_before_ms > 0 ? 1 : 0, fault);
}
