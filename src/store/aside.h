/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that is built beside its place, and comes to stand there whole or not at all. Whoever
 * builds it holds a lock: so what a killed one left behind is told from what is in use, and thrown
 * away by the next one that builds for the same place. */
#ifndef STORE_ASIDE_H
#define STORE_ASIDE_H

#include "base/fault.h"

struct aside {
	char *place;
	char *around; /* PLACE.unfinished */
	char *folder; /* in there: to be made, and filled, by the caller */
	int lock;
};

/* FAULT_SETTINGS: something stands at the place already, other than an empty folder. FAULT_BUSY:
 * another process builds for the same place. aside_end is due in any case. */
int aside_begin(struct aside *ret, const char *place, struct fault *fault);

/* All of it is synced, and then at its place. FAULT_SETTINGS: something came to stand there
 * meanwhile, and stays. */
int aside_place(struct aside *aside, struct fault *fault);

/* Throws away what was not placed. All zero is fine. */
void aside_end(struct aside *aside);

#endif
