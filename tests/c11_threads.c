/* SPDX-License-Identifier: Apache-2.0 */
/* C11 threads made of pthreads, to be loaded before a program that runs under the thread sanitizer.
 *
 * The sanitizer sees pthreads only, and a thread that it did not see begin ends the program.
 * Debian's librdkafka begins its threads, and takes its locks, by C11's calls. With this library in
 * LD_PRELOAD they become pthread calls, made from a library that is not suppressed: so what
 * librdkafka orders is seen as ordered, though its own memory is not looked at.
 *
 * The objects are used in place, which is what the C library does too: what is not here
 * (thrd_current, tss_get, ...) orders nothing and stays the C library's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#define FITS(inner, outer)                                                                   \
	_Static_assert(sizeof(inner) <= sizeof(outer) && _Alignof(inner) <= _Alignof(outer), \
		#inner " stands in the place of a " #outer)

FITS(pthread_t, thrd_t);
FITS(pthread_mutex_t, mtx_t);
FITS(pthread_cond_t, cnd_t);
FITS(pthread_once_t, once_flag);

/* The sanitizer takes init and destroy for writes to the object, and a lock for a read. What lies
 * between them in librdkafka is ordered by its atomics (counts of references), which are not seen:
 * so these two are not looked at. NULL where no sanitizer is. */
void AnnotateIgnoreWritesBegin(const char *file, int line) __attribute__((weak));
void AnnotateIgnoreWritesEnd(const char *file, int line) __attribute__((weak));

static void unseen_begin(void)
{
	if (AnnotateIgnoreWritesBegin)
		AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static void unseen_end(void)
{
	if (AnnotateIgnoreWritesEnd)
		AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
}

static int answer(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case EBUSY:
		return thrd_busy;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	default:
		return thrd_error;
	}
}

/* --- Threads --- */

struct beginning {
	thrd_start_t run;
	void *argument;
};

static void *thread_run(void *context)
{
	struct beginning beginning = *(struct beginning *)context;

	free(context);
	return (void *)(intptr_t)beginning.run(beginning.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *argument)
{
	struct beginning *beginning = malloc(sizeof(*beginning));

	if (!beginning)
		return thrd_nomem;
	*beginning = (struct beginning){ run, argument };
	int error = pthread_create(thread, NULL, thread_run, beginning);
	if (error != 0)
		free(beginning);
	return answer(error == EAGAIN ? ENOMEM : error);
}

int thrd_join(thrd_t thread, int *result)
{
	void *given = NULL;
	int error = pthread_join(thread, &given);

	if (error == 0 && result)
		*result = (int)(intptr_t)given;
	return answer(error);
}

int thrd_detach(thrd_t thread)
{
	return answer(pthread_detach(thread));
}

void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

/* --- Mutexes --- */

int mtx_init(mtx_t *mutex, int type)
{
	pthread_mutexattr_t attributes;

	(void)pthread_mutexattr_init(&attributes);
	(void)pthread_mutexattr_settype(
		&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	unseen_begin();
	int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
	unseen_end();
	(void)pthread_mutexattr_destroy(&attributes);
	return answer(error);
}

int mtx_lock(mtx_t *mutex)
{
	return answer(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_timedlock(mtx_t *mutex, const struct timespec *until)
{
	return answer(pthread_mutex_timedlock((pthread_mutex_t *)mutex, until));
}

int mtx_trylock(mtx_t *mutex)
{
	return answer(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
	return answer(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

void mtx_destroy(mtx_t *mutex)
{
	unseen_begin();
	(void)pthread_mutex_destroy((pthread_mutex_t *)mutex);
	unseen_end();
}

/* --- Conditions --- */

int cnd_init(cnd_t *condition)
{
	unseen_begin();
	int error = pthread_cond_init((pthread_cond_t *)condition, NULL);
	unseen_end();
	return answer(error);
}

int cnd_signal(cnd_t *condition)
{
	return answer(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return answer(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
	return answer(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
	return answer(pthread_cond_timedwait(
		(pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}

void cnd_destroy(cnd_t *condition)
{
	unseen_begin();
	(void)pthread_cond_destroy((pthread_cond_t *)condition);
	unseen_end();
}

/* --- Once --- */

void call_once(once_flag *flag, void (*run)(void))
{
	(void)pthread_once((pthread_once_t *)flag, run);
}
