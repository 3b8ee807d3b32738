/* SPDX-License-Identifier: Apache-2.0 */
/* What the control groups that this process stands in let it have. */
#ifndef MAIN_CGROUP_H
#define MAIN_CGROUP_H

#include <stdint.h>

/* Bytes of memory: the least limit of its own group and of those above it, of version 2 or 1.
 * INT64_MAX: none. `root` stands before /proc and /sys; "" but for tests. */
int64_t cgroup_memory_limit(const char *root);

#endif
