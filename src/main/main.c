/* SPDX-License-Identifier: Apache-2.0 */
/* pinion: an event-sourced payment processor. One binary, a file per subcommand. */
#include "main/main.h"

#include "main/options.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static void usage(FILE *to)
{
	(void)fputs("usage: pinion SUBCOMMAND [OPTION]... (pinion SUBCOMMAND --help says more)\n\n",
		to);
#define SUBCOMMAND(name, text) (void)fprintf(to, "  %-8s %s\n", #name, text);
	SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND
	(void)fputs("\nA ledger is embedded:DIR or kafka://HOST:PORT[,HOST:PORT]/PREFIX, given as\n"
		    "--ledger URL or in PINION_LEDGER.\n"
		    "exit codes: 0 done, 1 refused or verification failed, 2 usage, 3 fault\n",
		to);
}

/* Every SST file of every shard stays open. */
static void open_files_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int count, char **arguments)
{
	open_files_raise();
	if (sodium_init() < 0) {
		complain("libsodium does not start");
		return EXIT_FAULT;
	}
	if (count < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	const char *name = arguments[1];
#define SUBCOMMAND(subcommand, text)        \
	if (strcmp(name, #subcommand) == 0) \
		return main_##subcommand(count - 1, arguments + 1);
	SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0) {
		(void)puts("pinion " PINION_VERSION);
		return EXIT_DONE;
	}
	complain("no subcommand \"%s\"", name);
	usage(stderr);
	return EXIT_USAGE;
}
