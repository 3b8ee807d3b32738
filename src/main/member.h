/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which a process is known to those it shares shards with. */
#ifndef MAIN_MEMBER_H
#define MAIN_MEMBER_H

#include "main/options.h"

/* HOST-RANDOM, kept in the file `member` of the state folder, so that a process that starts again
 * is the same one. Made where there is none, or where it was made on another host: a copy of a
 * state folder is another process. 0, or the exit code, said. */
int member_name(const char *state, char ret[LOG_MEMBER_NAME_MAX]);

#endif
