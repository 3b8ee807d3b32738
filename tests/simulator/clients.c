/* SPDX-License-Identifier: Apache-2.0 */
#include "clients.h"

#include "../workload.h"
#include "broker.h"

#include "shard/thread.h"

enum { SHARDS_MAX = 4, HELD_BACK_MAX = 8, SENDS_MAX = 8, GARBAGE_MAX = 60 };

struct held_back {
	uint32_t shard;
	struct work work;
};

static struct {
	uint32_t shards;
	struct codec *codec;
	struct workload workloads[SHARDS_MAX];
	struct held_back held_back[HELD_BACK_MAX];
	int held_back_count;
} clients;

void clients_begin(uint32_t shards)
{
	if (!clients.codec)
		clients.codec = codec_new();
	clients.shards = shards;
	clients.held_back_count = 0;
	for (uint32_t s = 0; s < shards; s++) {
		workload_init(&clients.workloads[s], 1 + draw(1000000), clients.codec, s, shards,
			(unsigned)draw_between(2, 12));
		clients.workloads[s].hold_expires_s_max = draw_between(1, 1 << draw_between(1, 18));
	}
}

static void work_send(uint32_t shard, const struct work *work)
{
	struct bytes value = { work->value, work->size };
	(void)broker_send(shard, work->stream, value);
	while (inject(INJECT_client_sends_again))
		(void)broker_send(shard, work->stream, value);
}

static void held_back_send(int i)
{
	struct held_back held_back = clients.held_back[i];
	clients.held_back[i] = clients.held_back[--clients.held_back_count];
	work_send(held_back.shard, &held_back.work);
}

static void garbage_send(uint32_t shard)
{
	uint8_t garbage[GARBAGE_MAX];
	size_t size = draw(sizeof garbage);
	for (size_t i = 0; i < size; i++)
		garbage[i] = (uint8_t)draw(256);
	(void)broker_send(
		shard, (enum log_stream)draw(LOG_INPUTS), (struct bytes){ garbage, size });
}

int clients_send(void)
{
	uint32_t shard = (uint32_t)draw(clients.shards);
	int count = (int)draw_between(1, SENDS_MAX);
	for (int i = 0; i < count; i++) {
		static struct work work;
		workload_next(&clients.workloads[shard], clock_host_ms(), &work);
		if (clients.held_back_count < HELD_BACK_MAX && inject(INJECT_client_out_of_order))
			clients.held_back[clients.held_back_count++] =
				(struct held_back){ shard, work };
		else
			work_send(shard, &work);
		if (inject(INJECT_client_undecodable))
			garbage_send(shard);
		if (clients.held_back_count > 0 && draw(4) == 0)
			held_back_send((int)draw((uint64_t)clients.held_back_count));
	}
	return count;
}

void clients_send_lost(uint32_t shard, enum log_stream stream, struct bytes *values, size_t count)
{
	size_t a = (size_t)draw(count), b = (size_t)draw(count);
	struct bytes other = values[a];
	values[a] = values[b];
	values[b] = other;
	for (size_t i = 0; i < count; i++)
		(void)broker_send(shard, stream, values[i]);
}

void clients_repeat(uint32_t shard)
{
	const struct workload *workload = &clients.workloads[shard];
	unsigned known = workload->old_count < WORKLOAD_OLD ? workload->old_count : WORKLOAD_OLD;
	for (unsigned i = 0; i < known; i++)
		work_send(shard, &workload->old[i]);
}

void clients_flush(void)
{
	while (clients.held_back_count > 0)
		held_back_send(0);
}
