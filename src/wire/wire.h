/* SPDX-License-Identifier: Apache-2.0 */
/* Between records (protobuf, as in proto/) and nouns (ledger/). Generated types stay behind this
 * header.
 *
 * A codec owns scratch memory for decoding; it belongs to one thread. Nothing here needs the heap
 * per record.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "ledger/command.h"
#include "ledger/event.h"
#include "wire/chain.h"

struct codec;

struct codec *codec_new(void);        /* never NULL: memory is asserted */
void codec_free(struct codec *codec); /* NULL is fine */

/* No event's record is longer (bytes). Static bounds per body are in wire/bounds.c, which does not
 * compile when one grows past this; it is far below the contract's 900,000. */
enum { EVENT_SIZE_MAX = 24576 };

/* Any bytes give a command: what can't be decoded comes with kind none and `refusal` set
 * (undecodable, too_large, unknown_field, unknown_command) and `refusal_detail` naming the place
 * ("transfer_create.99", "byte 17"). The envelope (id, party, ...) is filled as far as it could be
 * read, for the rejection event. The digest is made here. */
void command_decode(struct codec *codec, struct bytes record, struct command *ret);

/* Whether a record is the one that this witness was taken of, be it by a version that did not know
 * the command, and took the record's own digest. */
bool command_is_witnessed(struct codec *codec, struct bytes record, const struct witness *witness);

/* The canonical form whose digest tells a repeat from a reused id: all decoded fields but the id,
 * packed. At most COMMAND_PACKED_MAX bytes; returns the size. */
enum { COMMAND_PACKED_MAX = 1024 };
size_t command_pack(const struct command *command, uint8_t packed[COMMAND_PACKED_MAX]);

/* A command record from nouns: for tests, the tick, bench. Returns the size, at most `capacity` (>=
 * COMMAND_SIZE_MAX). */
size_t command_encode(
	struct codec *codec, const struct command *command, uint8_t *ret, size_t capacity);

/* Writes the record of an event or mark; returns its size, at most EVENT_SIZE_MAX. Asserts all that
 * event_decode would refuse as broken (a text too long, an account without balance, an outcome
 * without input), so that nothing is ever written that can't be read. */
size_t event_encode(struct codec *codec, const struct event *event, const struct link *link,
	uint8_t ret[EVENT_SIZE_MAX]);
size_t mark_encode(struct codec *codec, const struct link *link, uint8_t ret[EVENT_SIZE_MAX]);

enum decode_result {
	DECODE_OK,
	DECODE_UNKNOWN, /* a kind or field this version does not know, at any depth: stop */
	DECODE_BROKEN,  /* no EventRecord at all */
};

/* Puts the hash of the record before it into a record that event_encode has written. */
void event_chain(uint8_t *record, size_t size, const struct hash *previous);

/* The link alone, quickly (no allocation): enough to fold the chain. Of an event's other fields it
 * knows nothing: what is valid by the chain must still pass event_decode before it is believed. */
enum decode_result link_decode(struct bytes record, struct link *ret);

/* The id of the command that an event's record answers, quickly, so that who waits for one need not
 * decode all others. False: there is none. The same reserve as link_decode. */
bool command_id_find(struct bytes record, struct id *ret);

/* The whole event; for a mark ret_event->kind is none. */
enum decode_result event_decode(
	struct codec *codec, struct bytes record, struct event *ret_event, struct link *ret_link);

#endif
