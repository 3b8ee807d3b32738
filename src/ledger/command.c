/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/command.h"

const char *command_name(enum command_kind kind)
{
	switch (kind) {
#define COMMAND(number, name, topic) \
	case number:                 \
		return #name;
#include "ledger/commands.def"
#undef COMMAND
	case COMMAND_none:
		break;
	}
	return "";
}

enum topic command_topic(enum command_kind kind)
{
	switch (kind) {
#define COMMAND(number, name, topic) \
	case number:                 \
		return TOPIC_##topic;
#include "ledger/commands.def"
#undef COMMAND
	case COMMAND_none:
		break;
	}
	return TOPIC_none;
}

const char *topic_name(enum topic topic)
{
	static const char *const names[] = { "", "commands", "rails", "control", "internal" };
	return names[topic];
}

const char *rail_name(enum rail rail)
{
	static const char *const names[] = { "", "ach", "card_network", "instant", "wire", "cash",
		"book" };
	return names[rail];
}
