/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: what went wrong outside the ledger's own rules (disk, broker, settings).
 *
 * A function that can meet a fault returns int: 0, or a negative code that callers forward
 * unchanged. The text, file and line of its birth are kept in the sink that its object was opened
 * with. A sink belongs to one thread; library rooms never print, the shard and main do. Outcomes
 * (enum reject) and bugs (assert) are other things and never travel this way.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

/* What the shard does about it is all that tells one code from another. */
enum fault_code {
	FAULT_IO = -1,      /* disk, network or library: recover from the first step */
	FAULT_TAINTED = -2, /* the fate of an append is not known: recover from the first step */
	FAULT_FENCED =
		-3, /* fenced, by another owner or by the broker's time-out: read before deciding */
	FAULT_USURPED = -4, /* a higher shard_opened stands on the log: stop, another process owns
			       the shard */
	FAULT_LOG = -5, /* the log lost or changed records, or is the wrong one: stop and say so */
	FAULT_SETTINGS = -6, /* topics, folder or options are not as they must be: stop, an operator
				mends it */
	FAULT_CLOCK =
		-7,      /* record times run ahead of the host's clock: stop, an operator decides */
	FAULT_BUSY = -8, /* another process holds the folder */
	FAULT_MISSING = -9,  /* no ledger there yet: `pinion init` makes it */
	FAULT_DAMAGED = -10, /* a store's files or rows are not as they were written, which is
				proven: rebuild it from the log */
	FAULT_DENIED = -12,  /* who we are is not let in, or may not do what is needed: stop, an
				operator mends it */
};

struct fault {
	int code; /* 0: none yet */
	int line;
	const char *file;
	char text[1024];
};

/* The first text wins until fault_clear: it names the cause. */
void fault_note(struct fault *fault, const char *file, int line, int code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void fault_clear(struct fault *fault);

/* Notes the fault and is its code; that it is negative, compilers and checkers see here. */
#define FAULT(fault, code, ...) \
	(fault_note((fault), __FILE__, __LINE__, (code), __VA_ARGS__), (code))

#endif
