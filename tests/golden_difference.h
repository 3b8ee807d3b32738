/* SPDX-License-Identifier: Apache-2.0 */
/* Where what was released and what is made now differ, in words: the field of a JSON line, else the
 * first line. */
#ifndef TESTS_GOLDEN_DIFFERENCE_H
#define TESTS_GOLDEN_DIFFERENCE_H

#include <stddef.h>

enum { DIFFERENCE_SIZE = 2048 };

/* Both of any number of lines; they differ. */
void golden_difference(const char *released, const char *now, char ret[DIFFERENCE_SIZE]);

#endif
