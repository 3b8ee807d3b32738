/* SPDX-License-Identifier: Apache-2.0 */
/* The socket DIR/socket, through which other processes append inputs to the ledger that one process
 *holds.
 *
 *	frame   = size of what follows (4) | format (1) | stream (1) | shard (4) | count (4) |
 *records answer  = size of what follows (4) | fault code, 0 when all records are durable (4) |
 *fault text
 *
 * Little-endian; records as in embedded_batch.h. One answer per frame, in order. A frame that
 *breaks these rules or the limits of a batch ends its connection.
 */
#ifndef LOG_EMBEDDED_SOCKET_H
#define LOG_EMBEDDED_SOCKET_H

#include "log/log.h"

/* Appends one batch of inputs; called from the server's thread. */
typedef int socket_append(void *context, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault);

struct socket_server;

/* What follows a frame's size, taken apart; the entries stand in the frame. False: it breaks a
 * rule. */
struct socket_frame {
	uint32_t shard;
	enum log_stream stream;
	uint32_t count;
};
bool socket_frame_decode(struct bytes frame, uint32_t shards,
	struct log_entry entries[LOG_BATCH_RECORDS_MAX], struct socket_frame *ret);

/* The caller holds the ledger's lock, so a socket file that is there already is a dead holder's. */
int socket_server_start(struct socket_server **ret, const char *folder, uint32_t shards,
	socket_append *append, void *context, struct fault *fault);
void socket_server_stop(struct socket_server *server); /* NULL is fine */

struct socket_client;

/* FAULT_MISSING: nobody holds the ledger. */
int socket_client_open(
	struct socket_client **ret, const char *folder, int timeout_ms, struct fault *fault);
int socket_client_append(struct socket_client *client, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault);
/* After a fault of the connection, the next append needs another client. */
bool socket_client_is_lost(const struct socket_client *client);
void socket_client_close(struct socket_client *client); /* NULL is fine */

#endif
