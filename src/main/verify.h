/* SPDX-License-Identifier: Apache-2.0 */
/* Rebuilds a ledger from its log alone, and compares. */
#ifndef MAIN_VERIFY_H
#define MAIN_VERIFY_H

#include "main/options.h"

struct verify_figures {
	int64_t events;    /* replayed, all shards */
	int64_t transfers; /* of them posted */
	int64_t shards;
	int64_t compared;  /* of them with a stored checkpoint */
	int64_t replay_ns; /* reading, checking and applying them and storing the rows, a shard
			      after the other; without comparing stores */
};

/* Prints what it finds unless quiet. EXIT_DONE: all is well; EXIT_REFUSED: something is not, said.
 */
int ledger_verify(const struct options *options, bool is_quiet, struct verify_figures *ret);

#endif
