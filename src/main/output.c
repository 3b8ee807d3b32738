/* SPDX-License-Identifier: Apache-2.0 */
#include "main/output.h"

#include "main/options.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int first_error; /* of writing to standard output; 0: none yet */

void descriptors_ensure(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		if (fcntl(descriptor, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
		if (open("/dev/null", mode) != descriptor) /* NOLINT(android-cloexec-open) */
			_exit(EXIT_FAULT);
	}
}

static ssize_t output_write(void *cookie, const char *bytes, size_t size)
{
	(void)cookie;
	ssize_t written;
	do
		written = write(STDOUT_FILENO, bytes, size);
	while (written < 0 && errno == EINTR);
	if (written < 0 && first_error == 0)
		first_error = errno;
	return written < 0 ? 0 : written;
}

static int output_close(void *cookie)
{
	(void)cookie;
	if (close(STDOUT_FILENO) == 0 || first_error != 0)
		return 0;
	first_error = errno;
	return EOF;
}

void output_begin(void)
{
	const cookie_io_functions_t functions = { .write = output_write, .close = output_close };
	FILE *file = fopencookie(NULL, "w", functions);
	assert(file);
	(void)setvbuf(file, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	stdout = file;
}

bool output_flush(void)
{
	(void)fflush(stdout);
	return first_error == 0;
}

int output_end(int exit_code)
{
	(void)fflush(stdout);
	(void)fclose(stdout);
	if (first_error == 0)
		return exit_code;
	if (first_error == EPIPE) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
	complain("can't write to standard output: %s", strerror(first_error));
	return EXIT_FAULT;
}
