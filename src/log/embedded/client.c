/* SPDX-License-Identifier: Apache-2.0 */
/* The end of DIR/socket that other processes have. */
#include "log/embedded/frame.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct socket_client {
	int fd;         /* -1: lost */
	bool has_asked; /* a wait that is not answered yet */
	char *folder;
	uint8_t *frame;
};

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

/* What follows the code, and a NUL behind it. */
static int client_answer(struct socket_client *client, uint8_t answer[ANSWER_SIZE_MAX],
	size_t *ret_size, int *ret_code, struct fault *fault)
{
	uint8_t head[8];
	int r = client_transfer(client, /* sends= */ false, head, sizeof head, fault);
	if (r < 0)
		return r;
	size_t size = number_get(head);
	*ret_code = (int)number_get(head + 4);
	if (size < 4 || size >= ANSWER_SIZE_MAX - 4 || *ret_code > 0)
		return client_lose(client, "what came is no answer", fault);
	*ret_size = size - 4;
	answer[*ret_size] = '\0';
	return client_transfer(client, /* sends= */ false, answer, *ret_size, fault);
}

int socket_client_append(struct socket_client *client, uint32_t shard, enum log_stream stream,
	const struct log_entry *entries, size_t count, struct fault *fault)
{
	assert(client->fd >= 0 && batch_fit(entries, count) == count);

	uint8_t *frame = client->frame;
	size_t size = FRAME_HEADER_SIZE +
		      batch_records_put(frame + 4 + FRAME_HEADER_SIZE, entries, count);
	number_put(frame, (uint32_t)size);
	frame[4] = FRAME_APPEND;
	frame[5] = (uint8_t)stream;
	number_put(frame + 6, shard);
	number_put(frame + 10, (uint32_t)count);
	int r = client_transfer(client, /* sends= */ true, frame, 4 + size, fault);
	if (r < 0)
		return r;

	uint8_t answer[ANSWER_SIZE_MAX];
	size_t more;
	int code;
	r = client_answer(client, answer, &more, &code, fault);
	if (r < 0)
		return r;
	if (code < 0)
		return FAULT(fault, code, "%s", (const char *)answer);
	return 0;
}

int socket_client_wait(struct socket_client *client, const struct socket_wait *wait, int timeout_ms,
	int64_t *ret_end, struct fault *fault)
{
	assert(client->fd >= 0);
	*ret_end = 0;
	if (!client->has_asked) {
		uint8_t *frame = client->frame;
		number_put(frame, FRAME_WAIT_SIZE);
		frame[4] = FRAME_WAIT;
		frame[5] = (uint8_t)wait->stream;
		number_put(frame + 6, wait->shard);
		number_put(frame + 10, (uint32_t)wait->offset);
		number_put(frame + 14, (uint32_t)((uint64_t)wait->offset >> 32));
		int r = client_transfer(
			client, /* sends= */ true, frame, 4 + FRAME_WAIT_SIZE, fault);
		if (r < 0)
			return r;
		client->has_asked = true;
	}
	struct pollfd answered = { .fd = client->fd, .events = POLLIN };
	if (poll(&answered, 1, timeout_ms) <= 0)
		return 0;

	uint8_t answer[ANSWER_SIZE_MAX];
	size_t size;
	int code;
	int r = client_answer(client, answer, &size, &code, fault);
	if (r < 0)
		return r;
	if (code != 0 || size != 8)
		return client_lose(client, "what came is no answer", fault);
	client->has_asked = false;
	*ret_end = (int64_t)((uint64_t)number_get(answer) | (uint64_t)number_get(answer + 4) << 32);
	return 0;
}
