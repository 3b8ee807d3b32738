/* SPDX-License-Identifier: Apache-2.0 */
#include "log/embedded/archive.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void file_shorten(int folder, const char *name, size_t bytes)
{
	int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0)
		return; /* another thread has just removed it */
	if (fstat(fd, &status) == 0) {
		if (status.st_size > (off_t)bytes)
			(void)!ftruncate(fd, status.st_size - (off_t)bytes);
		else
			(void)unlinkat(folder, name, 0);
	}
	(void)close(fd);
}

static bool is_file_of_the_log(const char *name)
{
	size_t size = strlen(name);
	return size > 4 && strcmp(name + size - 4, ".log") == 0;
}

void archive_shorten(const char *path, size_t bytes)
{
	char archive[PATH_MAX];
	if (snprintf(archive, sizeof archive, "%s/archive", path) >= (int)sizeof archive)
		return;
	DIR *folder = opendir(archive);
	if (folder == NULL)
		return;
	const struct dirent *file;
	while ((file = readdir(folder)) != NULL) {
		if (is_file_of_the_log(file->d_name)) {
			file_shorten(dirfd(folder), file->d_name, bytes);
			break;
		}
	}
	(void)closedir(folder);
}
