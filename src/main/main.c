/* SPDX-License-Identifier: Apache-2.0 */
/* pinion: an event-sourced payment processor. One binary, a file per subcommand. */
#include "main/main.h"

#include "main/limits.h"
#include "main/options.h"
#include "main/output.h"
#include "main/temporary.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *to)
{
	(void)fputs("usage: pinion SUBCOMMAND [OPTION]... (pinion SUBCOMMAND --help says more)\n\n",
		to);
#define SUBCOMMAND(name, text) (void)fprintf(to, "  %-8s %s\n", #name, text);
	SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND
	(void)fputs("\nA ledger is embedded:DIR or kafka://HOST:PORT[,HOST:PORT]/PREFIX, given as\n"
		    "--ledger URL or in PINION_LEDGER.\n"
		    "exit codes: 0 done, 1 refused or verification failed, 2 usage, 3 fault,\n"
		    "4 another owner took a shard\n",
		to);
}

static int subcommand(int count, char **arguments)
{
	const char *name = arguments[0];
#define SUBCOMMAND(subcommand, text)        \
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
		usage(stdout);
		return EXIT_DONE;
	}
	if (is_version) {
		(void)puts("pinion " PINION_VERSION);
		return EXIT_DONE;
	}
	complain("no subcommand \"%s\"", name);
	usage(stderr);
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
		usage(stderr);
		return EXIT_USAGE;
	}
	/* `run` makes nothing temporary, and has a way of its own to stop. */
	if (strcmp(arguments[1], "run") != 0)
		temporary_watch();
	int exit_code = subcommand(count - 1, arguments + 1);
	temporary_end();
	return output_end(exit_code);
}
