/* SPDX-License-Identifier: Apache-2.0 */
#include "main/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "max", or no such file: no limit. */
static int64_t number_read(const char *name)
{
	char line[32] = "";
	FILE *file = fopen(name, "re");
	if (!file)
		return INT64_MAX;
	bool is_read = fgets(line, sizeof line, file) != NULL;
	(void)fclose(file);
	errno = 0;
	char *end;
	long long number = strtoll(line, &end, 10);
	return is_read && end != line && errno == 0 && number > 0 ? number : INT64_MAX;
}

/* Of the group at `path` below `mount`, and of each above it. In a container the path may be the
 * host's, which is not to be seen there: what there is counts. */
static int64_t least_upwards(const char *mount, const char *path, const char *file)
{
	char group[PATH_MAX], name[2 * PATH_MAX];
	int64_t least = INT64_MAX;
	(void)snprintf(group, sizeof group, "%s", path);
	for (;;) {
		(void)snprintf(name, sizeof name, "%s%s/%s", mount, group, file);
		int64_t number = number_read(name);
		if (number < least)
			least = number;
		char *slash = strrchr(group, '/');
		if (!slash || group[0] == '\0')
			return least;
		*slash = '\0';
	}
}

static bool controllers_have(const char *controllers, const char *name)
{
	size_t size = strlen(name);
	for (const char *at = controllers; (at = strstr(at, name)) != NULL; at += size)
		if ((at == controllers || at[-1] == ',') && (at[size] == '\0' || at[size] == ','))
			return true;
	return false;
}

/* A line of /proc/self/cgroup is NUMBER:CONTROLLERS:PATH; version 2 names no controllers. */
static int64_t line_limit(const char *root, char *line)
{
	char mount[PATH_MAX];
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!path)
		return INT64_MAX;
	*path++ = '\0';
	controllers++;
	path[strcspn(path, "\n")] = '\0';
	if (controllers_have(controllers, "memory")) {
		(void)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/memory", root);
		return least_upwards(mount, path, "memory.limit_in_bytes");
	}
	if (controllers[0] != '\0')
		return INT64_MAX;
	(void)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
	return least_upwards(mount, path, "memory.max");
}

int64_t cgroup_memory_limit(const char *root)
{
	char name[PATH_MAX], line[PATH_MAX];
	int64_t least = INT64_MAX;
	(void)snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
	FILE *file = fopen(name, "re");
	while (file && fgets(line, sizeof line, file)) {
		int64_t limit = line_limit(root, line);
		if (limit < least)
			least = limit;
	}
	if (file)
		(void)fclose(file);
	return least;
}
