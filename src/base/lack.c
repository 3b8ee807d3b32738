/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lack.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char descriptors[] =
	"the process may open too few files: raise its limit (`ulimit -n`, LimitNOFILE=)";
static const char rights[] =
	"the user that runs this has not the rights to it: give it the folder and all in it";
static const char room[] = "the disk or the quota is full: make room";
static const char memory[] = "memory is short: give the process more";
static const char disk[] = "the disk does not do what it is asked: check it";

static const struct {
	int number;
	const char *advice;
} lacks[] = {
	{ EMFILE, descriptors },
	{ ENFILE, "this machine has no descriptor left: raise fs.file-max" },
	{ EACCES, rights },
	{ EPERM, rights },
	{ EROFS, "it is mounted read-only: check the disk, and mount it for writing" },
	{ ENOSPC, room },
	{ EDQUOT, room },
	{ EFBIG, "a file may not grow that far: raise the limit (`ulimit -f`)" },
	{ ENOMEM, memory },
	{ EAGAIN, "the process may have too few threads, or too little memory: raise its limits" },
	{ EIO, disk },
	{ ENXIO, disk },
	{ ENODEV, disk },
	{ ESTALE, disk },
	{ ETIMEDOUT, disk },
	{ ENOTCONN, disk },
	{ ENOLCK, "the file system gives no locks: use a local one" },
};

const char *lack_advice(const char *error)
{
	for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++)
		if (strstr(error, strerror(lacks[i].number)) != NULL)
			return lacks[i].advice;
	return NULL;
}
