/* SPDX-License-Identifier: Apache-2.0 */
/* The socket DIR/socket, through which other processes append inputs to the ledger that one process
 * holds, and are told when one of its streams has grown.
 *
 *	append  = size of what follows (4) | 1 (1) | stream (1) | shard (4) | count (4) | records
 *	answer  = size of what follows (4) | fault code, 0 when all are durable (4) | fault text
 *
 *	wait    = size of what follows (4) | 2 (1) | stream (1) | shard (4) | offset (8)
 *	answer  = size of what follows (4) | 0 (4) | the stream's durable end (8)
 *
 * Little-endian; records as in batch.h. A wait is answered once the stream's end is above
 * its offset. One answer per frame, and no next frame before it. A frame that breaks these rules or
 * the limits of a batch ends its connection.
 */
#ifndef LOG_EMBEDDED_SOCKET_H
#define LOG_EMBEDDED_SOCKET_H

#include "log/log.h"

/* Appends one batch of inputs; called from the server's thread. */
typedef int socket_append(void *context, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault);

/* The end of a stream, whose records below are all durable; called from the server's thread. */
typedef int64_t socket_end(void *context, uint32_t shard, enum log_stream stream);

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

struct socket_wait {
	uint32_t shard;
	enum log_stream stream;
	int64_t offset;
};
bool socket_wait_decode(struct bytes frame, uint32_t shards, struct socket_wait *ret);

/* The caller holds the ledger's lock, so a socket file that is there already is a dead holder's. */
int socket_server_start(struct socket_server **ret, const char *folder, uint32_t shards,
	socket_append *append, socket_end *end, void *context, struct fault *fault);
void socket_server_stop(struct socket_server *server); /* NULL is fine */
/* A stream's end moved; any thread. Cheap where nobody waits. */
void socket_server_grown(struct socket_server *server);

struct socket_client;

/* FAULT_MISSING: nobody holds the ledger. */
int socket_client_open(
	struct socket_client **ret, const char *folder, int timeout_ms, struct fault *fault);
int socket_client_append(struct socket_client *client, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault);
/* Waits until the stream's end is above the offset: *ret_end then is that durable end, else, after
 * the time, 0. Asked again after that, the first question still stands, whatever the offset. */
int socket_client_wait(struct socket_client *client, const struct socket_wait *wait, int timeout_ms,
	int64_t *ret_end, struct fault *fault);
/* After a fault of the connection, the next append or wait needs another client. */
bool socket_client_is_lost(const struct socket_client *client);
void socket_client_close(struct socket_client *client); /* NULL is fine */

#endif
