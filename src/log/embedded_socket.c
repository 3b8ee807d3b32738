/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of DIR/socket. A client can harm nobody but itself: sizes are bounded, nothing it does
 * blocks others for longer than one append. */
#include "log/embedded_socket.h"
#include "log/embedded_batch.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	FRAME_FORMAT = 1,
	FRAME_HEADER_SIZE = 10,
	FRAME_SIZE_MAX = FRAME_HEADER_SIZE + BATCH_RECORDS_SIZE_MAX,
	ANSWER_SIZE_MAX = 4 + 4 + sizeof((struct fault *)NULL)->text,
	CLIENTS_MAX = 64,
	LISTEN_PAUSE_MS = 100,
};

struct peer {
	int fd;         /* -1: this place is free */
	uint8_t *frame; /* with its size in front */
	size_t frame_size;
	size_t frame_filled;
	uint8_t answer[ANSWER_SIZE_MAX];
	size_t answer_size;
	size_t answer_sent;
};

struct socket_server {
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
	uint32_t shards;
	socket_append *append;
	void *context;
	int listener;
	int stop;            /* an eventfd */
	bool listener_rests; /* accept failed for want of something: not polled for a moment */
	pthread_t thread;
	bool thread_runs;
	struct log_entry *entries;
	struct peer peers[CLIENTS_MAX];
};

struct socket_client {
	int fd; /* -1: lost */
	char *folder;
	uint8_t *frame;
};

static void number_put(uint8_t *to, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> (8 * i));
}

static uint32_t number_get(const uint8_t *from)
{
	uint32_t number = 0;
	for (int i = 0; i < 4; i++)
		number |= (uint32_t)from[i] << (8 * i);
	return number;
}

static int address_make(struct sockaddr_un *ret, const char *folder, struct fault *fault)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int size = snprintf(ret->sun_path, sizeof ret->sun_path, "%s/socket", folder);
	if (size < 0 || (size_t)size >= sizeof ret->sun_path)
		return FAULT(fault, FAULT_SETTINGS,
			"'%s/socket' is too long for a socket's path (at most %zu bytes): use a "
			"shorter path, or a relative one",
			folder, sizeof ret->sun_path - 1);
	return 0;
}

/* --- The holder's end --- */

static void peer_close(struct peer *peer)
{
	if (peer->fd >= 0)
		(void)close(peer->fd);
	free(peer->frame);
	*peer = (struct peer){ .fd = -1 };
}

static void peer_answer(struct peer *peer, int code, const char *text)
{
	size_t size = strlen(text);
	number_put(peer->answer, (uint32_t)(4 + size));
	number_put(peer->answer + 4, (uint32_t)code);
	memcpy(peer->answer + 8, text, size);
	peer->answer_size = 8 + size;
	peer->answer_sent = 0;
}

bool socket_frame_decode(struct bytes frame, uint32_t shards,
	struct log_entry entries[LOG_BATCH_RECORDS_MAX], struct socket_frame *ret)
{
	if (frame.size < FRAME_HEADER_SIZE)
		return false;
	uint32_t shard = number_get(frame.at + 2);
	uint32_t count = number_get(frame.at + 6);
	if (frame.at[0] != FRAME_FORMAT || frame.at[1] >= LOG_INPUTS || shard >= shards ||
		count < 1 || count > LOG_BATCH_RECORDS_MAX)
		return false;

	struct batch_cursor cursor = {
		.rest = { frame.at + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE },
		.remaining = count,
	};
	for (uint32_t i = 0; i < count; i++) {
		entries[i] = (struct log_entry){ 0 };
		if (!batch_next(&cursor, &entries[i].value))
			return false;
	}
	*ret = (struct socket_frame){ shard, (enum log_stream)frame.at[1], count };
	return batch_fit(entries, count) == count;
}

/* A whole frame is there. False: close the connection. */
static bool peer_serve(struct socket_server *server, struct peer *peer)
{
	struct bytes bytes = { peer->frame + 4, peer->frame_size - 4 };
	struct socket_frame frame;
	if (!socket_frame_decode(bytes, server->shards, server->entries, &frame))
		return false;

	struct fault fault = { 0 };
	int r = server->append(
		server->context, frame.shard, frame.stream, server->entries, frame.count, &fault);
	peer_answer(peer, r, fault.text);
	peer->frame_filled = 0;
	peer->frame_size = 4;
	return true;
}

/* False: close the connection. */
static bool peer_send(struct peer *peer)
{
	ssize_t sent = send(peer->fd, peer->answer + peer->answer_sent,
		peer->answer_size - peer->answer_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	peer->answer_sent += (size_t)sent;
	if (peer->answer_sent == peer->answer_size)
		peer->answer_sent = peer->answer_size = 0;
	return true;
}

/* Reads up to the end of the present frame and no further. False: close the connection. */
static bool peer_receive(struct socket_server *server, struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->frame + peer->frame_filled,
		peer->frame_size - peer->frame_filled, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	peer->frame_filled += (size_t)got;
	if (peer->frame_filled < peer->frame_size)
		return true;
	if (peer->frame_size > 4)
		return peer_serve(server, peer) && peer_send(peer);

	uint32_t size = number_get(peer->frame);
	if (size < FRAME_HEADER_SIZE || size > FRAME_SIZE_MAX)
		return false;
	uint8_t *larger = realloc(peer->frame, 4 + (size_t)size);
	if (larger == NULL)
		return false;
	peer->frame = larger;
	peer->frame_size = 4 + (size_t)size;
	return true;
}

static struct peer *peer_free_find(struct socket_server *server)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (server->peers[i].fd < 0)
			return &server->peers[i];
	return NULL;
}

static void server_accept(struct socket_server *server)
{
	struct peer *peer = peer_free_find(server);
	assert(peer != NULL);

	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		server->listener_rests = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		return;
	}
	peer->frame = malloc(4);
	if (peer->frame == NULL) {
		(void)close(fd);
		return;
	}
	peer->fd = fd;
	peer->frame_size = 4;
}

static void server_turn(struct socket_server *server)
{
	/* poll ignores negative descriptors: free places, and a listener with no place to offer. */
	struct pollfd polls[2 + CLIENTS_MAX];
	bool listens = !server->listener_rests && peer_free_find(server) != NULL;
	polls[0] = (struct pollfd){ .fd = server->stop, .events = POLLIN };
	polls[1] = (struct pollfd){ .fd = listens ? server->listener : -1, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		polls[2 + i] = (struct pollfd){
			.fd = server->peers[i].fd,
			.events = server->peers[i].answer_size > 0 ? POLLOUT : POLLIN,
		};

	int ready = poll(polls, 2 + CLIENTS_MAX, server->listener_rests ? LISTEN_PAUSE_MS : -1);
	server->listener_rests = false;
	if (ready <= 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct peer *peer = &server->peers[i];
		if (polls[2 + i].revents == 0)
			continue;
		bool fine = peer->answer_size > 0 ? peer_send(peer) : peer_receive(server, peer);
		if (!fine)
			peer_close(peer);
	}
	if (polls[1].revents != 0)
		server_accept(server);
}

static bool server_must_stop(const struct socket_server *server)
{
	struct pollfd stop = { .fd = server->stop, .events = POLLIN };
	return poll(&stop, 1, 0) == 1;
}

static void *server_run(void *context)
{
	struct socket_server *server = context;
	while (!server_must_stop(server))
		server_turn(server);
	return NULL;
}

static int server_listen(
	struct socket_server *server, const struct sockaddr_un *address, struct fault *fault)
{
	server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(address->sun_path);
	if (server->stop < 0 || server->listener < 0 ||
		bind(server->listener, (const struct sockaddr *)address, sizeof *address) != 0 ||
		listen(server->listener, CLIENTS_MAX) != 0)
		return FAULT(fault, FAULT_IO, "can't listen on '%s': %s", address->sun_path,
			strerror(errno));
	(void)snprintf(server->path, sizeof server->path, "%s", address->sun_path);
	return 0;
}

/* Signals are for the threads that wait for them, never for this one. */
static int server_thread_start(struct socket_server *server, struct fault *fault)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&server->thread, NULL, server_run, server);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0)
		return FAULT(fault, FAULT_IO, "can't start a thread: %s", strerror(r));
	server->thread_runs = true;
	return 0;
}

int socket_server_start(struct socket_server **ret, const char *folder, uint32_t shards,
	socket_append *append, void *context, struct fault *fault)
{
	struct sockaddr_un address;
	int r = address_make(&address, folder, fault);
	if (r < 0)
		return r;

	struct socket_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return FAULT(fault, FAULT_IO, "no memory for a socket");
	server->shards = shards;
	server->append = append;
	server->context = context;
	server->listener = server->stop = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		server->peers[i].fd = -1;
	server->entries = calloc(LOG_BATCH_RECORDS_MAX, sizeof *server->entries);
	if (server->entries == NULL)
		r = FAULT(fault, FAULT_IO, "no memory for a socket");
	if (r == 0)
		r = server_listen(server, &address, fault);
	if (r == 0)
		r = server_thread_start(server, fault);
	if (r < 0) {
		socket_server_stop(server);
		return r;
	}
	*ret = server;
	return 0;
}

void socket_server_stop(struct socket_server *server)
{
	if (server == NULL)
		return;
	if (server->path[0] != '\0')
		(void)unlink(server->path);
	if (server->thread_runs) {
		(void)eventfd_write(server->stop, 1);
		(void)pthread_join(server->thread, NULL);
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		peer_close(&server->peers[i]);
	if (server->listener >= 0)
		(void)close(server->listener);
	if (server->stop >= 0)
		(void)close(server->stop);
	free(server->entries);
	free(server);
}

/* --- The other end --- */

static int client_connect(
	struct socket_client *client, const struct sockaddr_un *address, int timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * INT64_C(1000),
	};
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
		setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
		setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
		connect(client->fd, (const struct sockaddr *)address, sizeof *address) != 0)
		return -errno;
	return 0;
}

int socket_client_open(
	struct socket_client **ret, const char *folder, int timeout_ms, struct fault *fault)
{
	struct sockaddr_un address;
	int r = address_make(&address, folder, fault);
	if (r < 0)
		return r;

	struct socket_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return FAULT(fault, FAULT_IO, "no memory for a socket");
	client->fd = -1;
	client->folder = strdup(folder);
	client->frame = malloc(4 + FRAME_SIZE_MAX);
	if (client->folder == NULL || client->frame == NULL) {
		r = FAULT(fault, FAULT_IO, "no memory for a socket");
	} else {
		int e = client_connect(client, &address, timeout_ms);
		if (e == -ENOENT || e == -ECONNREFUSED)
			r = FAULT(fault, FAULT_MISSING,
				"no processor holds '%s': start `pinion run --ledger embedded:%s`",
				folder, folder);
		else if (e < 0)
			r = FAULT(fault, FAULT_IO, "can't connect to '%s/socket': %s", folder,
				strerror(-e));
	}
	if (r < 0) {
		socket_client_close(client);
		return r;
	}
	*ret = client;
	return 0;
}

void socket_client_close(struct socket_client *client)
{
	if (client == NULL)
		return;
	if (client->fd >= 0)
		(void)close(client->fd);
	free(client->folder);
	free(client->frame);
	free(client);
}

bool socket_client_is_lost(const struct socket_client *client)
{
	return client->fd < 0;
}

static int client_lose(struct socket_client *client, const char *why, struct fault *fault)
{
	(void)close(client->fd);
	client->fd = -1;
	return FAULT(fault, FAULT_IO,
		"the processor that holds '%s' gave no answer (%s): it is not known whether the "
		"records are on the log; send them again",
		client->folder, why);
}

static int client_transfer(
	struct socket_client *client, bool sends, uint8_t *at, size_t size, struct fault *fault)
{
	while (size > 0) {
		ssize_t moved = sends ? send(client->fd, at, size, MSG_NOSIGNAL)
				      : recv(client->fd, at, size, 0);
		if (moved < 0 && errno == EINTR)
			continue;
		if (moved < 0)
			return client_lose(client,
				errno == EAGAIN ? "it took too long" : strerror(errno), fault);
		if (moved == 0)
			return client_lose(client, "it closed the connection", fault);
		at += moved;
		size -= (size_t)moved;
	}
	return 0;
}

int socket_client_append(struct socket_client *client, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault)
{
	assert(client->fd >= 0 && batch_fit(entries, count) == count);

	uint8_t *frame = client->frame;
	size_t size = FRAME_HEADER_SIZE +
		      batch_records_put(frame + 4 + FRAME_HEADER_SIZE, entries, count);
	number_put(frame, (uint32_t)size);
	frame[4] = FRAME_FORMAT;
	frame[5] = (uint8_t)stream;
	number_put(frame + 6, shard);
	number_put(frame + 10, (uint32_t)count);
	int r = client_transfer(client, /* sends= */ true, frame, 4 + size, fault);
	if (r < 0)
		return r;

	uint8_t answer[ANSWER_SIZE_MAX];
	r = client_transfer(client, /* sends= */ false, answer, 4, fault);
	if (r < 0)
		return r;
	size_t answer_size = number_get(answer);
	if (answer_size < 4 || answer_size >= sizeof answer - 4)
		return client_lose(client, "what came is no answer", fault);
	r = client_transfer(client, /* sends= */ false, answer + 4, answer_size, fault);
	if (r < 0)
		return r;
	int code = (int)number_get(answer + 4);
	if (code > 0)
		return client_lose(client, "what came is no answer", fault);
	answer[4 + answer_size] = '\0';
	if (code < 0)
		return FAULT(fault, code, "%s", (const char *)answer + 8);
	return 0;
}
