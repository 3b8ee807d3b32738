/* SPDX-License-Identifier: Apache-2.0 */
/* A store's testament: what its owner wants to remember when the store itself has to be thrown
 * away. It stands in the store's folder in a file of its own, which is replaced whole or not at
 * all. */
#include "store/handle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void testament_name(const char *path, const char *ending, char ret[PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, "%s/testament%s", path, ending);
}

static int file_write(const char *name, struct bytes testament, struct fault *fault)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t written;
	int r = 0;

	if (file < 0)
		return STORE_ERRNO_FAULT(fault, name, "making the file");
	written = write(file, testament.at, testament.size);
	if (written >= 0 && written < (ssize_t)testament.size)
		errno = ENOSPC;
	if (written != (ssize_t)testament.size || fsync(file) != 0)
		r = STORE_ERRNO_FAULT(fault, name, "writing the file");
	(void)close(file);
	return r;
}

int store_testament_put(const char *path, struct bytes testament, struct fault *fault)
{
	char name[PATH_MAX], fresh[PATH_MAX];
	int folder, r;

	assert(testament.size > 0 && testament.size <= STORE_TESTAMENT_SIZE_MAX);
	testament_name(path, "", name);
	testament_name(path, ".new", fresh);
	r = file_write(fresh, testament, fault);
	if (r == 0 && rename(fresh, name) != 0)
		r = STORE_ERRNO_FAULT(fault, name, "replacing the file");
	if (r < 0)
		return r;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0)
		r = STORE_ERRNO_FAULT(fault, path, "syncing the folder");
	if (folder >= 0)
		(void)close(folder);
	return r;
}

int store_testament_get(const char *path, uint8_t ret[STORE_TESTAMENT_SIZE_MAX], size_t *ret_size,
	struct fault *fault)
{
	char name[PATH_MAX];
	ssize_t size;
	int file, r = 0;

	*ret_size = 0;
	testament_name(path, "", name);
	file = open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (file < 0)
		return STORE_ERRNO_FAULT(fault, name, "opening the file");
	size = read(file, ret, STORE_TESTAMENT_SIZE_MAX);
	if (size < 0)
		r = STORE_ERRNO_FAULT(fault, name, "reading the file");
	(void)close(file);
	/* An empty one is there all the same. */
	*ret_size = size > 0 ? (size_t)size : 1;
	if (size == 0)
		ret[0] = 0;
	return r;
}

bool testament_is_kept(const char *path)
{
	char name[PATH_MAX];

	testament_name(path, ".new", name);
	(void)unlink(name);
	testament_name(path, "", name);
	return access(name, F_OK) == 0;
}
