/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/command.h"

size_t command_accounts(const struct command *command, const struct account_id *ret[2])
{
	switch (command->kind) {
	case COMMAND_account_open:
		ret[0] = &command->account_open.account;
		return 1;
	case COMMAND_account_close:
		ret[0] = &command->account_close.account;
		return 1;
	case COMMAND_funds_receive:
		ret[0] = &command->funds_receive.to_account;
		return 1;
	case COMMAND_transfer_create:
		ret[0] = &command->transfer_create.from_account;
		ret[1] = &command->transfer_create.to_account;
		return 2;
	case COMMAND_hold_create:
		ret[0] = &command->hold_create.from_account;
		ret[1] = &command->hold_create.to_account;
		return 2;
	case COMMAND_none:
	case COMMAND_tick:
	case COMMAND_party_open:
	case COMMAND_hold_capture:
	case COMMAND_hold_release:
		break;
	}
	return 0;
}

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
