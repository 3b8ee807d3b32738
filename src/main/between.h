/* SPDX-License-Identifier: Apache-2.0 */
/* Money between shards, as `pinion verify` checks it over all of them: what one shard sent is what
 * the other one received, and what is under way stands on their @transit accounts.
 *
 * While shards run, each is verified up to an event of its own. What one knows of another may then
 * be ahead of where that one was verified: it is read on until it covers that, and no further. So
 * what is compared is what the ledger was at one moment, though no clock says which.
 */
#ifndef MAIN_BETWEEN_H
#define MAIN_BETWEEN_H

#include "shard/replica.h"

/* Sums that no number of accounts overflows. */
__extension__ typedef __int128 wide;
enum { WIDE_TEXT_SIZE = 48 };
void wide_text(wide value, char ret[WIDE_TEXT_SIZE]);

struct between;

struct between *between_new(uint32_t shards);
void between_free(struct between *between); /* NULL is fine */

/* Reads a shard's rows, where its store stands now; in place of what was read of it before. False
 * in *ret_fits: they contradict each other, said. */
int between_read(struct between *between, uint32_t shard, struct store *store, bool *ret_fits,
	struct fault *fault);

/* Is it to be read on, since another one knows more of it? */
bool between_is_behind(const struct between *between, uint32_t shard);

/* Does it cover what all others know of it? A row that is not loaded is taken for one that does
 * not. */
bool between_covers(const struct between *between, uint32_t shard, const struct state *state);

/* Says what another shard knows that this one's log, read to its end, does not hold. */
void between_say_behind(const struct between *between, uint32_t shard);

/* When none is behind: takes a shard's outbox for the sums. */
int between_add(struct between *between, uint32_t shard, struct store *store, struct fault *fault);
/* After all were taken: whether it adds up, said where it does not; and, unless quiet, what is
 * under way. */
bool between_adds_up(struct between *between, bool is_quiet);

#endif
