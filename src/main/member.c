/* SPDX-License-Identifier: Apache-2.0 */
#include "main/member.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOST_SIZE_MAX = 63, RANDOM_BYTES = 4 };

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* What Kafka, too, takes for a part of a name. */
static void host_name(char ret[HOST_SIZE_MAX + 1])
{
	if (gethostname(ret, HOST_SIZE_MAX) != 0 || ret[0] == '\0')
		(void)snprintf(ret, HOST_SIZE_MAX, "host");
	ret[HOST_SIZE_MAX] = '\0';
	for (char *c = ret; *c; c++)
		if (!strchr(NAME_CHARACTERS, *c))
			*c = '-';
}

/* False: there is none that was made on this host. */
static bool name_read(const char *path, const char *host, char ret[LOG_MEMBER_NAME_MAX])
{
	size_t size = strlen(host);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool is_there = fgets(ret, LOG_MEMBER_NAME_MAX, file) != NULL;
	(void)fclose(file);
	if (!is_there)
		return false;
	ret[strcspn(ret, "\n")] = '\0';
	return strncmp(ret, host, size) == 0 && ret[size] == '-' &&
	       strlen(ret) == size + 1 + (size_t)2 * RANDOM_BYTES &&
	       strspn(ret + size + 1, "0123456789abcdef") == (size_t)2 * RANDOM_BYTES;
}

static bool name_write(const char *path, const char *name)
{
	char part[PATH_SIZE_MAX + 16];
	(void)snprintf(part, sizeof part, "%s.part", path);
	FILE *file = fopen(part, "we");
	if (!file)
		return false;
	bool is_well =
		fprintf(file, "%s\n", name) > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
	is_well &= fclose(file) == 0;
	return is_well && rename(part, path) == 0;
}

int member_name(const char *state, char ret[LOG_MEMBER_NAME_MAX])
{
	char path[PATH_SIZE_MAX + 8], host[HOST_SIZE_MAX + 1];
	uint8_t random[RANDOM_BYTES];
	char digits[2 * RANDOM_BYTES + 1];
	(void)snprintf(path, sizeof path, "%s/member", state);
	host_name(host);
	if (name_read(path, host, ret))
		return EXIT_DONE;
	randombytes_buf(random, sizeof random);
	(void)sodium_bin2hex(digits, sizeof digits, random, sizeof random);
	(void)snprintf(ret, LOG_MEMBER_NAME_MAX, "%s-%s", host, digits);
	if (name_write(path, ret))
		return EXIT_DONE;
	complain("can't write this process's name among those that share the shards to %s: %s",
		path, strerror(errno));
	return EXIT_FAULT;
}
