/* SPDX-License-Identifier: Apache-2.0 */
/* Write-ahead files of the log's RocksDB whose batches all stand in table files.
 *
 * RocksDB would unlink each at once, some 32 MB: 8 ms in which the file system frees its pages and
 * blocks, and most of them in which nobody's synced write comes through. So it moves them into its
 * folder `archive` (its option WAL_ttl_seconds) and leaves them there; here they go a piece at a
 * time. Nothing ever reads them.
 */
#ifndef LOG_EMBEDDED_ARCHIVE_H
#define LOG_EMBEDDED_ARCHIVE_H

#include <stddef.h>

/* Frees up to this many bytes of one file in RocksDB's folder `path`, in its end. Where it can't,
 * nothing is lost but room on the disk; the next call tries again. Any thread. */
void archive_shorten(const char *path, size_t bytes);

#endif
