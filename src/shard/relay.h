/* SPDX-License-Identifier: Apache-2.0 */
/* The relay: sends what this shard owes other shards, from what the verified log says, until its
 * row is gone: remittances until they are answered, answers until they are confirmed, and
 * confirmations when answers are new or come again.
 *
 * It has no memory but rows: what is to be sent, and what was taken, stand in routes, outbox and
 * refusals (state/rows/remittance.proto). What it keeps besides is how far it has come in this life
 * of the owner; the next one begins anew, and what is sent twice does no harm. At most a window per
 * pair of shards is under way, so a backlog stays in rows.
 *
 * The deciding thread looks rows up and makes records of them, at batch boundaries; a courier
 * beside it sends them. Where a shard's topic takes nothing, that shard is asked more and more
 * seldom, by another courier.
 */
#ifndef SHARD_RELAY_H
#define SHARD_RELAY_H

#include "ledger/event.h"

struct relay;
struct shard;

struct relay *relay_new(struct shard *shard);
void relay_free(struct relay *relay); /* NULL is fine */

/* Once recovered: all that stands in the state is verified. */
int relay_start(struct relay *relay);
/* Waits for what is being sent. */
void relay_stop(struct relay *relay);

/* An event was decided. */
void relay_note(struct relay *relay, const struct event *event);
/* A batch is handed to the committer: what its events say may be sent once they are verified. */
void relay_hand(struct relay *relay, int64_t last_sequence);
/* Between batches: what can be sent is given to the couriers that are not on their way. */
int relay_step(struct relay *relay);

#endif
