/* SPDX-License-Identifier: Apache-2.0 */
/* 16-byte ids. Commands carry UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, version,
 * variant, random. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct id {
	uint8_t at[16]; /* all zero: absent */
};

static inline bool id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a->at, b->at, sizeof a->at) == 0;
}

static inline bool id_is_absent(const struct id *id)
{
	static const struct id absent;
	return id_equal(id, &absent);
}

/* Version 7, variant 10. */
static inline bool id_is_uuid7(const struct id *id)
{
	return (id->at[6] & 0xf0) == 0x70 && (id->at[8] & 0xc0) == 0x80;
}

/* The latest time that an id can tell (in the year 10889); no time of a ledger is later.
 * Milliseconds. */
#define ID_TIME_MS_MAX ((INT64_C(1) << 48) - 1)

/* The milliseconds a UUIDv7 starts with. */
static inline int64_t id_time_ms(const struct id *id)
{
	int64_t ms = 0;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->at[i];
	return ms;
}

/* The lowest 16 bytes that begin with this time: where a range of ids starts. */
static inline struct id id_floor_of_time(int64_t time_ms)
{
	struct id id = { { 0 } };
	for (int i = 0; i < 6; i++)
		id.at[i] = (uint8_t)(time_ms >> (40 - 8 * i));
	return id;
}

enum { DIGEST_SIZE = 16, HASH_SIZE = 32 };

/* BLAKE2b-128 of a command's canonical form; made at the edge. */
struct digest {
	uint8_t at[DIGEST_SIZE];
};

static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->at, b->at, DIGEST_SIZE) == 0;
}

/* What tells one record of an input from any other: two commands of the same content have the same
 * digest, and ids of their own. All zero: no record. */
struct witness {
	struct digest digest;
	struct id command_id; /* all zero: it had none */
};

static inline bool witness_equal(const struct witness *a, const struct witness *b)
{
	return digest_equal(&a->digest, &b->digest) && id_equal(&a->command_id, &b->command_id);
}

static inline bool witness_is_absent(const struct witness *witness)
{
	static const struct witness absent;
	return witness_equal(witness, &absent);
}

#endif
