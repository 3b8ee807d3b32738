/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/checkpoint.h"

#include "base/pack.h"
#include "shard/thread.h"

#include <assert.h>

int checkpoint_write(struct store *store, const struct sealed *sealed, const struct place *place,
	struct row_order *order, struct fault *fault)
{
	static const struct hash unknown;
	assert(sealed->head.sequence == place->sequence);
	assert(!hash_equal(&place->hash, &unknown)); /* it was read back */
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

	uint8_t from[17] = { TABLE_command_row }, to[17] = { TABLE_command_row };
	struct id before = id_floor_of_time(sealed->drop_command_ids_before_ms);
	memcpy(to + 1, before.at, sizeof before.at);
	struct store_range drop = { .from = { from, sizeof from }, .to = { to, sizeof to } };
	return store_ingest(store, order->ordered, count, &drop,
		sealed->drop_command_ids_before_ms > 0 ? 1 : 0, fault);
}

/* --- Beside --- */

static int job_write(struct checkpoint_writer *writer)
{
	struct testament testament = { writer->place, writer->ledger_id, writer->shard };
	int error = 0;
	if (writer->testament_path)
		error = testament_write(writer->testament_path, &testament, &writer->fault);
	if (error)
		return error;
	return checkpoint_write(
		writer->store, &writer->sealed, &writer->place, &writer->order, &writer->fault);
}

static void writer_main(void *context)
{
	struct checkpoint_writer *writer = context;
	monitor_enter(writer->monitor);
	for (;;) {
		while (!writer->has_job && !writer->is_stopping)
			monitor_wait(writer->monitor);
		if (!writer->has_job)
			break;
		monitor_leave(writer->monitor);
		int error = job_write(writer);
		int level0_files = store_level0_files(writer->store);
		monitor_enter(writer->monitor);
		writer->error = error;
		writer->level0_files = level0_files;
		writer->has_job = false;
		writer->is_done = true;
		monitor_wake(writer->monitor);
	}
	monitor_leave(writer->monitor);
}

void checkpoint_writer_init(struct checkpoint_writer *writer, uint32_t shard)
{
	*writer = (struct checkpoint_writer){ .shard = shard, .monitor = monitor_new() };
}

void checkpoint_writer_deinit(struct checkpoint_writer *writer)
{
	assert(!writer->thread);
	row_order_free(&writer->order);
	monitor_free(writer->monitor);
	*writer = (struct checkpoint_writer){ 0 };
}

void checkpoint_writer_give(struct checkpoint_writer *writer, struct store *store,
	const struct sealed *sealed, const struct place *place, const char *testament_path,
	const struct id *ledger_id)
{
	if (!writer->thread)
		writer->thread = thread_start("store", writer->shard, writer_main, writer);
	monitor_enter(writer->monitor);
	assert(!writer->has_job);
	writer->store = store;
	writer->sealed = *sealed;
	writer->place = *place;
	writer->testament_path = testament_path;
	writer->ledger_id = *ledger_id;
	writer->fault = (struct fault){ 0 };
	writer->has_job = true;
	writer->is_done = false;
	monitor_wake(writer->monitor);
	monitor_leave(writer->monitor);
	if (writer->thread)
		return;
	writer->is_stopping = true;
	writer_main(writer);
	writer->is_stopping = false;
}

int checkpoint_writer_end(struct checkpoint_writer *writer, bool waits, bool *ret_ended)
{
	monitor_enter(writer->monitor);
	while (waits && !writer->is_done)
		monitor_wait(writer->monitor);
	*ret_ended = writer->is_done;
	int error = writer->is_done ? writer->error : 0;
	monitor_leave(writer->monitor);
	return error;
}

void checkpoint_writer_stop(struct checkpoint_writer *writer)
{
	if (!writer->thread)
		return;
	thread_stop(&writer->thread, writer->monitor, &writer->is_stopping);
	writer->is_stopping = false;
}
