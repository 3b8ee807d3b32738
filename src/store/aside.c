/* SPDX-License-Identifier: Apache-2.0 */
#include "store/aside.h"

#include "store/handle.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_OPEN_MAX = 16 };

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

static int entry_sync(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int r = file < 0 || fsync(file) != 0 ? -1 : 0;
	int error = errno;

	(void)status;
	(void)kind;
	(void)at;
	if (file >= 0)
		(void)close(file);
	errno = error;
	return r;
}

static bool tree_remove(const char *path)
{
	return nftw(path, entry_remove, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS) == 0 ||
	       errno == ENOENT;
}

static bool is_free(const char *place)
{
	DIR *folder = opendir(place);
	size_t count = 0;

	if (folder == NULL)
		return errno == ENOENT;
	while (count <= 2 && readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count <= 2;
}

static int place_is_taken(const char *place, struct fault *fault)
{
	return FAULT(fault, FAULT_SETTINGS,
		"'%s' is there already and holds something: nothing was changed. Give another "
		"folder, or an empty one",
		place);
}

/* A name is locked only as long as it is that folder's. */
static int around_lock(struct aside *aside, struct fault *fault)
{
	struct stat held, named;

	if (mkdir(aside->around, 0777) != 0 && errno != EEXIST)
		return STORE_ERRNO_FAULT(fault, aside->around, "making the folder");
	aside->lock = open(aside->around, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (aside->lock < 0 || fstat(aside->lock, &held) != 0)
		return STORE_ERRNO_FAULT(fault, aside->around, "opening the folder");
	if (flock(aside->lock, LOCK_EX | LOCK_NB) == 0 && lstat(aside->around, &named) == 0 &&
		held.st_ino == named.st_ino && held.st_dev == named.st_dev)
		return 0;
	(void)close(aside->lock);
	aside->lock = -1;
	return FAULT(fault, FAULT_BUSY,
		"another process is writing '%s': let it end, or give another folder",
		aside->around);
}

int aside_begin(struct aside *ret, const char *place, struct fault *fault)
{
	size_t size = strlen(place);
	int r;

	while (size > 1 && place[size - 1] == '/')
		size--;
	*ret = (struct aside){ .lock = -1, .place = strndup(place, size) };
	assert(ret->place != NULL);
	if (asprintf(&ret->around, "%s.unfinished", ret->place) < 0)
		abort();
	ret->folder = store_path_new(ret->around, "whole");
	if (!is_free(ret->place))
		return place_is_taken(ret->place, fault);
	r = around_lock(ret, fault);
	if (r == 0 && !tree_remove(ret->folder))
		r = STORE_ERRNO_FAULT(fault, ret->folder, "removing what was left unfinished in");
	return r;
}

int aside_place(struct aside *aside, struct fault *fault)
{
	if (nftw(aside->folder, entry_sync, FOLDERS_OPEN_MAX, FTW_PHYS) != 0)
		return STORE_ERRNO_FAULT(fault, aside->folder, "syncing the folder");
	if (rename(aside->folder, aside->place) == 0)
		return folder_sync_above(aside->place, fault);
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return place_is_taken(aside->place, fault);
	return STORE_ERRNO_FAULT(fault, aside->place, "putting the folder into its place");
}

void aside_end(struct aside *aside)
{
	if (aside->place != NULL && aside->lock >= 0) {
		(void)tree_remove(aside->around);
		(void)close(aside->lock);
	}
	free(aside->place);
	free(aside->around);
	free(aside->folder);
	*aside = (struct aside){ .lock = -1 };
}
