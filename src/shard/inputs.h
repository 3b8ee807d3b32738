/* SPDX-License-Identifier: Apache-2.0 */
/* The four inputs of a shard as one stream: the lowest record time goes first, ties in topic order,
 * and an input that is known to hold unread records is waited for. The order taken is what the
 * events record.
 */
#ifndef SHARD_INPUTS_H
#define SHARD_INPUTS_H

#include "log/log.h"
#include "state/state.h"

enum { INPUT_RECORDS_PER_READ = 2048 };

struct inputs {
	struct log_reader *readers[LOG_INPUTS];
	int64_t from[LOG_INPUTS];               /* where each reader was opened */
	struct log_record *records[LOG_INPUTS]; /* INPUT_RECORDS_PER_READ each */
	size_t next[LOG_INPUTS];
	size_t count[LOG_INPUTS];
	unsigned takes_until_poll;
	enum topic topic_first; /* of the input that must come first; none: the rule decides */
};

enum topic input_topic(enum log_stream stream);
enum log_stream topic_stream(enum topic topic);

/* Opens a reader of each input at the oldest of the records that the state has the witness of and
 * that the log still holds: those come first (witness.c takes them). Where timers have fired for an
 * input that an owner did not come to decide, that one is next, whatever the others hold: their
 * events name it. */
int inputs_open(struct inputs *inputs, struct log *log, uint32_t shard, const struct head *head,
	struct fault *fault);
void inputs_close(struct inputs *inputs);

/* See log_reader_listen: of all four. */
void inputs_listen(struct inputs *inputs, void (*ring)(void *context), void *context);

/* The record that comes next, which stays next until inputs_take. NULL: none does, and who listens
 * is told when one may. */
int inputs_peek(
	struct inputs *inputs, enum log_stream *ret_stream, const struct log_record **ret_record);
void inputs_take(struct inputs *inputs, enum log_stream stream);

/* Records of a stream that are here already, the next one first. */
size_t inputs_buffered(
	const struct inputs *inputs, enum log_stream stream, const struct log_record **ret);

/* How many records stand unread and can be read, as far as known. */
int64_t inputs_lag(const struct inputs *inputs, enum log_stream stream);
/* How many offsets stand behind those and can't be read yet, and at which they begin. */
int64_t inputs_held(const struct inputs *inputs, enum log_stream stream, int64_t *ret_offset);

#endif
