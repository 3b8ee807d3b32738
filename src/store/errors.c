/* SPDX-License-Identifier: Apache-2.0 */
/* What RocksDB complains of: evidence of damage, for which the store may be thrown away, or a lack
 * of something, for which it must not be.
 *
 * Its C interface gives words only. An error of the system comes as "IO error: ...: " and the
 * system's own words, at times inside another: an opening that can't look at a file says
 * "Corruption: Can't access /000012.sst: IO error: ...: Permission denied". So the lack is looked
 * for first, and where nothing tells the store is kept.
 */
#include "base/lack.h"
#include "store/handle.h"

#include <errno.h>

/* The folder's owner is known only by RocksDB's words; both kinds name its lock file. */
static bool error_is_busy(const char *error)
{
	return strstr(error, "/LOCK: ") != NULL &&
	       (strstr(error, "lock hold by current process") != NULL ||
		       (strstr(error, "While lock file") != NULL &&
			       strstr(error, strerror(ENOLCK)) == NULL));
}

static bool starts_with(const char *error, const char *kind)
{
	return strncmp(error, kind, strlen(kind)) == 0;
}

/* A file that the manifest names, or the manifest that CURRENT names. Those of an ingest under way
 * are neither. */
static bool is_file_missing(const char *error)
{
	return strstr(error, strerror(ENOENT)) != NULL && strstr(error, "/ingest/") == NULL &&
	       (strstr(error, ".sst") != NULL || strstr(error, "/MANIFEST-") != NULL);
}

static int error_code(const char *error)
{
	if (error_is_busy(error))
		return FAULT_BUSY;
	if (lack_advice(error) != NULL)
		return FAULT_IO;
	if (is_file_missing(error) || starts_with(error, "Corruption") ||
		starts_with(error, "Invalid argument") || starts_with(error, "Not implemented"))
		return FAULT_DAMAGED;
	return FAULT_IO;
}

int store_fault(struct fault *fault, int line, const char *file, const char *path,
	const char *doing, char *error)
{
	const char *advice = lack_advice(error);
	int r = error_code(error);

	if (r == FAULT_BUSY)
		fault_note(fault, file, line, r,
			"%s '%s': another process holds it; stop that one first", doing, path);
	else if (r == FAULT_DAMAGED)
		fault_note(fault, file, line, r,
			"%s '%s': %s; a damaged store is rebuilt from the log: check the disk",
			doing, path, error);
	else
		fault_note(fault, file, line, r, "%s '%s': %s; nothing is thrown away (%s)", doing,
			path, advice != NULL ? advice : "check the disk and the folder", error);
	rocksdb_free(error);
	return r;
}

int store_errno_fault(
	struct fault *fault, int line, const char *file, const char *path, const char *doing)
{
	const char *error = strerror(errno), *advice = lack_advice(error);

	fault_note(fault, file, line, FAULT_IO, "%s '%s': %s%s%s", doing, path, error,
		advice != NULL ? ": " : "", advice != NULL ? advice : "");
	return FAULT_IO;
}
