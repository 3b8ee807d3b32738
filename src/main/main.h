/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands, a file each (bench has a folder of its own). Each gets its own name and
 * arguments, and returns the exit code. */
#ifndef MAIN_MAIN_H
#define MAIN_MAIN_H

#define SUBCOMMANDS(SUBCOMMAND)                                           \
	SUBCOMMAND(init, "create a ledger, or complete a half-made one")  \
	SUBCOMMAND(run, "own shards and process their commands")          \
	SUBCOMMAND(submit, "send commands, print their outcomes")         \
	SUBCOMMAND(tail, "print events from the log")                     \
	SUBCOMMAND(show, "print balances")                                \
	SUBCOMMAND(verify, "rebuild everything from the log and compare") \
	SUBCOMMAND(bench, "measure this machine")

/* Says what is known of a bug that ends the process, and notes a store that it is about. */
void abort_watch(void);

#define SUBCOMMAND(name, text) int main_##name(int count, char **arguments);
SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND

#endif
