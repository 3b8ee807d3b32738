/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of control groups, of both versions, as they stand in files. */
#include "main/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[200];

/* With the folders above it. */
static void put(const char *name, const char *text)
{
	char path[500];
	(void)snprintf(path, sizeof path, "%s%s", root, name);
	for (char *slash = path + 1; *slash; slash++)
		if (*slash == '/') {
			*slash = '\0';
			(void)mkdir(path, 0700);
			*slash = '/';
		}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int begin(void **state)
{
	const char *parent = getenv("TMPDIR");
	(void)state;
	(void)snprintf(root, sizeof root, "%s/pinion-cgroup-XXXXXX", parent ? parent : "/tmp");
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	char command[300];
	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", root);
	return system(command); /* NOLINT(cert-env33-c): a folder of our own */
}

static void no_group_is_no_limit(void **state)
{
	(void)state;
	assert_true(cgroup_memory_limit(root) == INT64_MAX);
	put("/proc/self/cgroup", "0::/\n");
	assert_true(cgroup_memory_limit(root) == INT64_MAX);
	put("/sys/fs/cgroup/a/memory.max", "max\n");
	put("/proc/self/cgroup", "0::/a\n");
	assert_true(cgroup_memory_limit(root) == INT64_MAX);
	put("/proc/self/cgroup", "nothing\n:\n0:x\n");
	assert_true(cgroup_memory_limit(root) == INT64_MAX);
}

static void the_least_of_all_above_counts(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "1:name=systemd:/\n0::/system.slice/pinion.service\n");
	put("/sys/fs/cgroup/system.slice/memory.max", "262144000\n");
	put("/sys/fs/cgroup/system.slice/pinion.service/memory.max", "max\n");
	assert_int_equal(cgroup_memory_limit(root), 262144000);
	put("/sys/fs/cgroup/system.slice/pinion.service/memory.max", "1000000\n");
	assert_int_equal(cgroup_memory_limit(root), 1000000);
	put("/sys/fs/cgroup/memory.max", "4096\n");
	assert_int_equal(cgroup_memory_limit(root), 4096);
}

static void version_1_is_read_too(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "5:cpu,memoryless:/a\n4:cpu,memory:/a/b\n0::/\n");
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "262144000\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_memory_limit(root), 262144000);
	/* In a container the path may be the host's. */
	put("/proc/self/cgroup", "4:memory:/not/here\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n");
	assert_int_equal(cgroup_memory_limit(root), 1048576);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_group_is_no_limit, begin, end),
		cmocka_unit_test_setup_teardown(the_least_of_all_above_counts, begin, end),
		cmocka_unit_test_setup_teardown(version_1_is_read_too, begin, end),
	};
	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
