/* SPDX-License-Identifier: Apache-2.0 */
#include "log/embedded/frame.h"

#include <stdio.h>
#include <sys/socket.h>

void number_put(uint8_t *to, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> (8 * i));
}

uint32_t number_get(const uint8_t *from)
{
	uint32_t number = 0;
	for (int i = 0; i < 4; i++)
		number |= (uint32_t)from[i] << (8 * i);
	return number;
}

int address_make(struct sockaddr_un *ret, const char *folder, struct fault *fault)
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

bool socket_frame_decode(struct bytes frame, uint32_t shards,
	struct log_entry entries[LOG_BATCH_RECORDS_MAX], struct socket_frame *ret)
{
	if (frame.size < FRAME_HEADER_SIZE)
		return false;
	uint32_t shard = number_get(frame.at + 2);
	uint32_t count = number_get(frame.at + 6);
	if (frame.at[0] != FRAME_APPEND || frame.at[1] >= LOG_INPUTS || shard >= shards ||
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

bool socket_wait_decode(struct bytes frame, uint32_t shards, struct socket_wait *ret)
{
	if (frame.size != FRAME_WAIT_SIZE || frame.at[0] != FRAME_WAIT ||
		frame.at[1] >= LOG_STREAMS || number_get(frame.at + 2) >= shards)
		return false;
	*ret = (struct socket_wait){
		.shard = number_get(frame.at + 2),
		.stream = (enum log_stream)frame.at[1],
		.offset = (int64_t)((uint64_t)number_get(frame.at + 6) |
				    (uint64_t)number_get(frame.at + 10) << 32),
	};
	return ret->offset >= 0;
}
