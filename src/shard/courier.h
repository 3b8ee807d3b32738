/* SPDX-License-Identifier: Apache-2.0 */
/* A courier: a thread that sends records to other shards' internal topics, a cargo at a time. The
 * relay fills the cargo while the courier rests.
 */
#ifndef SHARD_COURIER_H
#define SHARD_COURIER_H

#include "base/fault.h"
#include "ledger/command.h"
#include "log/log.h"
#include "wire/codec.h"

enum { CARGO_RECORDS_MAX = 4096, CARGO_BYTES_MAX = 1 << 20 };

/* Records for one shard. */
struct parcel {
	uint32_t shard;
	size_t first, count;
	bool has_failed; /* some may have been taken all the same */
};

struct cargo {
	struct log_entry entries[CARGO_RECORDS_MAX];
	size_t count;
	uint8_t bytes[CARGO_BYTES_MAX];
	size_t used;
	struct parcel *parcels; /* room for one a shard */
	size_t parcel_count;
};

bool cargo_has_room(const struct cargo *cargo);
/* All records for a shard come one after the other. */
void cargo_add(
	struct cargo *cargo, struct codec *codec, uint32_t to, const struct command *command);
void cargo_empty(struct cargo *cargo);

struct courier;
struct shard;

struct courier *courier_new(struct shard *shard);
void courier_free(struct courier *courier); /* after courier_stop */

/* NULL: it is on its way. Else what it carried last, with what became of that. */
struct cargo *courier_cargo(struct courier *courier);
/* Of its last parcel that failed. While it rests. */
const char *courier_trouble(const struct courier *courier);
/* Sends what was put into its cargo, and rings the shard's bell when that is done. */
int courier_give(struct courier *courier);
/* Waits for the parcel that is being sent; the others fail. Its cargo is empty then. */
void courier_stop(struct courier *courier);

#endif
