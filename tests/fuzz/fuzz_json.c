/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of JSON, as people and scripts send them. A line is refused with one line of plain text, or
 * becomes a record that decodes as that command; what that record prints as gives the same record.
 */
#include "fuzz.h"

#include "wire/json.h"

#include <stdlib.h>

static struct codec *codec;

/* Full of a byte that is no text, to see whether anything was written. */
struct refusal {
	char error[JSON_ERROR_SIZE];
};

static int parse(struct bytes line, struct json_command *ret, struct refusal *refusal)
{
	memset(refusal->error, 0x7f, sizeof refusal->error);
	return json_command_parse(codec, (const char *)line.at, line.size, ret, refusal->error);
}

static void refusal_check(const struct refusal *refusal)
{
	const char *end = memchr(refusal->error, '\0', sizeof refusal->error);
	assert(end && end != refusal->error);
	for (const char *c = refusal->error; c != end; c++)
		assert(*c >= ' ' && *c <= '~');
}

static void command_check(const struct json_command *parsed, const struct command *read)
{
	assert(parsed->record.size <= COMMAND_SIZE_MAX);
	assert(read->kind == parsed->kind && read->refusal == REJECT_none);
	assert(!read->id.is_malformed && id_equal(&read->id.id, &parsed->id));
	assert(parsed->topic == command_topic(parsed->kind));
	assert(read->party.size == TEXT_TOO_LONG ||
		bytes_equal(parsed->party,
			(struct bytes){ (const uint8_t *)read->party.at, read->party.size }));
	assert(parsed->party.size != 0 || command_has_no_party(parsed->kind));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!codec)
		codec = codec_new();
	struct json_command parsed, again;
	struct refusal refusal;
	if (parse((struct bytes){ data, size }, &parsed, &refusal) != 0) {
		refusal_check(&refusal);
		return 0;
	}
	assert(refusal.error[0] == 0x7f);
	/* The codec's record is good until its next call only. */
	uint8_t record[COMMAND_SIZE_MAX];
	struct bytes bytes = { record, parsed.record.size };
	memcpy(record, parsed.record.at, parsed.record.size);
	struct command read;
	uint8_t party[COMMAND_SIZE_MAX];
	memcpy(party, parsed.party.at, parsed.party.size);
	parsed.party.at = party;
	command_decode(codec, bytes, &read);
	command_check(&parsed, &read);

	char *line = json_command_print(codec, bytes);
	assert(line);
	int result = parse((struct bytes){ (const uint8_t *)line, strlen(line) }, &again, &refusal);
	assert(result == 0);
	assert(id_equal(&again.id, &parsed.id));
	assert(bytes_equal(again.record, bytes));
	free(line);
	return 0;
}
