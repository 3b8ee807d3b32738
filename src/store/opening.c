/* SPDX-License-Identifier: Apache-2.0 */
/* Openings that kill. RocksDB 7.8 reads a table's block of properties before it looks at the
 * block's checksum, and as Debian builds it (with assertions) damage there may abort the process:
 * at every start. So an opening has a file of its own until it has come to an end, and who aborts
 * within one leaves a byte there. Whoever is killed, for want of memory above all, leaves none. */
#include "store/handle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENINGS_MAX = 3, MEMORY_TRIED = 64 << 20 };

/* Of the opening that this thread is in; -1: none. */
static _Thread_local int opening_file = -1;

int opening_begin(const char *path, struct fault *fault)
{
	char *name = store_path_new(path, "opening");
	struct stat status = { 0 };
	int r = 0;

	opening_file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (opening_file < 0)
		r = STORE_ERRNO_FAULT(fault, name, "making the file");
	else
		(void)fstat(opening_file, &status);
	free(name);
	if (status.st_size < OPENINGS_MAX)
		return r;
	(void)close(opening_file);
	opening_file = -1;
	return FAULT(fault, FAULT_DAMAGED,
		"the store '%s' is damaged: %d times the process aborted while it opened it", path,
		OPENINGS_MAX);
}

void opening_end(const char *path)
{
	char *name = store_path_new(path, "opening");

	(void)unlink(name);
	free(name);
	if (opening_file >= 0)
		(void)close(opening_file);
	opening_file = -1;
}

/* A thread that can't be had, and memory, are what RocksDB aborts of without being damaged. Both
 * are tried by the kernel's own calls: whoever aborts may hold any lock. */
static bool has_thread_and_memory(void)
{
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	void *memory;

	if (child == 0)
		_exit(0);
	if (child < 0)
		return false;
	(void)waitpid((pid_t)child, NULL, 0);
	memory = mmap(
		NULL, MEMORY_TRIED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory != MAP_FAILED;
}

void store_note_abort(void)
{
	if (opening_file >= 0 && has_thread_and_memory())
		(void)!write(opening_file, "", 1);
}
