/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers through each layer that needs no log and no disk, all rows in memory, to be counted by
 * callgrind: see tests/bench/instructions, which finds the functions layer_* by name. */
#include "traffic.h"

#include <assert.h>
#include <stdio.h>

enum { ACCOUNTS = 1000, BLOCKS = 4, MEMORY_BYTES = 64 << 20 };

int main(void)
{
	struct traffic *traffic = traffic_new(ACCOUNTS, MEMORY_BYTES);
	for (int i = 0; i < BLOCKS; i++) {
		traffic_draw(traffic);
		layer_decode(traffic);
		layer_process(traffic);
		traffic_write(traffic);
		layer_encode(traffic);
		struct hash hash = layer_hash(traffic);
		assert(hash_equal(&hash, &traffic->chain.hash));
		layer_replay_decode(traffic);
		layer_replay(traffic);
		assert(state_head(traffic->live.state)->sequence ==
			state_head(traffic->replayed.state)->sequence);
		(void)layer_seal(traffic);
		state_sealed_stored(traffic->live.state);
	}
	(void)printf("%d\n", BLOCKS * BLOCK_TRANSFERS);
	traffic_free(traffic);
	return 0;
}
