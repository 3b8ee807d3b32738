/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the thread sanitizer sees what it is there for: usage: race THREADS locked|unlocked
 *
 * Two threads add to one number. Locked, that is fine; unlocked it is a race, of which nothing but
 * the sanitizer's report tells. THREADS says who begins the other thread: pthread, c11, or
 * librdkafka, whose own memory is suppressed but whose calls of ours must not be.
 */
#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <time.h>

enum { DEADLINE_S = 30 };

static bool is_locked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static mtx_t c11_lock;
static int number;
static _Atomic bool has_added; /* by the other thread; relaxed: it tells, but orders nothing */

static void add(void)
{
	if (is_locked)
		(void)pthread_mutex_lock(&lock);
	number++;
	if (is_locked)
		(void)pthread_mutex_unlock(&lock);
}

static void c11_add(void)
{
	if (is_locked)
		(void)mtx_lock(&c11_lock);
	number++;
	if (is_locked)
		(void)mtx_unlock(&c11_lock);
}

static void told(void)
{
	atomic_store_explicit(&has_added, true, memory_order_relaxed);
}

/* Until the other thread has added; it is not joined yet. */
static void await_other(void)
{
	for (int ms = 0; !atomic_load_explicit(&has_added, memory_order_relaxed); ms++) {
		assert(ms < DEADLINE_S * 1000);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static void *pthread_other(void *context)
{
	add();
	told();
	return context;
}

static void pthread_both(void)
{
	pthread_t other;
	int error = pthread_create(&other, NULL, pthread_other, NULL);
	assert(error == 0);
	await_other();
	add();
	(void)pthread_join(other, NULL);
}

static int c11_other(void *context)
{
	(void)context;
	c11_add();
	told();
	return 7;
}

static void c11_both(void)
{
	thrd_t other;
	int result = mtx_init(&c11_lock, mtx_plain);
	assert(result == thrd_success);
	result = thrd_create(&other, c11_other, NULL);
	assert(result == thrd_success);
	await_other();
	c11_add();
	(void)thrd_join(other, &result);
	assert(result == 7);
	mtx_destroy(&c11_lock);
}

static void line_other(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
	add();
	told();
}

/* No broker is there: the library's threads say so, each in a line. */
static void librdkafka_both(void)
{
	char reason[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_res_t result =
		rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", reason, sizeof reason);
	assert(result == RD_KAFKA_CONF_OK);
	rd_kafka_conf_set_log_cb(conf, line_other);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
	assert(rk);
	await_other();
	add();
	rd_kafka_destroy(rk);
}

int main(int argc, char **argv)
{
	is_locked = argc > 2 && strcmp(argv[2], "locked") == 0;
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "pthread") == 0)
		pthread_both();
	else if (strcmp(argv[1], "c11") == 0)
		c11_both();
	else if (strcmp(argv[1], "librdkafka") == 0)
		librdkafka_both();
	else
		return 2;
	return number >= 2 ? 0 : 1;
}
