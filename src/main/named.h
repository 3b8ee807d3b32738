/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line names: whether it can be in this ledger at all. */
#ifndef MAIN_NAMED_H
#define MAIN_NAMED_H

#include "main/options.h"

/* Every shard that an option names is there, and --head's is among those that are verified: what
 * named another one would do nothing. False: said. */
bool named_shards_check(const struct options *options, uint32_t shards);

/* PARTY or PARTY/ACCOUNT, of a member or the platform, in their alphabets. False: said. */
bool named_account_check(const char *wanted);

#endif
