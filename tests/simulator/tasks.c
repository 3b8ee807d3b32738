/* SPDX-License-Identifier: Apache-2.0 */
#include "tasks.h"

#include "shard/thread.h"

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/types.h>
#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

enum { TASKS_MAX = 64, STACK_SIZE = 512 << 10, STEP_NS_MAX = 100000 };
static const int64_t host_began_ms = 1767225600000; /* 2026-01-01 */

struct thread {
	struct process *process;
	const char *role;
	void (*main)(void *context);
	void *context;
	jmp_buf at;
	void *stack;
	void *fake_stack;
	bool is_begun, is_ended, is_waiting;
	const void *key;
	int64_t until_ns;
};

struct monitor {
	bool is_entered;
};

static struct thread *tasks[TASKS_MAX];
static int task_count;
static struct thread *current; /* NULL: the world itself */
static struct process *current_process, *crashed;
static jmp_buf world;
static void *stacks[TASKS_MAX];
static int stack_count;
uint64_t crashes_at[STEPS];

const char *step_name(enum step step)
{
	static const char *const names[STEPS] = {
#define STEP(name) #name,
#include "steps.def"
#undef STEP
	};
	return names[step];
}

/* --- Turns --- */

#ifdef __SANITIZE_ADDRESS__
static void *world_fake_stack;
static const void *world_stack;
static size_t world_stack_size;
#endif

static void leave(struct thread *task, bool is_last)
{
	(void)is_last;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(
		is_last ? NULL : &task->fake_stack, world_stack, world_stack_size);
#endif
	if (_setjmp(task->at) == 0)
		_longjmp(world, 1);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(task->fake_stack, NULL, NULL);
#endif
}

static void task_main(void)
{
	struct thread *task = current;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(NULL, &world_stack, &world_stack_size);
#endif
	task->main(task->context);
	task->is_ended = true;
	task->process->task_count--;
	task_wake(task);
	leave(task, true);
}

static void task_begin(struct thread *task)
{
	task->is_begun = true;
	static ucontext_t context;
	int error = getcontext(&context);
	assert(!error);
	context.uc_stack.ss_sp = task->stack;
	context.uc_stack.ss_size = STACK_SIZE;
	context.uc_link = NULL;
	makecontext(&context, task_main, 0);
	(void)setcontext(&context);
}

static void turn(struct thread *task)
{
	current = task;
	current_process = task->process;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(&world_fake_stack, task->stack, STACK_SIZE);
#endif
	if (_setjmp(world) == 0) {
		if (task->is_begun)
			_longjmp(task->at, 1);
		task_begin(task);
	}
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(world_fake_stack, NULL, NULL);
#endif
	current = NULL;
}

static bool is_ready(const struct thread *task)
{
	if (task->is_ended)
		return false;
	if (task->process->is_killed)
		return true;
	return task->process->paused_until_ns <= ground.now_ns &&
	       (!task->is_waiting || task->until_ns <= ground.now_ns);
}

static int64_t ready_at_ns(const struct thread *task)
{
	int64_t at_ns = task->is_waiting ? task->until_ns : ground.now_ns;
	return at_ns > task->process->paused_until_ns ? at_ns : task->process->paused_until_ns;
}

bool tasks_turn(int64_t until_ns)
{
	struct thread *ready[TASKS_MAX];
	int count = 0;
	int64_t next_ns = until_ns;
	for (int i = 0; i < task_count; i++) {
		if (is_ready(tasks[i]))
			ready[count++] = tasks[i];
		else if (!tasks[i]->is_ended && ready_at_ns(tasks[i]) < next_ns)
			next_ns = ready_at_ns(tasks[i]);
	}
	if (count == 0 || ground.now_ns >= until_ns) {
		ground.now_ns = next_ns > ground.now_ns ? next_ns : ground.now_ns;
		return ground.now_ns < until_ns;
	}
	ground.now_ns += (int64_t)draw(STEP_NS_MAX);
	turn(ready[draw((uint64_t)count)]);
	return true;
}

void tasks_begin(void)
{
	assert(task_count == 0 && !current);
	current_process = NULL;
	crashed = NULL;
}

/* --- Steps --- */

static bool give_up_turn(struct thread *task)
{
	leave(task, false);
	task->is_waiting = false;
	task->key = NULL;
	return !task->process->is_killed;
}

static bool survives(enum step place)
{
	struct process *process = current->process;
	ground.steps++;
	if (process->is_killed)
		return false;
	if (!inject(INJECT_crash))
		return true;
	crashes_at[place]++;
	say("process %d dies at %s", process->number, step_name(place));
	process->died_at = place;
	process->is_killed = true;
	crashed = process;
	(void)give_up_turn(current); /* the world asks its parts to stop */
	return false;
}

bool step(enum step place)
{
	if (!current)
		return true; /* the world itself looks */
	return survives(place) && give_up_turn(current);
}

bool step_wait(enum step place, const void *key, int64_t until_ns)
{
	assert(current);
	if (!survives(place))
		return false;
	current->is_waiting = true;
	current->key = key;
	current->until_ns = until_ns;
	return give_up_turn(current);
}

void task_wake(const void *key)
{
	for (int i = 0; i < task_count; i++)
		if (tasks[i]->is_waiting && tasks[i]->key == key)
			tasks[i]->is_waiting = false;
}

/* --- Processes --- */

struct process *process_current(void)
{
	return current_process;
}

bool task_is(const char *role)
{
	return current && strcmp(current->role, role) == 0;
}

void process_start(struct process *process)
{
	current_process = process;
}

struct process *process_crashed(void)
{
	struct process *process = crashed;
	crashed = NULL;
	return process;
}

void process_kill(struct process *process)
{
	process->is_killed = true;
	if (crashed == process)
		crashed = NULL;
	for (int rounds = 0; process->task_count > 0; rounds++) {
		if (rounds > 1000000)
			violation("a killed process does not end: it waits for ever");
		for (int i = 0; i < task_count; i++)
			if (tasks[i]->process == process && !tasks[i]->is_ended)
				turn(tasks[i]);
	}
}

/* --- shard/thread.h --- */

struct thread *thread_start(
	const char *role, uint32_t shard, void (*main)(void *context), void *context)
{
	(void)shard;
	assert(task_count < TASKS_MAX && current_process);
	struct thread *task = calloc(1, sizeof *task);
	assert(task);
	task->process = current_process;
	task->process->task_count++;
	task->role = role;
	task->main = main;
	task->context = context;
	task->stack = stack_count > 0 ? stacks[--stack_count] : malloc(STACK_SIZE);
	assert(task->stack);
	tasks[task_count++] = task;
	return task;
}

void thread_join(struct thread *task)
{
	if (!task)
		return;
	while (!task->is_ended) {
		assert(current);
		current->is_waiting = true;
		current->key = task;
		current->until_ns = INT64_MAX;
		(void)give_up_turn(current);
	}
	for (int i = 0; i < task_count; i++)
		if (tasks[i] == task)
			tasks[i--] = tasks[--task_count];
	stacks[stack_count++] = task->stack;
	free(task);
}

struct monitor *monitor_new(void)
{
	struct monitor *monitor = calloc(1, sizeof *monitor);
	assert(monitor);
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	free(monitor);
}

void monitor_enter(struct monitor *monitor)
{
	(void)step(STEP_monitor);
	assert(!monitor->is_entered); /* nobody gives up his turn inside */
	monitor->is_entered = true;
}

void monitor_leave(struct monitor *monitor)
{
	assert(monitor->is_entered);
	monitor->is_entered = false;
}

static void monitor_wait_until(struct monitor *monitor, int64_t until_ns)
{
	monitor_leave(monitor);
	if (!step_wait(STEP_monitor, monitor, until_ns) && current->process->is_killed)
		(void)give_up_turn(current); /* whom it waits for must come to his end */
	assert(!monitor->is_entered);
	monitor->is_entered = true;
}

void monitor_wait(struct monitor *monitor)
{
	monitor_wait_until(monitor, INT64_MAX);
}

void monitor_wait_ms(struct monitor *monitor, int timeout_ms)
{
	monitor_wait_until(monitor, ground.now_ns + (int64_t)timeout_ms * NS_PER_MS);
}

void monitor_wake(struct monitor *monitor)
{
	task_wake(monitor);
}

struct bell {
	bool has_rung;
};

struct bell *bell_new(void)
{
	struct bell *bell = calloc(1, sizeof *bell);
	assert(bell);
	return bell;
}

void bell_free(struct bell *bell)
{
	free(bell);
}

void bell_ring(struct bell *bell)
{
	bell->has_rung = true;
	task_wake(bell);
}

void bell_hear(struct bell *bell, int timeout_ms)
{
	int64_t until_ns = ground.now_ns + (bell->has_rung ? 0 : timeout_ms * (int64_t)NS_PER_MS);
	if (!step_wait(STEP_bell, bell, until_ns) && current->process->is_killed)
		(void)give_up_turn(current);
	bell->has_rung = false;
}

/* --- Memory of shards: kept from life to life, not zeroed, as nobody may count on --- */

enum { MAPPINGS_MAX = 16 };
static struct mapping {
	void *at;
	size_t size;
	bool is_free;
} mappings[MAPPINGS_MAX];

/* The linker lets the shard call these instead. */
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *at, size_t size);

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
	(void)at, (void)protection, (void)flags, (void)file, (void)offset;
	for (int i = 0; i < MAPPINGS_MAX; i++) {
		struct mapping *mapping = &mappings[i];
		if (!mapping->at)
			*mapping = (struct mapping){ aligned_alloc(4096, size), size, true };
		if (!mapping->is_free || mapping->size != size)
			continue;
		assert(mapping->at);
		mapping->is_free = false;
		return mapping->at;
	}
	return aligned_alloc(4096, size);
}

int __wrap_munmap(void *at, size_t size)
{
	(void)size;
	for (int i = 0; i < MAPPINGS_MAX; i++)
		if (mappings[i].at == at) {
			mappings[i].is_free = true;
			return 0;
		}
	free(at);
	return 0;
}

int64_t clock_host_ms(void)
{
	return host_began_ms + ground.now_ns / NS_PER_MS + ground.host_ahead_ms;
}

int64_t clock_monotonic_ns(void)
{
	return ground.now_ns;
}

int64_t clock_monotonic_ms(void)
{
	return ground.now_ns / NS_PER_MS;
}

void clock_wait_ms(int ms)
{
	if (!step_wait(STEP_clock, NULL, ground.now_ns + (int64_t)ms * NS_PER_MS))
		(void)give_up_turn(current);
}
