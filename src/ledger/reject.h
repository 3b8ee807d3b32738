/* SPDX-License-Identifier: Apache-2.0 */
/* The outcomes that say no. */
#ifndef LEDGER_REJECT_H
#define LEDGER_REJECT_H

#include "ledger/contract.h"

#include <stdbool.h>

enum reject {
	REJECT_none = 0,
	REJECT_not_loaded = -1, /* no answer yet: rows are missing */
#define REJECT(number, name, retry, keeps, text, advice) REJECT_##name = (number),
#include "ledger/rejects.def"
#undef REJECT
};

/* As large as the greatest number and one. */
union reject_numbers {
#define REJECT(number, name, retry, keeps, text, advice) char name[(number) + 1];
#include "ledger/rejects.def"
#undef REJECT
};
enum { REJECT_LAST = sizeof(union reject_numbers) - 1 };

bool reject_is_known(int32_t reject);
enum retry reject_retry(enum reject reject);
const char *reject_name(enum reject reject);   /* "balance_too_low"; "" for none */
const char *reject_text(enum reject reject);   /* what was wrong */
const char *reject_advice(enum reject reject); /* what to do */

/* A row is kept for the command's id, which is thereby used up. Of shape, misrouted, too old, too
 * new and id_reused none is. */
bool reject_keeps_row(enum reject reject);

#endif
