/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary folders. All of a process stand in one, `pinion-temporary-XXXXXX` under TMPDIR, that is
 * made when it is first asked for. The process holds a lock on it: so whoever starts later can tell
 * what was left behind, by a SIGKILL, from what is in use. */
#ifndef MAIN_TEMPORARY_H
#define MAIN_TEMPORARY_H

#include "main/options.h"

/* Removes what processes of this user that are gone left under TMPDIR. A signal that came before
 * this process began, and that its parent held back, ends it after that. */
void temporary_sweep(void);

/* From now on SIGINT, SIGTERM and SIGHUP (those that are not ignored) end the process as they
 * always do, but nothing temporary is left. Before any other thread is made, so that none of them
 * takes one. */
void temporary_watch(void);

/* Such a signal came: the process is about to end by it, whatever else goes wrong meanwhile. Safe
 * in a signal's handler. */
bool temporary_is_ending(void);

/* The process's folder, or NULL with errno. */
const char *temporary_root(void);

/* A fresh folder in there; its path, or false, said. */
bool temporary_folder(char path[PATH_SIZE_MAX]);
void folder_remove(const char *path);

/* At the end of the process: nobody uses one any more. */
void temporary_end(void);

#endif
