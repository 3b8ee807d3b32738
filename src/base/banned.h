/* SPDX-License-Identifier: Apache-2.0 */
/* Forced into every file of the core (-include): what would make two runs differ does not compile
 * there. The list of symbols that the core may leave undefined (tests/core_symbols) catches what is
 * not named here. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* Their declarations come first: to name a poisoned word afterwards is an error, in any role. */
#include <assert.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison time clock_gettime gettimeofday clock localtime gmtime strftime
#pragma GCC poison getenv setenv setlocale rand random srand arc4random getrandom
#pragma GCC poison malloc calloc realloc free
#pragma GCC poison fopen open read write printf fprintf perror
#pragma GCC poison pthread_create pthread_mutex_lock thrd_create
#pragma GCC poison strcpy strcat sprintf gets strtok

#endif
