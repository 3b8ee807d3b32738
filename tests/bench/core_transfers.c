/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers through each layer that needs no log and no disk, all rows in memory, to be counted by
 * callgrind: see tests/bench/instructions, which finds the functions layer_* by name. */
#include "traffic.h"

#include <assert.h>
#include <stdio.h>

enum { ACCOUNTS = 1000, BLOCKS = 2, MEMORY_BYTES = 64 << 20 };

int main(void)
{
	struct traffic *traffic = traffic_new(ACCOUNTS, MEMORY_BYTES);
	for (int block = 0; block < BLOCKS; block++) {
		traffic_draw(traffic);
		for (size_t from = 0; from < BLOCK_TRANSFERS; from += CHUNK_TRANSFERS) {
			layer_decode(traffic, from);
			layer_process(traffic, from);
			traffic_write(traffic, from);
			layer_encode(traffic, from);
			struct hash hash = layer_hash(traffic, from);
			assert(hash_equal(&hash, &traffic->chain.hash));
			layer_replay_decode(traffic, from);
			layer_replay(traffic, from);
		}
		assert(state_head(traffic->live.state)->sequence ==
			state_head(traffic->replayed.state)->sequence);
		(void)layer_seal(traffic);
		state_sealed_stored(traffic->live.state);
	}
	(void)printf("%d\n", BLOCKS * BLOCK_TRANSFERS);
	traffic_free(traffic);
	return 0;
}
