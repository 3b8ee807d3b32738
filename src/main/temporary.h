/* SPDX-License-Identifier: Apache-2.0 */
/* Folders for a rebuild, that none outlives its process by much. */
#ifndef MAIN_TEMPORARY_H
#define MAIN_TEMPORARY_H

#include "main/options.h"

/* A fresh folder under TMPDIR; its path, or false, said. */
bool temporary_folder(char path[PATH_SIZE_MAX]);
void folder_remove(const char *path);

#endif
