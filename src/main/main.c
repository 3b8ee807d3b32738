/* SPDX-License-Identifier: Apache-2.0 */
/* pinion: an event-sourced payment processor. One binary, a file per subcommand. */
#include "main/main.h"

#include "main/help.h"
#include "main/limits.h"
#include "main/options.h"
#include "main/output.h"
#include "main/temporary.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static int subcommand(int count, char **arguments)
{
	const char *name = arguments[0];
#define SUBCOMMAND(subcommand)              \
	if (strcmp(name, #subcommand) == 0) \
		return main_##subcommand(count, arguments);
	SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND
	bool is_help =
		strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
	bool is_version = strcmp(name, "--version") == 0;
	if ((is_help || is_version) && count > 1) {
		complain("%s does not take \"%s\"", name, arguments[1]);
		return EXIT_USAGE;
	}
	if (is_help) {
		(void)fputs(help_pinion, stdout);
		return EXIT_DONE;
	}
	if (is_version) {
		(void)puts("pinion " PINION_VERSION);
		return EXIT_DONE;
	}
	complain("no subcommand \"%s\"", name);
	(void)fputs(help_pinion, stderr);
	return EXIT_USAGE;
}

int main(int count, char **arguments)
{
	descriptors_ensure();
	temporary_sweep();
	output_begin();
	limits_raise();
	abort_watch();
	/* A closed pipe is told by the write that meets it, and libraries write to sockets. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0) {
		complain("libsodium does not start");
		return EXIT_FAULT;
	}
	if (count < 2) {
		(void)fputs(help_pinion, stderr);
		return EXIT_USAGE;
	}
	/* These have a way of their own to stop. */
	if (strcmp(arguments[1], "run") != 0 && strcmp(arguments[1], "follow") != 0)
		temporary_watch();
	int exit_code = subcommand(count - 1, arguments + 1);
	temporary_end();
	return output_end(exit_code);
}
