/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands, a file each (bench has a folder of its own), with a text in help/. Each gets its
 * own name and arguments, and returns the exit code. */
#ifndef MAIN_MAIN_H
#define MAIN_MAIN_H

#define SUBCOMMANDS(SUBCOMMAND) \
	SUBCOMMAND(init)        \
	SUBCOMMAND(run)         \
	SUBCOMMAND(follow)      \
	SUBCOMMAND(submit)      \
	SUBCOMMAND(tail)        \
	SUBCOMMAND(show)        \
	SUBCOMMAND(verify)      \
	SUBCOMMAND(snapshot)    \
	SUBCOMMAND(bench)

/* Says what is known of a bug that ends the process, and notes a store that it is about. */
void abort_watch(void);

#define SUBCOMMAND(name) int main_##name(int count, char **arguments);
SUBCOMMANDS(SUBCOMMAND)
#undef SUBCOMMAND

#endif
