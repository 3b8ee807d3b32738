/* SPDX-License-Identifier: Apache-2.0 */
#include "main/temporary.h"

#include "main/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_NAME "pinion-temporary-"
#define ROOT_RANDOM "XXXXXX"

enum { ROOT_ATTEMPTS = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_SIZE_MAX]; /* under lock; empty: none */
static int root_held = -1;       /* its descriptor, with the lock */
static _Atomic bool is_ending;

static const char *parent(void)
{
	const char *base = getenv("TMPDIR");
	return base && *base ? base : "/tmp";
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

/* The descriptor of the locked folder; -1 with errno: another one has the lock (EWOULDBLOCK), or it
 * is not there (any more), or no folder of this user. */
static int folder_lock(const char *path)
{
	struct stat opened, present;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int error = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &opened) != 0 ||
		lstat(path, &present) != 0)
		error = errno;
	else if (opened.st_ino != present.st_ino || opened.st_dev != present.st_dev)
		error = ENOENT; /* removed, and made anew, before it was locked */
	else if (opened.st_uid != geteuid())
		error = EPERM;
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

static bool is_root_name(const char *name)
{
	return strncmp(name, ROOT_NAME, strlen(ROOT_NAME)) == 0 &&
	       strlen(name) == strlen(ROOT_NAME ROOT_RANDOM);
}

static void signals_of_end(sigset_t *ret)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	(void)sigemptyset(ret);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct sigaction action;
		if (sigaction(numbers[i], NULL, &action) != 0 || action.sa_handler != SIG_IGN)
			(void)sigaddset(ret, numbers[i]);
	}
}

/* Ends the process by this signal, which is blocked and pending. The first process of a container
 * is not ended by one that it does not handle: it ends as a shell would tell of it. */
static void end_by(int number)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, number);
	(void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	_exit(128 + number);
}

void temporary_sweep(void)
{
	DIR *folder = opendir(parent());
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		char path[PATH_SIZE_MAX];
		if (!is_root_name(entry->d_name))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", parent(), entry->d_name);
		int held = folder_lock(path);
		if (held < 0)
			continue;
		folder_remove(path);
		(void)close(held);
	}
	if (folder)
		(void)closedir(folder);

	sigset_t signals, waiting;
	signals_of_end(&signals);
	if (sigpending(&waiting) != 0)
		return;
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&signals, number) == 1 && sigismember(&waiting, number) == 1)
			end_by(number);
}

/* Other threads go on making files in the folder, and would fail of its absence in words that
 * nobody understands. So this program takes its own place: that ends all threads, gives back the
 * lock, and as it starts it sweeps. The signal stays pending meanwhile, and ends it then. */
static void *watch(void *unused)
{
	(void)unused;
	sigset_t signals;
	int number;
	signals_of_end(&signals);
	while (sigwait(&signals, &number) != 0)
		continue;
	(void)pthread_mutex_lock(&lock); /* for good: none is made any more */
	atomic_store(&is_ending, true);
	(void)kill(getpid(), number);
	/* While a thread with which others share their working directory and umask is about to take
	 * the process's place, Linux lets these make no threads, of which libraries abort. */
	(void)unshare(CLONE_FS);
	if (root_held >= 0)
		(void)execl("/proc/self/exe", "pinion", NULL);
	/* Without /proc, or a lock, as well as it goes. */
	if (root[0] != '\0')
		folder_remove(root);
	end_by(number);
	return NULL;
}

bool temporary_is_ending(void)
{
	return atomic_load(&is_ending);
}

void temporary_watch(void)
{
	sigset_t signals;
	signals_of_end(&signals);
	signals_watch(&signals, watch);
}

/* Some file systems know no locks on folders: then no sweep can get one either. */
static bool is_unlockable(int error)
{
	return error == EBADF || error == EINVAL || error == ENOLCK || error == ENOSYS ||
	       error == EOPNOTSUPP;
}

/* The caller has the lock. Somebody else's sweep may come between making and locking it. */
static bool root_make(void)
{
	for (int attempt = 1;; attempt++) {
		(void)snprintf(root, sizeof root, "%s/" ROOT_NAME ROOT_RANDOM, parent());
		if (!mkdtemp(root)) {
			root[0] = '\0';
			return false;
		}
		root_held = folder_lock(root);
		if (root_held >= 0 || is_unlockable(errno))
			return true;
		int error = errno;
		(void)rmdir(root);
		root[0] = '\0';
		errno = error;
		if ((error != EWOULDBLOCK && error != ENOENT) || attempt == ROOT_ATTEMPTS)
			return false;
	}
}

const char *temporary_root(void)
{
	(void)pthread_mutex_lock(&lock);
	bool is_made = root[0] != '\0' || root_make();
	int error = errno;
	(void)pthread_mutex_unlock(&lock);
	errno = error;
	return is_made ? root : NULL;
}

bool temporary_folder(char path[PATH_SIZE_MAX])
{
	const char *in = temporary_root();
	if (in) {
		(void)snprintf(path, PATH_SIZE_MAX, "%s/store-XXXXXX", in);
		if (mkdtemp(path))
			return true;
	}
	complain("no temporary folder under %s: %s. Set TMPDIR", parent(), strerror(errno));
	return false;
}

void temporary_end(void)
{
	(void)pthread_mutex_lock(&lock);
	if (root[0] != '\0')
		folder_remove(root);
	root[0] = '\0';
	(void)pthread_mutex_unlock(&lock);
}
