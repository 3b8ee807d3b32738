/* SPDX-License-Identifier: Apache-2.0 */
/* What both ends of DIR/socket know of its frames: socket.h draws them. */
#ifndef LOG_EMBEDDED_FRAME_H
#define LOG_EMBEDDED_FRAME_H

#include "log/embedded/batch.h"
#include "log/embedded/socket.h"

#include <sys/un.h>

enum {
	FRAME_APPEND = 1,
	FRAME_WAIT = 2,
	FRAME_HEADER_SIZE = 10,
	FRAME_WAIT_SIZE = 14,
	FRAME_SIZE_MAX = FRAME_HEADER_SIZE + BATCH_RECORDS_SIZE_MAX,
	ANSWER_SIZE_MAX = 4 + 4 + sizeof((struct fault *)NULL)->text,
};

void number_put(uint8_t *to, uint32_t number);
uint32_t number_get(const uint8_t *from);

/* The address of a ledger's socket; a fault where its path is too long for one. */
int address_make(struct sockaddr_un *ret, const char *folder, struct fault *fault);

#endif
