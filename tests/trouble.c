/* SPDX-License-Identifier: Apache-2.0 */
/* In LD_PRELOAD: trouble with the machine, as files in the folder that TROUBLE names.
 *
 *   disk    while it is there the disk gives no answer; "disk.asked" then says that it was asked
 *   clock   so many seconds the wall clock is ahead, or behind. Only the program itself is told so:
 *           libraries wait by that clock, and the kernel knows nothing of this
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char *trouble(const char *name, char path[PATH_MAX])
{
	const char *folder = getenv("TROUBLE");
	(void)snprintf(path, PATH_MAX, "%s/%s", folder ? folder : "", name);
	return path;
}

/* --- The disk --- */

static void disk_wait(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	char path[PATH_MAX];
	while (access(trouble("disk", path), F_OK) == 0) {
		int file = open(trouble("disk.asked", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (file >= 0)
			(void)close(file);
		(void)nanosleep(&pause, NULL);
	}
}

int fsync(int descriptor)
{
	disk_wait();
	return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
	disk_wait();
	return (int)syscall(SYS_fdatasync, descriptor);
}

/* --- The wall clock --- */

static long seconds_ahead(const void *caller)
{
	char path[PATH_MAX], text[32] = "";
	Dl_info program, calling;
	if (!dladdr((const void *)getauxval(AT_PHDR), &program) || !dladdr(caller, &calling) ||
		program.dli_fbase != calling.dli_fbase)
		return 0;
	int file = open(trouble("clock", path), O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	ssize_t size = read(file, text, sizeof text - 1);
	(void)close(file);
	return size > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int error = (int)syscall(SYS_clock_gettime, clock, ret);
	if (error == 0 && clock == CLOCK_REALTIME)
		ret->tv_sec += seconds_ahead(__builtin_return_address(0));
	return error;
}

time_t time(time_t *ret)
{
	struct timespec now;
	(void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	now.tv_sec += seconds_ahead(__builtin_return_address(0));
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
