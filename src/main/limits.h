/* SPDX-License-Identifier: Apache-2.0 */
/* What the system lets this process have, compared with what its shards need, before anything is
 * opened: a lack that is met later is met by RocksDB, which may abort of it. */
#ifndef MAIN_LIMITS_H
#define MAIN_LIMITS_H

#include "main/options.h"

/* Raises the limit of open files as far as it goes. */
void limits_raise(void);

/* Whether that many shards of this ledger can be owned here. 0, or the exit code, said. What there
 * is of descriptors is shared out among the stores. */
int limits_check(const struct options *options, size_t shards);

/* For rows, and for RocksDB's block cache, of all shards together: as asked for or, by default, as
 * much as is usual, or less where the control group does not allow that. */
size_t limits_memory(const struct options *options);
size_t limits_cache(void);

#endif
