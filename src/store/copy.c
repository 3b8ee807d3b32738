/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a store beside its owner. RocksDB's files are never written again once the manifest
 * names them, so a copy is links to them, and the manifest up to where it was read. Where the file
 * system can't link, RocksDB copies. */
#include "store/handle.h"

#include <assert.h>
#include <errno.h>

int store_copy(struct store *store, const char *path, struct fault *fault)
{
	rocksdb_checkpoint_t *checkpoint;
	struct manifest_mark now;
	char *error = NULL;

	assert(store->mode == STORE_READ);
	checkpoint = rocksdb_checkpoint_object_create(store->db, &error);
	if (error == NULL) {
		rocksdb_checkpoint_create(checkpoint, path, 0, &error);
		rocksdb_checkpoint_object_destroy(checkpoint);
	}
	if (error == NULL)
		return 0;
	/* The owner writes to the manifest before it deletes a file. */
	(void)manifest_look(store->path, &now);
	if (strstr(error, strerror(ENOENT)) == NULL || manifest_mark_equal(&store->opened_at, &now))
		return STORE_FAULT(fault, store->path, "copying the store", error);
	rocksdb_free(error);
	return FAULT(fault, FAULT_BUSY, "the owner of '%s' went on while it was copied: try again",
		store->path);
}
