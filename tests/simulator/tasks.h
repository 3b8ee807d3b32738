/* SPDX-License-Identifier: Apache-2.0 */
/* shard/thread.h on one thread: threads are tasks that take turns, and the turn is drawn. A task
 * gives up its turn wherever it touches the log, the store, a monitor or the clock, so what one
 * does between two such steps is at once, and all orders of steps can come. */
#ifndef SIMULATOR_TASKS_H
#define SIMULATOR_TASKS_H

#include "ground.h"

/* Where a task may give up its turn, and die. */
enum step {
#define STEP(name) STEP_##name,
#include "steps.def"
#undef STEP
	STEPS
};
const char *step_name(enum step step);

/* What dies together: a `pinion run`. */
struct process {
	int number;
	bool is_killed;
	int64_t paused_until_ns;
	int task_count; /* not ended yet */
	enum step died_at;
};

/* Others may have their turn now. False: the calling task's process was killed meanwhile: its calls
 * do nothing any more, so that it runs to its end without leaving a trace. */
bool step(enum step place);

/* Waits for task_wake(key), at most until then (virtual time). False as above. */
bool step_wait(enum step place, const void *key, int64_t until_ns);
void task_wake(const void *key);

/* The process of the calling task; threads started by the world itself belong to this one. */
struct process *process_current(void);
bool task_is(const char *role);              /* the calling one, as it was started */
void process_start(struct process *process); /* tasks started from here on are its */

/* Kills it and lets its tasks run out. */
void process_kill(struct process *process);
/* After a step: a process that a crash met. NULL: none. */
struct process *process_crashed(void);

/* One turn of one task, drawn; or, where all wait, time passes, to the first who waits no longer or
 * to `until_ns`. False: it is `until_ns`. */
bool tasks_turn(int64_t until_ns);
void tasks_begin(void); /* of a world */

extern uint64_t crashes_at[STEPS];

#endif
