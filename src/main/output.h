/* SPDX-License-Identifier: Apache-2.0 */
/* Standard descriptors: that they are there, and that what was printed was taken. */
#ifndef MAIN_OUTPUT_H
#define MAIN_OUTPUT_H

#include <stdbool.h>

/* Before anything is opened: a file of ours must never get the number of a standard descriptor that
 * was closed. Reading from, and writing to, such a one then fails, as it should. */
void descriptors_ensure(void);

/* Standard output from here on notes the first error that it meets, whoever prints. */
void output_begin(void);

/* Sends what was printed so far on its way. False: it can't be written, and output_end will say
 * so. */
bool output_flush(void);

/* The last thing before the process ends, with the exit code so far. Output that can't be written
 * is said, and EXIT_FAULT; whoever closed the pipe has what it wanted: then the process ends as
 * SIGPIPE ends one, without a word. */
int output_end(int exit_code);

#endif
