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

#endif
