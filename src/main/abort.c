/* SPDX-License-Identifier: Apache-2.0 */
/* The end by a bug, ours or a library's. */
#include "main/journal.h"
#include "main/main.h"
#include "main/temporary.h"
#include "shard/shard.h"
#include "store/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A bug ends the process; the one input that meets it can be refused.
 * NOLINTBEGIN(bugprone-signal-handler): abort calls it, in the thread that met the bug; nothing
 * here allocates, and nothing is gone on with. */
static void on_abort(int signal_number)
{
	while (temporary_is_ending())
		(void)pause();
	store_note_abort();
	struct input_place place;
	if (shard_deciding(&place)) {
		char text[256], line[512];
		(void)snprintf(text, sizeof text,
			"pinion: a bug was met while deciding %s:%" PRIu32 ":%" PRId64
			". To have that one input refused: pinion run --refuse-input %s:%" PRIu32
			":%" PRId64 " ...",
			log_stream_name(place.stream), place.shard, place.offset,
			log_stream_name(place.stream), place.shard, place.offset);
		size_t size = journal_line(LEVEL_error, (long)place.shard, text, line, sizeof line);
		if (write(STDERR_FILENO, line, size) < 0)
			_exit(134);
	}
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}
/* NOLINTEND(bugprone-signal-handler) */

void abort_watch(void)
{
	(void)signal(SIGABRT, on_abort);
}
