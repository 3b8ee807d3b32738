/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's end of DIR/socket. A client can harm nobody but itself: sizes are bounded, nothing
 * it does blocks others for longer than one append.
 *
 * What several clients have sent by the time of an append goes to the log together: a synced write
 * costs the same for one record as for thousands, so who waits does not wait for those before. */
#include "log/embedded/frame.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 1024,
	LISTEN_PAUSE_MS = 100,
};

struct peer {
	int fd;        /* -1: this place is free */
	bool is_whole; /* the frame is; it waits to be appended */
	bool is_waiting;
	struct socket_wait wait;
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
	socket_end *end;
	void *context;
	int listener;
	int stop;            /* an eventfd */
	int grown;           /* another one */
	_Atomic int waiting; /* peers */
	bool listener_rests; /* accept failed for want of something: not polled for a moment */
	pthread_t thread;
	bool thread_runs;
	struct log_entry *entries; /* of the frames that are appended together, and room to decode
				      one more */
	struct pollfd polls[3 + CLIENTS_MAX];
	struct peer peers[CLIENTS_MAX];
};

static void wait_end(struct socket_server *server, struct peer *peer)
{
	if (peer->is_waiting)
		atomic_fetch_sub(&server->waiting, 1);
	peer->is_waiting = false;
}

static void peer_close(struct socket_server *server, struct peer *peer)
{
	wait_end(server, peer);
	if (peer->fd >= 0)
		(void)close(peer->fd);
	free(peer->frame);
	*peer = (struct peer){ .fd = -1 };
}

/* The next frame may come when this is sent. */
static void peer_answer(struct peer *peer, int code, const void *more, size_t size)
{
	number_put(peer->answer, (uint32_t)(4 + size));
	number_put(peer->answer + 4, (uint32_t)code);
	memcpy(peer->answer + 8, more, size);
	peer->answer_size = 8 + size;
	peer->answer_sent = 0;
	peer->is_whole = false;
	peer->frame_filled = 0;
	peer->frame_size = 4;
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

/* The size is there: room for the frame. False: close the connection. */
static bool peer_frame_begin(struct peer *peer)
{
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

/* Reads up to the end of the present frame and no further. False: close the connection. */
static bool peer_receive(struct peer *peer)
{
	while (!peer->is_whole) {
		ssize_t got = recv(peer->fd, peer->frame + peer->frame_filled,
			peer->frame_size - peer->frame_filled, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (got == 0)
			return false;
		peer->frame_filled += (size_t)got;
		if (peer->frame_filled < peer->frame_size)
			continue;
		if (peer->frame_size > 4)
			peer->is_whole = true;
		else if (!peer_frame_begin(peer))
			return false;
	}
	return true;
}

/* --- Waiting --- */

/* False: close the connection. */
static bool wait_look(struct socket_server *server, struct peer *peer)
{
	const struct socket_wait *wait = &peer->wait;
	int64_t end = server->end(server->context, wait->shard, wait->stream);
	if (end <= wait->offset)
		return true;
	uint8_t number[8];
	number_put(number, (uint32_t)end);
	number_put(number + 4, (uint32_t)((uint64_t)end >> 32));
	wait_end(server, peer);
	peer_answer(peer, 0, number, sizeof number);
	return peer_send(peer);
}

/* A whole frame that is no append. False: close the connection. */
static bool wait_begin(struct socket_server *server, struct peer *peer)
{
	struct bytes bytes = { peer->frame + 4, peer->frame_size - 4 };
	if (!socket_wait_decode(bytes, server->shards, &peer->wait))
		return false;
	/* First counted, then looked: who makes it grow meanwhile sees that somebody waits. */
	peer->is_waiting = true;
	peer->is_whole = false;
	atomic_fetch_add(&server->waiting, 1);
	return wait_look(server, peer);
}

static void waiting_look(struct socket_server *server)
{
	uint64_t times;
	(void)eventfd_read(server->grown, &times);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct peer *peer = &server->peers[i];
		if (peer->is_waiting && !wait_look(server, peer))
			peer_close(server, peer);
	}
}

void socket_server_grown(struct socket_server *server)
{
	if (server != NULL && atomic_load(&server->waiting) > 0)
		(void)eventfd_write(server->grown, 1);
}

/* --- Appending: frames of one shard and stream together --- */

struct group {
	struct socket_frame frame; /* its count is that of all */
	struct peer *peers[CLIENTS_MAX];
	size_t peer_count;
};

/* Takes the frame up where it is of the same stream and there is room; else it stays for the next
 * group. False: it breaks a rule. */
static bool group_add(struct socket_server *server, struct group *group, struct peer *peer)
{
	struct bytes bytes = { peer->frame + 4, peer->frame_size - 4 };
	struct socket_frame frame;
	uint32_t count = group->frame.count;
	bool is_same = bytes.at[1] == (uint8_t)group->frame.stream &&
		       number_get(bytes.at + 2) == group->frame.shard;
	if (group->peer_count > 0 && !is_same)
		return true;
	if (!socket_frame_decode(bytes, server->shards, server->entries + count, &frame))
		return false;
	if (count + frame.count > LOG_BATCH_RECORDS_MAX ||
		batch_fit(server->entries, count + frame.count) < count + frame.count)
		return true;
	frame.count += count;
	group->frame = frame;
	group->peers[group->peer_count++] = peer;
	return true;
}

static void group_append(struct socket_server *server, const struct group *group)
{
	struct fault fault = { 0 };
	int r = server->append(server->context, group->frame.shard, group->frame.stream,
		server->entries, group->frame.count, &fault);
	for (size_t i = 0; i < group->peer_count; i++) {
		struct peer *peer = group->peers[i];
		peer_answer(peer, r, fault.text, strlen(fault.text));
		if (!peer_send(peer))
			peer_close(server, peer);
	}
}

/* The first frame that waits, and all that can go with it. False: none waits. */
static bool group_serve(struct socket_server *server)
{
	struct group group = { 0 };
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct peer *peer = &server->peers[i];
		if (peer->fd >= 0 && peer->is_whole && !group_add(server, &group, peer))
			peer_close(server, peer);
	}
	if (group.peer_count == 0)
		return false;
	group_append(server, &group);
	return true;
}

static struct peer *peer_free_find(struct socket_server *server)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (server->peers[i].fd < 0)
			return &server->peers[i];
	return NULL;
}

/* False: nobody else knocks, or can be let in. */
static bool server_accept(struct socket_server *server)
{
	struct peer *peer = peer_free_find(server);
	if (peer == NULL)
		return false;
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		server->listener_rests = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		return false;
	}
	peer->frame = malloc(4);
	if (peer->frame == NULL) {
		(void)close(fd);
		return false;
	}
	peer->fd = fd;
	peer->frame_size = 4;
	return true;
}

/* False: close the connection. Who waits has nothing to say: what comes is its end. */
static bool peer_turn(struct socket_server *server, struct peer *peer)
{
	if (peer->answer_size > 0)
		return peer_send(peer);
	if (peer->is_waiting || !peer_receive(peer))
		return false;
	return !peer->is_whole || peer->frame[4] == FRAME_APPEND || wait_begin(server, peer);
}

static void server_turn(struct socket_server *server)
{
	/* poll ignores negative descriptors: free places, and a listener with no place to offer. */
	struct pollfd *polls = server->polls;
	bool listens = !server->listener_rests && peer_free_find(server) != NULL;
	polls[0] = (struct pollfd){ .fd = server->stop, .events = POLLIN };
	polls[1] = (struct pollfd){ .fd = listens ? server->listener : -1, .events = POLLIN };
	polls[2] = (struct pollfd){ .fd = server->grown, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		polls[3 + i] = (struct pollfd){
			.fd = server->peers[i].fd,
			.events = server->peers[i].answer_size > 0 ? POLLOUT : POLLIN,
		};

	int ready = poll(polls, 3 + CLIENTS_MAX, server->listener_rests ? LISTEN_PAUSE_MS : -1);
	server->listener_rests = false;
	if (ready <= 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct peer *peer = &server->peers[i];
		if (polls[3 + i].revents != 0 && !peer_turn(server, peer))
			peer_close(server, peer);
	}
	while (group_serve(server)) {
	}
	if (polls[2].revents != 0)
		waiting_look(server);
	while (polls[1].revents != 0 && server_accept(server)) {
	}
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
	server->grown = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(address->sun_path);
	if (server->stop < 0 || server->grown < 0 || server->listener < 0 ||
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
	socket_append *append, socket_end *end, void *context, struct fault *fault)
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
	server->end = end;
	server->context = context;
	server->listener = server->stop = server->grown = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		server->peers[i].fd = -1;
	server->entries = calloc(2 * (size_t)LOG_BATCH_RECORDS_MAX, sizeof *server->entries);
	if (server->entries == NULL)
		r = FAULT(fault, FAULT_IO, "no memory for a socket");
	if (r == 0)
		r = server_listen(server, &address, fault);
	/* What its thread appends makes a stream grow, of which the caller tells it by this. */
	*ret = server;
	if (r == 0)
		r = server_thread_start(server, fault);
	if (r < 0) {
		*ret = NULL;
		socket_server_stop(server);
	}
	return r;
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
		peer_close(server, &server->peers[i]);
	if (server->listener >= 0)
		(void)close(server->listener);
	if (server->stop >= 0)
		(void)close(server->stop);
	if (server->grown >= 0)
		(void)close(server->grown);
	free(server->entries);
	free(server);
}
