/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and events as JSON, one object a line, with the contract's names.
 *
 *   {"id":"0190b6f0-5c1e-7a3b-8f00-2b1d8c0e4a11","transfer_create":{"from_account":"alice/main",
 *    "to_account":"bob/main","amount":"12.50 USD"},"reference":"order-17"}
 *
 * Ids are UUID text, amounts text with their currency, enums their short names in lower case
 * ("ach", "person"), hashes and digests hexadecimal. What is zero is left out, as on the wire, but
 * for money, which is printed where its currency is. All this follows the contract's descriptors: a
 * new command or event needs nothing here.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "wire/wire.h"

struct json_command {
	struct bytes record; /* until the codec's next call, as the party */
	struct bytes party;  /* the Kafka key; empty in a tick */
	struct id id;
	enum command_kind kind;
	enum topic topic; /* where it belongs */
};

enum { JSON_ERROR_SIZE = 256 };

/* 0, or -1 with what is wrong, naming the field. An absent `id` is made fresh, and
 * so is "$NAME" where an id is wanted: the same one wherever this codec meets that name. An absent
 * `party` is filled in from the account that is debited, opened, closed or, in funds_receive,
 * credited. What the ledger can refuse by itself passes: a zero amount, a party in capitals. */
int json_command_parse(struct codec *codec, const char *line, size_t size, struct json_command *ret,
	char error[JSON_ERROR_SIZE]);

/* One line without its end, from the heap; NULL where the record can't be decoded. An event stands
 * flat, its outcome under its own name: {"offset":12,"shard":1,...,"transfer_posted":{...}}; a mark
 * as {"offset":5,"shard_opened":{...}}. */
char *json_event_print(struct codec *codec, struct bytes record, int64_t offset);

/* The same with every field of an event, also what is zero or absent, so that all lines have one
 * shape: a message that is not there is null, and so are the arms of the outcomes that it is not;
 * its own stands in "outcome". Money is text and minor units: "amount", "amount_minor",
 * "amount_currency". */
char *json_event_print_full(struct codec *codec, struct bytes record, int64_t offset);

char *json_command_print(struct codec *codec, struct bytes record);

#endif
