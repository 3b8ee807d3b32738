/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's testament: the last verified event that its store came to, or was to come to, kept
 * beside the store. A store that has to be thrown away takes with it the only proof of what the log
 * once held; this one stays, and the log must be read past it before the shard lives again. */
#ifndef SHARD_TESTAMENT_H
#define SHARD_TESTAMENT_H

#include "base/id.h"
#include "shard/position.h"

struct testament {
	struct place place;  /* sequence 0: none */
	struct id ledger_id; /* all zero: not known */
	uint32_t shard;
};

/* Durable when it returns; the one before stays whole until then. */
int testament_write(const char *state_path, const struct testament *testament, struct fault *fault);

/* ret->place.sequence 0: there is none. *ret_damaged: there is one, which can't be believed. */
int testament_read(
	const char *state_path, struct testament *ret, bool *ret_damaged, struct fault *fault);

#endif
