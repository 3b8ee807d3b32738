/* SPDX-License-Identifier: Apache-2.0 */
/* What <domain>.c says of each command, event and kind of timer, from its page in docs/reference.
 */
#ifndef TESTS_AUDITOR_RULE_H
#define TESTS_AUDITOR_RULE_H

#include "books.h"

/* A command before the books: all that its checks look at. */
struct request {
	const struct books *books;
	const struct input *input;
	const struct command *command;
	bool is_refused; /* by an operator */
	int64_t now_ms;  /* engine time */

	/* What the body names: its `read` says it. NULL: it has no such field. */
	const struct account_id *own; /* `account` or `from_account` */
	const struct account_id *payee;
	const struct money *money;
	const struct hold_page *hold; /* or the books have none of this id */

	/* What the books say of it; NULL: nothing. */
	const struct command_page *earlier;
	const struct account_page *own_page;
	const struct account_page *payee_page;
};

/* A row of a page's table. The last one of a list has no reject. */
struct check {
	enum reject reject;
	bool (*fails)(const struct request *request);
	/* What the rejection carries. NULL: nothing. */
	void (*tell)(const struct request *request, struct event_command_rejected *ret);
};

struct command_audit {
	bool may_lack_party;
	bool is_of_shard;                      /* it has no id: it is known by what it says */
	void (*read)(struct request *request); /* NULL: it names nothing */
	/* In the order of the page: those that come before the id's, and those that come after. */
	const struct check *shape;
	const struct check *state;
	/* Kind, effects, balances and body of what goes well. */
	void (*predict)(const struct request *request, struct event *ret);
};

#define COMMAND(number, name, topic) extern const struct command_audit name##_audit;
#include "ledger/commands.def"
#undef COMMAND

/* Writes down what came as predicted; its effects are already. NULL: nothing more. */
struct event_audit {
	void (*take)(struct books *books, const struct event *event);
};

#define EVENT(number, name, file) extern const struct event_audit name##_audit;
#include "ledger/events.def"
#undef EVENT

/* The event of one that is due. */
struct timer_audit {
	void (*predict)(const struct books *books, const struct due *due, struct event *ret);
};

#define TIMER(number, name) extern const struct timer_audit name##_timer_audit;
#include "ledger/timers.def"
#undef TIMER

const struct command_audit *command_audit(enum command_kind kind); /* no kind: NULL */
const struct event_audit *event_audit(enum event_kind kind);
const struct timer_audit *timer_audit(enum timer_kind kind);

#endif
