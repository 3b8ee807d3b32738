/* SPDX-License-Identifier: Apache-2.0 */
#include "main/temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool temporary_folder(char path[PATH_SIZE_MAX])
{
	const char *base = getenv("TMPDIR");
	(void)snprintf(path, PATH_SIZE_MAX, "%s/pinion-XXXXXX", base && *base ? base : "/tmp");
	if (mkdtemp(path))
		return true;
	complain("no temporary folder %s: %s. Set TMPDIR", path, strerror(errno));
	return false;
}

static int entry_remove(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)stat;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void folder_remove(const char *path)
{
	(void)nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}
