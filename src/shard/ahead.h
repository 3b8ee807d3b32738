/* SPDX-License-Identifier: Apache-2.0 */
/* Commands decoded a few records before they are decided, so that the rows they name are in the
 * processor's cache by then. Only shard/ includes this header.
 */
#ifndef SHARD_AHEAD_H
#define SHARD_AHEAD_H

#include "ledger/command.h"
#include "log/log.h"

enum { AHEAD_COMMANDS = 8 };

struct ahead_commands {
	struct ahead_command {
		enum log_stream stream;
		int64_t offset_next; /* offset + 1; 0: none */
		struct command command;
	} at[AHEAD_COMMANDS];
};

#endif
