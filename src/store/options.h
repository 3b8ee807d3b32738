/* SPDX-License-Identifier: Apache-2.0 */
/* How RocksDB is set up: the same for an owner, a reader and the files built for an ingest. */
#ifndef STORE_OPTIONS_H
#define STORE_OPTIONS_H

#include <rocksdb/c.h>
#include <stdbool.h>
#include <stddef.h>

rocksdb_options_t *options_create(size_t cache_bytes, bool create_if_missing);

/* For every read of the store. */
rocksdb_readoptions_t *readoptions_create(void);

#endif
