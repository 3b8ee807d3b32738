/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a record that is not in order. The walk that finds it is the reader's own. */
#include "wire/strict.h"

#include "wire/binding.h"
#include "wire/walk.h"

#include <stdio.h>

static void note(const struct walk *walk, const struct frame *frame, const char *last)
{
	const char *names[DEPTH_MAX];
	unsigned count = 0;
	for (; frame && frame->name; frame = frame->above)
		names[count++] = frame->name;
	char text[256];
	size_t size = 0;
	while (count != 0 && size < sizeof text)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s.", names[--count]);
	if (size < sizeof text)
		size += (size_t)snprintf(text + size, sizeof text - size, "%s", last);
	text64_set(walk->detail, text,
		size < sizeof walk->detail->at ? size : sizeof walk->detail->at);
}

bool walk_broken_at(const struct walk *walk, const uint8_t *at)
{
	char last[32];
	(void)snprintf(last, sizeof last, "byte %zu", (size_t)(at - walk->start));
	note(walk, NULL, last);
	return false;
}

bool walk_broken_field(
	const struct walk *walk, const struct frame *frame, const char *name, const char *why)
{
	char last[96];
	(void)snprintf(last, sizeof last, "%s: %s", name, why);
	note(walk, frame, last);
	return false;
}

void walk_unknown(struct walk *walk, const struct frame *frame, uint32_t number)
{
	if (walk->has_unknown)
		return;
	walk->has_unknown = true;
	char last[16];
	(void)snprintf(last, sizeof last, "%u", number);
	note(walk, frame, last);
}

enum strict_result strict_check(const ProtobufCMessageDescriptor *descriptor, struct bytes record,
	struct text64 *ret_detail)
{
	const struct message_binding nowhere = { .descriptor = descriptor };
	uint8_t *const nouns[BINDING_NOUNS] = { NULL };
	bool fits;
	return message_read(&nowhere, record, nouns, &fits, ret_detail);
}
