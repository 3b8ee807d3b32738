/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream services: they send commands, good and bad, again and out of order. */
#ifndef SIMULATOR_CLIENTS_H
#define SIMULATOR_CLIENTS_H

#include "ground.h"

#include "log/log.h"

void clients_begin(uint32_t shards);
/* A few records, to a shard drawn; how many. */
int clients_send(void);
/* All that they still know of this shard is sent again. */
void clients_repeat(uint32_t shard);
/* What an input lost is sent again, two of its records in each other's place. */
void clients_send_lost(uint32_t shard, enum log_stream stream, struct bytes *values, size_t count);
/* What was held back is sent. */
void clients_flush(void);

#endif
